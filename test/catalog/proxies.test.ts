import { mkdir, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp, { type Sharp } from 'sharp';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Catalog } from '../../src/catalog/catalog.ts';
import { forget } from '../../src/catalog/forget.ts';
import { Proxies } from '../../src/catalog/proxies.ts';
import { isProxyKey, recipeKey, spliceHeader } from '../../src/catalog/recipe-key.ts';
import type { ShardIndex } from '../../src/catalog/shard.ts';
import { ShardReader } from '../../src/catalog/shard-reader.ts';
import { indexingDecoders, updateCatalog, type UpdateOptions } from '../../src/catalog/update.ts';
import type { DecodingJob } from '../../src/decoding/jobs.ts';
import { wholeTile } from '../../src/jpeg/splice.ts';
import { scan } from '../../src/scan/scan.ts';
import type { Recipe, ScannedFile } from '../../src/types.ts';
import { decode, difference, waves } from '../helpers/images.ts';
import { filesOf } from '../helpers/levels.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

const RECIPE: Recipe = {
  cell: { width: 64, height: 64 },
  tileSize: 256,
  format: 'png',
  quality: 85,
  subsampling: '4:4:4',
  crop: 'centre',
};
/** Variants: crops of 3/4 and of half the sides, the latter turned. */
const [CLOSE, HALF] = [7 * 8, 12 * 8 + 5];
const signal = new AbortController().signal;
const onProgress = () => {};

let root: string;
beforeAll(async () => {
  root = await temporaryFolder();
});

/** A picture of so many px, without details that only one way of reducing shows. */
function picture(width: number, height: number, seed: number): Sharp {
  const [across, down] = [Math.round(width / 20), Math.round(height / 20)];
  return sharp(waves(across, down, seed), { raw: { width: across, height: down, channels: 3 } }).resize(width, height);
}

/** Makes a folder of such images; returns the files. */
async function folderOf(name: string, images: Readonly<Record<string, Sharp>>): Promise<ScannedFile[]> {
  const folder = join(root, name);
  await mkdir(folder);
  for (const [file, image] of Object.entries(images)) await image.toFile(join(folder, file));
  return await scan([folder], { onProgress, signal });
}

interface Updated {
  readonly catalog: Catalog;
  /** Number of images that were decoded from files, and from proxies. */
  readonly files: number;
  readonly proxies: number;
}

async function update(
  folder: string,
  files: readonly ScannedFile[],
  {
    variants,
    suspects,
    concurrency = 2,
    fails = false,
    ...change
  }: Partial<Recipe> & {
    variants?: number[];
    suspects?: Set<string>;
    concurrency?: number;
    /** Proxies cannot be decoded. */
    fails?: boolean;
  } = {},
): Promise<Updated> {
  const recipe = { ...RECIPE, ...change };
  const decoders = indexingDecoders({ concurrency, recipe }, 100);
  const jobs: DecodingJob[] = [];
  const counted: UpdateOptions['decoders'] = {
    threads: decoders.threads,
    run: (job) => {
      jobs.push(job);
      if (fails && job.bytes) return Promise.reject(new Error('broken'));
      return decoders.run(job);
    },
    close: () => decoders.close(),
  };
  try {
    const catalog = await updateCatalog(files, {
      folder: join(root, folder),
      recipe,
      background: { r: 0, g: 0, b: 0 },
      ...(variants && { variants: new Map(files.map(({ path }) => [path, variants])) }),
      ...(suspects && { suspects }),
      concurrency,
      decoders: counted,
      onProgress,
      signal,
    });
    const proxies = jobs.filter(({ bytes }) => bytes !== undefined).length;
    return { catalog, files: jobs.length - proxies, proxies };
  } finally {
    await decoders.close();
  }
}

/** Facts about a catalog's sources that do not depend on what they were decoded from. */
function factsOf({ sources, variants }: Catalog) {
  return sources.map((source, id) => ({ ...source, variant: variants[id] }));
}

/** Px of a source at the size of its cell. */
async function cellOf(catalog: Catalog, id: number): Promise<Uint8Array> {
  const { recipe } = catalog;
  const { cell, format } = recipe;
  if (format !== 'jpeg') return catalog.pixels(id, cell);
  const tile = wholeTile(await spliceHeader(recipe), catalog.strips(id, cell, 0), cell.width / 8, 8);
  return (await decode(Buffer.from(tile))).data;
}

/** Expects that two catalogs hold the same sources, whose cells look alike. */
async function expectAlike(ours: Catalog, theirs: Catalog, name = ''): Promise<void> {
  expect(factsOf(ours), name).toEqual(factsOf(theirs));
  const [a, b] = [ours.features(), theirs.features()];
  for (const id of ours.sources.keys()) {
    const [own, other] = [await cellOf(ours, id), await cellOf(theirs, id)];
    expect(difference(own, other).mean, name).toBeLessThan(1.5);
    let sum = 0;
    for (let k = id * 48; k < (id + 1) * 48; k++) sum += (a[k]! - b[k]!) ** 2;
    expect(Math.sqrt(sum / 16) * 100, name).toBeLessThan(0.3);
  }
}

/** Expects that the crops of files, made of proxies, are what they are when made of the files. */
async function expectEqualFacts(files: readonly ScannedFile[], name: string, count: number): Promise<void> {
  const variants = [0, CLOSE, HALF];
  const fresh = await update(`${name}-fresh`, files, { variants });
  expect(fresh).toMatchObject({ files: count, proxies: 0 });
  expect(fresh.catalog.skipped).toEqual([]);
  await update(`${name}-catalog`, files);
  const own = await update(`${name}-catalog`, files, { variants });
  expect(own).toMatchObject({ files: 0, proxies: count });
  await expectAlike(own.catalog, fresh.catalog, name);
}

/** Folder of a catalog's proxies; undefined if there is none. */
async function proxyFolder(catalog: string): Promise<string | undefined> {
  const folders = await readdir(join(root, catalog));
  const key = folders.find(isProxyKey);
  return key && join(root, catalog, key);
}

/** What the shards of a catalog's proxies say. */
async function proxyShards(catalog: string): Promise<(ShardIndex & { binary: string })[]> {
  const folder = (await proxyFolder(catalog))!;
  const names = (await readdir(folder)).filter((name) => name.endsWith('.json')).toSorted();
  return await Promise.all(
    names.map(async (name) => ({
      ...(JSON.parse(await readFile(join(folder, name), 'utf8')) as ShardIndex),
      binary: join(folder, name.replace(/json$/, 'bin')),
    })),
  );
}

describe('proxies', () => {
  test('serve crops and other recipes: no file is opened', async () => {
    const files = await folderOf('served', {
      'a.jpg': picture(2400, 1800, 1).jpeg(),
      'b.jpg': picture(1600, 2400, 2).jpeg(),
      'c.jpg': picture(1800, 1200, 3).greyscale().jpeg(),
    });
    const changes = [
      { variants: [CLOSE, HALF] },
      { variants: [HALF] },
      { format: 'jpeg' },
      { cell: { width: 48, height: 32 } },
      { cell: { width: 32, height: 32 }, variants: [0, CLOSE] },
      { cell: { width: 128, height: 128 } },
      { format: 'avif', quality: 60 },
    ] as const;
    const fresh: Catalog[] = [];
    for (const [i, change] of changes.entries()) {
      const { variants, ...recipe } = { variants: undefined, ...change };
      fresh.push(
        (await update(`fresh-${i}`, files, { ...recipe, ...(variants && { variants: [...variants] }) })).catalog,
      );
    }
    const first = await update('served-catalog', files);
    expect(first).toMatchObject({ files: 3, proxies: 0 });
    await rm(join(root, 'served'), { recursive: true });
    for (const [i, change] of changes.entries()) {
      const { variants, ...recipe } = { variants: undefined, ...change };
      const own = await update('served-catalog', files, { ...recipe, ...(variants && { variants: [...variants] }) });
      expect([own.files, own.catalog.skipped], String(i)).toEqual([0, []]);
      expect(own.proxies, String(i)).toBe(i === 1 ? 0 : 3);
      await expectAlike(own.catalog, fresh[i]!, JSON.stringify(change));
    }
  });

  test('keep the crop where attention put it, and are large enough to put another', async () => {
    const files = await folderOf('placed', { 'a.jpg': picture(2400, 1500, 8).jpeg() });
    const { catalog } = await update('placed-catalog', files, { crop: 'attention' });
    const whole = catalog.sources[0]!.crop;
    const close = await update('placed-catalog', files, { crop: 'attention', variants: [CLOSE] });
    expect(close).toMatchObject({ files: 0, proxies: 1 });
    expect(close.catalog.sources[0]!.crop).toEqual(whole);
    const other = await update('placed-catalog', files, { crop: 'attention', cell: { width: 128, height: 128 } });
    expect(other).toMatchObject({ files: 0, proxies: 1 });
    expect(other.catalog.sources[0]!.crop).toEqual(whole);
    // That of a small cell shows too little.
    await update('small-catalog', files);
    expect(await update('small-catalog', files, { crop: 'attention' })).toMatchObject({ files: 1, proxies: 0 });
    expect(await update('small-catalog', files, { crop: 'entropy' })).toMatchObject({ files: 0, proxies: 1 });
  });

  test.each([1, 2, 3, 4, 5, 6, 7, 8])('tell what the file tells: EXIF orientation %i', async (orientation) => {
    const files = await folderOf(`turned-${orientation}`, {
      'a.jpg': picture(2401, 1607, 9).withMetadata({ orientation }).jpeg(),
      'b.webp': picture(1500, 2300, 10).withMetadata({ orientation }).webp(),
    });
    await expectEqualFacts(files, `turned-${orientation}`, 2);
  });

  test.each([
    ['PNG', 'a.png', () => picture(2600, 1800, 11).png({ compressionLevel: 1 })],
    [
      'PNG of 16 bits, with a profile',
      'a.png',
      () => picture(2600, 1800, 12).withIccProfile('p3').toColourspace('rgb16').png({ compressionLevel: 1 }),
    ],
    ['TIFF', 'a.tif', () => picture(1800, 2600, 13).tiff()],
    ['AVIF', 'a.avif', () => picture(2200, 2000, 14).avif({ effort: 0 })],
    ['CMYK', 'a.jpg', () => picture(2400, 2000, 15).toColourspace('cmyk').jpeg()],
    ['JPEG with a profile', 'a.jpg', () => picture(2400, 2000, 16).withIccProfile('p3').jpeg()],
    ['panorama', 'a.jpg', () => picture(6000, 700, 17).jpeg()],
  ])('tell what the file tells: %s', async (name, file, image) => {
    await expectEqualFacts(await folderOf(name, { [file]: image() }), name, 1);
  });

  test('are kept neither of small images nor of transparent ones', async () => {
    const clear = await picture(2400, 1900, 20).ensureAlpha(0.5).png({ compressionLevel: 1 }).toBuffer();
    const files = await folderOf('none', { 'a.jpg': picture(1200, 900, 19).jpeg(), 'b.png': sharp(clear) });
    await update('none-catalog', files);
    expect(await proxyFolder('none-catalog')).toBe(undefined);
    expect(await update('none-catalog', files, { variants: [CLOSE] })).toMatchObject({ files: 2, proxies: 0 });
  });

  test('that are too small are replaced by larger ones', async () => {
    const files = await folderOf('larger', { 'a.jpg': picture(3200, 2400, 21).jpeg() });
    await update('larger-catalog', files);
    const large = { cell: { width: 256, height: 256 } };
    expect(await update('larger-catalog', files, large)).toMatchObject({ files: 1, proxies: 0 });
    expect(await update('larger-catalog', files, { ...large, variants: [HALF] })).toMatchObject({
      files: 0,
      proxies: 1,
    });
    expect(await update('larger-catalog', files, { variants: [HALF] })).toMatchObject({ files: 0, proxies: 1 });
    // A cell that is enlarged from the file, and one that is the file itself.
    for (const side of [4096, 2048]) {
      const cell = { width: side, height: side };
      expect(await update('larger-catalog', files, { cell }), String(side)).toMatchObject({ files: 1, proxies: 0 });
    }
    const exact = await folderOf('exact', { 'a.jpg': picture(2048, 2048, 22).jpeg() });
    await update('exact-catalog', exact);
    const whole = await update('exact-catalog', exact, {
      format: 'jpeg',
      cell: { width: 2048, height: 2048 },
      tileSize: 2048,
    });
    expect(whole).toMatchObject({ files: 1, proxies: 0 });
    expect(whole.catalog.sources[0]).toMatchObject({ verbatim: true, enlarged: false });
  });

  test('are of no use for a file that has changed, or is suspected to have', async () => {
    const files = await folderOf('changed', { 'a.jpg': picture(2400, 1600, 23).jpeg() });
    const { path } = files[0]!;
    await update('changed-catalog', files);
    const suspects = new Set([path]);
    expect(await update('changed-catalog', files, { variants: [CLOSE], suspects })).toMatchObject({
      files: 1,
      proxies: 0,
    });
    await picture(2400, 1600, 24).jpeg().toFile(path);
    const now = await scan([join(root, 'changed')], { onProgress, signal });
    expect(await update('changed-catalog', now, { variants: [HALF] })).toMatchObject({ files: 1, proxies: 0 });
    expect(await update('changed-catalog', now, { variants: [CLOSE] })).toMatchObject({ files: 0, proxies: 1 });
  });

  test('serve a file whose times have changed once it was read again', async () => {
    const files = await folderOf('touched', { 'a.jpg': picture(2400, 1600, 25).jpeg() });
    await update('touched-catalog', files);
    await utimes(files[0]!.path, 1, 1);
    const now = await scan([join(root, 'touched')], { onProgress, signal });
    await update('touched-catalog', now);
    expect(await update('touched-catalog', now, { variants: [CLOSE] })).toMatchObject({ files: 0, proxies: 1 });
  });

  test('serve copies of an image once', async () => {
    const files = await folderOf('copies', {
      'a.jpg': picture(2400, 1600, 26).jpeg(),
      'b.jpg': picture(2400, 1600, 26).jpeg(),
    });
    await update('copies-catalog', files);
    expect((await proxyShards('copies-catalog')).flatMap(({ sources }) => sources)).toHaveLength(1);
    const { catalog, ...jobs } = await update('copies-catalog', files, { quality: 50, format: 'jpeg' });
    expect(catalog.copies.size).toBe(1);
    expect(jobs.proxies).toBe(1);
  });

  test('are the same whatever the number of threads', async () => {
    const files = await folderOf(
      'threads',
      Object.fromEntries([0, 1, 2, 3, 4, 5].map((seed) => [`${seed}.jpg`, picture(1900, 1300, 30 + seed).jpeg()])),
    );
    const made: string[] = [];
    for (const concurrency of [1, 2]) {
      await update(`threads-${concurrency}`, files, { concurrency });
      await update(`threads-${concurrency}`, files, { concurrency, variants: [CLOSE] });
      const folder = join(root, `threads-${concurrency}`);
      const binaries = (await filesOf(folder)).filter((path) => path.endsWith('.bin')).toSorted();
      const contents = await Promise.all(binaries.map((path) => readFile(join(folder, path), 'latin1')));
      made.push(contents.join(''));
    }
    expect(made[1] === made[0]).toBe(true);
  });
});

describe('a catalog with proxies', () => {
  test('that forgets an image holds no byte of it', async () => {
    const files = await folderOf('forgets', {
      'a.jpg': picture(2400, 1600, 40).jpeg(),
      'b.jpg': picture(2400, 1600, 41).jpeg(),
    });
    await update('forgets-catalog', files);
    await update('forgets-catalog', files, { variants: [CLOSE] });
    // Kept twice: small and large.
    await update('forgets-catalog', files, { cell: { width: 256, height: 256 } });
    const [gone, other] = await Promise.all(
      files.map(async ({ path }) => {
        const shards = await proxyShards('forgets-catalog');
        const { hash } = shards.flatMap((shard) => shard.files).find((file) => file.path === path)!;
        const parts: Buffer[] = [];
        for (const { binary, sources, header, bytes } of shards) {
          const reader = new ShardReader();
          reader.check(binary, { header, bytes, sources: sources.length });
          for (const [row, source] of sources.entries()) {
            if (source.hash === hash) parts.push(Buffer.from(reader.blob(binary, row, 0)));
          }
          reader.close();
        }
        return { path, hash, proxies: parts };
      }),
    );
    expect([gone!.proxies.length, other!.proxies.length]).toEqual([2, 2]);
    const folder = join(root, 'forgets-catalog');
    const holds = async ({ path, hash, proxies }: typeof gone & object) => {
      const words = [Buffer.from(hash), Buffer.from(path), ...proxies.map((jpeg) => jpeg.subarray(1000, 1100))];
      const contents = await Promise.all((await filesOf(folder)).map((file) => readFile(join(folder, file))));
      return words.map((word) => contents.some((content) => content.includes(word)));
    };
    expect(await holds(gone!)).toEqual([true, true, true, true]);
    await forget(folder, { hashes: new Set([gone!.hash]), paths: new Set([gone!.path]) });
    expect(await holds(gone!)).toEqual([false, false, false, false]);
    expect(await holds(other!)).toEqual([true, true, true, true]);
    expect(await update('forgets-catalog', files, { variants: [HALF] })).toMatchObject({ files: 1, proxies: 1 });
  });

  test.each(['header', 'picture', 'index', 'gone'])('that is damaged reads the file: %s', async (what) => {
    const catalog = `damaged-${what}`;
    const files = await folderOf(what, { 'a.jpg': picture(2400, 1600, 42).jpeg() });
    await update(catalog, files);
    const binary = (await proxyShards(catalog))[0]!.binary;
    if (what === 'gone') await rm(binary);
    else {
      const path = what === 'index' ? binary.replace(/bin$/, 'json') : binary;
      const bytes = await readFile(path);
      const at = what === 'picture' ? bytes.length - 500 : 30;
      bytes[at]! ^= 4;
      await writeFile(path, bytes);
    }
    const again = await update(catalog, files, { variants: [CLOSE] });
    expect(again).toMatchObject({ files: 1, proxies: 0 });
    const notes = ['removed 1 damaged shard from the catalog: the lost images are indexed again'];
    expect(again.catalog.notes).toEqual(notes);
    expect(await update(catalog, files, { variants: [CLOSE + 1] })).toMatchObject({ files: 0, proxies: 1 });
  });

  test('that was made without them, or of which they were removed, reads the file and keeps one', async () => {
    const files = await folderOf('older', { 'a.jpg': picture(2400, 1600, 43).jpeg() });
    await update('older-catalog', files);
    await rm((await proxyFolder('older-catalog'))!, { recursive: true });
    expect(await update('older-catalog', files, { variants: [CLOSE] })).toMatchObject({ files: 1, proxies: 0 });
    expect(await update('older-catalog', files, { variants: [CLOSE + 1] })).toMatchObject({ files: 0, proxies: 1 });
  });

  test('reads the file if the proxy cannot be decoded', async () => {
    const files = await folderOf('fails', { 'a.jpg': picture(2400, 1600, 48).jpeg() });
    await update('fails-catalog', files);
    const failing = await update('fails-catalog', files, { variants: [CLOSE], fails: true });
    expect(failing).toMatchObject({ files: 1, proxies: 1 });
    expect(failing.catalog).toMatchObject({ skipped: [], notes: [] });
    expect(failing.catalog.sources).toHaveLength(1);
  });

  test('reads the file if the proxy is forgotten meanwhile', async () => {
    const files = await folderOf('meanwhile', { 'a.jpg': picture(2400, 1600, 49).jpeg() });
    const { catalog } = await update('meanwhile-catalog', files);
    const [folder, { hash }] = [join(root, 'meanwhile-catalog'), catalog.sources[0]!];
    const use = { recipe: RECIPE, variants: [CLOSE] };
    const proxies = await Proxies.open({ catalog: folder, recipe: 'other' }, true);
    expect((await proxies.find(hash, use))!.bytes.subarray(0, 2)).toEqual(Buffer.from([0xff, 0xd8]));
    proxies.close();
    const late = await Proxies.open({ catalog: folder, recipe: 'other' }, true);
    await forget(folder, { hashes: new Set([hash]), paths: new Set() });
    expect([await late.find(hash, use), late.damaged]).toEqual([undefined, 0]);
    late.close();
  });

  test('makes the same of images whose shards are lost', async () => {
    const files = await folderOf('same', { 'a.jpg': picture(2400, 1600, 47).jpeg() });
    const change = { format: 'jpeg' } as const;
    const { catalog } = await update('same-catalog', files, change);
    const cell = await cellOf(catalog, 0);
    await rm(join(root, 'same-catalog', await recipeKey(catalog.recipe)), { recursive: true });
    const again = await update('same-catalog', files, change);
    expect(again).toMatchObject({ files: 1, proxies: 0 });
    expect(await cellOf(again.catalog, 0)).toEqual(cell);
    expect((await proxyShards('same-catalog')).flatMap(({ sources }) => sources)).toHaveLength(1);
  });

  test('is used by two builds at once', async () => {
    const files = await folderOf('two', {
      'a.jpg': picture(2400, 1600, 44).jpeg(),
      'b.jpg': picture(2400, 1600, 45).jpeg(),
    });
    await Promise.all([
      update('two-catalog', files),
      update('two-catalog', files, { cell: { width: 128, height: 128 } }),
    ]);
    const both = await Promise.all([
      update('two-catalog', files, { variants: [CLOSE] }),
      update('two-catalog', files, { variants: [HALF] }),
    ]);
    for (const one of both) expect(one).toMatchObject({ files: 0, proxies: 2 });
    for (const { catalog } of both) expect(catalog.notes).toEqual([]);
  });

  test('loses what a killed build was writing', async () => {
    const files = await folderOf('killed', { 'a.jpg': picture(2400, 1600, 46).jpeg() });
    await update('killed-catalog', files);
    const folder = (await proxyFolder('killed-catalog'))!;
    const before = await readdir(folder);
    const part = join(folder, '00000009-0000abcd.bin');
    await writeFile(part, 'half');
    await utimes(part, 1, 1);
    expect(await update('killed-catalog', files, { variants: [CLOSE] })).toMatchObject({ files: 0, proxies: 1 });
    expect((await readdir(folder)).toSorted()).toEqual(before.toSorted());
    expect((await stat(folder)).isDirectory()).toBe(true);
  });
});
