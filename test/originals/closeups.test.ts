import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { beforeAll, describe, expect, test } from 'vitest';
import { build, type BuildOptions, repair, verify } from '../../src/index.ts';
import { readDirectory } from '../helpers/directory.ts';
import { difference, writeWaves } from '../helpers/images.ts';
import { filesOf } from '../helpers/levels.ts';
import { IMAGES, SECRET, writeSources } from '../helpers/originals.ts';
import { readSite } from '../helpers/site.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

let root: string;
let images: string;
beforeAll(async () => {
  root = await temporaryFolder();
  images = join(root, 'images');
  await mkdir(images);
  await writeSources(images);
  await writeWaves(join(root, 'target.png'), 120, 80, 99);
});

async function make(name: string, options: Partial<BuildOptions> = {}) {
  const out = join(root, name);
  const given = { target: join(root, 'target.png'), images: [images], catalog: join(root, 'catalog'), out };
  const result = await build({ ...given, columns: 6, cellSize: 32, useAll: true, minDistance: 0, ...options });
  return { result, ...(await readSite(out)) };
}

const closeupsIn = async (out: string) =>
  (await filesOf(out)).filter((path) => path.startsWith('sources/closeups/')).toSorted();

describe('close-ups', () => {
  let site: Awaited<ReturnType<typeof make>>;
  beforeAll(async () => {
    site = await make('site', { closeup: 100, background: '#20c040' });
  });

  test('are the shown images, whole, upright, in sRGB, at most so many px long, and without metadata', async () => {
    const { out, mosaic, shown } = site;
    expect(mosaic.closeup).toBe(100);
    const { sources, cells } = await readDirectory(out, mosaic);
    const told = new Set<string>();
    for (const name of Object.keys(IMAGES)) {
      const { closeup, width, height } = sources[cells[shown.indexOf(name)]!]!;
      const path = `sources/closeups/0/${closeup}.jpg`;
      told.add(path);
      const bytes = await readFile(join(out, path));
      expect(bytes.includes(SECRET), name).toBe(false);
      const { format, exif, icc, xmp, iptc, channels, ...size } = await sharp(bytes).metadata();
      expect([format, exif, icc, xmp, iptc, channels]).toEqual(['jpeg', undefined, undefined, undefined, undefined, 3]);
      // Drawings have no size of their own.
      const scale = name.endsWith('.svg') ? 100 / width : Math.min(1, 100 / Math.max(width, height));
      expect([size.width, size.height], name).toEqual([Math.round(width * scale), Math.round(height * scale)]);
      const expected = await sharp(join(images, name), name.endsWith('.svg') ? { density: 120 } : {})
        .autoOrient()
        .pipelineColourspace('srgb')
        .toColourspace('srgb')
        .flatten({ background: '#20c040' })
        .resize(size.width, size.height, { fit: 'fill' })
        .removeAlpha()
        .raw()
        .toBuffer();
      const px = await sharp(bytes).raw().toBuffer();
      expect(difference(px, expected).mean, name).toBeLessThan(8);
    }
    expect(await closeupsIn(out)).toEqual([...told].toSorted());
    expect((await verify({ site: out })).problems).toEqual([]);
  });

  test('are there only if they are asked for, and not beside originals', async () => {
    const none = await make('none', { columns: 3, useAll: false });
    expect(none.mosaic.closeup).toBe(undefined);
    expect(await closeupsIn(none.out)).toEqual([]);
    const both = await make('both', { originals: 'copy', closeup: 100, columns: 3, useAll: false });
    expect(both.mosaic.closeup).toBe(undefined);
    expect(await closeupsIn(both.out)).toEqual([]);
    expect(both.result.warnings.join('\n')).toContain('--closeup has no effect with --originals');
  });

  test('are made again where they are damaged or gone', async () => {
    const { out } = site;
    const paths = await closeupsIn(out);
    const before = await Promise.all(paths.map((path) => readFile(join(out, path))));
    await writeFile(join(out, paths[0]!), 'damaged');
    await rm(join(out, paths[1]!));
    const { repaired, problems } = await repair({ site: out, catalog: join(root, 'catalog') });
    expect(problems).toEqual([]);
    expect([...repaired].toSorted()).toEqual(paths.slice(0, 2));
    for (const [i, path] of paths.entries()) expect((await readFile(join(out, path))).equals(before[i]!)).toBe(true);
  });

  test('stay as they are, and are told of, where the image is gone', async () => {
    const { out, mosaic, shown } = site;
    const { sources, cells } = await readDirectory(out, mosaic);
    const { closeup } = sources[cells[shown.indexOf('plain.png')]!]!;
    const path = `sources/closeups/0/${closeup}.jpg`;
    const [file, kept] = [join(images, 'plain.png'), await readFile(join(images, 'plain.png'))];
    const whole = await readFile(join(out, path));
    await rm(file);
    await rm(join(out, path));
    const { problems } = await repair({ site: out, catalog: join(root, 'catalog') });
    expect(problems).toEqual([{ path, problem: expect.stringContaining('missing; not written anew') }]);
    await writeFile(file, kept);
    expect((await repair({ site: out, catalog: join(root, 'catalog') })).problems).toEqual([]);
    expect((await readFile(join(out, path))).equals(whole)).toBe(true);
  });
});
