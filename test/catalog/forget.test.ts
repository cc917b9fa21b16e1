import fsPromises, {
  copyFile,
  cp,
  mkdir,
  open,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { renameSync, rmSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import sharp from 'sharp';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { forget } from '../../src/catalog/forget.ts';
import type { ShardIndex } from '../../src/catalog/shard.ts';
import { nameBehind, shardNames } from '../../src/catalog/shard-folder.ts';
import { ShardReader } from '../../src/catalog/shard-reader.ts';
import { updateCatalog } from '../../src/catalog/update.ts';
import { build, type BuildOptions } from '../../src/index.ts';
import { scan } from '../../src/scan/scan.ts';
import type { Recipe } from '../../src/types.ts';
import { writeMany, writeWaves } from '../helpers/images.ts';
import { filesOf } from '../helpers/levels.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

const RECIPE: Recipe = {
  cell: { width: 32, height: 32 },
  tileSize: 256,
  format: 'jpeg',
  quality: 85,
  subsampling: '4:2:0',
  crop: 'centre',
};
/** What differs in the recipes that the catalog was used with. */
const RECIPES: readonly Partial<Recipe>[] = [{}, { turn: 1 }, { quality: 70 }, { format: 'webp' }];
const signal = new AbortController().signal;
const onProgress = () => {};
const real = { open, rename, rm };
/** Images that a mosaic goes on with, and all that the catalog knows of others. */
let root: string;
let others: string;
let later: string;
let pristine: string;
let gone: { hashes: Set<string>; paths: Set<string>; bytes: Buffer[] };

beforeAll(async () => {
  root = await temporaryFolder();
  others = join(root, 'others');
  pristine = join(root, 'pristine');
  const removed = join(root, 'removed "ones", ü');
  await mkdir(others);
  await mkdir(removed);
  await writeMany(others, 5);
  later = join(root, 'later');
  await mkdir(later);
  await writeWaves(join(later, 'later.png'), 50, 60, 40);
  await writeWaves(join(root, 'target.png'), 60, 40, 9);
  const [portrait, clear, text] = ['portrait.jpg', 'clear.png', 'text.jpg'].map((name) => join(removed, name)) as [
    string,
    string,
    string,
  ];
  await writeWaves(portrait, 90, 90, 77);
  await sharp({ create: { width: 40, height: 40, channels: 4, background: '#f084' } })
    .png()
    .toFile(clear);
  await copyFile(portrait, join(removed, 'copy.jpg'));
  await writeFile(text, 'no image');
  await writeFile(join(others, 'no.jpg'), 'none, either');
  for (const change of RECIPES) {
    await update(pristine, [others, removed], change);
    // A second lot: shards that know nothing of the removed.
    await update(pristine, [others, later], change);
  }
  // Once more over another background, and the copy has changed its time.
  await utimes(join(removed, 'copy.jpg'), 1, 1);
  await update(pristine, [others, removed], {}, 200);

  const hashes = new Set<string>();
  const paths = new Set([portrait, clear, text, join(removed, 'copy.jpg')]);
  for (const { files } of await indexesOf(pristine)) {
    for (const { path, hash } of files) if (paths.has(path)) hashes.add(hash);
  }
  expect(hashes.size).toBe(3);
  const bytes = [...hashes, ...paths, 'portrait.jpg', 'clear.png', 'copy.jpg'].flatMap((word) => [
    Buffer.from(word),
    Buffer.from(JSON.stringify(word).slice(1, -1)),
  ]);
  gone = { hashes, paths, bytes: [...bytes, ...(await rowsOf(pristine, hashes))] };
  expect(gone.bytes.length).toBeGreaterThan(40);
});

/** Brings a catalog up to date; tells how many shards that has added. */
async function update(folder: string, images: string[], change: Partial<Recipe> = {}, grey = 0): Promise<number> {
  const before = await filesOf(folder).catch((): string[] => []);
  const files = await scan(images, { onProgress, signal });
  const recipe = { ...RECIPE, ...change };
  const background = { r: grey, g: grey, b: grey };
  const catalog = await updateCatalog(files, { folder, recipe, background, concurrency: 1, onProgress, signal });
  catalog.close();
  const added = (await filesOf(folder)).filter((path) => path.endsWith('.json') && !before.includes(path));
  return added.length;
}

async function indexesOf(catalog: string): Promise<(ShardIndex & { path: string })[]> {
  const paths = (await filesOf(catalog)).filter((path) => /^\d.*\/\d+-[\da-f]+\.json$/.test(path));
  const read = async (path: string) => ({
    ...(JSON.parse(await readFile(join(catalog, path), 'utf8')) as ShardIndex),
    path,
  });
  return await Promise.all(paths.map(read));
}

/** What shards tell of files and images, by recipe, in order. */
function recordsOf(indexes: readonly (ShardIndex & { path: string })[]): string[] {
  const records = indexes.flatMap(({ path, files, sources, broken }) =>
    [...files, ...sources, ...broken].map((record) => `${path.split('/')[0]} ${JSON.stringify(record)}`),
  );
  return records.toSorted();
}

/** All that the binaries keep of some sources, piece by piece. */
async function rowsOf(catalog: string, hashes: ReadonlySet<string>): Promise<Buffer[]> {
  const parts: Buffer[] = [];
  for (const { path, sources, header, bytes } of await indexesOf(catalog)) {
    const binary = join(catalog, path.replace(/json$/, 'bin'));
    const reader = new ShardReader();
    const { blobs } = reader.check(binary, { header, bytes, sources: sources.length });
    for (const [row, { hash }] of sources.entries()) {
      if (!hashes.has(hash)) continue;
      const features = reader.features(binary).slice(row * 48, (row + 1) * 48);
      parts.push(Buffer.from(features.buffer), Buffer.from(reader.rasters(binary, row)));
      for (let i = 0; i < blobs; i++) parts.push(Buffer.from(reader.blob(binary, row, i)));
    }
    reader.close();
  }
  return parts;
}

/** Files of a catalog that hold anything of the removed sources, and of what. */
async function traces(catalog: string): Promise<string[]> {
  const found: string[] = [];
  for (const path of await filesOf(catalog)) {
    const content = await readFile(join(catalog, path));
    for (const [i, bytes] of gone.bytes.entries()) if (content.includes(bytes)) found.push(`${path}: ${i}`);
  }
  return found;
}

async function copied(name: string, from = pristine): Promise<string> {
  const catalog = join(root, name);
  await rm(catalog, { recursive: true, force: true });
  await cp(from, catalog, { recursive: true });
  return catalog;
}

/** The same with the first two of {@link RECIPES}. */
async function withTwoRecipes(name: string): Promise<string> {
  const catalog = await copied(name);
  for (const key of await readdir(catalog)) if (/webp|q70/.test(key)) await rm(join(catalog, key), { recursive: true });
  return catalog;
}

async function sizeOf(folder: string): Promise<number> {
  let bytes = 0;
  for (const path of await filesOf(folder)) bytes += (await stat(join(folder, path))).size;
  return bytes;
}

/** Makes all files of a folder some minutes old. */
async function age(folder: string): Promise<void> {
  const then = new Date(Date.now() - 300_000);
  for (const path of await filesOf(folder)) await utimes(join(folder, path), then, then);
}

/** Expects that all other images are in a catalog, of every recipe. */
async function expectOthers(
  catalog: string,
  message?: string,
  recipes: readonly Partial<Recipe>[] = RECIPES,
): Promise<void> {
  for (const change of recipes) {
    expect(await update(catalog, [others, later], change), message).toBe(0);
  }
}

describe('a catalog that forgets', () => {
  test('holds no byte of the sources, and all others', async () => {
    const catalog = await copied('forgets');
    expect((await traces(catalog)).length).toBeGreaterThan(40);
    const before = await sizeOf(catalog);
    const { shards, bytes } = await forget(catalog, gone);
    expect(await traces(catalog)).toEqual([]);
    expect(shards).toBe(5);
    expect(bytes).toBe(before - (await sizeOf(catalog)));
    expect(bytes).toBeGreaterThan(gone.bytes.reduce((sum, { length }) => sum + length, 0) / 2);
    await expectOthers(catalog);
    // What is left is what was there.
    const [kept, were] = [await indexesOf(catalog), await indexesOf(pristine)];
    const known = (indexes: ShardIndex[]) => new Set(indexes.flatMap(({ sources }) => sources.map(({ hash }) => hash)));
    const hashes = new Set([...known(were)].filter((hash) => !gone.hashes.has(hash)));
    expect(known(kept)).toEqual(hashes);
    expect(await rowsOf(catalog, hashes)).toEqual(await rowsOf(pristine, hashes));
  });

  test('does so once, and nothing where it knows nothing of them', async () => {
    const catalog = await copied('twice');
    await forget(catalog, gone);
    const files = await filesOf(catalog);
    expect(await forget(catalog, gone)).toEqual({ shards: 0, bytes: 0 });
    expect(await filesOf(catalog)).toEqual(files);
    expect(await forget(join(root, 'nowhere'), gone)).toEqual({ shards: 0, bytes: 0 });
    expect(await readdir(root)).not.toContain('nowhere');
  });

  test('forgets a file whatever it held, and no content with it', async () => {
    const catalog = await copied('paths');
    const path = join(others, '001.jpg');
    await forget(catalog, { hashes: new Set(), paths: new Set([path]) });
    const indexes = await indexesOf(catalog);
    expect(indexes.flatMap(({ files }) => files.filter((file) => file.path === path))).toEqual([]);
    const sources = (of: ShardIndex[]) => of.flatMap((index) => index.sources.map(({ hash }) => hash)).toSorted();
    expect(sources(indexes)).toEqual(sources(await indexesOf(pristine)));
  });

  test('gives the same site of the others', async () => {
    const catalog = join(root, 'sites');
    const make = async (images: string[]) => {
      const out = join(root, 'site');
      const target = join(root, 'target.png');
      await build({ target, images, out, catalog, columns: 5, cellSize: 32, mirror: true, maxUses: 4 });
      const files = await filesOf(out);
      const texts = await Promise.all(files.map((path) => readFile(join(out, path), 'latin1')));
      await rm(out, { recursive: true });
      return new Map(files.map((path, i) => [path, texts[i]!]));
    };
    await make([others, ...gone.paths]);
    const before = await make([others]);
    expect((await forget(catalog, gone)).shards).toBeGreaterThan(0);
    expect(await traces(catalog)).toEqual([]);
    const files = await filesOf(catalog);
    expect(await make([others])).toEqual(before);
    expect(await filesOf(catalog)).toEqual(files);
  });

  test('keeps what is newer', async () => {
    for (const forgotten of ['one.png', 'two.png']) {
      const [catalog, images] = [join(root, `order ${forgotten}`), join(root, `ages ${forgotten}`)];
      await mkdir(images);
      const changing = join(images, 'changing.png');
      await writeWaves(join(images, 'one.png'), 40, 40, 1);
      await writeWaves(changing, 40, 40, 2);
      await update(catalog, [images]);
      await writeWaves(join(images, 'two.png'), 40, 40, 3);
      await writeWaves(changing, 50, 40, 4);
      await update(catalog, [images]);
      const [first, second] = await indexesOf(catalog);
      const files = [...first!.files, ...second!.files];
      const hash = files.find(({ path }) => path.endsWith(forgotten))!.hash;
      await rm(join(images, forgotten));
      expect(await forget(catalog, { hashes: new Set([hash]), paths: new Set() })).toMatchObject({ shards: 1 });
      expect(await update(catalog, [images])).toBe(0);
      const numbers = (await indexesOf(catalog)).map(({ path }) => path.split('/')[1]!.slice(0, 8));
      expect(numbers).toEqual(['00000001', '00000002']);
    }
    expect(nameBehind('00000012-0000abcd', 0)).toBe('00000012-0000abce');
    expect(nameBehind('123456789-0000abcd', 0.99)).toMatch(/^123456789-0001[\da-f]{4}$/);
    expect(nameBehind('00000012-ffffffff', 0.5)).toBe('00000012-80000000');
  });
});

describe('what is no sound shard', () => {
  test('goes if it may hold something of the sources', async () => {
    const catalog = await copied('unsound');
    const indexes = await indexesOf(catalog);
    const [first, second, third, ...more] = indexes.map(({ path }) => join(catalog, path.replace(/\.json$/, '')));
    // A header, a JSON, a binary that is gone, one that is longer.
    await flip(`${first}.bin`, 20);
    await flip(`${second}.json`, 60);
    await rm(`${third}.bin`);
    await writeFile(`${more[0]}.bin`, Buffer.concat([await readFile(`${more[0]}.bin`), gone.bytes[0]!]));
    const { shards } = await forget(catalog, gone);
    expect(await traces(catalog)).toEqual([]);
    const left = (await filesOf(catalog)).map((path) => join(catalog, path));
    for (const name of [first, second, third, more[0]]) {
      for (const ending of ['bin', 'json']) expect(left).not.toContain(`${name}.${ending}`);
    }
    expect(shards).toBeGreaterThanOrEqual(4);
    await update(catalog, [others, later]);
    expect(await update(catalog, [others, later])).toBe(0);
  });

  test('a source that is damaged goes with them, and is indexed again alone', async () => {
    const catalog = await copied('row');
    const index = (await indexesOf(catalog)).find(
      ({ path, sources }) => !path.includes('turn') && path.includes('jpeg-q85') && sources.length > 4,
    )!;
    const binary = join(catalog, index.path.replace(/json$/, 'bin'));
    const row = index.sources.findIndex(({ hash }) => !gone.hashes.has(hash));
    const reader = new ShardReader();
    const blob = reader.blob(binary, row, 1);
    reader.close();
    await flip(binary, (await readFile(binary)).indexOf(blob) + 9);
    await forget(catalog, gone);
    expect(await traces(catalog)).toEqual([]);
    expect(await update(catalog, [others, later])).toBe(1);
    const added = (await indexesOf(catalog)).filter(({ path }) => path.split('/')[0] === index.path.split('/')[0]);
    const again = added.filter(({ sources }) => sources.some(({ hash }) => hash === index.sources[row]!.hash));
    expect(again.map(({ sources }) => sources.length)).toEqual([1]);
  });

  test('shards of other versions go if they mention one; what is not ours stays', async () => {
    const catalog = await copied('strangers');
    const key = (await readdir(catalog)).find((name) => name.includes('q70'))!;
    const old = key.replace('-v3', '-v2');
    await mkdir(join(catalog, old));
    await mkdir(join(catalog, 'notes'));
    await mkdir(join(catalog, key, 'folder.json'));
    const [hash] = gone.hashes;
    const shard = (version: number, word: string) =>
      `{"format":"zoomosaic-shard","version":${version},"files":["${word}"]}`;
    const uuid = (digit: number) => `${String(digit).repeat(8)}-0000-4000-8000-000000000000`;
    const goes = {
      [`${old}/${uuid(1)}.json`]: shard(2, hash!),
      [`${old}/${uuid(1)}.bin`]: 'ZMSHARD',
      [`${old}/${uuid(3)}.bin`]: 'a binary without its JSON',
      [`${old}/00000001-aaaaaaaa.json`]: shard(4, hash!),
      [`${old}/00000004-aaaaaaaa.json`]: shard(4, JSON.stringify([...gone.paths][0]).slice(1, -1)),
      [`${key}/00000007-aaaaaaaa.bin`]: 'left',
      [`${key}/00000008-aaaaaaaa.json.tmp`]: 'left',
      [`${key}/00000009-aaaaaaaa.json`]: '{"format":',
    };
    const stays = {
      [`${old}/${uuid(2)}.json`]: shard(2, 'another'),
      [`${old}/${uuid(2)}.bin`]: 'ZMSHARD',
      [`${old}/00000002-aaaaaaaa.json`]: shard(4, 'another'),
      [`${old}/00000002-aaaaaaaa.bin`]: 'ZMSHARD',
      [`${key}/notes.json`]: JSON.stringify({ mine: hash }),
      [`${key}/notes.bin`]: 'mine',
      [`${key}/mine.tmp`]: 'mine',
      [`notes/00000001-aaaaaaaa.json`]: shard(3, hash!),
      'README.txt': hash!,
      '32px-tile256-a-file': hash!,
    };
    for (const [path, text] of Object.entries({ ...goes, ...stays })) await writeFile(join(catalog, path), text);
    await age(catalog);
    await forget(catalog, gone);
    const left = await filesOf(catalog);
    expect(left).toEqual(expect.arrayContaining(Object.keys(stays)));
    for (const path of Object.keys(goes)) expect(left).not.toContain(path);
    expect(await readdir(join(catalog, key))).toContain('folder.json');
    await expectOthers(catalog);
  });

  test('what somebody is just writing is waited for, and forgotten once it is a shard', async () => {
    const catalog = await copied('writing');
    const { path } = (await indexesOf(catalog)).find(({ sources }) =>
      sources.some(({ hash }) => gone.hashes.has(hash)),
    )!;
    const json = join(catalog, path);
    await rename(json, `${json}.tmp`);
    let done = false;
    const forgetting = forget(catalog, gone).finally(() => (done = true));
    await setTimeout(250);
    expect(done).toBe(false);
    await rename(`${json}.tmp`, json);
    await forgetting;
    expect(await traces(catalog)).toEqual([]);
    await expectOthers(catalog);
    await writeFile(`${json}.tmp`, '');
    const stop = new AbortController();
    const waiting = forget(catalog, gone, stop.signal);
    stop.abort(new Error('enough'));
    await expect(waiting).rejects.toThrow('enough');
  });
});

async function flip(path: string, at: number): Promise<void> {
  const bytes = await readFile(path);
  bytes[at]! ^= 1;
  await writeFile(path, bytes);
}

describe('forgetting that is cut short', () => {
  const CALLS = ['open', 'rename', 'rm'] as const;
  let handle: { writev: () => unknown; sync: () => unknown };
  let whole: { writev: () => unknown; sync: () => unknown };
  beforeAll(async () => {
    const file = await open(join(root, 'target.png'));
    handle = Object.getPrototypeOf(file) as typeof handle;
    whole = { writev: handle.writev, sync: handle.sync };
    await file.close();
  });
  afterEach(revive);

  function revive(): void {
    Object.assign(fsPromises, real);
    Object.assign(handle, whole);
    syncBuiltinESMExports();
  }

  /** Lets so many calls that change something pass; then none. */
  function dieAfter(calls: number): void {
    let left = calls;
    const counting = (name: string, call: (...all: never[]) => unknown) =>
      function (this: unknown, ...args: never[]) {
        if (name === 'open' && args[1] !== 'w') return call.apply(this, args);
        // eslint-disable-next-line typescript-eslint/prefer-promise-reject-errors
        return left-- > 0 ? call.apply(this, args) : Promise.reject(new Error('dead'));
      };
    for (const name of CALLS) Object.assign(fsPromises, { [name]: counting(name, real[name] as never) });
    Object.assign(handle, { writev: counting('writev', whole.writev), sync: counting('sync', whole.sync) });
    syncBuiltinESMExports();
  }

  test('leaves all other sources at every step; the next run finishes it', async () => {
    let calls = 0;
    const few = await withTwoRecipes('few');
    const known = recordsOf(await indexesOf(few)).filter(
      (record) => ![...gone.hashes].some((hash) => record.includes(hash)),
    );
    for (let died = true; died; calls++) {
      const catalog = await copied('dying', few);
      dieAfter(calls);
      died = await forget(catalog, gone).then(
        () => false,
        (error: Error) => {
          expect(error.message).toBe('dead');
          return true;
        },
      );
      revive();
      const message = `after ${calls} calls`;
      expect(recordsOf(await indexesOf(catalog)), message).toEqual(expect.arrayContaining(known));
      // What builds see in between.
      if (calls % 4 === 0) await expectOthers(await copied('seen', catalog), message, RECIPES.slice(0, 2));
      await age(catalog);
      await forget(catalog, gone);
      expect(await traces(catalog), message).toEqual([]);
      if (calls % 4 === 2) await expectOthers(catalog, message, RECIPES.slice(0, 2));
      // All of them, and nothing twice.
      expect(recordsOf(await indexesOf(catalog)), message).toEqual(known);
    }
    expect(calls).toBeGreaterThan(25);
  });
});

describe('while others use the catalog', () => {
  test('a build that has read it, but not all of it, begins anew', async () => {
    const [catalog, forgotten] = [await copied('used'), await copied('used, forgotten')];
    await forget(forgotten, gone);
    const out = join(root, 'underway');
    let swapped = false;
    const options: BuildOptions = {
      target: join(root, 'target.png'),
      images: [others],
      out,
      catalog,
      columns: 5,
      cellSize: 32,
      background: '#000000',
      onProgress: ({ stage, done, total }) => {
        if (swapped || stage !== 'catalog' || done !== total) return;
        swapped = true;
        rmSync(catalog, { recursive: true });
        renameSync(forgotten, catalog);
      },
    };
    const { warnings } = await build(options);
    expect(swapped).toBe(true);
    expect(warnings).toContain('the catalog changed while it was being used; it was read again');
    expect((await build({ ...options, out: join(root, 'after') })).warnings).not.toContain(warnings[0]);
    const [a, b] = await Promise.all([out, join(root, 'after')].map((site) => readFile(join(site, 'checksums.bin'))));
    expect(a).toEqual(b);
  });

  test('several forget at once, one after the other', async () => {
    const catalog = await withTwoRecipes('crowd');
    const each = [...gone.hashes].map((hash) => ({ hashes: new Set([hash]), paths: new Set<string>() }));
    const more: Promise<unknown>[] = [];
    const shards = async () => (await filesOf(catalog)).filter((path) => /^\d/.test(path));
    Object.assign(fsPromises, {
      rename: async (from: string, to: string) => {
        if (more.length === 0) {
          const before = await shards();
          more.push(...each.slice(1).map((one) => forget(catalog, one)));
          await setTimeout(300);
          expect(await shards()).toEqual(before);
        }
        await real.rename(from, to);
      },
    });
    syncBuiltinESMExports();
    await forget(catalog, each[0]!).finally(() => {
      Object.assign(fsPromises, real);
      syncBuiltinESMExports();
    });
    expect(more).toHaveLength(2);
    await Promise.all(more);
    expect(await traces(catalog)).toEqual([]);
    await expectOthers(catalog, undefined, RECIPES.slice(0, 2));
    expect((await readdir(catalog)).filter((name) => name.startsWith('.'))).toEqual([]);
    const names = (await shards()).map((path) => path.split('/')[1]!);
    expect(shardNames(names).length * 2).toBe(names.length);
  });
});
