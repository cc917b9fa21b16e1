import fs from 'node:fs';
import { cp, mkdir, readdir, readFile, rm, stat, truncate, utimes, writeFile } from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';
import sharp from 'sharp';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Catalog } from '../../src/catalog/catalog.ts';
import { removeAbandoned, nextShardName, shardNames } from '../../src/catalog/shard-folder.ts';
import { ShardDamage } from '../../src/catalog/shard-reader.ts';
import type { ShardIndex } from '../../src/catalog/shard.ts';
import { shardLayout } from '../../src/catalog/shard-layout.ts';
import { packStrips, unpackStrips } from '../../src/catalog/strips.ts';
import { updateCatalog } from '../../src/catalog/update.ts';
import { build, type BuildOptions, UserError } from '../../src/index.ts';
import { scan } from '../../src/scan/scan.ts';
import type { Recipe } from '../../src/types.ts';
import { writeMany, writeWaves } from '../helpers/images.ts';
import { integer, seeded } from '../helpers/random.ts';
import { indexesOf } from '../helpers/forgotten.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

/** Bits that are flipped, each in a catalog of its own. */
const FLIPS = Number(process.env['ZOOMOSAIC_CATALOG_FLIPS'] ?? 8);

const RECIPE: Recipe = {
  cell: { width: 32, height: 32 },
  tileSize: 256,
  format: 'jpeg',
  quality: 85,
  subsampling: '4:2:0',
  crop: 'centre',
};
const signal = new AbortController().signal;
const onProgress = () => {};

let root: string;
let pristine: string;
let images: string;
let site: Map<string, string>;
/** How often a name was used, since each build needs a folder of its own. */
let builds = 0;

beforeAll(async () => {
  root = await temporaryFolder();
  [images, pristine] = [join(root, 'images'), join(root, 'pristine')];
  await writeWaves(await inNewFolder(root, '.', 'target.png'), 80, 60, 9);
  await mkdir(join(images, 'later'), { recursive: true });
  await writeMany(images, 6);
  await writeFile(join(images, 'text.jpg'), 'no image');
  await sharp({ create: { width: 40, height: 40, channels: 4, background: '#f004' } })
    .png()
    .toFile(join(images, 'clear.png'));
  await make({ catalog: pristine });
  // A second lot: shards of their own.
  for (const [i, name] of ['a.png', 'b.jpg', 'c.jpg'].entries()) {
    await writeWaves(join(images, 'later', name), 60, 70, 40 + i);
  }
  site = (await make({ catalog: pristine })).files;
  expect((await filesOf(pristine)).length).toBeGreaterThanOrEqual(6);
});

async function inNewFolder(...parts: string[]): Promise<string> {
  const path = join(...parts);
  await mkdir(join(path, '..'), { recursive: true });
  return path;
}

/** Builds a small site; returns its files, as text of their bytes. */
async function make(options: Partial<BuildOptions>) {
  const out = join(root, `site-${builds++}`);
  const result = await build({
    target: join(root, 'target.png'),
    images: [images],
    out,
    columns: 5,
    cellSize: 32,
    mirror: true,
    background: '#000000',
    maxUses: 4,
    nearDuplicates: 'keep',
    ...options,
  });
  const files = new Map<string, string>();
  for (const path of await filesOf(out)) files.set(path, (await readFile(join(out, path))).toString('latin1'));
  await rm(out, { recursive: true });
  return { files, warnings: result.warnings };
}

/** Brings the catalog in `folder` up to date, as such a build does. */
async function update(folder: string, from: string): Promise<Catalog> {
  const files = await scan([from], { onProgress, signal });
  const background = { r: 0, g: 0, b: 0 };
  return await updateCatalog(files, { folder, recipe: RECIPE, background, concurrency: 1, onProgress, signal });
}

/** Files in a folder, in order. */
async function filesOf(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  return files.map(({ parentPath, name }) => join(parentPath, name).slice(folder.length + 1)).toSorted();
}

/** A copy of the pristine catalog. */
async function copied(name: string): Promise<string> {
  const catalog = join(root, name);
  await cp(pristine, catalog, { recursive: true, preserveTimestamps: true });
  return catalog;
}

/** How many sources and broken images the shards hold that are not in the pristine catalog. */
async function indexedAnew(catalog: string): Promise<number> {
  const before = new Set(await filesOf(pristine));
  const added = (await filesOf(catalog)).filter((path) => path.endsWith('.json') && !before.has(path));
  let anew = 0;
  for (const path of added) {
    const { sources, broken } = JSON.parse(await readFile(join(catalog, path), 'utf8')) as ShardIndex;
    anew += sources.filter(({ variant }) => variant === undefined).length + broken.length;
  }
  return anew;
}

describe('a damaged catalog', () => {
  test(`gives the same site: ${FLIPS} flipped bits`, { timeout: 60_000 + FLIPS * 10_000 }, async () => {
    const random = seeded(13);
    const paths = await filesOf(pristine);
    const sizes = await Promise.all(paths.map(async (path) => (await stat(join(pristine, path))).size));
    let noticed = 0;
    for (let flip = 0; flip < FLIPS; flip++) {
      const catalog = await copied('flipped');
      // Half of them anywhere among all bytes, half near the start of a file, where what is short stands.
      const [path, at] = flip % 2 ? near(random, paths, sizes) : anywhere(random, paths, sizes);
      const bytes = await readFile(join(catalog, path));
      bytes[at]! ^= 1 << integer(random, 0, 7);
      await writeFile(join(catalog, path), bytes);
      const { files, warnings } = await make({ catalog });
      const message = `flip ${flip}: byte ${at} of ${path}`;
      expect([...files.keys()], message).toEqual([...site.keys()]);
      for (const [name, content] of files) expect(content === site.get(name), `${message}: ${name}`).toBe(true);
      if (warnings.some((warning) => warning.includes('damaged'))) noticed++;
      await rm(catalog, { recursive: true });
    }
    // What no picture of this mosaic shows is not read.
    expect(noticed).toBeGreaterThan(FLIPS / 4);
  });

  test.each<[string, (path: string, other: string) => Promise<unknown>]>([
    ['cut short', async (path) => truncate(path, (await stat(path)).size - 9)],
    ['longer', async (path) => writeFile(path, Buffer.concat([await readFile(path), Buffer.alloc(16)]))],
    ['gone', (path) => rm(path)],
    ["another shard's", async (path, other) => writeFile(path, await readFile(other))],
    [
      'a folder',
      async (path) => {
        await rm(path);
        await mkdir(path);
      },
    ],
    ['no JSON', (path) => writeFile(path, '{')],
    ['other JSON', (path) => writeFile(path, '[null]')],
  ])('gives the same site, and says so: files that are %s', async (how, damage) => {
    for (const ending of ['.bin', '.json']) {
      const catalog = await copied(`${how}${ending}`);
      const files = (await filesOf(catalog)).filter((path) => path.endsWith(ending) && !path.includes('turn'));
      await damage(join(catalog, files[0]!), join(catalog, files[1]!));
      const rebuilt = await make({ catalog });
      expect(rebuilt.files).toEqual(site);
      // A JSON that is gone is no shard.
      const told = !(how === 'gone' && ending === '.json');
      const note = 'removed 1 damaged shard from the catalog: the lost images are indexed again';
      expect(rebuilt.warnings.includes(note), ending).toBe(told);
      // What cannot be taken away is found again.
      expect((await update(catalog, images)).notes.length).toBe(how === 'a folder' && ending === '.json' ? 1 : 0);
    }
  });

  test('indexes only the images of the damaged shard', async () => {
    for (const [lot, own] of [8, 3].entries()) {
      const catalog = await copied(`lot ${lot}`);
      const whole = (await indexesOf(catalog)).filter(({ sources }) => sources.every(({ variant }) => !variant));
      const shards = whole.map(({ path }) => path.replace(/json$/, 'bin')).toSorted();
      const path = join(catalog, shards[lot]!);
      const bytes = await readFile(path);
      bytes[100]! ^= 1;
      await writeFile(path, bytes);
      expect((await make({ catalog })).files).toEqual(site);
      expect(await indexedAnew(catalog)).toBe(own);
      expect(await filesOf(catalog)).not.toContain(shards[lot]);
    }
  });

  test('is mended by two builds at once', async () => {
    const catalog = await copied('two');
    for (const path of await filesOf(catalog)) {
      const bytes = await readFile(join(catalog, path));
      bytes[bytes.length - 30]! ^= 1;
      await writeFile(join(catalog, path), bytes);
    }
    const both = await Promise.all([make({ catalog }), make({ catalog })]);
    for (const { files } of both) expect(files).toEqual(site);
    expect((await make({ catalog })).warnings.join()).not.toContain('damaged');
  });

  test('is none where a read fails for a moment', async () => {
    const catalog = await copied('moment');
    const { readSync } = fs;
    let reads = 0;
    // Of reads from a place in a file, as of shards, every third fails, and so does none twice.
    const failing = ((...args: Parameters<typeof readSync>) => {
      if ((args as unknown[]).length === 5 && reads++ % 3 === 0)
        throw Object.assign(new Error('EIO: i/o error, read'), { code: 'EIO' });
      return readSync(...args);
    }) as typeof readSync;
    fs.readSync = failing;
    syncBuiltinESMExports();
    let made: Awaited<ReturnType<typeof make>>;
    try {
      made = await make({ catalog });
    } finally {
      fs.readSync = readSync;
      syncBuiltinESMExports();
    }
    expect(reads).toBeGreaterThan(30);
    expect(made.files).toEqual(site);
    expect(made.warnings.join()).not.toContain('damaged');
    expect(await filesOf(catalog)).toEqual(await filesOf(pristine));
  });

  test('that is damaged after it was proven sound ends a reader with a remedy', async () => {
    const folder = await copied('late');
    const catalog = await update(folder, images);
    const { width, height } = RECIPE.cell;
    expect(catalog.strips(0, { width, height }, 0).data.length).toBeGreaterThan(0);
    for (const path of await filesOf(folder)) {
      const bytes = await readFile(join(folder, path));
      await writeFile(
        join(folder, path),
        bytes.map((byte) => byte ^ 1),
      );
    }
    for (const read of [
      () => catalog.strips(1, { width, height }, 0),
      () => catalog.pixels(1, { width: 8, height: 8 }),
    ]) {
      expect(read).toThrow(ShardDamage);
      expect(read).toThrow(UserError);
    }
    expect(() => catalog.features()).toThrow(/is damaged/);
    expect(() => catalog.hashes()).toThrow(/is damaged/);
    catalog.close();
  });
});

test('packed strips that cannot have been packed are none', () => {
  const packed = packStrips({ ends: Uint32Array.of(1, 3), data: Uint8Array.of(7, 8, 9) });
  expect(unpackStrips(packed)?.data).toEqual(Uint8Array.of(7, 8, 9));
  const with32 = (at: number, value: number) => {
    const changed = packed.slice();
    new DataView(changed.buffer).setUint32(at, value, true);
    return changed;
  };
  for (const wrong of [
    packed.subarray(0, 3),
    packed.subarray(0, 14),
    with32(0, 2 ** 32 - 1),
    with32(0, 1),
    with32(4, 4),
  ]) {
    expect(unpackStrips(wrong)).toBeUndefined();
  }
});

describe("a catalog's folder", () => {
  test('is read in the order in which its shards came', async () => {
    const files = ['00000009-aaaaaaaa', '00000010-00000000', '100000000-00000000', '00000002-ffffffff'];
    expect(shardNames([...files, 'notes'].map((name) => `${name}.json`))).toEqual([
      '00000002-ffffffff',
      '00000009-aaaaaaaa',
      '00000010-00000000',
      '100000000-00000000',
    ]);
    expect(nextShardName([], 'abcdef01')).toBe('00000001-abcdef01');
    expect(nextShardName(['00000009-aaaaaaaa.json', '00000010-0000000b.bin'], 'abcdef01')).toBe('00000010-abcdef01');
    expect(nextShardName(['99999999-aaaaaaaa.json'], 'abcdef01')).toBe('100000000-abcdef01');
    // What is known of a file is what was found last: nothing has to be read again.
    const [folder, own] = [join(root, 'ages'), join(root, 'changing')];
    await mkdir(own);
    for (let age = 0; age < 8; age++) {
      await writeWaves(join(own, 'a.png'), 40 + age, 40, age);
      await update(folder, own);
    }
    const shards = await filesOf(folder);
    await update(folder, own);
    expect(await filesOf(folder)).toEqual(shards);
  });

  test('is rid of what killed builds left, once nobody writes it any more', async () => {
    const folder = join(root, 'left');
    await mkdir(folder);
    const kept = ['00000001-aaaaaaaa.bin', '00000001-aaaaaaaa.json', 'mine.tmp', 'notes.bin'];
    const left = ['00000002-aaaaaaaa.bin.tmp', '00000003-aaaaaaaa.bin', '00000004-aaaaaaaa.json.tmp'];
    for (const name of [...kept, ...left]) await writeFile(join(folder, name), '');
    await removeAbandoned(folder);
    expect(await readdir(folder)).toHaveLength(7);
    const old = new Date(Date.now() - 25 * 60 * 60 * 1000);
    for (const name of [...kept, ...left]) await utimes(join(folder, name), old, old);
    await removeAbandoned(folder);
    expect((await readdir(folder)).toSorted()).toEqual(kept.toSorted());
  });
});

test('every byte of a binary belongs to a part that is checked', () => {
  for (const [sources, blobs, rasters, crops] of [
    [0, 0, 0, 0],
    [1, 0, 255, 0],
    [3, 5, 255, 960],
    [500, 21, 1021, 960],
  ] as const) {
    const layout = shardLayout({ sources, blobs, rasters, crops });
    const { featuresAt, cropsAt, hashesAt, rastersAt, tablesAt, ...tables } = layout;
    expect(featuresAt).toBe(48);
    expect(cropsAt - featuresAt).toBe(sources * 48 * 4);
    expect(hashesAt - cropsAt).toBe(sources * crops * 2);
    expect(rastersAt - hashesAt).toBe(sources * 8);
    expect(tablesAt - rastersAt).toBe(sources * rasters);
    expect([tables.endsAt % 8, tables.blobsAt % 8]).toEqual([0, 0]);
    expect(tables.blobSumsAt - tables.endsAt).toBe(sources * blobs * 8);
    expect(tables.blobsAt - tables.rasterSumsAt).toBeGreaterThanOrEqual(sources * 4);
  }
});

/** A byte of any file, all equally likely. */
function anywhere(random: () => number, paths: readonly string[], sizes: readonly number[]): [string, number] {
  let at = integer(random, 0, sizes.reduce((sum, size) => sum + size, 0) - 1);
  const file = sizes.findIndex((size) => (at < size ? true : ((at -= size), false)));
  return [paths[file]!, at];
}

/** A byte near the start of a file, all files equally likely. */
function near(random: () => number, paths: readonly string[], sizes: readonly number[]): [string, number] {
  const file = integer(random, 0, paths.length - 1);
  return [paths[file]!, integer(random, 0, Math.min(64, sizes[file]!) - 1)];
}
