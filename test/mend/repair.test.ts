import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { build, repair, verify } from '../../src/index.ts';
import { packChecksums, unpackChecksums } from '../../src/format/checksums.ts';
import { writeWaves } from '../helpers/images.ts';
import { filesOf } from '../helpers/levels.ts';
import { seeded } from '../helpers/random.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';
import { crc32 } from 'node:zlib';
import { CHECKSUMS_FILE } from '../../src/format/site-paths.ts';

let root: string;
let out: string;
let catalog: string;
let whole: Map<string, Buffer>;

function contents(): Promise<Map<string, Buffer>> {
  return filesOf(out).then((paths) => new Map(paths.map((path) => [path, readFileSync(join(out, path))])));
}

/** Paths of files that are not as they were in the whole site. */
async function differing(): Promise<string[]> {
  const now = await contents();
  const paths = new Set([...whole.keys(), ...now.keys()]);
  return [...paths].filter((path) => !whole.get(path)?.equals(now.get(path) ?? Buffer.alloc(0)) || !now.has(path));
}

beforeAll(async () => {
  root = await temporaryFolder();
  const images = join(root, 'images');
  await mkdir(images);
  for (let i = 0; i < 9; i++) await writeWaves(join(images, `${i}.jpg`), 120, 90, i + 1);
  await writeWaves(join(images, 'large.jpg'), 2100, 2000, 10);
  await writeWaves(join(root, 'target.png'), 240, 160, 99);
  out = join(root, 'site');
  catalog = join(root, 'catalog');
  await build({
    target: join(root, 'target.png'),
    images: [images],
    out,
    catalog,
    columns: 8,
    cellSize: 64,
    layout: ['dzi', 'compact', 'iiif'],
    baseUrl: 'https://a.example/m',
    originals: 'copy',
    useAll: true,
    names: 'all',
  });
  whole = await contents();
});

describe('a damaged site', () => {
  test('is as it was once it is repaired, whatever was damaged', { timeout: 300_000 }, async () => {
    const random = seeded(5);
    const paths = [...whole.keys()];
    const always = [
      'mosaic.json',
      CHECKSUMS_FILE,
      'cells/0_0.js',
      'originals/0/index.js',
      'sources/0.js',
      'compare.jpg',
      'index.html',
      'iiif/image/info.json',
    ];
    for (let round = 0; round < 4; round++) {
      const hurt = new Set([always[(2 * round) % always.length]!, always[(2 * round + 1) % always.length]!]);
      for (let i = 0; i < round * 4; i++) hurt.add(paths[Math.floor(random() * paths.length)]!);
      for (const path of hurt) {
        const file = join(out, path);
        const kind = Math.floor(random() * 3);
        if (kind === 0 || !existsSync(file)) rmSync(file, { force: true });
        else if (kind === 1) truncateSync(file, Math.floor(readFileSync(file).length / 2));
        else writeFileSync(file, Buffer.concat([readFileSync(file), Buffer.from('more')]));
      }
      const { problems, repaired } = await repair({ site: out, catalog });
      expect(problems, [...hurt].join(' ')).toEqual([]);
      expect(repaired.length).toBeGreaterThan(0);
      expect(await differing(), [...hurt].join(' ')).toEqual([]);
    }
  });

  test('that is interrupted once something was mended says so', async () => {
    const path = join(out, 'index.html');
    writeFileSync(path, 'damaged');
    const stop = new AbortController();
    const onProgress = () => {
      if (readFileSync(path, 'utf8') !== 'damaged') stop.abort(new Error('enough'));
    };
    await expect(repair({ site: out, catalog, onProgress, signal: stop.signal })).rejects.toMatchObject({
      code: 'site',
      message: expect.stringMatching(/^Interrupted; damaged files of .* that are mended: 1$/) as string,
    });
    expect(await differing()).toEqual([]);
  });

  test('that is whole is left alone', async () => {
    expect(await repair({ site: out, catalog })).toMatchObject({ problems: [], repaired: [] });
  });

  test('is found by its catalog, where even the checksums are forged', async () => {
    expect((await verify({ site: out, deep: true, catalog })).problems).toEqual([]);
    // The tiles of two places change theirs, and so do their sums.
    const file = join(out, 'mosaic_files/5/0_0.jpg');
    const sums = unpackChecksums(await readFile(join(out, CHECKSUMS_FILE)));
    const other = readFileSync(join(out, 'mosaic_files/5/0_0.jpg'));
    const at = sums.tiles.indexOf(crc32(other));
    const forged = Buffer.from(other);
    forged[forged.length - 10]! ^= 1;
    sums.tiles[at] = crc32(forged);
    writeFileSync(file, forged);
    writeFileSync(join(out, CHECKSUMS_FILE), packChecksums(sums));
    const deep = await verify({ site: out, deep: true, catalog });
    expect(deep.problems).toEqual([{ path: 'mosaic_files/5/0_0.jpg', problem: 'is not what the catalog gives' }]);
    expect((await repair({ site: out, deep: true, catalog })).problems).toEqual([]);
    expect(await differing()).toEqual([]);
  });

  test('is mended where pipes, links and folders stand in the place of files', { timeout: 300_000 }, async () => {
    const places = ['cells/0_0.js', CHECKSUMS_FILE, 'mosaic_files/5/0_0.jpg', 'index.html'];
    const strangers: ((file: string) => void)[] = [
      (file) => symlinkSync(basename(file), file),
      (file) => execFileSync('mkfifo', [file]),
      (file) => {
        mkdirSync(file);
        writeFileSync(join(file, 'a'), 'a');
      },
    ];
    for (const [i, put] of strangers.entries()) {
      // Each place has to be enough.
      for (const path of i === 0 ? places : places.slice(0, 2)) {
        rmSync(join(out, path));
        put(join(out, path));
        expect((await verify({ site: out })).problems.map((problem) => problem.path)).toEqual([path]);
        expect(await repair({ site: out, catalog })).toMatchObject({ problems: [], repaired: [path] });
        expect(readFileSync(join(out, path))).toEqual(whole.get(path));
      }
    }
  });

  test('says what cannot be written anew, and why, and is mended of all else', { timeout: 300_000 }, async () => {
    const originals = [...whole.keys()].filter((path) => /^originals\/0\/\d+\.jpg$/.test(path));
    const [path] = originals.filter((one) => !originals.some((other) => other !== one && same(one, other)));
    const number = Number(/(\d+)\.jpg$/.exec(path!)![1]);
    const { sources, names, pictures } = JSON.parse(readFileSync(join(root, 'site-report/record.json'), 'utf8')) as {
      sources: string[];
      names: string[];
      pictures: [number, number][];
    };
    expect(sources.length).toBe(10);
    const source = join(root, 'images', basename(names[pictures[number]![0]]!));
    const bytes = readFileSync(source);
    for (const [damage, why] of [
      [() => rmSync(source), /not written anew: there is no such file \(ENOENT\)$/],
      [() => writeFileSync(source, 'another'), /not written anew: the file holds something else by now$/],
    ] as const) {
      damage();
      writeFileSync(join(out, path!), 'damaged');
      rmSync(join(out, 'viewer/viewer.js'));
      const { problems, repaired } = await repair({ site: out, catalog });
      expect(problems).toEqual([{ path, problem: expect.stringMatching(why) as string }]);
      expect(repaired).toEqual(['viewer/viewer.js']);
      // It is no less a problem the next time.
      expect((await verify({ site: out })).problems.map((problem) => problem.path)).toEqual([path]);
      writeFileSync(source, bytes);
      expect(await repair({ site: out, catalog })).toMatchObject({ problems: [], repaired: [path] });
      expect(await differing()).toEqual([]);
    }
    // Where nothing else tells which originals there were, that some are gone is said all the same.
    rmSync(source);
    rmSync(join(out, CHECKSUMS_FILE));
    const { problems } = await repair({ site: out, catalog });
    expect(problems).toEqual([{ path: 'originals', problem: expect.stringMatching(/ENOENT/) as string }]);
    writeFileSync(source, bytes);
    rmSync(join(out, CHECKSUMS_FILE));
    expect((await repair({ site: out, catalog })).problems).toEqual([]);
    expect(await differing()).toEqual([]);
  });

  test(
    'is mended without a catalog of what needs none; of the rest, it is named what is missing',
    { timeout: 300_000 },
    async () => {
      const [tile, documents] = ['mosaic_files/5/0_0.jpg', ['mosaic.dzi', 'index.html', 'cells/0_0.js', 'mosaic.json']];
      for (const path of [tile, ...documents]) rmSync(join(out, path));
      const none = join(root, 'none');
      const { problems, repaired } = await repair({ site: out, catalog: none });
      expect(problems).toEqual([
        {
          path: tile,
          problem: expect.stringMatching(/^missing; not written anew: .* no longer knows 10 of/) as string,
        },
      ]);
      expect(repaired.toSorted()).toEqual(documents.toSorted());
      rmSync(join(out, CHECKSUMS_FILE));
      await expect(repair({ site: out, catalog: none })).rejects.toMatchObject({ code: 'catalog' });
      await expect(repair({ site: out, catalog, report: none })).rejects.toMatchObject({ code: 'site' });
      expect((await repair({ site: out, catalog })).problems).toEqual([]);
      expect(await differing()).toEqual([]);
    },
  );
});

function same(a: string, b: string): boolean {
  return whole.get(a)!.equals(whole.get(b)!);
}
