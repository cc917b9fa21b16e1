import { chmod, copyFile, mkdir, readdir, readFile, stat, truncate, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Catalog } from '../../src/catalog/catalog.ts';
import { spliceHeader } from '../../src/catalog/recipe-key.ts';
import type { ShardIndex } from '../../src/catalog/shard.ts';
import { SHARD_VERSION } from '../../src/catalog/shard-layout.ts';
import { packIndex } from '../../src/catalog/shard-index.ts';
import { updateCatalog } from '../../src/catalog/update.ts';
import { wholeTile } from '../../src/jpeg/splice.ts';
import { scan } from '../../src/scan/scan.ts';
import { mipsOf } from '../../src/tiles/tile-plan.ts';
import type { Recipe, Size, TileOrigin } from '../../src/types.ts';
import { decode, difference, waves, writeMany, writeWaves } from '../helpers/images.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

const RECIPE: Recipe = {
  cell: { width: 32, height: 32 },
  tileSize: 256,
  format: 'jpeg',
  quality: 85,
  subsampling: '4:2:0',
  crop: 'centre',
};
const square = (side: number) => ({ width: side, height: side });
const GREY = { r: 128, g: 128, b: 128 };
const signal = new AbortController().signal;
const noProgress = () => {};

let root: string;
beforeAll(async () => {
  root = await temporaryFolder();
});

async function update(
  images: string,
  folder: string,
  change: Partial<Recipe> = {},
  background = GREY,
  suspects: ReadonlySet<string> = new Set(),
  lenient = false,
): Promise<Catalog> {
  const files = await scan([images], { onProgress: noProgress, signal });
  const recipe = { ...RECIPE, ...change };
  const catalog = await updateCatalog(files, {
    folder,
    recipe,
    background,
    suspects,
    lenient,
    concurrency: 2,
    onProgress: noProgress,
    signal,
  });
  catalog.close();
  return catalog;
}

async function shards(folder: string): Promise<string[]> {
  const all = await readdir(folder, { recursive: true });
  return all.filter((file) => file.endsWith('.bin')).toSorted();
}

describe('a catalog', () => {
  test('indexes once, then only what is new or changed', async () => {
    const [images, folder] = [join(root, 'a'), join(root, 'a-catalog')];
    await mkdir(images);
    await writeMany(images, 6);
    const first = await update(images, folder);
    expect(first.sources.map(({ path }) => path.slice(-7))).toEqual([
      '000.jpg',
      '001.jpg',
      '002.jpg',
      '003.jpg',
      '004.jpg',
      '005.jpg',
    ]);
    const [shard] = await shards(folder);
    await update(images, folder);
    expect(await shards(folder)).toEqual([shard]);

    await writeWaves(join(images, '002.jpg'), 90, 90, 77);
    await writeWaves(join(images, '010.jpg'), 90, 90, 78);
    const second = await update(images, folder);
    expect(second.sources).toHaveLength(7);
    expect(second.sources[2]).toMatchObject({ width: 90, height: 90 });
    expect(await shards(folder)).toHaveLength(2);
    expect(second.features().subarray(0, 48)).toEqual(first.features().subarray(0, 48));

    // Only the time has changed: the content is known, nothing is decoded.
    await utimes(join(images, '000.jpg'), 1, 1);
    await update(images, folder);
    expect((await stat(join(folder, (await shards(folder)).at(-1)))).size).toBeLessThan(10_000);
  });

  test('finds other content at the same size and time of change, and says so', async () => {
    const [images, folder] = [join(root, 'same'), join(root, 'same-catalog')];
    await mkdir(images);
    const raw = (seed: number) => sharp(waves(20, 20, seed), { raw: { width: 20, height: 20, channels: 3 } });
    const tiff = async (seed: number) => await raw(seed).tiff({ compression: 'none' }).toBuffer();
    const path = join(images, 'a.tif');
    const time = new Date(2020, 1, 1);
    await writeFile(path, await tiff(1));
    await utimes(path, time, time);
    const first = await update(images, folder);
    const { size } = await stat(path);

    await writeFile(path, await tiff(2));
    await utimes(path, time, time);
    expect((await stat(path)).size).toBe(size);
    const second = await update(images, folder);
    expect(second.sources[0]!.hash).not.toBe(first.sources[0]!.hash);
    expect(second.notes).toEqual([
      '1 file holds new content at unchanged size and modification time: indexed again (a.tif)',
    ]);
    expect((await update(images, folder)).notes).toEqual([]);

    // Links and permissions change that time, too: the content is read, and nothing decoded.
    const before = await shards(folder);
    await chmod(path, 0o600);
    expect((await update(images, folder)).notes).toEqual([]);
    const after = await shards(folder);
    const added = after.filter((name) => !before.includes(name));
    expect(added).toHaveLength(1);
    expect((await stat(join(folder, added[0]!))).size).toBeLessThan(100);
    await update(images, folder);
    expect(await shards(folder)).toEqual(after);

    // Whoever knows better than the times can ask for it.
    await update(images, folder, {}, GREY, new Set([path]));
    expect(await shards(folder)).toHaveLength(after.length + 1);
  });

  test('says why it indexes anew, and keeps the old index', async () => {
    const [images, folder] = [join(root, 'b'), join(root, 'b-catalog')];
    await mkdir(images);
    await writeMany(images, 2);
    expect((await update(images, folder)).notes).toEqual([]);
    const [before] = await shards(folder);
    const { notes } = await update(images, folder, { quality: 70 });
    expect(notes).toEqual([
      expect.stringMatching(
        /^all images are indexed again for 32px-tile256-jpeg-q70.*only holds 32px-tile256-jpeg-q85/,
      ),
    ]);
    expect(await shards(folder)).toContain(before);
  });

  test('keeps one source of byte-identical files, and lists what cannot be used', async () => {
    const [images, folder] = [join(root, 'c'), join(root, 'c-catalog')];
    await mkdir(images);
    const [one] = await writeMany(images, 2);
    await copyFile(one!, join(images, 'copy.jpg'));
    await writeFile(join(images, 'text.jpg'), 'not an image');
    await writeFile(join(images, 'empty.png'), '');
    await copyFile(one!, join(images, 'short.jpg'));
    await truncate(join(images, 'short.jpg'), 500);
    await writeFile(join(images, 'photo.nef'), 'raw');
    await writeFile(join(images, 'notes.txt'), 'no image');
    await writeFile(join(images, '.hidden.jpg'), 'hidden');
    for (const round of ['first', 'again']) {
      const { sources, copies, skipped } = await update(images, folder);
      expect([sources.length, copies.size], round).toEqual([2, 1]);
      expect(Object.fromEntries(skipped.map(({ path, reason }) => [path.slice(images.length + 1), reason]))).toEqual({
        'empty.png': 'empty',
        'photo.nef': 'not-an-image',
        'short.jpg': 'truncated',
        'text.jpg': 'not-an-image',
      });
    }
  });

  test('takes what decodes of damaged images if it is asked to, and only then', async () => {
    const [images, folder] = [join(root, 'lenient'), join(root, 'lenient-catalog')];
    await mkdir(images);
    await writeMany(images, 1);
    const path = join(images, 'short.png');
    await writeWaves(path, 200, 200, 9);
    await truncate(path, Math.floor((await stat(path)).size * 0.6));
    await writeFile(join(images, 'text.jpg'), 'not an image');
    // Of this, nothing decodes but its size.
    const jpeg = await readFile(join(images, '000.jpg'));
    await writeFile(join(images, 'grey.jpg'), jpeg.subarray(0, jpeg.indexOf(Buffer.from([0xff, 0xda])) + 14));
    const indexed = async () => (await shards(folder)).length;
    for (const round of ['first', 'again']) {
      const strict = await update(images, folder);
      expect(
        strict.sources.map((source) => source.path.slice(-7)),
        round,
      ).toEqual(['000.jpg']);
      expect(strict.skipped, round).toHaveLength(3);
      const before = await indexed();
      const lenient = await update(images, folder, {}, GREY, new Set(), true);
      expect(
        lenient.sources.map(({ partial }) => partial !== undefined),
        round,
      ).toEqual([false, true]);
      expect(
        lenient.skipped.map(({ reason }) => reason),
        round,
      ).toEqual(['truncated', 'not-an-image']);
      expect(lenient.notes, round).toContain('1 image is damaged: only the part that decodes is shown');
      // Both verdicts are remembered.
      expect((await indexed()) - before, round).toBe(round === 'first' ? 1 : 0);
      expect(
        lenient
          .features()
          .subarray(48)
          .some((value) => value !== 0),
      ).toBe(true);
      lenient.close();
    }
  });

  test('lays transparent images anew over another background, and only those', async () => {
    const [images, folder] = [join(root, 'd'), join(root, 'd-catalog')];
    await mkdir(images);
    await writeMany(images, 2);
    await sharp({ create: { width: 40, height: 40, channels: 4, background: '#0000' } })
      .png()
      .toFile(join(images, 'z.png'));
    const grey = await update(images, folder);
    const red = await update(images, folder, {}, { r: 255, g: 0, b: 0 });
    const pixel = (catalog: Catalog) => [...catalog.pixels(2, square(1))];
    expect([pixel(grey), pixel(red)]).toEqual([
      [128, 128, 128],
      [255, 0, 0],
    ]);
    const counts = await Promise.all(
      (await shards(folder)).map(
        async (name) =>
          (JSON.parse(await readFile(join(folder, name.replace('.bin', '.json')), 'utf8')) as { sources: [] }).sources
            .length,
      ),
    );
    expect(counts.toSorted((a, b) => a - b)).toEqual([1, 3]);
  });

  test('of an unknown version is refused', async () => {
    const [images, folder] = [join(root, 'f'), join(root, 'f-catalog')];
    await mkdir(images);
    await writeMany(images, 1);
    await update(images, folder);
    const json = join(folder, (await shards(folder))[0]!.replace('.bin', '.json'));
    const { crc32: _, ...index } = JSON.parse(await readFile(json, 'utf8')) as ShardIndex & { crc32: string };
    await writeFile(json, packIndex({ ...index, version: 99 }));
    await expect(update(images, folder)).rejects.toThrow(`Expected catalog version ${SHARD_VERSION}`);
  });

  test('keeps what was finished when it is stopped', async () => {
    const [images, folder] = [join(root, 'g'), join(root, 'g-catalog')];
    await mkdir(images);
    await writeMany(images, 12);
    const files = await scan([images], { onProgress: noProgress, signal });
    const controller = new AbortController();
    const onProgress = (done: number) => done === 4 && controller.abort(new Error('stopped'));
    const options = { folder, recipe: RECIPE, background: GREY, concurrency: 2, onProgress, signal: controller.signal };
    await expect(updateCatalog(files, options)).rejects.toThrow('stopped');
    expect((await readdir(folder, { recursive: true })).filter((name) => name.endsWith('.tmp'))).toEqual([]);
    expect((await update(images, folder)).sources).toHaveLength(12);
  });
});

test.each<[string, Size, number, TileOrigin]>([
  ['a tile', square(256), 256, 'reference'],
  ['four tiles', square(512), 256, 'reference'],
  ['2 x 1 tiles', { width: 512, height: 256 }, 256, 'reference'],
  ['1 x 2 tiles', { width: 256, height: 512 }, 256, 'reference'],
  ['pieces that are spliced', { width: 768, height: 512 }, 384, 'splice'],
  ['one piece that is spliced', { width: 96, height: 64 }, 192, 'splice'],
])('full resolution holds what the source shows, in %s', async (name, cell, tileSize, from) => {
  const { width, height } = cell;
  const images = join(root, `h ${name}`);
  await mkdir(images);
  const px = waves(width, height, 5);
  await sharp(px, { raw: { width, height, channels: 3 } })
    .png()
    .toFile(join(images, 'a.png'));
  const recipe = { ...RECIPE, cell, tileSize, quality: 95, subsampling: '4:4:4' } as const;
  const catalog = await update(images, join(root, 'h-catalog'), recipe);
  const [mip] = mipsOf(recipe);
  const { across, down, piece } = mip!;
  expect([mip!.from, across * piece.width, down * piece.height]).toEqual([from, width, height]);
  for (let i = 0; i < across * down; i++) {
    let bytes = catalog.file(0, cell, i);
    expect(catalog.bytesOf(0, cell, i)).toBe(bytes.length);
    if (from === 'splice') {
      bytes = wholeTile(await spliceHeader(recipe), catalog.strips(0, cell, i), piece.width / 8, 8);
    }
    const shown = await decode(Buffer.from(bytes));
    expect([shown.width, shown.height]).toEqual([piece.width, piece.height]);
    const part = { left: (i % across) * piece.width, top: Math.floor(i / across) * piece.height, ...piece };
    const expected = await sharp(px, { raw: { width, height, channels: 3 } })
      .extract(part)
      .raw()
      .toBuffer();
    expect(difference(shown.data, expected).most, `piece ${i}`).toBeLessThan(12);
  }
  catalog.close();
});
