import { spawnSync } from 'node:child_process';
import { readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, test } from 'vitest';
import { type BuildResult, verify } from '../../src/index.ts';
import { makeShaped, type ShapedOptions } from '../helpers/framed.ts';
import { writeWaves } from '../helpers/images.ts';
import { filesOf, sourcesOf, writePlacement } from '../helpers/levels.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

const BIN = fileURLToPath(new URL('../../dist/cli/bin.cjs', import.meta.url));

let root: string;
beforeAll(async () => {
  root = await temporaryFolder();
  await writeWaves(join(root, 'target.png'), 120, 80, 99);
});

const make = (name: string, options: ShapedOptions) => makeShaped(root, name, options);

describe('a site with all layouts', () => {
  let site: string;
  let made: Awaited<ReturnType<typeof make>>;
  beforeAll(async () => {
    // Two blocks of cells, two sheets of the largest size, a pyramid of several tiles.
    const { folder, pictures } = await sourcesOf(root, 18, 256);
    const names = [...pictures.keys()];
    const cells = Array.from({ length: 130 }, (_, i) => names[(i * 5) % 18]!);
    const placement = await writePlacement(join(root, 'all.csv'), 130, cells);
    const layout = ['dzi', 'compact', 'iiif'] as const;
    made = await make('all', { images: [folder], placement, layout, baseUrl: 'https://example.org/mosaic' });
    site = made.out;
  });

  test('is sound, and tells what each of them takes up', async () => {
    const { result, mosaic } = made;
    expect(result.layouts).toEqual(['dzi', 'compact', 'iiif']);
    expect(Object.keys(mosaic.layouts)).toEqual(result.layouts);
    const { problems, tiles } = await verify({ site });
    expect(problems).toEqual([]);
    expect(tiles).toBeGreaterThan(2 * 130);
    const files = await filesOf(site);
    const sizes = new Map(
      await Promise.all(files.map(async (path) => [path, (await stat(join(site, path))).size] as const)),
    );
    expect(result.files).toBe(files.length);
    const parts = { dzi: /^(mosaic\.dzi|mosaic_files|tiles)\b/, compact: /^(overview|sheets|tiles)/, iiif: /^iiif\// };
    const anyPart = /^(mosaic\.dzi|mosaic_files|tiles|overview|sheets|iiif)/;
    for (const [i, layout] of (['dzi', 'compact', 'iiif'] as const).entries()) {
      const own = files.filter((path) => parts[layout].test(path) || !anyPart.test(path));
      const bytes = own.reduce((sum, path) => sum + sizes.get(path)!, 0);
      expect(result.fit.layouts[i]).toMatchObject({ layout, files: own.length, bytes });
    }
    const bytes = [...sizes.values()].reduce((sum, size) => sum + size, 0);
    expect(result.fit.whole).toMatchObject({ files: files.length, bytes });
    expect(result.fit.hosts.map(({ layouts }) => layouts.map(({ layout }) => layout))).toEqual(
      result.fit.hosts.map(() => result.layouts),
    );
  });

  test('is what the command line makes of the same, and tells in JSON', async () => {
    const args = ['target.png', '18 of 256', '-o', 'by command', '--catalog', 'catalog', '--placement', 'all.csv'];
    const layouts = [
      '--cell-size',
      '256',
      '--layout',
      'dzi,compact,iiif',
      '--base-url',
      'https://example.org/mosaic/',
      '--json',
    ];
    const run = spawnSync(process.execPath, [BIN, 'build', ...args, ...layouts], { cwd: root, encoding: 'utf8' });
    expect(run.status, run.stderr).toBe(0);
    const result = JSON.parse(run.stdout) as BuildResult;
    const { out: _, report: _____, stages: __, peakRssBytes: ___, warnings: ____, fit, ...facts } = made.result;
    expect(result).toMatchObject({ out: 'by command', report: 'by command-report', ...facts });
    expect(result.fit.layouts).toEqual(fit.layouts);
    expect(await filesOf(join(root, 'by command'))).toEqual(await filesOf(site));
  });

  test('has each file of a picture once, and links to it', async () => {
    const tiles = await filesOf(join(site, 'tiles'));
    expect(tiles.length).toBe(18);
    const inodes = new Set(await Promise.all(tiles.map(async (path) => (await stat(join(site, 'tiles', path))).ino)));
    const { columns, rows } = made.mosaic.grid;
    const deepest = made.mosaic.levels.length - 1;
    for (let i = 0; i < columns * rows; i++) {
      const [x, y] = [i % columns, Math.floor(i / columns)];
      const iiif = `iiif/image/${x * 256},${y * 256},256,256/256,256/0/default.jpg`;
      for (const path of [`mosaic_files/${deepest}/${x}_${y}.jpg`, iiif]) {
        expect(inodes.has((await stat(join(site, path))).ino), path).toBe(true);
      }
    }
  });

  /** A file of every kind; those of a group are told apart even if all of them are damaged. */
  const PICTURES = {
    'tile of a picture': /^tiles\/0\/\d+\.jpg$/,
    'large sheet': /^sheets\/128\//,
    'small sheet': /^sheets\/64\//,
    'spliced tile of the overview': /^overview_files\/12\//,
    'painted tile of the overview': /^overview_files\/10\//,
    'coarsest tile of the overview': /^overview_files\/0\//,
    'referred tile of dzi': /^mosaic_files\/16\//,
    'spliced tile of dzi': /^mosaic_files\/14\//,
    'painted tile of dzi': /^mosaic_files\/11\//,
    'referred tile of iiif': /^iiif\/image\/\d+,\d+,256,256\/256,256\//,
    'spliced tile of iiif': /^iiif\/image\/\d+,\d+,1024,256\/256,64\//,
    'whole of iiif': /^iiif\/image\/full\/\d+,/,
  };
  const TEXTS = { 'block of cells': /^cells\//, descriptor: /\.dzi$/ };
  const CHECKSUMS = { 'list of checksums': /^checksums\.bin$/ };
  // What is for people is not known by heart, so that half of it may be all of it.
  const PAGE = { page: /^index\.html$/ };
  const SCRIPT = { script: /^viewer\/viewer\.js$/ };

  /** Damages one file of each kind, and tells which files are found to be wrong. */
  async function problemsOf(kinds: Readonly<Record<string, RegExp>>, damage: 'missing' | 'cut short' | 'another') {
    const files = await filesOf(site);
    const damaged = new Map<string, Buffer>();
    for (const [kind, pattern] of Object.entries(kinds)) {
      const alike = files.filter((path) => pattern.test(path));
      const path = alike[Math.floor(alike.length / 2)]!;
      const own = await readFile(join(site, path));
      const others = await Promise.all(alike.map((one) => readFile(join(site, one))));
      const other = others.find((one) => !one.equals(own)) ?? Buffer.from('');
      if (alike.length > 2) expect(other.length, kind).toBeGreaterThan(0);
      damaged.set(path, own);
      await rm(join(site, path)); // whatever else is linked to it
      if (damage !== 'missing')
        await writeFile(join(site, path), damage === 'another' ? other : own.subarray(0, own.length / 2));
    }
    const { problems } = await verify({ site });
    for (const [path, own] of damaged) await writeFile(join(site, path), own);
    return { damaged: [...damaged.keys()], problems };
  }

  test.each([
    ['pictures', PICTURES],
    ['texts', TEXTS],
    ['checksums', CHECKSUMS],
    ['the page', PAGE],
    ['its script', SCRIPT],
  ])('is not sound if files are missing, cut short, or others: %s', async (_, kinds) => {
    const missing = await problemsOf(kinds, 'missing');
    expect(missing.damaged.length).toBe(Object.keys(kinds).length);
    const found = new Map(missing.problems.map(({ path, problem }) => [path, problem]));
    expect(found).toEqual(new Map(missing.damaged.map((path) => [path, 'missing'])));
    for (const damage of ['cut short', 'another'] as const) {
      if (damage === 'cut short' && (kinds === PAGE || kinds === SCRIPT)) continue;
      const { damaged, problems } = await problemsOf(kinds, damage);
      const paths = new Set(problems.map(({ path }) => path));
      expect(
        damaged.filter((path) => !paths.has(path)),
        damage,
      ).toEqual([]);
    }
  });

  test('is sound again once all is back', async () => {
    expect((await verify({ site })).problems).toEqual([]);
  });

  test('is still told by its page and checksums with half of mosaic.json, or none; without these, it is no site', async () => {
    const own = new Map<string, Buffer>();
    for (const path of ['mosaic.json', 'checksums.bin', 'index.html']) own.set(path, await readFile(join(site, path)));
    const half = own.get('mosaic.json')!.subarray(0, own.get('mosaic.json')!.length / 2);
    for (const damage of [half, undefined]) {
      await rm(join(site, 'mosaic.json'));
      if (damage) await writeFile(join(site, 'mosaic.json'), damage);
      const { problems } = await verify({ site });
      expect(problems.map(({ path }) => path)).toEqual(['mosaic.json']);
    }
    for (const path of ['checksums.bin', 'index.html']) await rm(join(site, path));
    await expect(verify({ site })).rejects.toMatchObject({ code: 'not-a-site' });
    await writeFile(join(site, 'mosaic.json'), half);
    await expect(verify({ site })).rejects.toMatchObject({ code: 'not-a-site' });
    for (const [path, bytes] of own) await writeFile(join(site, path), bytes);
    expect((await verify({ site })).problems).toEqual([]);
  });
});

test('the compact layout alone is not sound with another number in a block of cells', async () => {
  const { folder, pictures } = await sourcesOf(root, 3, 64);
  const names = [...pictures.keys()];
  const cells = Array.from({ length: 12 * 8 }, (_, i) => names[i % 3]!);
  const placement = await writePlacement(join(root, 'alone.csv'), 12, cells);
  const { out } = await make('alone', { images: [folder], placement, cellSize: 64, layout: 'compact' });
  expect((await verify({ site: out })).problems).toEqual([]);
  const path = join(out, 'cells/0_0.js');
  const script = await readFile(path, 'utf8');
  const numbers = Buffer.from(/,"(.*)"/.exec(script)![1]!, 'base64');
  numbers.writeUInt16LE((numbers.readUInt16LE(20) + 1) % 3, 20);
  await writeFile(path, `zoomosaicCells("0_0","${numbers.toString('base64')}");\n`);
  expect((await verify({ site: out })).problems.map((problem) => problem.path)).toEqual(['cells/0_0.js']);
});
