import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { beforeAll, describe, expect, test } from 'vitest';
import { decodeCell } from '../../src/catalog/decode.ts';
import { indexImage } from '../../src/catalog/index-image.ts';
import { turned } from '../../src/catalog/turn.ts';
import { FEATURE_LENGTH } from '../../src/colour/features.ts';
import { build, type BuildOptions, verify } from '../../src/index.ts';
import { pictureFeatures, pictureIds, turnsOf } from '../../src/match/variants.ts';
import type { Recipe, Size, Turn } from '../../src/types.ts';
import { decode, difference, waves } from '../helpers/images.ts';
import { indexesOf } from '../helpers/forgotten.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';
import { seeded } from '../helpers/random.ts';
import { cellPx, readSite } from '../helpers/site.ts';

const TURNS: readonly Turn[] = [0, 1, 2, 3, 4, 5, 6, 7];
const GREY = { r: 128, g: 128, b: 128 };

const square = (side: number) => ({ width: side, height: side });
const SQUARE = square(1);

/** A picture, mirrored and then turned clockwise, by sharp. */
async function theirTurn(px: Uint8Array, size: Size, turn: Turn): Promise<Buffer> {
  const raw = { ...size, channels: 3 } as const;
  const mirrored = turn < 4 ? px : await sharp(px, { raw }).flop().raw().toBuffer();
  return await sharp(mirrored, { raw })
    .rotate((turn % 4) * 90)
    .raw()
    .toBuffer();
}

/** A picture that looks different in each of its turns, and from those of other seeds: a corner and a side are lit. */
function lopsided(size: number, seed: number): Uint8Array {
  const random = seeded(seed);
  const tints = [0, 1, 2].map(() => [0.3 + 0.7 * random(), 0.3 + 0.7 * random(), 0.3 + 0.7 * random()]);
  const soft = waves(size, size, seed);
  return soft.map((value, i) => {
    const [x, y, c] = [(Math.floor(i / 3) % size) / size, Math.floor(i / 3 / size) / size, i % 3];
    const [corner, side, rest] = tints.map((tint) => tint[c]!) as [number, number, number];
    const lit = x < 0.4 && y < 0.3 ? corner * 240 : y > 0.6 && x < 0.9 ? side * 150 : rest * 60;
    return 0.85 * lit + 0.15 * value;
  });
}

test.each([1, 2, 7, 16])('a picture of %i px is mirrored and turned as sharp does it', async (side) => {
  const random = seeded(side);
  const px = Uint8Array.from({ length: side * side * 3 }, () => random() * 256);
  for (const turn of TURNS) {
    const theirs = await theirTurn(px, square(side), turn);
    expect(turned(px, square(side), turn), `turn ${turn}`).toEqual(new Uint8Array(theirs));
  }
});

test.each([
  [3, 2],
  [1, 7],
  [16, 9],
  [24, 32],
])(
  'a picture of %i x %i px is mirrored and turned by halves as sharp does it, and no other way',
  async (width, height) => {
    const random = seeded(width);
    const size = { width, height };
    const px = Uint8Array.from({ length: width * height * 3 }, () => random() * 256);
    for (const turn of TURNS) {
      if (turn % 2) expect(() => turned(px, size, turn)).toThrow('expected a square');
      else expect(turned(px, size, turn), `turn ${turn}`).toEqual(new Uint8Array(await theirTurn(px, size, turn)));
    }
  },
);

test('sources may stand upright, mirrored, turned, or all of it', () => {
  expect(turnsOf({ mirror: false, rotate: false }, SQUARE)).toEqual([0]);
  expect(turnsOf({ mirror: true, rotate: false }, SQUARE)).toEqual([0, 4]);
  expect(turnsOf({ mirror: false, rotate: true }, SQUARE)).toEqual([0, 1, 2, 3]);
  expect(turnsOf({ mirror: true, rotate: true }, SQUARE)).toEqual(TURNS);
  const wide = { width: 96, height: 64 };
  expect(turnsOf({ mirror: true, rotate: false }, wide)).toEqual([0, 4]);
  expect(turnsOf({ mirror: false, rotate: true }, wide)).toEqual([0, 2]);
  expect(turnsOf({ mirror: true, rotate: true }, wide)).toEqual([0, 2, 4, 6]);
});

test('features of a turned picture follow from those of the upright one', async () => {
  const recipe: Recipe = {
    cell: square(32),
    tileSize: 256,
    format: 'png',
    quality: 85,
    subsampling: '4:2:0',
    crop: 'centre',
  };
  const pngOf = async (px: Uint8Array) =>
    await sharp(px, { raw: { width: 32, height: 32, channels: 3 } })
      .png()
      .toBuffer();
  const sources = [lopsided(32, 1), lopsided(32, 2), waves(32, 32, 3)];
  const upright = new Float32Array(sources.length * FEATURE_LENGTH);
  for (const [id, px] of sources.entries()) {
    const [{ features } = expect.fail()] = await indexImage(await pngOf(px), { recipe, background: GREY });
    upright.set(features, id * FEATURE_LENGTH);
  }
  const masks = new Uint32Array(3).fill(1);
  const turnedFeatures = (turns: readonly Turn[]) => pictureFeatures({ whole: upright }, pictureIds(masks, turns));
  const all = turnedFeatures(TURNS);
  expect(all.buffer).toBeInstanceOf(SharedArrayBuffer);
  const some = turnedFeatures([0, 5]);
  expect(some.subarray(3 * FEATURE_LENGTH)).toEqual(all.subarray(15 * FEATURE_LENGTH, 18 * FEATURE_LENGTH));
  for (const turn of TURNS) {
    for (const [id, px] of sources.entries()) {
      const own = all.subarray((turn * 3 + id) * FEATURE_LENGTH, (turn * 3 + id + 1) * FEATURE_LENGTH);
      const [ours = expect.fail()] = await indexImage(await pngOf(px), { recipe, variants: [turn], background: GREY });
      const turnedPng = await pngOf(await theirTurn(px, square(32), turn));
      const [theirs = expect.fail()] = await indexImage(turnedPng, { recipe, background: GREY });
      expect(ours.features).toEqual(theirs.features);
      expect(ours.px).toEqual(theirs.px);
      for (const [i, value] of theirs.features.entries()) expect(own[i], `${turn}, ${i}`).toBeCloseTo(value, 5);
    }
  }
});

const COUNT = 12;
const SIDE = 64;
const nameOf = (i: number) => `${String(i).padStart(2, '0')}.png`;
let root: string;
const pictures = Array.from({ length: COUNT }, (_, i) => lopsided(SIDE, 100 + i));
beforeAll(async () => {
  root = await temporaryFolder();
  await mkdir(join(root, 'images'));
  for (const [i, px] of pictures.entries()) {
    await sharp(px, { raw: { width: SIDE, height: SIDE, channels: 3 } }).toFile(join(root, 'images', nameOf(i)));
  }
});

/** A target of 6 x 4 cells, which are the sources in turn, each turned its way. */
async function targetOf(name: string, turnOf: (cell: number) => Turn, size: Size = square(SIDE)): Promise<string> {
  const path = join(root, `${name}.png`);
  const upright = await Promise.all(pictures.map((_, i) => cellOf(i, size)));
  const cells = await Promise.all(
    Array.from({ length: 24 }, async (_, cell) => ({
      input: await theirTurn(upright[cell % COUNT]!, size, turnOf(cell)),
      raw: { ...size, channels: 3 as const },
      left: (cell % 6) * size.width,
      top: Math.floor(cell / 6) * size.height,
    })),
  );
  await sharp({ create: { width: 6 * size.width, height: 4 * size.height, channels: 3, background: '#000' } })
    .composite(cells)
    .toFile(path);
  return path;
}

/** A source as it fills a cell. */
async function cellOf(i: number, size: Size): Promise<Uint8Array> {
  return (await decodeCell(join(root, 'images', nameOf(i)), { cell: size, crop: 'centre', background: GREY })).px;
}

async function make(name: string, target: string, options: Partial<BuildOptions>) {
  const out = join(root, name);
  const catalog = options.catalog ?? join(root, `${name}-catalog`);
  const images = [join(root, 'images')];
  const free = { variety: 0, minDistance: 0, nearDuplicates: 'keep' } as const;
  const grid = { columns: 6, rows: 4 };
  const result = await build({
    target,
    images,
    out,
    grid,
    cellSize: SIDE,
    crops: 'none',
    ...free,
    ...options,
    catalog,
  });
  const { mosaic, ids, pictures: numbers } = await readSite(out);
  const indexed = (await indexesOf(catalog)).flatMap(({ sources }) => sources.map(({ variant = 0 }) => variant));
  const turns = [...new Set(indexed)].toSorted((a, b) => a - b);
  return { out, catalog, result, mosaic, ids, numbers, turns };
}

describe('a mosaic', () => {
  test.each<[string, readonly Turn[], Partial<BuildOptions>]>([
    ['spliced', TURNS, { cellSize: SIDE }],
    ['of whole tiles', [0, 3, 6], { cellSize: 256, subsampling: '4:4:4' }],
    ['in cells of 3:2', [0, 2, 4, 6], { cellSize: SIDE, cellAspect: '3:2' }],
  ])('shows turned sources at full resolution, %s', async (name, ways, options) => {
    // The two cells of a source stand in different ways.
    const turnOf = (cell: number) => ways[(cell + Math.floor(cell / COUNT)) % ways.length]!;
    const target = await targetOf(name, turnOf, options.cellAspect ? { width: 96, height: 64 } : undefined);
    const { out, mosaic, ids, numbers, turns } = await make(`all ${name}`, target, {
      mirror: true,
      rotate: true,
      quality: 95,
      ...options,
    });
    expect(ids).toEqual(Array.from({ length: 24 }, (_, cell) => turnOf(cell) * COUNT + (cell % COUNT)));
    expect(turns).toEqual(ways);
    // Each source in each of its ways is a picture by itself: one number, and no number stands for two.
    expect(mosaic.pictures).toBe(new Set(ids).size);
    expect(new Set(numbers)).toEqual(new Set(Array.from({ length: mosaic.pictures }, (_, number) => number)));
    expect(new Set(ids.map((id, cell) => `${id} ${numbers[cell]}`)).size).toBe(mosaic.pictures);
    expect(mosaic.sources).toMatchObject({ usable: COUNT, used: COUNT });
    const size = mosaic.cell;
    if (options.cellAspect) expect(size).toEqual({ width: 96, height: 64 });
    const upright = await Promise.all(pictures.map((_, i) => cellOf(i, size)));
    for (let cell = 0; cell < 24; cell++) {
      const expected = await theirTurn(upright[cell % COUNT]!, size, turnOf(cell));
      const shown = await cellPx(out, mosaic, cell);
      const { data } = await decode(
        await sharp(expected, { raw: { ...size, channels: 3 } })
          .jpeg({ quality: 95, chromaSubsampling: mosaic.tile.subsampling })
          .toBuffer(),
      );
      const [ours, least] = [difference(shown, expected), difference(data, expected)];
      expect(ours.mean, `cell ${cell}`).toBeLessThan(1.2 * least.mean + 0.4);
      expect(ours.most, `cell ${cell}`).toBeLessThan(1.5 * least.most + 30);
    }
    expect((await verify({ site: out })).problems).toEqual([]);
  });

  test('of mirrored sources mirrors them where it may, and only there', async () => {
    const target = await targetOf('mirrored', () => 4);
    const may = await make('may', target, { mirror: true });
    expect(may.ids).toEqual(Array.from({ length: 24 }, (_, cell) => 4 * COUNT + (cell % COUNT)));
    expect(may.turns).toEqual([0, 4]);
    const { catalog } = may;
    const mayTurn = await make('may turn', target, { rotate: true, catalog });
    expect(Math.max(...mayTurn.ids)).toBeLessThan(4 * COUNT);
    const not = await make('not', target, { catalog });
    expect(Math.max(...not.ids)).toBeLessThan(COUNT);
    expect(may.result.quality.likeness.at(-1)!.ssim).toBeGreaterThan(0.95);
    const [mirrored, turnedOnly, upright] = [may, mayTurn, not].map(
      ({ result }) => result.quality.likeness.at(-1)!.ciede2000,
    );
    expect(mirrored).toBeLessThan(turnedOnly! / 2);
    expect(turnedOnly).toBeLessThan(upright!);
    for (const { out } of [may, mayTurn, not]) expect((await verify({ site: out })).problems).toEqual([]);

    const pins = [{ column: 2, row: 1, image: nameOf(7) }];
    const pinned = await make('pinned', target, { mirror: true, catalog, pins });
    expect(pinned.ids[8], 'a pin stands upright').toBe(7);
    expect(pinned.ids.filter((id) => id < COUNT)).toEqual([7]);
  });

  test('of cells that are not square turns none by a quarter, even if it is told to', async () => {
    const placement = join(root, 'quarter.csv');
    await writeFile(placement, `column,row,source,turn\n0,0,${nameOf(0)},2\n1,0,${nameOf(1)},3\n`);
    const target = await targetOf('quarter', () => 0);
    const options = { placement, catalog: join(root, 'quarter-catalog'), images: [join(root, 'images')], target };
    const wide = build({ ...options, out: join(root, 'quarter'), cellSize: SIDE, cellAspect: '3:2' });
    await expect(wide).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringMatching(/by a quarter/) as string,
    });
    await build({ ...options, out: join(root, 'quarter'), cellSize: SIDE, crops: 'none' });
    expect((await readSite(join(root, 'quarter'))).ids).toEqual([2 * COUNT, 3 * COUNT + 1]);
  });

  test('indexes turned sources only as far as it shows them', async () => {
    const upright = await make('upright', await targetOf('upright', () => 0), { mirror: true, rotate: true });
    expect(upright.ids).toEqual(Array.from({ length: 24 }, (_, cell) => cell % COUNT));
    expect(upright.turns).toEqual([0]);
    const { catalog } = upright;
    const target = await targetOf('few', (cell) => (cell === 3 || cell === 16 ? 2 : 0));
    expect((await make('few', target, { rotate: true, catalog })).turns).toEqual([0, 2]);
    const shards = await indexesOf(catalog);
    const { files } = shards.find(({ sources }) => sources.some(({ variant }) => variant === 2))!;
    expect(files.map(({ path }) => path)).toEqual(['03.png', '04.png'].map((name) => join(root, 'images', name)));
  });
});
