import { copyFile, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { beforeAll, describe, expect, test } from 'vitest';
import { type BuildOptions, type Progress, verify } from '../../src/index.ts';
import { buildOf, contents, writeInputs } from '../helpers/built.ts';
import { decode, waves, writeMany } from '../helpers/images.ts';
import { reportOf } from '../helpers/site.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

let root: string;
let images: string[];
beforeAll(async () => {
  root = await temporaryFolder();
  images = await writeInputs(root);
});

const make = (name: string, options?: Partial<BuildOptions>) => buildOf(root, name, options);

describe('a build', () => {
  test('is the same to the byte whatever the concurrency, catalog or order of inputs', async () => {
    const one = await make('same-1', { concurrency: 1, catalog: join(root, 'fresh-1'), maxUses: 5 });
    // Another catalog, into which the images came in two lots, the later ones first.
    const lots = join(root, 'fresh-2');
    await make('same-x', { images: images.slice(6), catalog: lots });
    const two = await make('same-2', { concurrency: 3, catalog: lots, images: images.toReversed(), maxUses: 5 });
    const [a, b] = [await contents(one.out), await contents(two.out)];
    expect([...a.keys()]).toEqual([...b.keys()]);
    for (const [file, bytes] of a) expect(b.get(file)!.equals(bytes), file).toBe(true);
  });

  test('reports what it did', async () => {
    const folder = join(root, 'mixed');
    await mkdir(folder);
    await copyFile(images[0]!, join(folder, 'a.jpg'));
    await copyFile(images[0]!, join(folder, 'b.jpg'));
    await copyFile(images[1]!, join(folder, 'c.jpg'));
    await writeFile(join(folder, 'broken, "really".jpg'), 'x');
    const seen: Progress[] = [];
    const { out, result, mosaic } = await make('report', {
      images: [folder],
      maxUses: 12,
      onProgress: (progress) => void seen.push(progress),
    });
    expect(result).toMatchObject({
      out,
      grid: { columns: 6, rows: 4 },
      layouts: ['dzi'],
      cell: { width: 64, height: 64 },
      tileSize: 256,
      width: 384,
      height: 256,
      levels: 10,
      sources: { found: 4, usable: 2, used: 2, skipped: 1, duplicates: 1 },
    });
    expect(result.files).toBe((await contents(out)).size);
    expect(result.peakRssBytes).toBeGreaterThan(1e7);
    // 24 cells, two images, 12 uses: which cells get which is decided by the auction.
    expect(result.quality.mostUses).toBe(12);
    expect(result.quality.gap).toBeGreaterThanOrEqual(0);
    expect(result.quality.gap).toBeLessThan(0.01);
    expect(Object.keys(result.stages)).toEqual(['scan', 'catalog', 'match', 'measure', 'pyramid', 'originals', 'site']);
    expect(mosaic.sources).toEqual(result.sources);
    expect(await readFile(reportOf(out, 'skipped.csv'), 'utf8')).toMatch(
      /^path,code,reason\r\n".*broken, ""really"".jpg",not-an-image,"not an image, or of a format that cannot be decoded"\r\n$/,
    );
    expect([...new Set(seen.map(({ stage }) => stage))]).toEqual([
      'scan',
      'catalog',
      'match',
      'measure',
      'pyramid',
      'site',
    ]);
    for (const { done, total } of seen) expect(done).toBeLessThanOrEqual(total);
    expect(seen.filter(({ stage }) => stage === 'pyramid').at(-1)).toMatchObject({
      unit: 'tiles',
      done: 11,
      total: 11,
    });
  });

  test('keeps rows in the target’s shape, upright', async () => {
    const tall = join(root, 'tall.jpg');
    await sharp(waves(300, 200, 1), { raw: { width: 300, height: 200, channels: 3 } })
      .withMetadata({ orientation: 6 })
      .jpeg()
      .toFile(tall);
    expect((await make('tall', { target: tall, columns: 4 })).result.grid).toEqual({ columns: 4, rows: 6 });
  });

  test('replaces a site of ours, keeps what else is there, and leaves all alone when it fails', async () => {
    const { out } = await make('swap');
    await writeFile(join(out, 'mine.txt'), 'not the site’s');
    const before = await contents(out);
    const controller = new AbortController();
    const onProgress = ({ stage }: Progress) => stage === 'pyramid' && controller.abort(new Error('enough'));
    await expect(make('swap', { columns: 9, onProgress, signal: controller.signal })).rejects.toThrow('enough');
    expect(await contents(out)).toEqual(before);
    const { mosaic } = await make('swap', { columns: 9 });
    expect(mosaic.grid.columns).toBe(9);
    expect((await contents(out)).has('mine.txt')).toBe(true);
    expect((await readdir(out)).filter((name) => name.startsWith('.'))).toEqual([]);
  });

  test('refuses a folder that is not ours, unless forced, and one that holds its inputs', async () => {
    const foreign = join(root, 'foreign');
    await mkdir(foreign);
    await writeFile(join(foreign, 'diary.txt'), 'dear diary');
    await expect(make('foreign')).rejects.toMatchObject({ code: 'out-exists' });
    expect(await readFile(join(foreign, 'diary.txt'), 'utf8')).toBe('dear diary');
    await expect(make('images', { force: true })).rejects.toMatchObject({ code: 'out-exists' });
    await expect(make('.', { force: true })).rejects.toMatchObject({ code: 'out-exists' });
    await make('foreign', { force: true });
    expect(await readFile(join(foreign, 'diary.txt'), 'utf8')).toBe('dear diary');
    const file = join(root, 'file');
    await writeFile(file, 'no folder');
    await expect(make('file', { force: true })).rejects.toMatchObject({ code: 'out-exists' });
    expect(await readFile(file, 'utf8')).toBe('no folder');
  });

  test('never takes tiles of a mosaic for images', async () => {
    const folder = join(root, 'around');
    await mkdir(folder);
    await writeMany(folder, 3);
    for (const round of [1, 2]) {
      const { result } = await make('around/site', { images: [folder] });
      expect(result.sources.found, `round ${round}`).toBe(3);
    }
    expect((await make('beside', { images: [folder] })).result.sources.found).toBe(3);
  });

  test.each<[string, Partial<BuildOptions>, string, RegExp]>([
    ['no image', { images: ['test/*.nothing'] }, 'no-images', /matches nothing/],
    ['no usable image', { images: ['package.json'] }, 'no-images', /No usable image among 1 file \(.*not an image/],
    ['a missing target', { target: 'missing.jpg' }, 'target', /missing\.jpg.*ENOENT/],
    ['a target that is none', { target: 'package.json' }, 'target', /package\.json: not an image/],
    [
      'too few images',
      { maxUses: 1 },
      'too-few-images',
      /24 cells need at least 24 images at --max-uses 1; usable images: at most 12/,
    ],
    [
      'a grid too large',
      { grid: { columns: 10_000_000, rows: 1 }, cellSize: 4096 },
      'grid-too-large',
      /is 40,960,000,000 px long; Deep Zoom holds 2,147,483,647/,
    ],
    [
      'too many tiles',
      { grid: { columns: 10_000, rows: 10_000 }, cellSize: 256 },
      'grid-too-large',
      /100,000,000 tiles/,
    ],
    [
      'too many cells',
      { grid: { columns: 10_000, rows: 10_000 }, cellSize: 16 },
      'grid-too-large',
      /100,000,000 cells; expected at most 16,777,216/,
    ],
    ['an --out where no folder can be', { out: 'package.json/site' }, 'not-writable', /--out package.json\/site/],
    [
      'a catalog where no folder can be',
      { catalog: 'package.json' },
      'not-writable',
      /Cannot write to --catalog package.json: no folder can be there/,
    ],
    [
      'a cell size',
      { cellSize: 100 },
      'usage',
      /Expected a power of two from 16 to 4096, auto or native for --cell-size but received 100/,
    ],
    ['a tile size', { tileSize: 128 }, 'usage', /Expected 256 or 512 for --tile-size but received 128/],
    ['a quality', { quality: 0 }, 'usage', /Expected a whole number from 1 to 100 for --quality but received 0/],
    [
      'a format',
      { format: 'bmp' as 'png' },
      'usage',
      /Expected one of jpeg, webp, avif, png for --format but received bmp/,
    ],
    [
      'a colour',
      { background: 'pinkish' },
      'usage',
      /Expected a colour such as #ffffff for --background but received pinkish/,
    ],
    ['columns and grid', { grid: { columns: 2, rows: 2 }, columns: 2 }, 'usage', /either --columns or --grid/],
  ])('names %s, and what to do', async (_, options, code, message) => {
    const refusal = {
      code,
      message: expect.stringMatching(message) as string,
      remedy: expect.stringMatching(/\.$/) as string,
    };
    await expect(make('refused', options)).rejects.toMatchObject(refusal);
    await expect(stat(join(root, 'refused'))).rejects.toThrow('ENOENT');
  });

  test('says what transparent images lie on', async () => {
    const folder = join(root, 'clear');
    await mkdir(folder);
    await sharp({ create: { width: 64, height: 64, channels: 4, background: '#0000' } })
      .png()
      .toFile(join(folder, 'a.png'));
    const { result } = await make('clear-site', { images: [folder] });
    expect(result.warnings.join()).toContain(
      `transparent images are laid over ${result.background}, the target's mean colour`,
    );
    const red = await make('clear-red', { images: [folder], background: '#f00' });
    expect(red.mosaic.background).toBe('#ff0000');
    const { data } = await decode(join(red.out, 'mosaic_files/0/0_0.jpg'));
    expect(data[0]).toBeGreaterThan(250);
    expect(data[1]).toBeLessThan(5);
  });

  test.each(['webp', 'avif'] as const)('paints %s tiles', async (format) => {
    const { out, result, mosaic } = await make(`as-${format}`, { format, cellSize: 256, columns: 3 });
    expect(mosaic.layouts.dzi!.levels.map(({ from }) => from)).not.toContain('splice');
    expect(result.warnings.join()).toContain(`${format} tiles cannot be spliced`);
    expect((await verify({ site: out })).problems).toEqual([]);
  });
});
