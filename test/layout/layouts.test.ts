import { readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { type BuildOptions, type MosaicJson, verify } from '../../src/index.ts';
import { compactLayout } from '../../src/layout/compact.ts';
import { siteSets } from '../../src/layout/site-sets.ts';
import { levelsOf } from '../../src/tiles/tile-plan.ts';
import { makeShaped, type ShapedOptions } from '../helpers/framed.ts';
import { difference, writeWaves } from '../helpers/images.ts';
import {
  composed,
  dziPicture,
  expectNear,
  filesOf,
  halves,
  sharedPicture,
  sharedPictures,
  sharpOf,
  innerSamples,
  sourcesOf,
  writePlacement,
} from '../helpers/levels.ts';
import { readPictures, reportOf } from '../helpers/site.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

let root: string;
beforeAll(async () => {
  root = await temporaryFolder();
  await writeWaves(join(root, 'target.png'), 120, 80, 99);
});

const make = (name: string, options: ShapedOptions) => makeShaped(root, name, options);

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

const isCommon = (path: string) =>
  /^(viewer|sources)\/|^(index\.html|mosaic\.json|checksums\.bin|compare\.jpg|preview\.jpg)$/.test(path);

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
    const { folder, pictures } = await sourcesOf(root, images, side);
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
