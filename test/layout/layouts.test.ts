import { spawnSync } from 'node:child_process';
import { mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, test } from 'vitest';
import { build, type BuildOptions, type BuildResult, type MosaicJson, verify } from '../../src/index.ts';
import { compactLayout } from '../../src/layout/compact.ts';
import { siteSets } from '../../src/layout/site-sets.ts';
import { levelsOf } from '../../src/tiles/tile-plan.ts';
import { difference, writeWaves } from '../helpers/images.ts';
import {
  composed,
  dziPicture,
  expectNear,
  filesOf,
  halves,
  type Picture,
  sharedPicture,
  sharedPictures,
  sharpOf,
  innerSamples,
  writePlacement,
  writeStructured,
} from '../helpers/levels.ts';
import { readPictures, reportOf } from '../helpers/site.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

const BIN = fileURLToPath(new URL('../../dist/cli/bin.cjs', import.meta.url));

let root: string;
beforeAll(async () => {
  root = await temporaryFolder();
  await writeWaves(join(root, 'target.png'), 120, 80, 99);
});

/** Images of one size, each of which fills a cell px for px. */
async function sourcesOf(count: number, side: number): Promise<{ folder: string; pictures: Map<string, Picture> }> {
  const folder = join(root, `${count} of ${side}`);
  await mkdir(folder, { recursive: true });
  return { folder, pictures: await writeStructured(folder, count, { width: side, height: side }) };
}

async function make(name: string, options: Partial<BuildOptions> & Pick<BuildOptions, 'images'>) {
  const out = join(root, name);
  const common = { target: join(root, 'target.png'), out, catalog: join(root, 'catalog') };
  const result = await build({ ...common, nearDuplicates: 'keep', ...options });
  const mosaic = JSON.parse(await readFile(join(out, 'mosaic.json'), 'utf8')) as MosaicJson;
  return { out, result, mosaic };
}

/** Files of the compact layout, by what `mosaic.json` says and the formats are. */
function compactFiles({ layouts, levels, pictures, tile, grid, placement, cell: deepest }: MosaicJson): string[] {
  const { levels: has, overview, sheets } = layouts.compact!;
  const files = ['overview.dzi'];
  const add = (count: number, pathOf: (i: number) => string) => {
    for (let i = 0; i < count; i++) files.push(pathOf(i));
  };
  for (const { level, tile: size, from } of has) {
    const { width, height, cell } = levels[level]!;
    if (level <= overview) {
      const [across, down] = [Math.ceil(width / size.width), Math.ceil(height / size.height)];
      const folder = `overview_files/${level}`;
      add(across * down, (i) => `${folder}/${i % across}_${Math.floor(i / across)}.${tile.extension}`);
    } else if (from === 'reference') {
      const [across, down] = [cell.width / size.width, cell.height / size.height];
      const whole = across * down === 1 && cell.width === deepest.width;
      for (let number = 0; number < pictures; number++) {
        const path = `tiles/${Math.floor(number / 1024)}/${number}`;
        if (whole) files.push(`${path}.${tile.extension}`);
        else
          add(across * down, (i) => `${path}/${cell.width}_${i % across}_${Math.floor(i / across)}.${tile.extension}`);
      }
    }
  }
  for (const { level, side } of sheets) {
    const folder = `sheets/${levels[level]!.cell.width}/0`;
    add(Math.ceil(pictures / side ** 2), (sheet) => `${folder}/${sheet}.${tile.extension}`);
  }
  const [x, y] = [grid.columns, grid.rows].map((side) => Math.ceil(side / placement.block)) as [number, number];
  add(x * y, (i) => `cells/${i % x}_${Math.floor(i / x)}.js`);
  return files;
}

/** The first of many. */
function* first<Item>(items: Iterable<Item>, count: number): Generator<Item> {
  if (count === 0) return;
  for (const item of items) {
    yield item;
    if (--count === 0) return;
  }
}

const isCommon = (path: string) => /^viewer\/|^(index\.html|mosaic\.json|checksums\.bin)$/.test(path);

interface Case {
  /** Px of a cell, and how many images there are. */
  readonly side: number;
  readonly images: number;
  readonly grid: { readonly columns: number; readonly rows: number };
  readonly options?: Partial<BuildOptions>;
  /** Px per cell of the overview's deepest level, of sheets, and of files of single pictures. */
  readonly overview: number;
  readonly sheets: readonly number[];
  readonly alone: readonly number[];
}

describe('the compact layout', () => {
  test.each<[string, Case]>([
    [
      'tiny cells: all in the overview',
      { side: 16, images: 10, grid: { columns: 43, rows: 21 }, overview: 16, sheets: [], alone: [] },
    ],
    [
      'many repeats: sheets',
      { side: 64, images: 10, grid: { columns: 19, rows: 11 }, overview: 16, sheets: [32, 64], alone: [] },
    ],
    [
      'cells as large as tiles',
      { side: 256, images: 5, grid: { columns: 5, rows: 3 }, overview: 16, sheets: [32, 64, 128], alone: [256] },
    ],
    [
      'cells larger than tiles',
      { side: 512, images: 3, grid: { columns: 3, rows: 2 }, overview: 16, sheets: [32, 64, 128], alone: [256, 512] },
    ],
    [
      'cells smaller than tiles, that lie alone',
      {
        side: 256,
        images: 5,
        grid: { columns: 5, rows: 3 },
        options: { tileSize: 512 },
        overview: 16,
        sheets: [32, 64, 128],
        alone: [256],
      },
    ],
    [
      'several sheets, the last one not full',
      { side: 128, images: 19, grid: { columns: 11, rows: 5 }, overview: 16, sheets: [32, 64, 128], alone: [] },
    ],
    ['one cell', { side: 256, images: 1, grid: { columns: 1, rows: 1 }, overview: 128, sheets: [], alone: [256] }],
    [
      'every image once: a deeper overview',
      { side: 256, images: 16, grid: { columns: 4, rows: 4 }, overview: 128, sheets: [], alone: [256] },
    ],
    [
      'every image once, cells smaller than tiles: nothing but an overview',
      { side: 128, images: 64, grid: { columns: 8, rows: 8 }, overview: 128, sheets: [], alone: [] },
    ],
    [
      '4:4:4',
      {
        side: 128,
        images: 7,
        grid: { columns: 7, rows: 5 },
        options: { subsampling: '4:4:4' },
        overview: 16,
        sheets: [32, 64, 128],
        alone: [],
      },
    ],
    [
      'PNG',
      {
        side: 128,
        images: 7,
        grid: { columns: 7, rows: 5 },
        options: { format: 'png' },
        overview: 16,
        sheets: [32, 64, 128],
        alone: [],
      },
    ],
    [
      'WebP',
      {
        side: 256,
        images: 4,
        grid: { columns: 4, rows: 3 },
        options: { format: 'webp' },
        overview: 16,
        sheets: [32, 64, 128],
        alone: [256],
      },
    ],
  ])('shows what the layout dzi shows: %s', async (name, { side, images, grid, options, overview, sheets, alone }) => {
    const { folder, pictures } = await sourcesOf(images, side);
    const names = [...pictures.keys()];
    const cells = Array.from({ length: grid.columns * grid.rows }, (_, i) => names[(i * 11 + (i >> 3)) % images]!);
    if (images === cells.length) for (const i of cells.keys()) cells[i] = names[i]!;
    const placement = await writePlacement(join(root, `${name}.csv`), grid.columns, cells);
    const common = { images: [folder], cellSize: side, placement, quality: 90, ...options };
    const dzi = await make(`${name}, dzi`, { ...common, layout: 'dzi' });
    const report = reportOf(dzi.out, 'placement.csv');
    const { out, mosaic, result } = await make(name, { ...common, placement: report, layout: 'compact' });
    expect(result.layouts).toEqual(['compact']);
    const { tile, levels, layouts, tileSize } = mosaic;
    const compact = layouts.compact!;
    const cellAt = (level: number) => levels[level]!.cell.width;
    const shared = compact.levels.filter(({ level }) => level > compact.overview);
    expect(cellAt(compact.overview)).toBe(overview);
    expect(compact.sheets.map(({ level }) => cellAt(level))).toEqual(sheets);
    expect(shared.filter(({ from }) => from === 'sheets').map(({ level }) => cellAt(level))).toEqual(sheets);
    expect(shared.filter(({ from }) => from === 'reference').map(({ level }) => cellAt(level))).toEqual(alone);
    expect(compact.levels.map(({ level }) => level)).toEqual(levels.map(({ level }) => level));

    // What is there is what mosaic.json says, and nothing else.
    const files = await filesOf(out);
    expect(files.filter((path) => !isCommon(path))).toEqual(compactFiles(mosaic).toSorted());
    expect(result.files).toBe(files.length);

    // The overview is a Deep Zoom picture as libvips makes them, of the mosaic at its size.
    const overviewSide = compact.levels[0]!.tile.width;
    expect(overviewSide).toBe(512);
    const { width, height } = levels[compact.overview]!;
    const vips = join(root, `${name}-vips`);
    const empty = { data: new Uint8Array(width * height * 3), width, height };
    await sharpOf(empty)
      .png({ compressionLevel: 0 })
      .tile({ size: 512, overlap: 0, depth: 'onepixel' })
      .toFile(`${vips}.dz`);
    const theirs = (await filesOf(`${vips}_files`)).filter((path) => path.endsWith('.png'));
    expect(await filesOf(join(out, 'overview_files'))).toEqual(
      theirs.map((path) => path.replace('png', tile.extension)),
    );
    const [own, their] = [await readFile(join(out, 'overview.dzi'), 'utf8'), await readFile(`${vips}.dzi`, 'utf8')];
    for (const field of [/TileSize="\d+"/, /Overlap="\d+"/, /Width="\d+"/, /Height="\d+"/]) {
      expect(own.match(field)![0]).toBe(their.match(field)![0]);
    }
    expect(own).toContain(`Format="${tile.extension}"`);

    // Pixels: those of the images, halved; and of the other layout.
    const numbers = await readPictures(out, mosaic);
    const numbered = new Map(numbers.map((number, i) => [number, cells[i]!]));
    expect(numbered.size).toBe(mosaic.pictures);
    const sizes = new Map([...pictures].map(([image, picture]) => [image, [...first(halves(picture), shared.length)]]));
    const whole = composed(
      levels.at(-1)!,
      cells.map((image, i) => ({
        picture: pictures.get(image)!,
        left: (i % grid.columns) * side,
        top: Math.floor(i / grid.columns) * side,
      })),
    );
    let { level } = levels.at(-1)!;
    for (const expected of halves(whole)) {
      const inOverview = level <= compact.overview;
      const shown = inOverview
        ? await dziPicture(out, 'overview', mosaic, level, overviewSide)
        : await sharedPicture(out, mosaic, level);
      await expectNear(shown, expected, tile, `level ${level}`);
      const other = await dziPicture(dzi.out, 'mosaic', mosaic, level, tileSize);
      if (tile.format === 'webp') await expectNear(other, expected, tile, `level ${level} of dzi`);
      else {
        // What is cut in another way differs by no more than what decoders make of chroma at its edges.
        const cut = inOverview ? { width: tileSize, height: tileSize } : levels[level]!.cell;
        const exact =
          tile.format === 'png' || tile.subsampling === '4:4:4' || (inOverview && tileSize === overviewSide);
        const samples = [shown, other].map((picture) => (exact ? picture.data : innerSamples(picture, cut)));
        expect(difference(samples[0]!, samples[1]!).most, `level ${level}`).toBe(0);
      }
      if (!inOverview) {
        for (const [number, picture] of (await sharedPictures(out, mosaic, level)).entries()) {
          const reduced = sizes.get(numbered.get(number)!)![levels.length - 1 - level]!;
          await expectNear(picture, reduced, tile, `picture ${number} at level ${level}`);
        }
      }
      if (level-- === 0) break;
    }
    // Where tiles are of one size, they are the same to the byte.
    if (tileSize === overviewSide) {
      for (const path of await filesOf(join(out, 'overview_files'))) {
        const [a, b] = await Promise.all([
          readFile(join(out, 'overview_files', path)),
          readFile(join(dzi.out, 'mosaic_files', path)),
        ]);
        expect(a.equals(b), path).toBe(true);
      }
    }
    expect((await verify({ site: out })).problems).toEqual([]);
  });
});

describe('many pictures', () => {
  test.each([
    [256, 256],
    [512, 256],
    [128, 256],
    [256, 512],
  ])('are in folders of bounded size: cells of %i px, tiles of %i px', (side, tileSize) => {
    const recipe = { cell: { width: side, height: side }, tileSize, format: 'jpeg', subsampling: '4:2:0' } as const;
    const [grid, pictures] = [{ columns: 400, rows: 300 }, 5000];
    const levels = levelsOf(grid, recipe.cell);
    const shared = levels.findIndex(({ cell }) => cell.width === 32);
    const sets = siteSets({
      grid,
      recipe,
      pictures,
      layouts: { compact: compactLayout(grid, recipe, shared) },
      names: 'none',
    });
    const paths = sets.flatMap(({ pathsOf, columns, rows }) =>
      Array.from({ length: columns * rows }, (_, i) => pathsOf(i % columns, Math.floor(i / columns))).flat(),
    );
    expect(new Set(paths).size).toBe(paths.length);
    const folders = new Map<string, Set<string>>();
    for (const path of paths) {
      for (let [at, name] = [dirname(path), basename(path)]; at !== '.'; [at, name] = [dirname(at), basename(at)]) {
        folders.set(at, (folders.get(at) ?? new Set()).add(name));
      }
    }
    const most = Math.max(...[...folders.values()].map((names) => names.size));
    expect(most).toBeLessThanOrEqual(1024);
    // All pictures are there, so that is no matter of few.
    const alone = paths.filter((path) => path.startsWith('tiles/')).length;
    const pieces = { 128: 0, 256: 1, 512: 5 }[side]!;
    expect(alone).toBe(pictures * pieces);
    const sheets = paths.filter((path) => path.startsWith('sheets/32/')).length;
    expect(sheets).toBe(Math.ceil(pictures / 64));
  });
});

describe('a site with all layouts', () => {
  let site: string;
  let made: Awaited<ReturnType<typeof make>>;
  beforeAll(async () => {
    // Two blocks of cells, two sheets of the largest size, a pyramid of several tiles.
    const { folder, pictures } = await sourcesOf(18, 256);
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
    const layouts = ['--layout', 'dzi,compact,iiif', '--base-url', 'https://example.org/mosaic/', '--json'];
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
  const { folder, pictures } = await sourcesOf(3, 64);
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
