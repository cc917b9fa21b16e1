import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { build, type MosaicJson, verify } from '../../src/index.ts';
import { writeMany, writeWaves } from '../helpers/images.ts';
import { sharpOf, structured } from '../helpers/levels.ts';
import { integer, seeded } from '../helpers/random.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

/** As many as somebody has time for. */
const DAMAGES = Number(process.env['ZOOMOSAIC_DAMAGES'] ?? 40);

let site: string;
/** The files of a sound site with all layouts and originals. */
const sound = new Map<string, Buffer>();
beforeAll(async () => {
  const root = await temporaryFolder();
  site = join(root, 'site');
  const images = join(root, 'images');
  await mkdir(images);
  await writeWaves(join(root, 'target.png'), 60, 40, 50);
  await writeMany(images, 5);
  const large = structured({ width: 230, height: 190 }, 1);
  await sharpOf(large).resize(2300, 1900).png({ compressionLevel: 1 }).toFile(join(images, 'large.png'));
  await build({
    target: join(root, 'target.png'),
    images: [images],
    out: site,
    grid: { columns: 6, rows: 4 },
    cellSize: 256,
    maxUses: 4,
    useAll: true,
    layout: ['dzi', 'compact', 'iiif'],
    baseUrl: 'https://example.org/mosaic',
    originals: 'copy',
    names: 'all',
    catalog: join(root, 'catalog'),
  });
  for (const path of readdirSync(site, { recursive: true, withFileTypes: true })) {
    const name = join(path.parentPath, path.name)
      .slice(site.length + 1)
      .replaceAll('\\', '/');
    if (path.isFile()) sound.set(name, readFileSync(join(site, name)));
  }
});

/** What can happen to a file; what it is then, nothing if it is gone. */
const DAMAGE: Record<string, (bytes: Buffer, random: () => number) => Buffer | undefined> = {
  bit(bytes, random) {
    const changed = Buffer.from(bytes);
    changed[integer(random, 0, bytes.length - 1)]! ^= 1 << integer(random, 0, 7);
    return changed;
  },
  cut: (bytes, random) => bytes.subarray(0, integer(random, 0, bytes.length - 1)),
  append: (bytes, random) => Buffer.concat([bytes, Buffer.from([[0, 10, 32, 255][integer(random, 0, 3)]!])]),
  delete: () => undefined,
};

/** Puts a file into the site, through hard links or not. */
function put(path: string, bytes: Buffer | undefined, throughLinks: boolean): void {
  const whole = join(site, path);
  if (!bytes || !throughLinks) rmSync(whole, { force: true });
  if (bytes) writeFileSync(whole, bytes);
}

/** Files that are not what they were. */
function damaged(): string[] {
  const now = (path: string) => {
    try {
      return readFileSync(join(site, path));
    } catch {
      return undefined;
    }
  };
  return [...sound].filter(([path, bytes]) => !now(path)?.equals(bytes)).map(([path]) => path);
}

/** Files that verify names. */
async function named(): Promise<string[]> {
  return (await verify({ site, concurrency: 4 })).problems.map(({ path }) => path).toSorted();
}

test('the site has files of all kinds, and is whole', async () => {
  const kinds = ['mosaic_files/11/', 'tiles/', 'overview_files/', 'sheets/', 'iiif/image/', 'cells/', 'originals/0/'];
  for (const kind of kinds)
    expect([...sound.keys()].filter((path) => path.startsWith(kind)).length, kind).toBeGreaterThan(0);
  const documents = ['index.html', 'viewer/viewer.js', 'viewer/openseadragon-license.txt', 'iiif/annotations.json'];
  for (const path of [...documents, 'originals/0/index.js', 'mosaic.dzi', 'overview.dzi'])
    expect(sound.has(path), path).toBe(true);
  expect([...sound.keys()].some((path) => /^originals\/0\/\d+_files\/12\/4_3\.jpeg$/.test(path))).toBe(true);
  expect(await named()).toEqual([]);
});

test(`whatever happens to a file, it is named, and no other: ${DAMAGES} damages`, { timeout: 3_600_000 }, async () => {
  const random = seeded(2026);
  const paths = [...sound.keys()].toSorted();
  const kinds = [...Object.keys(DAMAGE), 'swap'];
  for (let done = 0; done < DAMAGES;) {
    const kind = kinds[done % kinds.length]!;
    // Most files are tiles; every other damage is to one of the others.
    const some = done % 2 ? paths : paths.filter((path) => !/\.(jpg|jpeg)$/.test(path));
    const path = some[integer(random, 0, some.length - 1)]!;
    const other = paths[integer(random, 0, paths.length - 1)]!;
    const throughLinks = random() < 0.3;
    const bytes = sound.get(path)!;
    if (kind === 'swap') {
      put(path, sound.get(other), false);
      put(other, bytes, false);
    } else put(path, DAMAGE[kind]!(bytes, random), throughLinks);
    const expected = damaged();
    if (expected.length > 0) {
      expect(await named(), `${kind} ${path} ${kind === 'swap' ? other : ''}`).toEqual(expected.toSorted());
      done++;
    }
    for (const changed of expected) put(changed, sound.get(changed), false);
  }
});

test('a mosaic.json of another mosaic is named alone, and so is none', async () => {
  const mosaic = JSON.parse(String(sound.get('mosaic.json'))) as MosaicJson;
  for (const other of [
    { ...mosaic, title: 'Another' },
    { ...mosaic, pictures: mosaic.pictures + 1 },
    { ...mosaic, placement: { ...mosaic.placement, type: 'u32' } },
    { ...mosaic, layouts: { dzi: mosaic.layouts.dzi } },
    { ...mosaic, originals: undefined },
    { ...mosaic, version: 2 },
    'nothing',
  ]) {
    put('mosaic.json', Buffer.from(JSON.stringify(other)), false);
    expect(await named()).toEqual(['mosaic.json']);
  }
  put('mosaic.json', sound.get('mosaic.json'), false);
});

test('page and mosaic.json are named, if both are damaged', async () => {
  const tile = 'mosaic_files/0/0_0.jpg';
  for (const path of ['index.html', 'mosaic.json', tile]) put(path, Buffer.from('{'), false);
  expect(await named()).toEqual(['index.html', 'mosaic.json']);
  // Where mosaic.json can still be read, tiles are named, too.
  put('mosaic.json', Buffer.concat([sound.get('mosaic.json')!, Buffer.from(' ')]), false);
  expect(await named()).toEqual(['index.html', 'mosaic.json', tile]);
  for (const path of ['index.html', 'mosaic.json', tile]) put(path, sound.get(path), false);
});

test('what is no file of the site is not damage', async () => {
  const strangers = ['CNAME', '.nojekyll', 'notes/a.txt', 'mosaic_files/0/1_0.jpg', 'originals/0/99.jpg'];
  await mkdir(join(site, 'notes'));
  for (const path of strangers) writeFileSync(join(site, path), 'mine');
  expect(await named()).toEqual([]);
  for (const path of strangers) rmSync(join(site, path));
});

test('what is no file at all is named, and not waited for', async () => {
  const paths = ['cells/0_0.js', 'iiif/manifest.json', 'mosaic_files/1/0_0.jpg', 'viewer/viewer.css'];
  for (const path of paths) {
    rmSync(join(site, path));
    mkdirSync(join(site, path));
  }
  const { problems } = await verify({ site });
  expect(problems.map(({ path }) => path).toSorted()).toEqual(paths.toSorted());
  for (const path of paths) {
    rmSync(join(site, path), { recursive: true });
    put(path, sound.get(path), false);
  }
});
