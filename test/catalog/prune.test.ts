import { existsSync } from 'node:fs';
import fsPromises, {
  cp,
  mkdir,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  symlink,
  truncate,
  writeFile,
} from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { dirname, join } from 'node:path';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { build, checkCatalog, pruneCatalog, type PruneOptions, statCatalog, UserError } from '../../src/index.ts';
import {
  age,
  copied,
  expectOthers,
  type Gone,
  goneOf,
  indexesOf,
  recordsOf,
  traces,
  update,
  useCatalog,
  type Used,
} from '../helpers/forgotten.ts';
import { writeMany, writeWaves } from '../helpers/images.ts';
import { filesOf } from '../helpers/levels.ts';
import { integer, seeded } from '../helpers/random.ts';

/** Number of damages, each in a catalog of its own. */
const DAMAGES = Number(process.env['ZOOMOSAIC_CATALOG_FLIPS'] ?? 12);

let used: Used;
let root: string;
let others: string;
let pristine: string;
let gone: Gone;
let removed: string;
beforeAll(async () => {
  used = await useCatalog();
  ({ root, others, pristine, gone } = used);
  removed = dirname([...gone.paths][0]!);
});

/** Runs `act` while the folder of removed images is elsewhere; its files come back as they were. */
async function withoutRemoved(act: () => Promise<void>): Promise<void> {
  const away = join(root, 'away');
  await rename(removed, away);
  try {
    await act();
  } finally {
    await rename(away, removed);
  }
}

/** All files of a catalog, with their contents. */
async function contentsOf(folder: string): Promise<Map<string, string>> {
  const paths = await filesOf(folder);
  const texts = await Promise.all(paths.map((path) => readFile(join(folder, path), 'latin1')));
  return new Map(paths.map((path, i) => [path, texts[i]!]));
}

async function sizeOf(folder: string): Promise<number> {
  let bytes = 0;
  for (const path of await filesOf(folder)) bytes += (await stat(join(folder, path))).size;
  return bytes;
}

async function flip(path: string, at: number, bits = 1): Promise<void> {
  const bytes = await readFile(path);
  bytes[at]! ^= bits;
  await writeFile(path, bytes);
}

/** A catalog of its own: some images in a folder, which may change. */
async function makeOwn(name: string, count: number): Promise<{ catalog: string; images: string; paths: string[] }> {
  const [catalog, images] = [join(root, `${name} catalog`), join(root, name)];
  await mkdir(images);
  const paths = await writeMany(images, count);
  await update(catalog, [images]);
  return { catalog, images, paths };
}

describe('a pruned catalog', () => {
  test('holds no byte of images that are gone, and all others; a dry run tells the same before', async () => {
    const catalog = await copied(pristine, 'prunes');
    await withoutRemoved(async () => {
      const options = { catalog, removedFolders: [removed] };
      const [before, size] = [await contentsOf(catalog), await sizeOf(catalog)];
      const told = await pruneCatalog({ ...options, dryRun: true });
      expect(await contentsOf(catalog)).toEqual(before);
      expect((await traces(catalog, gone)).length).toBeGreaterThan(40);
      const done = await pruneCatalog(options);
      expect(await traces(catalog, gone)).toEqual([]);
      expect(done).toEqual({ ...told, dryRun: false });
      expect(done).toMatchObject({ files: { gone: 4, changed: 0 }, images: 3, shards: 5, damaged: 0, missing: [] });
      expect(done.bytes).toBe(size - (await sizeOf(catalog)));
      expect(await checkCatalog({ catalog })).toMatchObject({ problems: [] });
      const after = await contentsOf(catalog);
      const again = await pruneCatalog(options);
      expect(again).toMatchObject({ files: { gone: 0, changed: 0 }, images: 0, shards: 0, bytes: 0 });
      expect(await contentsOf(catalog)).toEqual(after);
    });
    await expectOthers(catalog, used);
  });

  test('has lost single files and their proxies, and keeps an image that another file holds', async () => {
    const { catalog, images, paths } = await makeOwn('single', 4);
    const [large, copy] = [join(images, 'a large one.jpg'), join(images, 'the same.jpg')];
    await writeWaves(large, 2000, 1500, 70);
    await cp(paths[0]!, copy);
    await update(catalog, [images], { variant: 25 });
    await update(catalog, [images]);
    const [first, away] = [await goneOf(catalog, [paths[0]!]), await goneOf(catalog, [large, paths[1]!])];
    expect(recordsOf(await indexesOf(catalog)).filter((record) => record.startsWith('proxies'))).toHaveLength(2);
    for (const path of [large, paths[1]!, paths[0]!]) await rm(path);
    const { files, images: contents } = await pruneCatalog({ catalog });
    expect([files, contents]).toEqual([{ gone: 3, changed: 0 }, 2]);
    expect(await traces(catalog, away)).toEqual([]);
    const left = recordsOf(await indexesOf(catalog)).join('\n');
    expect(left).toContain([...first.hashes][0]);
    expect(left).not.toContain(paths[0]);
    expect(await update(catalog, [images])).toBe(0);
    expect(await update(catalog, [images], { variant: 25 })).toBe(0);
  });

  test('forgets what a file held before, not what it holds', async () => {
    const { catalog, images, paths } = await makeOwn('changing', 4);
    const before = await goneOf(catalog, [paths[0]!, paths[1]!]);
    await writeWaves(paths[0]!, 90, 91, 50);
    await update(catalog, [images]);
    // This one is not indexed again.
    await writeWaves(paths[1]!, 90, 91, 51);
    const { files, images: contents } = await pruneCatalog({ catalog });
    expect([files, contents]).toEqual([{ gone: 0, changed: 2 }, 2]);
    const spelt = new Set([...paths.slice(0, 2), '000.jpg', '001.jpg']);
    const bytes = before.bytes.filter((one) => !spelt.has(one.toString()));
    expect(await traces(catalog, { ...before, bytes })).toEqual([]);
    expect(await update(catalog, [images])).toBe(1);
    const [newest] = (await indexesOf(catalog)).toReversed();
    expect(newest?.files.map(({ path }) => path)).toEqual([paths[1]]);
    // Another time of change alone, as a new mode or link gives it, is no change of the file.
    await fsPromises.chmod(paths[2]!, 0o600);
    expect(await pruneCatalog({ catalog })).toMatchObject({ files: { gone: 0, changed: 0 }, shards: 0 });
  });

  test('is the same by a link to it, and of links to images', async () => {
    const { catalog, images, paths } = await makeOwn('linked', 3);
    const real = join(root, 'real');
    await mkdir(real);
    for (const name of ['a', 'b']) {
      await writeWaves(join(real, `${name}.png`), 50, 50, name.charCodeAt(0));
      await symlink(join(real, `${name}.png`), join(images, `link-${name}.png`));
    }
    await update(catalog, [images]);
    const link = join(root, 'a link');
    await symlink(catalog, link);
    const away = await goneOf(catalog, [join(images, 'link-a.png')]);
    await rm(join(real, 'a.png'));
    expect(await pruneCatalog({ catalog: link })).toMatchObject({ files: { gone: 1 }, images: 1, missing: [] });
    expect(await traces(catalog, away)).toEqual([]);
    expect((await fsPromises.lstat(link)).isSymbolicLink()).toBe(true);
    expect((await readdir(catalog)).filter((name) => name.startsWith('.'))).toEqual([]);
    // The disk of the other is unplugged.
    await rename(real, join(root, 'real, unplugged'));
    expect(await pruneCatalog({ catalog: link })).toMatchObject({
      files: { gone: 0 },
      missing: [{ folder: real, files: 1 }],
    });
    expect(await statCatalog({ catalog: link })).toMatchObject({ files: { known: 4, present: 3, missing: 1 } });
    // A link that is gone itself is a file that is gone.
    await rm(join(images, 'link-b.png'));
    await rm(paths[0]!);
    expect(await pruneCatalog({ catalog })).toMatchObject({ files: { gone: 2 }, missing: [] });
  });
});

describe('files that may come back', () => {
  const { stat: realStat } = fsPromises;
  afterEach(() => {
    Object.assign(fsPromises, { stat: realStat });
    syncBuiltinESMExports();
  });

  test('stay if their folder is missing, which is named; until it is said to be removed', async () => {
    const catalog = await copied(pristine, 'missing');
    const before = recordsOf(await indexesOf(catalog)).filter((record) => record.includes([...gone.hashes][0]!));
    await withoutRemoved(async () => {
      const result = await pruneCatalog({ catalog });
      expect(result).toMatchObject({ files: { gone: 0 }, images: 0, missing: [{ folder: removed, files: 4 }] });
      const kept = recordsOf(await indexesOf(catalog)).filter((record) => record.includes([...gone.hashes][0]!));
      expect(kept).toEqual(before.filter((record) => kept.includes(record)));
      expect(kept.length).toBeGreaterThan(3);
      expect(await statCatalog({ catalog })).toMatchObject({ missing: result.missing, files: { gone: 0, missing: 4 } });
      // Another folder that is removed tells nothing of this one.
      const elsewhere = await pruneCatalog({ catalog, removedFolders: [join(root, 'elsewhere'), `${removed} 2`] });
      expect(elsewhere.missing).toEqual(result.missing);
      expect(await pruneCatalog({ catalog, removedFolders: [root] })).toMatchObject({ files: { gone: 4 } });
      expect(await traces(catalog, gone)).toEqual([]);
    });
  });

  test('stay if none of those in a folder is left: an empty mount point, whatever else is in it', async () => {
    const { catalog, images } = await makeOwn('mounted', 3);
    const deep = join(images, 'deep/er');
    await mkdir(deep, { recursive: true });
    await writeMany(deep, 2);
    await update(catalog, [images]);
    const away = join(root, 'unmounted');
    await rename(images, away);
    await mkdir(images);
    await writeFile(join(images, 'not mounted.txt'), '');
    const { missing, shards } = await pruneCatalog({ catalog });
    expect([missing, shards]).toEqual([
      [
        { folder: images, files: 3 },
        { folder: join(images, 'deep'), files: 2 },
      ],
      0,
    ]);
    await rm(images, { recursive: true });
    expect((await pruneCatalog({ catalog })).missing).toEqual([{ folder: images, files: 5 }]);
    // The folder above leads there by a link.
    await symlink(away, images);
    expect((await pruneCatalog({ catalog })).missing).toEqual([]);
    await rename(away, `${away} 2`);
    expect((await pruneCatalog({ catalog })).missing).toEqual([{ folder: away, files: 5 }]);
    const removedFolders = [join(images, 'deep')];
    expect(await pruneCatalog({ catalog, removedFolders })).toMatchObject({
      files: { gone: 2 },
      missing: [{ folder: away, files: 3 }],
    });
  });

  test.each(['EACCES', 'EIO', 'ESTALE', 'ENODEV'])('stay if they cannot be asked for (%s)', async (code) => {
    const { catalog, paths } = await makeOwn(`unasked ${code}`, 3);
    await rm(paths[0]!);
    Object.assign(fsPromises, {
      stat: async (path: string) => {
        if (path === paths[1]) throw Object.assign(new Error(code), { code });
        return await realStat(path);
      },
    });
    syncBuiltinESMExports();
    const result = await pruneCatalog({ catalog });
    expect(result).toMatchObject({ files: { gone: 1 }, images: 1, missing: [] });
    expect(result.unasked).toEqual([{ code, files: 1, example: paths[1] }]);
    expect(await statCatalog({ catalog })).toMatchObject({ files: { known: 2, present: 1, unasked: 1 } });
    const known = (await indexesOf(catalog)).flatMap(({ files, sources }) => [files.length, sources.length]);
    expect(known).toEqual([2, 2]);
  });
});

describe('what is no sound shard', () => {
  test('is found by a check, pruned, and indexed again: the site is the same', async () => {
    const [catalog, images] = [join(root, 'sound'), others];
    const make = async (out: string) => {
      const options = { target: join(root, 'target.png'), images: [images], out, catalog, columns: 5, cellSize: 32 };
      const { warnings } = await build(options);
      const files = await contentsOf(out);
      await rm(out, { recursive: true });
      return { files, warnings };
    };
    const before = await make(join(root, 'site'));
    expect((await checkCatalog({ catalog })).problems).toEqual([]);
    const names = (await filesOf(catalog)).filter((path) => path.endsWith('.bin'));
    // A bit of the last blob, of a header, of a JSON.
    for (const [part, problem] of [
      ['blob', 'is damaged in 1 of '],
      ['header', 'is damaged, or not the one that its JSON tells of'],
      ['json', 'is damaged'],
    ] as const) {
      const bin = names.find((name) => existsSync(join(catalog, name)))!;
      const path = part === 'json' ? bin.replace(/bin$/, 'json') : bin;
      const at = part === 'blob' ? (await stat(join(catalog, bin))).size - 9 : 70;
      await flip(join(catalog, path), part === 'header' ? 20 : at);
      const checked = await contentsOf(catalog);
      const { problems } = await checkCatalog({ catalog });
      expect(problems).toEqual([{ path, problem: expect.stringContaining(problem) as string }]);
      expect(await contentsOf(catalog)).toEqual(checked);
      expect(await pruneCatalog({ catalog })).toMatchObject({ damaged: 1, shards: 1, images: 0 });
      expect((await checkCatalog({ catalog })).problems).toEqual([]);
      const after = await make(join(root, 'site'));
      expect(after.warnings).toEqual(before.warnings);
      expect(after.files).toEqual(before.files);
      names.splice(0, names.length, ...(await filesOf(catalog)).filter((name) => name.endsWith('.bin')));
    }
  });

  test('is found wherever a bit of it is flipped or its end is cut off, and pruned; no other shard changes', async () => {
    const random = seeded(11);
    for (let i = 0; i < DAMAGES; i++) {
      const catalog = await copied(pristine, 'flipped');
      // What is stale goes first.
      await pruneCatalog({ catalog });
      const before = await contentsOf(catalog);
      const paths = [...before.keys()].filter((path) => /\.(?:bin|json)$/.test(path));
      const path = paths[integer(random, 0, paths.length - 1)]!;
      const at = integer(random, 0, before.get(path)!.length - 1);
      const message = `${i}: ${path} at ${at}`;
      if (i % 4 === 3) await truncate(join(catalog, path), at);
      else await flip(join(catalog, path), at, 1 << integer(random, 0, 7));
      const shard = path.replace(/\.\w+$/, '');
      const { problems } = await checkCatalog({ catalog });
      expect(
        problems.map((problem) => problem.path.replace(/\.\w+$/, '')),
        message,
      ).toEqual([shard]);
      await pruneCatalog({ catalog });
      expect((await checkCatalog({ catalog })).problems, message).toEqual([]);
      const after = await contentsOf(catalog);
      for (const [name, text] of before) {
        if (name.startsWith(shard)) expect(after.has(name), message).toBe(false);
        else expect(after.get(name) === text, message).toBe(true);
      }
    }
  });

  test('goes, also what this version cannot read; what is not ours stays', async () => {
    const catalog = await copied(pristine, 'strangers');
    const key = (await readdir(catalog)).find((name) => name.includes('q70'))!;
    const old = key.replace('-v4', '-v3');
    for (const name of [old, 'notes', `${key}/folder.json`]) await mkdir(join(catalog, name));
    const shard = (version: number) => `{"format":"zoomosaic-shard","version":${version},"files":[]}`;
    const goes = {
      [`${old}/11111111-0000-4000-8000-000000000000.json`]: shard(2),
      [`${old}/11111111-0000-4000-8000-000000000000.bin`]: 'ZMSHARD',
      [`${old}/00000001-aaaaaaaa.json`]: shard(3),
      [`${old}/00000001-aaaaaaaa.bin`]: 'ZMSHARD',
      [`${key}/00000003-aaaaaaaa.json`]: shard(5),
      [`${key}/00000007-aaaaaaaa.bin`]: 'left',
      [`${key}/00000008-aaaaaaaa.json.tmp`]: 'left',
      [`${key}/00000009-aaaaaaaa.json`]: '{"format":',
    };
    const stays = {
      [`${key}/notes.json`]: '{"mine":1}',
      [`${key}/notes.bin`]: 'mine',
      [`${key}/mine.tmp`]: 'mine',
      'notes/00000001-aaaaaaaa.json': shard(3),
      'README.txt': 'mine',
      '32px-tile256-a-file': 'mine',
    };
    for (const [path, text] of Object.entries({ ...goes, ...stays })) await writeFile(join(catalog, path), text);
    await age(catalog);
    const found = await statCatalog({ catalog });
    expect(found).toMatchObject({ leftovers: { count: 2 }, otherVersions: { count: 3 }, damaged: { count: 1 } });
    const { problems, otherVersions } = await checkCatalog({ catalog });
    expect(otherVersions).toBe(3);
    expect(problems.map(({ path, problem }) => `${path}: ${problem}`).toSorted()).toEqual([
      `${key}/00000003-aaaaaaaa.json: is of version 5, which has another folder`,
      `${key}/00000007-aaaaaaaa.bin: was left by a build that was killed`,
      `${key}/00000008-aaaaaaaa.json.tmp: was left by a build that was killed`,
      `${key}/00000009-aaaaaaaa.json: is damaged`,
    ]);
    expect(await pruneCatalog({ catalog })).toMatchObject({ damaged: 1, otherVersions: 3, leftovers: 2 });
    const left = await filesOf(catalog);
    expect(left).toEqual(expect.arrayContaining(Object.keys(stays)));
    for (const path of Object.keys(goes)) expect(left).not.toContain(path);
    expect(await readdir(join(catalog, key))).toContain('folder.json');
    await expectOthers(catalog, used);
  });

  test.each(['nowhere', 'others', 'target.png'])('no catalog is refused, and nothing is made: %s', async (name) => {
    const catalog = join(root, name);
    const before = await readdir(root);
    for (const act of [statCatalog, checkCatalog, pruneCatalog]) {
      const error: unknown = await act({ catalog }).catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(UserError);
      expect(error).toMatchObject({ code: 'catalog', message: `There is no catalog in ${catalog}` });
    }
    expect(await readdir(root)).toEqual(before);
    expect((await readdir(others)).filter((file) => file.startsWith('.'))).toEqual([]);
  });

  test.each<PruneOptions>([{ catalog: '' }, { removedFolders: [''] }, { catalog: 'a\0' }])(
    'options that are no paths are refused: %j',
    async (options) => {
      await expect(pruneCatalog(options)).rejects.toMatchObject({ code: 'usage' });
    },
  );
});

test('stat counts what builds have kept, by recipe', async () => {
  const stats: string[] = [];
  const onProgress = ({ stage }: { stage: string }) => stats.push(stage);
  const { recipes, files, bytes, ...rest } = await statCatalog({ catalog: pristine, onProgress });
  expect(bytes).toBe(await sizeOf(pristine));
  // The text and no.jpg are broken; copy.jpg is the same as portrait.jpg.
  expect(recipes).toHaveLength(3);
  expect(recipes.find(({ key }) => key.includes('q85'))).toMatchObject({
    recipe: {
      cell: { width: 32, height: 32 },
      tileSize: 256,
      format: 'jpeg',
      quality: 85,
      subsampling: '4:2:0',
      crop: 'centre',
    },
    isUsed: true,
    sources: 8,
    pictures: 16,
    files: 11,
    broken: 2,
  });
  expect(recipes.find(({ key }) => key.includes('webp'))).toMatchObject({ isUsed: true, pictures: 8 });
  expect(files).toEqual({ known: 11, present: 11, changed: 0, gone: 0, missing: 0, unasked: 0 });
  const none = { count: 0, bytes: 0 };
  expect(rest).toMatchObject({ proxies: none, leftovers: none, otherVersions: none, damaged: none, missing: [] });
  expect([...new Set(stats)]).toEqual(['read', 'ask']);
  // Folders of another encoder, and of none that is known.
  const catalog = await copied(pristine, 'keys');
  const key = recipes.find((recipe) => recipe.key.includes('q85'))!.key;
  await rename(join(catalog, key), join(catalog, key.replace(/-[\da-f]{8}-/, '-00000000-')));
  const webp = recipes.find((recipe) => recipe.key.includes('webp'))!.key;
  await rename(join(catalog, webp), join(catalog, webp.replace('webp', 'bmp')));
  const now = await statCatalog({ catalog });
  expect(now.recipes.find((recipe) => recipe.key.includes('q85'))).toMatchObject({ isUsed: false, sources: 8 });
  expect(now.recipes.find((recipe) => recipe.key.includes('bmp'))).toMatchObject({ isUsed: false, recipe: undefined });
});

describe('a prune among others', () => {
  test('that is aborted keeps all others; the next one finishes it', async () => {
    const catalog = await copied(pristine, 'aborted');
    await withoutRemoved(async () => {
      for (const [stage, after] of [
        ['read', 1],
        ['ask', 1],
        ['prune', 1],
        ['prune', 3],
      ] as const) {
        const stop = new AbortController();
        let steps = 0;
        const pruning = pruneCatalog({
          catalog,
          removedFolders: [removed],
          signal: stop.signal,
          onProgress: (progress) => {
            if (progress.stage === stage && ++steps === after) stop.abort(new Error('enough'));
          },
        });
        await expect(pruning, stage).rejects.toThrow('enough');
        expect((await checkCatalog({ catalog })).problems).toEqual([]);
        await expectOthers(await copied(catalog, 'aborted, seen'), used, stage);
      }
      expect((await traces(catalog, gone)).length).toBeGreaterThan(0);
      await pruneCatalog({ catalog, removedFolders: [removed] });
      expect(await traces(catalog, gone)).toEqual([]);
    });
    await expectOthers(catalog, used);
    expect((await readdir(catalog)).filter((name) => name.startsWith('.'))).toEqual([]);
  });

  test('goes after another one, and beside a build', async () => {
    const catalog = await copied(pristine, 'crowded');
    const options = { target: join(root, 'target.png'), images: [others, used.later], columns: 5, cellSize: 32 };
    await withoutRemoved(async () => {
      const prune = async () => await pruneCatalog({ catalog, removedFolders: [removed] });
      const out = join(root, 'beside');
      const [first, second] = await Promise.all([prune(), prune(), build({ ...options, catalog, out })]);
      expect(new Set([first.images, second.images])).toEqual(new Set([0, 3]));
      expect(await traces(catalog, gone)).toEqual([]);
      const alone = join(root, 'alone');
      await build({ ...options, catalog: join(root, 'a new one'), out: alone });
      expect(await readFile(join(out, 'checksums.bin'))).toEqual(await readFile(join(alone, 'checksums.bin')));
      expect((await checkCatalog({ catalog })).problems).toEqual([]);
      expect((await readdir(catalog)).filter((name) => name.startsWith('.'))).toEqual([]);
    });
    await expectOthers(catalog, used);
  });
});
