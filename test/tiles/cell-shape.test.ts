import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32, deflateSync } from 'node:zlib';
import sharp from 'sharp';
import { beforeAll, describe, expect, test } from 'vitest';
import { indexImage } from '../../src/catalog/index-image.ts';
import {
  ASPECTS,
  aspectChoices,
  aspectText,
  cellOf,
  commonestAspect,
  nativeCell,
  parseAspect,
  tileSideOf,
} from '../../src/tiles/cell-shape.ts';
import { build, type BuildOptions, type Grid, type MosaicJson, type Rect, type Size, verify } from '../../src/index.ts';
import { chooseRecipe } from '../../src/conductor/recipe.ts';
import { resolveOptions } from '../../src/conductor/resolve-options.ts';
import { scan } from '../../src/scan/scan.ts';
import { rastersOf } from '../../src/tiles/tile-plan.ts';
import { decode, difference, writeWaves } from '../helpers/images.ts';
import {
  composed,
  dziPicture,
  expectNear,
  filesOf,
  halves,
  iiifPicture,
  partOf,
  type Picture,
  type Placed,
  sharedPicture,
  sharpOf,
  structured,
  writePlacement,
} from '../helpers/levels.ts';
import { integer, seeded } from '../helpers/random.ts';
import { refuses } from '../helpers/refuses.ts';
import { readPictures, readSite } from '../helpers/site.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

let root: string;
let target: string;
beforeAll(async () => {
  root = await temporaryFolder();
  target = join(root, 'target.png');
  await writeWaves(target, 120, 80, 99);
});

async function make(name: string, options: Partial<BuildOptions> & Pick<BuildOptions, 'images'>) {
  const out = join(root, name);
  const result = await build({ target, out, catalog: join(root, 'catalog'), nearDuplicates: 'keep', ...options });
  const mosaic = JSON.parse(await readFile(join(out, 'mosaic.json'), 'utf8')) as MosaicJson;
  return { out, result, mosaic };
}

async function folderOf(name: string): Promise<string> {
  await mkdir(join(root, name), { recursive: true });
  return join(root, name);
}

const ratio = ({ width, height }: Size) => width / height;

describe('an aspect', () => {
  test.each([
    ['4:3', 4, 3],
    ['3:4', 3, 4],
    ['16:9', 16, 9],
    ['1:16', 1, 16],
    ['32:24', 4, 3],
    ['1920:1080', 16, 9],
    ['6000x4000', 3, 2],
    ['10/8', 5, 4],
    ['7:7', 1, 1],
  ])('%s', (text, width, height) => {
    expect(parseAspect(text)).toEqual({ width, height });
  });

  test.each([
    '',
    '4',
    '4:',
    ':3',
    '0:1',
    '1:0',
    '-4:3',
    '4.5:3',
    '4:3:2',
    '17:1',
    '1:17',
    '1921:1080',
    'wide',
    '4 : 3',
  ])('%j is none', async (cellAspect) => {
    expect(parseAspect(cellAspect)).toBeUndefined();
    await refuses(
      () => build({ target, images: [root], out: join(root, 'refused'), cellAspect }),
      new RegExp(
        `^Expected a ratio of whole numbers up to 16, as in 4:3, or auto for --cell-aspect but received ${cellAspect || "''"}$`,
      ),
    );
  });

  const pairs = Array.from({ length: 16 * 16 }, (_, i) => ({ width: 1 + (i >> 4), height: 1 + (i & 15) }));
  const coprime = pairs.filter(
    ({ width, height }) => !pairs.some((_, i) => i > 0 && i < 16 && !(width % (i + 1)) && !(height % (i + 1))),
  );

  test('has a cell about as large as the square that was asked for, which can be halved twice', () => {
    expect(coprime.length).toBe(159);
    for (const aspect of coprime) {
      for (let side = 16; side <= 4096; side *= 2) {
        const cell = cellOf(aspect, side);
        expect(ratio(cell)).toBeCloseTo(ratio(aspect), 10);
        // By trial: of all cells, none is nearer in area.
        const off = (by: number) => Math.abs(Math.log((aspect.width * aspect.height * by * by) / (side * side)));
        const trials = Array.from({ length: 13 }, (_, i) => 2 ** (i + 2));
        const by = cell.width / aspect.width;
        expect(trials).toContain(by);
        for (const trial of trials) expect(off(by)).toBeLessThanOrEqual(off(trial) + 1e-9);
        if (aspect.width === aspect.height) expect(cell).toEqual({ width: side, height: side });
      }
    }
  });

  test('has cells of the least size that images can be indexed for, whatever it is', async () => {
    const png = await sharpOf(structured({ width: 60, height: 40 }, 1))
      .png({ compressionLevel: 1 })
      .toBuffer();
    const { recipe } = resolveOptions({ target: 'target', images: ['images'], out: 'out' });
    for (const aspect of coprime) {
      const shape = { cell: cellOf(aspect, 16), tileSize: tileSideOf(aspect, 256) };
      const { px, features } = await indexImage(png, { ...recipe, ...shape }, { r: 0, g: 0, b: 0 });
      const kept = rastersOf({ ...recipe, ...shape }).reduce((sum, { width, height }) => sum + width * height * 3, 0);
      expect(px.length, aspectText(aspect)).toBe(kept);
      expect(features.every(Number.isFinite)).toBe(true);
    }
  });

  test('has tiles that cells, or their parts, fill from left to right', () => {
    for (const aspect of coprime) {
      for (const asked of [256, 512]) {
        const side = tileSideOf(aspect, asked);
        expect(side).toBeGreaterThanOrEqual(asked);
        expect(side % 16).toBe(0);
        for (let width = aspect.width * 16; width <= 8192; width *= 2) {
          expect(Math.max(width, side) % Math.min(width, side), `${width} px, tiles ${side}`).toBe(0);
        }
        // None that is smaller would do.
        for (let less = asked; less < side; less += 16) {
          const wide = aspect.width * 2 ** 12;
          expect(less % 16 === 0 && wide % less === 0 && Math.log2(wide / less) % 1 === 0).toBe(false);
        }
      }
    }
  });

  test('is the commonest where most images are nearest to it, by what they would lose', () => {
    const random = seeded(4);
    for (let round = 0; round < 60; round++) {
      const sizes = Array.from({ length: integer(random, 1, 40) }, () => ({
        width: integer(random, 20, 4000),
        height: integer(random, 20, 4000),
      }));
      /** What is cut off an image: by the largest rectangle of the aspect that fits. */
      const lost = ({ width, height }: Size, aspect: Size) => {
        const scale = Math.min(width / aspect.width, height / aspect.height);
        return 1 - (aspect.width * scale * aspect.height * scale) / (width * height);
      };
      const nearest = sizes.map((size) => ASPECTS.toSorted((a, b) => lost(size, a) - lost(size, b))[0]!);
      const choices = aspectChoices(sizes);
      expect(choices.map(({ aspect }) => aspect)).toEqual(ASPECTS);
      for (const { aspect, images, cropped } of choices) {
        expect(images).toBe(nearest.filter((one) => one === aspect).length);
        const all = sizes.reduce((sum, size) => sum + lost(size, aspect), 0);
        expect(cropped).toBeCloseTo(all / sizes.length, 9);
      }
      const most = Math.max(...choices.map(({ images }) => images));
      const first = choices.filter(({ images }) => images === most);
      const least = Math.min(...first.map(({ cropped }) => cropped));
      expect(commonestAspect(choices)).toBe(first.find(({ cropped }) => cropped === least)!.aspect);
    }
    // Sharp ones, upright too.
    const of = (...texts: string[]) => texts.map((text) => parseAspect(text)!);
    expect(commonestAspect(aspectChoices(of('16:9', '3:2', '16:9')))).toEqual({ width: 16, height: 9 });
    expect(commonestAspect(aspectChoices(of('9:16', '3:4', '3:4', '1:1')))).toEqual({ width: 3, height: 4 });
    expect(commonestAspect(aspectChoices([]))).toEqual({ width: 1, height: 1 });
  });
});

const MAGENTA = { r: 255, g: 0, b: 255 };

/** An image of which a part of `cell`'s shape is framed in black and white, and all around is magenta. */
interface Framed {
  readonly whole: Picture;
  readonly crop: Rect;
}

function framed(cell: Size, scale: number, around: readonly [across: number, down: number], seed: number): Framed {
  const size = { width: cell.width * scale, height: cell.height * scale };
  const inside = structured(size, seed);
  const line = Math.max(1, scale);
  for (let y = 0, at = 0; y < size.height; y++) {
    for (let x = 0; x < size.width; x++, at += 3) {
      const edge = Math.min(x, y, size.width - 1 - x, size.height - 1 - y);
      if (edge < line) inside.data.fill(x < y ? 0 : 255, at, at + 3);
    }
  }
  const [width, height] = [size.width + 2 * around[0], size.height + 2 * around[1]];
  const whole = { width, height, data: new Uint8Array(width * height * 3) };
  for (let at = 0; at < whole.data.length; at++) whole.data[at] = at % 3 === 1 ? 0 : 255;
  const crop = { left: around[0], top: around[1], ...size };
  for (let y = 0; y < size.height; y++) {
    const row = inside.data.subarray(y * size.width * 3, (y + 1) * size.width * 3);
    whole.data.set(row, ((crop.top + y) * width + crop.left) * 3);
  }
  return { whole, crop };
}

/** A part of an image at a cell's size: Keys' cubic in linear light, by its definition. */
function resized({ whole, crop }: Framed, cell: Size): Picture {
  const part = partOf(whole, crop);
  if (part.width === cell.width && part.height === cell.height) return part;
  const table = Array.from({ length: 256 }, (_, value) => toLinear(value / 255));
  const linear = Float64Array.from(part.data, (value) => table[value]!);
  const down = along(linear, part.height, cell.height, (y) => y * part.width * 3, part.width * 3);
  const across = new Float64Array(cell.width * cell.height * 3);
  for (let y = 0; y < cell.height; y++) {
    const row = down.subarray(y * part.width * 3, (y + 1) * part.width * 3);
    across.set(
      along(row, part.width, cell.width, (x) => x * 3, 3),
      y * cell.width * 3,
    );
  }
  return { ...cell, data: Uint8Array.from(across, (value) => Math.round(255 * fromLinear(value))) };
}

/** Resamples vectors of `length` numbers, of which there are `input`, to `output` ones. */
function along(values: Float64Array, input: number, output: number, at: (i: number) => number, length: number) {
  const out = new Float64Array(output * length);
  const scale = Math.max(1, input / output);
  for (let to = 0; to < output; to++) {
    const centre = ((to + 0.5) * input) / output - 0.5;
    let total = 0;
    const [first, last] = [Math.ceil(centre - 2 * scale), Math.floor(centre + 2 * scale)];
    for (let from = Math.max(0, first); from <= Math.min(last, input - 1); from++) {
      const x = Math.abs(from - centre) / scale;
      const weight = x < 1 ? 1.5 * x ** 3 - 2.5 * x ** 2 + 1 : -0.5 * x ** 3 + 2.5 * x ** 2 - 4 * x + 2;
      total += weight;
      for (let i = 0; i < length; i++) out[to * length + i]! += weight * values[at(from) + i]!;
    }
    for (let i = 0; i < length; i++) out[to * length + i]! /= total;
  }
  return out;
}

/** IEC 61966-2-1. */
const toLinear = (s: number) => (s <= 0.04045 ? s / 12.92 : ((s + 0.055) / 1.055) ** 2.4);
const fromLinear = (linear: number) => {
  const l = Math.max(0, Math.min(1, linear));
  return l <= 0.0031308 ? 12.92 * l : 1.055 * l ** (1 / 2.4) - 0.055;
};

/** Images that fill cells px for px: upright, too wide, too tall, and turned by EXIF; of twice and half the size. */
async function writeFramed(folder: string, cell: Size): Promise<Map<string, Picture>> {
  const images: Record<string, Framed> = {
    'a-same.png': framed(cell, 1, [0, 0], 1),
    'b-wide.png': framed(cell, 1, [21, 0], 2),
    'c-tall.png': framed(cell, 1, [0, 34], 3),
    'd-large.png': framed(cell, 2, [0, 17], 4),
    'e-small.png': framed(cell, 0.5, [9, 0], 5),
    'f-turned.jpg': framed(cell, 1, [40, 0], 6),
  };
  const cells = new Map<string, Picture>();
  for (const [name, image] of Object.entries(images)) {
    const path = join(folder, name);
    if (name.endsWith('.png')) await sharpOf(image.whole).png({ compressionLevel: 1 }).toFile(path);
    else {
      const jpeg = sharpOf(image.whole).rotate(270).jpeg({ quality: 100, chromaSubsampling: '4:4:4' });
      await jpeg.withMetadata({ orientation: 6 }).toFile(path);
    }
    cells.set(name, resized(image, cell));
  }
  return cells;
}

describe('a mosaic of cells that are not square', () => {
  interface Case {
    readonly cell: Size;
    readonly grid?: Grid;
    readonly options?: Partial<BuildOptions>;
  }
  test.each<[string, string, Case]>([
    ['4:3', '4:3', { cell: { width: 128, height: 96 } }],
    ['3:4', '3:4', { cell: { width: 96, height: 128 } }],
    ['3:2', '3:2', { cell: { width: 192, height: 128 } }],
    ['16:9', '16:9', { cell: { width: 128, height: 72 } }],
    ['2:1', '2:1', { cell: { width: 256, height: 128 } }],
    ['1:2', '1:2', { cell: { width: 64, height: 128 }, options: { cellSize: 64 } }],
    ['4:3 as PNG', '4:3', { cell: { width: 128, height: 96 }, options: { format: 'png', layout: ['dzi', 'compact'] } }],
    [
      '1:2 as PNG',
      '1:2',
      { cell: { width: 64, height: 128 }, options: { cellSize: 64, format: 'png', layout: ['dzi', 'compact'] } },
    ],
    [
      '2:1 in pieces',
      '2:1',
      { cell: { width: 512, height: 256 }, grid: { columns: 3, rows: 2 }, options: { cellSize: 256, tileSize: 256 } },
    ],
    [
      '1:2 in pieces',
      '1:2',
      { cell: { width: 256, height: 512 }, grid: { columns: 4, rows: 2 }, options: { cellSize: 256, tileSize: 256 } },
    ],
    [
      '3:2 as PNG, in files of their own',
      '3:2',
      {
        cell: { width: 384, height: 256 },
        grid: { columns: 4, rows: 2 },
        options: { cellSize: 256, format: 'png', layout: ['dzi', 'compact'] },
      },
    ],
    [
      '9:1 of the least height',
      '9:1',
      { cell: { width: 36, height: 4 }, options: { cellSize: 16, format: 'png', layout: ['dzi', 'compact'] } },
    ],
    [
      '1:16 of the least width',
      '1:16',
      { cell: { width: 4, height: 64 }, options: { cellSize: 16, format: 'png', layout: ['dzi', 'compact'] } },
    ],
    ['16:9 at 4:4:4', '16:9', { cell: { width: 128, height: 72 }, options: { subsampling: '4:4:4', tileSize: 256 } }],
  ])(
    'is what its images are, cropped and placed, in every layout: %s',
    async (name, cellAspect, { cell, grid = { columns: 4, rows: 3 }, options }) => {
      const folder = await folderOf(`images ${aspectText(cell)}`);
      const cells = await writeFramed(folder, cell);
      const names = [...cells.keys()];
      const placed = Array.from({ length: grid.columns * grid.rows }, (_, i) => names[(i + (i >> 2)) % 6]!);
      const { out, mosaic, result } = await make(name, {
        images: [folder],
        placement: await writePlacement(join(root, `${name}.csv`), grid.columns, placed),
        layout: ['dzi', 'compact', 'iiif'],
        baseUrl: 'https://example.org',
        cellSize: 128,
        cellAspect,
        quality: 95,
        ...options,
      });
      expect(mosaic.cell).toEqual(cell);
      expect(result).toMatchObject({ cell, grid, tileSize: mosaic.tileSize, aspects: [] });
      const { levels, tile, tileSize, layouts } = mosaic;
      expect(Math.max(cell.width, tileSize) % Math.min(cell.width, tileSize)).toBe(0);
      const whole = composed(
        levels.at(-1)!,
        placed.map((image, i) => ({
          picture: cells.get(image)!,
          left: (i % grid.columns) * cell.width,
          top: Math.floor(i / grid.columns) * cell.height,
        })),
      );

      // Names and sizes: those of libvips' own Deep Zoom writer.
      const vips = join(root, `${name} by vips`);
      await sharpOf(whole)
        .png({ compressionLevel: 0 })
        .tile({ size: tileSize, overlap: 0, depth: 'onepixel' })
        .toFile(`${vips}.dz`);
      const theirs = (await filesOf(`${vips}_files`)).filter((path) => path.endsWith('.png'));
      expect(await filesOf(join(out, 'mosaic_files'))).toEqual(
        theirs.map((path) => path.replace('png', tile.extension)),
      );
      for (const path of theirs) {
        const [own, their] = await Promise.all([
          sharp(join(out, 'mosaic_files', path.replace('png', tile.extension))).metadata(),
          sharp(`${vips}_files/${path}`).metadata(),
        ]);
        expect([own.width, own.height], path).toEqual([their.width, their.height]);
      }

      // Full resolution, in every layout; px for px where nothing was resized, nor coded.
      const deepest = levels.length - 1;
      const full = await dziPicture(out, 'mosaic', mosaic, deepest, tileSize);
      if (tile.format === 'png') {
        for (const [i, image] of placed.entries()) {
          const [left, top] = [(i % grid.columns) * cell.width, Math.floor(i / grid.columns) * cell.height];
          const { mean, most } = difference(partOf(full, { left, top, ...cell }).data, cells.get(image)!.data);
          const same = /^[abc]/.test(image);
          expect(mean, image).toBeLessThanOrEqual(same ? 0 : 0.6);
          expect(most, image).toBeLessThanOrEqual(same ? 0 : image.endsWith('jpg') ? 8 : 1);
        }
      } else await expectNear(full, whole, tile, 'full resolution');
      const shared = layouts.compact!.overview;
      let { level } = levels[deepest]!;
      // Every level is the full one, halved in linear light.
      for (const expected of halves(full)) {
        const { width, height } = levels[level]!;
        const shrink = 2 ** (deepest - level);
        expect([width, height]).toEqual([Math.ceil(mosaic.width / shrink), Math.ceil(mosaic.height / shrink)]);
        await expectNear(await dziPicture(out, 'mosaic', mosaic, level, tileSize), expected, tile, `dzi ${level}`);
        const compact =
          level > shared
            ? sharedPicture(out, mosaic, level)
            : dziPicture(out, 'overview', mosaic, level, layouts.compact!.levels[level]!.tile.width);
        await expectNear(await compact, expected, tile, `compact ${level}`);
        if (layouts.iiif?.levels.some((one) => one.level === level && one.tile.width < width)) {
          await expectNear(await iiifPicture(out, mosaic, level), expected, tile, `iiif ${level}`);
        }
        if (level-- === 0) break;
      }
      if (layouts.iiif) {
        const iiif = layouts.iiif.levels.at(-1)!;
        for (const side of ['width', 'height'] as const) {
          const [larger, smaller] = [cell[side], iiif.tile[side]].toSorted((x, y) => y - x);
          expect(larger! % smaller!, side).toBe(0);
        }
        const painted = cell.height % 16 > 0 && tile.subsampling === '4:2:0';
        expect(iiif.from).toBe(cell.width >= 256 ? 'reference' : painted ? 'paint' : 'splice');
      }
      expect((await verify({ site: out })).problems).toEqual([]);
    },
  );

  test('turns images by halves only, even where quarters would be likelier', async () => {
    const folder = await folderOf('turned');
    const cell = { width: 64, height: 48 };
    const pictures = Array.from({ length: 6 }, (_, i) => structured({ width: 64, height: 64 }, 40 + i));
    for (const [i, picture] of pictures.entries())
      await sharpOf(picture)
        .png()
        .toFile(join(folder, `${i}.png`));
    /** What `turn` makes of all images, as a picture of 3 x 2. */
    const targetOf = async (name: string, turn: number) => {
      const parts = pictures.map(async (picture, i) => {
        const data = await sharpOf(picture)
          .rotate(turn * 90)
          .raw()
          .toBuffer();
        return { picture: { ...picture, data }, left: (i % 3) * 64, top: Math.floor(i / 3) * 64 };
      });
      const path = join(root, name);
      await sharpOf(composed({ width: 192, height: 128 }, await Promise.all(parts)))
        .png()
        .toFile(path);
      return path;
    };
    const free = {
      images: [folder],
      rotate: true,
      variety: 0,
      minDistance: 0,
      grid: { columns: 3, rows: 2 },
      cellSize: 64,
    };
    const turns = async (name: string, options: Partial<BuildOptions>) => {
      const { out } = await make(name, { ...free, ...options });
      return (await readSite(out)).placed.map(({ turn }) => Number(turn ?? 0));
    };
    const [quarter, half] = [await targetOf('quarter.png', 1), await targetOf('half.png', 2)];
    expect(await turns('quarters of squares', { target: quarter })).toEqual([1, 1, 1, 1, 1, 1]);
    const others = await turns('quarters of others', { target: quarter, cellAspect: '4:3' });
    expect(others.every((turn) => turn === 0 || turn === 2)).toBe(true);
    expect(await turns('halves of others', { target: half, cellAspect: '4:3' })).toEqual([2, 2, 2, 2, 2, 2]);

    // What stands on its head looks like that.
    const placed = [0, 1, 2, 3, 4, 5].map((i): Placed => [`${i}.png`, i % 2 ? 2 : 0]);
    const placement = await writePlacement(join(root, 'heads.csv'), 3, placed);
    const given = { images: [folder], placement, cellAspect: '4:3', cellSize: 64, format: 'png' } as const;
    const { out, mosaic } = await make('heads', given);
    expect(mosaic.cell).toEqual(cell);
    const full = await dziPicture(out, 'mosaic', mosaic, mosaic.levels.length - 1, mosaic.tileSize);
    for (const [i, picture] of pictures.entries()) {
      const upright = sharpOf(partOf(picture, { left: 0, top: 8, ...cell }));
      const expected = await upright
        .rotate(i % 2 ? 180 : 0)
        .raw()
        .toBuffer();
      const shown = partOf(full, { left: (i % 3) * 64, top: Math.floor(i / 3) * 48, ...cell });
      expect(difference(shown.data, expected).most, `image ${i}`).toBe(0);
    }
    placed[4] = ['4.png', 3];
    await writePlacement(placement, 3, placed);
    await refuses(() => make('heads', given), /^--placement turns images by a quarter, and cells are 64 x 48 px$/);
    expect((await readSite(out)).mosaic).toEqual(mosaic);
  });

  test('crops what catches the eye, if it is told to', async () => {
    const folder = await folderOf('eye');
    // Flat, but for something bright at the right end.
    const wide = sharp({ create: { width: 600, height: 150, channels: 3, background: '#506070' } });
    const bright = Buffer.from(
      '<svg width="150" height="150"><rect width="150" height="150" fill="#506070"/><circle cx="90" cy="75" r="50" fill="#f22"/><path d="M50 75h80M90 35v80" stroke="#ff0" stroke-width="9"/></svg>',
    );
    await wide
      .composite([{ input: bright, left: 450, top: 0 }])
      .png()
      .toFile(join(folder, 'wide.png'));
    const options = {
      images: [folder],
      grid: { columns: 1, rows: 1 },
      cellSize: 128,
      cellAspect: '4:3',
      format: 'png',
    } as const;
    const shown: Record<string, Picture> = {};
    for (const crop of ['centre', 'attention', 'entropy'] as const) {
      const { out, mosaic } = await make(`eye ${crop}`, { ...options, crop });
      shown[crop] = await dziPicture(out, 'mosaic', mosaic, mosaic.levels.length - 1, mosaic.tileSize);
    }
    const size = { width: 128, height: 96 };
    for (const position of ['attention', 'entropy'] as const) {
      const theirs = await sharp(join(folder, 'wide.png'))
        .resize(200, 150, { fit: 'cover', position })
        .png()
        .toBuffer();
      const { data } = await decode(await sharp(theirs).resize(128, 96).png().toBuffer());
      expect(difference(shown[position]!.data, data).mean, position).toBeLessThan(2);
      expect(shown[position]).toMatchObject(size);
    }
    const red = ({ data }: Picture) => data.filter((value, i) => i % 3 === 0 && value > 200).length;
    expect(red(shown['attention']!)).toBeGreaterThan(1500);
    expect(red(shown['centre']!)).toBe(0);
  });
});

describe('--cell-aspect auto', () => {
  test('is what most images have, turned as they are shown, and tells what it cuts off them', async () => {
    const folder = await folderOf('auto');
    const sizes = [
      ...Array.from({ length: 4 }, () => [90, 60]),
      ...Array.from({ length: 3 }, () => [60, 60]),
      [100, 75],
    ];
    for (const [i, [width, height]] of sizes.entries()) await writeWaves(join(folder, `${i}.png`), width!, height!, i);
    // Two that stand upright only by their EXIF, and what is no image.
    for (const i of [8, 9]) {
      const lying = sharpOf(structured({ width: 60, height: 90 }, i)).jpeg();
      await lying.withMetadata({ orientation: 6 }).toFile(join(folder, `${i}.jpg`));
    }
    await writeFile(join(folder, 'broken.jpg'), 'no image');
    const { mosaic, result } = await make('auto site', {
      images: [folder],
      cellAspect: 'auto',
      cellSize: 64,
      columns: 4,
    });
    expect(mosaic.cell).toEqual({ width: 96, height: 64 });
    const of = (text: string) => result.aspects.find(({ aspect }) => aspectText(aspect) === text)!;
    expect(of('3:2').images).toBe(6);
    expect(of('1:1').images).toBe(3);
    expect(of('4:3').images).toBe(1);
    expect(result.aspects.reduce((sum, { images }) => sum + images, 0)).toBe(10);
    // 3 squares lose a third in 3:2; one of 4:3 loses 1/9.
    expect(of('3:2').cropped).toBeCloseTo((3 / 3 + 1 / 9) / 10, 9);
    expect(of('1:1').cropped).toBeCloseTo((6 / 3 + 1 / 4) / 10, 9);
    expect(of('2:3').cropped).toBeCloseTo((6 * (1 - 4 / 9) + 3 / 3 + 0.5) / 10, 9);
    // Rows follow the target's shape: 120 x 80 px, with cells of 3:2.
    expect(result.grid).toEqual({ columns: 4, rows: 4 });
  });

  test('is told by nothing where it was not asked for', async () => {
    const folder = await folderOf('auto');
    expect(
      (await make('no auto', { images: [folder], cellAspect: '3:2', cellSize: 64, columns: 4 })).result.aspects,
    ).toEqual([]);
  });
});

/** A black square, 1 bit per px: so large a one would take sharp a second. */
function blackPng(side: number): Buffer {
  const chunk = (type: string, data: Buffer) => {
    const body = Buffer.concat([Buffer.from(type), data]);
    const ends = [Buffer.alloc(4), Buffer.alloc(4)] as const;
    ends[0].writeUInt32BE(data.length);
    ends[1].writeUInt32BE(crc32(body));
    return Buffer.concat([ends[0], body, ends[1]]);
  };
  const header = Buffer.from([0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0]);
  header.writeUInt32BE(side, 0);
  header.writeUInt32BE(side, 4);
  const px = deflateSync(Buffer.alloc(side * (1 + Math.ceil(side / 8))), { level: 1 });
  const signature = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1');
  return Buffer.concat([signature, chunk('IHDR', header), chunk('IDAT', px), chunk('IEND', Buffer.alloc(0))]);
}

describe('--cell-size native', () => {
  test('is the smallest cell in which no image loses detail', () => {
    const random = seeded(9);
    const powers = Array.from({ length: 14 }, (_, i) => 2 ** i);
    for (const text of ['1:1', '4:3', '3:4', '16:9', '1:2', '5:4']) {
      const aspect = parseAspect(text)!;
      for (let round = 0; round < 80; round++) {
        const most = 2 ** integer(random, 3, 12);
        const sizes = Array.from({ length: integer(random, 0, 5) }, () => ({
          width: integer(random, 1, most),
          height: integer(random, 1, most),
        }));
        const cell = nativeCell(aspect, sizes, 256);
        const fits = powers.find((by) => {
          const [width, height] = [aspect.width * by, aspect.height * by];
          const loses = (size: Size) => Math.min(size.width / width, size.height / height) > 1;
          return by >= 4 && Math.max(width, height) >= 256 && !sizes.some(loses);
        })!;
        expect(cell).toEqual({ width: aspect.width * fits, height: aspect.height * fits });
      }
    }
  });

  test('ends at 8,192 px, and says what is larger', async () => {
    const folder = await folderOf('vast');
    for (const side of [8192, 8193, 9000]) await writeFile(join(folder, `${side}.png`), blackPng(side));
    const options = resolveOptions({ target, images: [folder], out: 'none', cellSize: 'native' });
    const files = await scan([folder], { onProgress: () => {}, signal: options.signal });
    const chosen = await chooseRecipe(options, files, () => {});
    expect(chosen.recipe.cell).toEqual({ width: 8192, height: 8192 });
    expect(chosen.warnings).toEqual(['2 images have more detail than cells of 8192 px, the largest that there are']);
    const wide = await chooseRecipe({ ...options, cellAspect: parseAspect('3:2')! }, files, () => {});
    expect(wide.recipe.cell).toEqual({ width: 6144, height: 4096 });
    expect(nativeCell(parseAspect('1:1')!, [{ width: 8192, height: 9000 }], 256)).toEqual({
      width: 8192,
      height: 8192,
    });
  });

  test('shows the largest image px for px, and small ones enlarged, once each', async () => {
    const folder = await folderOf('native');
    const large = structured({ width: 700, height: 512 }, 1);
    const small = structured({ width: 40, height: 30 }, 2);
    const turned = structured({ width: 300, height: 411 }, 3);
    await sharpOf(large).png({ compressionLevel: 1 }).toFile(join(folder, 'large.png'));
    await sharpOf(small).png().toFile(join(folder, 'small.png'));
    await sharpOf(turned)
      .rotate(270)
      .jpeg({ quality: 100 })
      .withMetadata({ orientation: 6 })
      .toFile(join(folder, 'turned.jpg'));
    const placed = ['small.png', 'large.png', 'turned.jpg', 'small.png', 'small.png', 'large.png'];
    const placement = await writePlacement(join(root, 'native.csv'), 3, placed);
    const { out, mosaic, result } = await make('native site', {
      images: [folder],
      placement,
      cellSize: 'native',
      quality: 90,
    });
    expect(mosaic.cell).toEqual({ width: 512, height: 512 });
    expect(mosaic.sources).toMatchObject({ used: 3, enlarged: 2 });
    expect(result.warnings.join()).toContain('2 images are smaller than a cell (512 px) and were enlarged');
    const full = await dziPicture(out, 'mosaic', mosaic, mosaic.levels.length - 1, mosaic.tileSize);
    const cellAt = (i: number) => partOf(full, { left: (i % 3) * 512, top: i > 2 ? 512 : 0, width: 512, height: 512 });
    const own = partOf(large, { left: 94, top: 0, width: 512, height: 512 });
    for (const i of [1, 5]) await expectNear(cellAt(i), own, mosaic.tile, `cell ${i}`);
    const enlarged = resized(
      { whole: small, crop: { left: 5, top: 0, width: 30, height: 30 } },
      { width: 512, height: 512 },
    );
    for (const i of [0, 3, 4]) expect(difference(cellAt(i).data, enlarged.data).mean, `cell ${i}`).toBeLessThan(1.5);
    const whole = { whole: turned, crop: { left: 0, top: 55, width: 300, height: 300 } };
    const upright = resized(whole, { width: 512, height: 512 });
    expect(difference(cellAt(2).data, upright.data).mean).toBeLessThan(2);

    // One set of files of each, which all its cells are links to.
    const numbers = await readPictures(out, mosaic);
    expect(numbers.map((number) => numbers.indexOf(number))).toEqual([0, 1, 2, 0, 0, 1]);
    const files = await filesOf(join(out, 'tiles'));
    const pieces = ['256_0_0', '512_0_0', '512_0_1', '512_1_0', '512_1_1'];
    expect(files).toEqual([0, 1, 2].flatMap((number) => pieces.map((piece) => `0/${number}/${piece}.jpg`)));
    const tileOf = async (i: number, piece: string) => {
      const [size, x, y] = piece.split('_').map(Number) as [number, number, number];
      const across = size / 256;
      const level = mosaic.levels.length - (size === 512 ? 1 : 2);
      const [column, row] = [(i % 3) * across + x, Math.floor(i / 3) * across + y];
      return await stat(join(out, `mosaic_files/${level}/${column}_${row}.jpg`));
    };
    for (const [i, number] of numbers.entries()) {
      for (const piece of pieces) {
        const file = await stat(join(out, `tiles/0/${number}/${piece}.jpg`));
        expect((await tileOf(i, piece)).ino, `cell ${i}, ${piece}`).toBe(file.ino);
      }
    }
    expect((await verify({ site: out })).problems).toEqual([]);
  });

  test('measures images as they are shown, and cells as they are shaped', async () => {
    const folder = await folderOf('lying');
    // 900 x 200 px once it is turned: 512 x 256 px hold that. As it lies, 256 x 128 px would.
    const lying = sharpOf(structured({ width: 200, height: 900 }, 5)).jpeg();
    await lying.withMetadata({ orientation: 6 }).toFile(join(folder, 'lying.jpg'));
    await writeWaves(join(folder, 'small.png'), 20, 10, 3);
    const { mosaic } = await make('lying site', {
      images: [folder],
      cellSize: 'native',
      cellAspect: '2:1',
      grid: { columns: 2, rows: 1 },
    });
    expect(mosaic.cell).toEqual({ width: 512, height: 256 });
    const small = await make('small site', {
      images: [join(folder, 'small.png')],
      cellSize: 'native',
      grid: { columns: 2, rows: 1 },
    });
    expect(small.mosaic.cell).toEqual({ width: 256, height: 256 });
  });
});

test('what surrounds a crop is magenta, so that a crop a px off would show', () => {
  const { whole, crop } = framed({ width: 16, height: 12 }, 1, [3, 0], 1);
  expect(crop).toEqual({ left: 3, top: 0, width: 16, height: 12 });
  expect([...partOf(whole, { left: 2, top: 5, width: 1, height: 1 }).data]).toEqual(Object.values(MAGENTA));
  expect([...partOf(whole, { left: 3, top: 5, width: 1, height: 1 }).data]).toEqual([0, 0, 0]);
  expect([...partOf(whole, { left: 18, top: 5, width: 1, height: 1 }).data]).toEqual([255, 255, 255]);
});
