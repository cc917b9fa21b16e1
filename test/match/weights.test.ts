import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { beforeAll, describe, expect, test } from 'vitest';
import type { TargetCells } from '../../src/match/target-cells.ts';
import { autoWeights, readWeights } from '../../src/match/weights.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';
import { seeded } from '../helpers/random.ts';
import { refuses } from '../helpers/refuses.ts';

const SQUARE = { width: 1, height: 1 };

let root: string;
beforeAll(async () => {
  root = await temporaryFolder();
});

/** Writes a picture of 10 px blocks, grey values by row; returns its path. */
async function blocks(name: string, rows: number[][], orientation = 1): Promise<string> {
  const [width, height] = [rows[0]!.length * 10, rows.length * 10];
  const px = Buffer.from(
    Array.from({ length: width * height }, (_, i) => rows[Math.floor(i / width / 10)]![Math.floor((i % width) / 10)]!),
  );
  const path = join(root, name);
  await sharp(px, { raw: { width, height, channels: 1 } })
    .withMetadata({ orientation })
    .toFile(path);
  return path;
}

describe('a picture of weights', () => {
  test.each([
    ['white', 255, 1],
    ['black', 0, 0.1],
    ['grey', 128, 0.1 + (0.9 * 128) / 255],
  ])('weighs %s cells as it should', async (name, value, weight) => {
    const weights = await readWeights(await blocks(`${name}.png`, [[value, value]]), { columns: 6, rows: 4 }, SQUARE);
    expect(weights).toHaveLength(24);
    for (const found of weights) expect(found).toBeCloseTo(weight, 2);
  });

  test('is laid over the cells as a target is: row by row, upright, cropped evenly', async () => {
    const weightsAt = async (path: string, columns: number, rows: number) =>
      Array.from(await readWeights(path, { columns, rows }, SQUARE), (weight) => Math.round(weight));
    const rows = [
      [0, 0, 0, 255],
      [0, 255, 0, 0],
      [0, 0, 255, 0],
    ];
    const expected = rows.flat().map((value) => value / 255);
    expect(await weightsAt(await blocks('some.png', rows), 4, 3)).toEqual(expected);
    // Lies on its side, to be turned clockwise.
    const turned = [0, 1, 2, 3].map((column) => rows.map((row) => row[3 - column]!));
    expect(await weightsAt(await blocks('turned.jpg', turned, 6), 4, 3)).toEqual(expected);
    expect(
      await weightsAt(
        await blocks(
          'wide.png',
          rows.map((row) => [255, 255, ...row, 255, 255]),
        ),
        4,
        3,
      ),
    ).toEqual(expected);
  });

  test('is cropped to the shape of cells that are not square', async () => {
    const rows = [
      [0, 0, 0, 255],
      [0, 255, 0, 0],
      [0, 0, 255, 0],
    ];
    const wide = rows.map((row) => row.flatMap((value) => [value, value]));
    const white = wide[0]!.map(() => 255);
    const path = await blocks('wide cells.png', [white, ...wide, white]);
    const weights = await readWeights(path, { columns: 4, rows: 3 }, { width: 96, height: 48 });
    expect(Array.from(weights, (weight) => 255 * Math.round(weight))).toEqual(rows.flat());
  });

  test('counts light parts of any colour, and nothing where it is clear', async () => {
    const path = join(root, 'clear.png');
    await sharp({ create: { width: 20, height: 20, channels: 4, background: '#fff0' } }).toFile(path);
    for (const weight of await readWeights(path, { columns: 2, rows: 2 }, SQUARE)) expect(weight).toBeCloseTo(0.1, 5);
    const yellow = join(root, 'yellow.png');
    await sharp({ create: { width: 20, height: 20, channels: 3, background: '#ffff00' } }).toFile(yellow);
    for (const weight of await readWeights(yellow, { columns: 2, rows: 2 }, SQUARE)) expect(weight).toBeCloseTo(1, 5);
  });

  test('has to be one', async () => {
    const path = join(root, 'text.txt');
    await writeFile(path, 'no picture');
    await refuses(
      () => readWeights(path, { columns: 2, rows: 2 }, SQUARE),
      /^Cannot read --weights .*text\.txt: not an image/,
    );
    await refuses(
      () => readWeights(join(root, 'missing.png'), { columns: 2, rows: 2 }, SQUARE),
      /^Cannot read --weights .*missing\.png/,
    );
  });
});

describe('weights that find themselves', () => {
  const grid = { columns: 40, rows: 10 };
  const random = seeded(3);
  type Rgb = readonly [number, number, number];

  /** Five regions side by side, 8 columns each. */
  function regions(colours: readonly (() => Rgb)[]): TargetCells {
    const px = Array.from({ length: 160 * 40 }, (_, i) => colours[Math.floor((i % 160) / 32)]!());
    return { grid, px: Uint8Array.from(px.flat()) };
  }
  /** Mean of a region's inner cells. */
  const meanOf = (weights: Float32Array, region: number) => {
    const inner = weights.filter((_, cell) => {
      const [x, y] = [cell % 40, Math.floor(cell / 40)];
      return x >= region * 8 + 3 && x < region * 8 + 5 && y > 1 && y < 8;
    });
    return inner.reduce((sum, weight) => sum + weight, 0) / inner.length;
  };

  test('are more where there is detail, or skin, than where it is plain', () => {
    const detail = (): Rgb => [random() * 255, random() * 255, random() * 255];
    const faint = (): Rgb => [120 + random() * 16, 120 + random() * 16, 120 + random() * 16];
    const weights = autoWeights(
      regions([() => [128, 128, 128], detail, () => [60, 100, 200], () => [224, 172, 140], faint]),
    );
    const [grey, detailed, blue, skin, noise] = [0, 1, 2, 3, 4].map((region) => meanOf(weights, region)) as [
      number,
      number,
      number,
      number,
      number,
    ];
    expect(grey).toBeCloseTo(1, 3);
    expect(blue).toBeCloseTo(1, 3);
    expect(skin).toBeCloseTo(2, 3);
    expect(detailed).toBeGreaterThan(2.5);
    expect(noise).toBeGreaterThan(1.05);
    expect(noise).toBeLessThan(1.5);
  });

  test.each<[string, Rgb, number]>([
    ['light skin', [255, 219, 190], 1],
    ['tanned skin', [198, 134, 94], 1],
    ['dark skin', [92, 58, 42], 1],
    ['orange', [255, 120, 0], 0],
    ['rose', [225, 135, 150], 0],
    ['straw', [225, 205, 130], 0],
    ['grass', [90, 140, 60], 0],
    ['sky', [135, 190, 235], 0],
    ['white', [255, 255, 255], 0],
    ['black', [0, 0, 0], 0],
  ])('take %s for what it is', (_, colour, skin) => {
    const weights = autoWeights(regions([0, 1, 2, 3, 4].map(() => () => colour)));
    for (const weight of weights) expect(weight).toBeCloseTo(1 + skin, 3);
  });

  test('see edges between cells that are plain themselves, and spread to the next', () => {
    const weights = autoWeights(regions([0, 255, 0, 255, 0].map((value) => () => [value, value, value])));
    // Columns 7 and 15 differ from those to their right.
    for (const column of [6, 7, 8]) expect(weights[5 * 40 + column], String(column)).toBeGreaterThan(1.2);
    for (const column of [3, 4, 11, 12]) expect(weights[5 * 40 + column], String(column)).toBeCloseTo(1, 5);
  });
});
