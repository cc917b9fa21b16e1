import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { beforeAll, describe, expect, test } from 'vitest';
import { forget } from '../../src/catalog/forget.ts';
import type { ShardIndex } from '../../src/catalog/shard.ts';
import { nameBehind } from '../../src/catalog/shard-folder.ts';
import { ShardReader } from '../../src/catalog/shard-reader.ts';
import { build } from '../../src/index.ts';
import {
  age,
  copied,
  expectOthers,
  indexesOf,
  rowsOf,
  traces,
  update,
  useCatalog,
  type Used,
} from '../helpers/forgotten.ts';
import { writeWaves } from '../helpers/images.ts';
import { filesOf } from '../helpers/levels.ts';

const NOTHING = { shards: 0, damaged: 0, otherVersions: 0, leftovers: 0, bytes: 0 };

let used: Used;
let root: string;
let others: string;
let later: string;
let pristine: string;
let gone: Used['gone'];
beforeAll(async () => {
  used = await useCatalog();
  ({ root, others, later, pristine, gone } = used);
});

async function sizeOf(folder: string): Promise<number> {
  let bytes = 0;
  for (const path of await filesOf(folder)) bytes += (await stat(join(folder, path))).size;
  return bytes;
}

describe('a catalog that forgets', () => {
  test('holds no byte of the sources, and all others', async () => {
    const catalog = await copied(pristine, 'forgets');
    expect((await traces(catalog, gone)).length).toBeGreaterThan(40);
    const before = await sizeOf(catalog);
    const { shards, bytes } = await forget(catalog, gone);
    expect(await traces(catalog, gone)).toEqual([]);
    expect(shards).toBe(5);
    expect(bytes).toBe(before - (await sizeOf(catalog)));
    expect(bytes).toBeGreaterThan(gone.bytes.reduce((sum, { length }) => sum + length, 0) / 2);
    await expectOthers(catalog, used);
    // What is left is what was there.
    const [kept, were] = [await indexesOf(catalog), await indexesOf(pristine)];
    const known = (indexes: ShardIndex[]) => new Set(indexes.flatMap(({ sources }) => sources.map(({ hash }) => hash)));
    const hashes = new Set([...known(were)].filter((hash) => !gone.hashes.has(hash)));
    expect(known(kept)).toEqual(hashes);
    expect(await rowsOf(catalog, hashes)).toEqual(await rowsOf(pristine, hashes));
  });

  test('does so once, and nothing where it knows nothing of them', async () => {
    const catalog = await copied(pristine, 'twice');
    await forget(catalog, gone);
    const files = await filesOf(catalog);
    expect(await forget(catalog, gone)).toEqual(NOTHING);
    expect(await filesOf(catalog)).toEqual(files);
    expect(await forget(join(root, 'nowhere'), gone)).toEqual(NOTHING);
    expect(await readdir(root)).not.toContain('nowhere');
  });

  test('forgets a file whatever it held, and no content with it', async () => {
    const catalog = await copied(pristine, 'paths');
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
    expect(await traces(catalog, gone)).toEqual([]);
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
    const catalog = await copied(pristine, 'unsound');
    const indexes = await indexesOf(catalog);
    const [first, second, third, ...more] = indexes.map(({ path }) => join(catalog, path.replace(/\.json$/, '')));
    // A header, a JSON, a binary that is gone, one that is longer.
    await flip(`${first}.bin`, 20);
    await flip(`${second}.json`, 60);
    await rm(`${third}.bin`);
    await writeFile(`${more[0]}.bin`, Buffer.concat([await readFile(`${more[0]}.bin`), gone.bytes[0]!]));
    const { shards } = await forget(catalog, gone);
    expect(await traces(catalog, gone)).toEqual([]);
    const left = (await filesOf(catalog)).map((path) => join(catalog, path));
    for (const name of [first, second, third, more[0]]) {
      for (const ending of ['bin', 'json']) expect(left).not.toContain(`${name}.${ending}`);
    }
    expect(shards).toBeGreaterThanOrEqual(4);
    await update(catalog, [others, later]);
    expect(await update(catalog, [others, later])).toBe(0);
  });

  test('a source that is damaged goes with them, and is indexed again alone', async () => {
    const catalog = await copied(pristine, 'row');
    const index = (await indexesOf(catalog)).find(
      ({ path, sources }) =>
        path.includes('jpeg-q85') && sources.every(({ variant }) => variant === undefined) && sources.length > 4,
    )!;
    const binary = join(catalog, index.path.replace(/json$/, 'bin'));
    const row = index.sources.findIndex(({ hash }) => !gone.hashes.has(hash));
    const reader = new ShardReader();
    const blob = reader.blob(binary, row, 1);
    reader.close();
    await flip(binary, (await readFile(binary)).indexOf(blob) + 9);
    await forget(catalog, gone);
    expect(await traces(catalog, gone)).toEqual([]);
    expect(await update(catalog, [others, later])).toBe(1);
    const added = (await indexesOf(catalog)).filter(({ path }) => path.split('/')[0] === index.path.split('/')[0]);
    const again = added.filter(({ sources }) => sources.some(({ hash }) => hash === index.sources[row]!.hash));
    expect(
      again
        .filter(({ sources }) => sources.every(({ variant }) => variant === undefined))
        .map(({ sources }) => sources.length),
    ).toEqual([1]);
  });

  test('shards of other versions go if they mention one; what is not ours stays', async () => {
    const catalog = await copied(pristine, 'strangers');
    const key = (await readdir(catalog)).find((name) => name.includes('q70'))!;
    const old = key.replace('-v4', '-v3');
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
      [`${old}/00000001-aaaaaaaa.json`]: shard(5, hash!),
      [`${old}/00000004-aaaaaaaa.json`]: shard(5, JSON.stringify([...gone.paths][0]).slice(1, -1)),
      [`${key}/00000007-aaaaaaaa.bin`]: 'left',
      [`${key}/00000008-aaaaaaaa.json.tmp`]: 'left',
      [`${key}/00000009-aaaaaaaa.json`]: '{"format":',
    };
    const stays = {
      [`${old}/${uuid(2)}.json`]: shard(2, 'another'),
      [`${old}/${uuid(2)}.bin`]: 'ZMSHARD',
      [`${old}/00000002-aaaaaaaa.json`]: shard(5, 'another'),
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
    await expectOthers(catalog, used);
  });

  test('what somebody is just writing is waited for, and forgotten once it is a shard', async () => {
    const catalog = await copied(pristine, 'writing');
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
    expect(await traces(catalog, gone)).toEqual([]);
    await expectOthers(catalog, used);
    await writeFile(`${json}.tmp`, '');
    const stop = new AbortController();
    const waiting = forget(catalog, gone, { signal: stop.signal });
    stop.abort(new Error('enough'));
    await expect(waiting).rejects.toThrow('enough');
  });
});

async function flip(path: string, at: number): Promise<void> {
  const bytes = await readFile(path);
  bytes[at]! ^= 1;
  await writeFile(path, bytes);
}
