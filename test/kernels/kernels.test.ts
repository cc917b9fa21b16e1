import { readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { boxSums, CORNER_LENGTH } from '../../src/catalog/box-sums.ts';
import { halveCell } from '../../src/catalog/mips.ts';
import { resample } from '../../src/catalog/resample.ts';
import { FEATURE_LENGTH, writeFeatures } from '../../src/colour/features.ts';
import { halveLinear, LINEAR, linearToSrgb } from '../../src/colour/linear.ts';
import { linearToOklab } from '../../src/colour/oklab.ts';
import { compileKernel, kernelNames } from '../../src/kernels/compile.ts';
import type { Size } from '../../src/types.ts';
import { difference, waves } from '../helpers/images.ts';
import { integer, seeded } from '../helpers/random.ts';

const square = (side: number) => ({ width: side, height: side });

test('the committed WebAssembly is what its source compiles to', async () => {
  const names = await kernelNames();
  expect(names).toContain('cell');
  for (const name of names) {
    const committed = await readFile(new URL(`../../src/kernels/${name}.wasm.ts`, import.meta.url), 'utf8');
    expect(committed).toBe(await compileKernel(name));
  }
});

describe('linear light', () => {
  test('is that of IEC 61966-2-1, there and back', () => {
    expect(LINEAR[0]).toBe(0);
    expect(LINEAR[255]).toBe(1);
    expect(LINEAR[188]).toBeCloseTo(0.5029, 4); // half the light is sRGB 188, not 128
    for (let value = 0; value < 256; value++) expect(linearToSrgb(LINEAR[value]!)).toBe(value);
  });

  test('averages a chessboard to 188', () => {
    const board = new Uint8Array(8 * 8 * 3).map((_, i) => ((Math.floor(i / 3) + Math.floor(i / 24)) % 2 ? 255 : 0));
    expect([...halveCell(board, square(8)).px.get('4x4')!].every((value) => value === 188)).toBe(true);
    expect([...resample({ data: board, width: 8, height: 8, channels: 3 }, square(1), { r: 0, g: 0, b: 0 })]).toEqual([
      188, 188, 188,
    ]);
  });
});

test('OKLab is that of the published test values', () => {
  // Ottosson's table is for XYZ; these follow from it for the sRGB primaries and white.
  const lab = new Float64Array(3);
  const of = (r: number, g: number, b: number) => {
    linearToOklab(r, g, b, lab, 0);
    return [...lab].map((value) => Number(value.toFixed(3)) + 0);
  };
  expect(of(1, 1, 1)).toEqual([1, 0, 0]);
  expect(of(1, 0, 0)).toEqual([0.628, 0.225, 0.126]);
  expect(of(0, 1, 0)).toEqual([0.866, -0.234, 0.179]);
  expect(of(0, 0, 1)).toEqual([0.452, -0.032, -0.312]);
});

test('the distance of two feature vectors is that of their colours', () => {
  const random = seeded(1);
  for (let round = 0; round < 50; round++) {
    const [a, b] = [0, 1].map(() => Float32Array.from({ length: 48 }, () => random())) as [Float32Array, Float32Array];
    const vectors = [a, b].map((means) => {
      const out = new Float32Array(FEATURE_LENGTH);
      writeFeatures(means, 0, 12, out, 0);
      return out;
    });
    let colours = 0;
    const labs = [new Float64Array(3), new Float64Array(3)];
    for (let i = 0; i < 48; i += 3) {
      linearToOklab(a[i]!, a[i + 1]!, a[i + 2]!, labs[0]!, 0);
      linearToOklab(b[i]!, b[i + 1]!, b[i + 2]!, labs[1]!, 0);
      for (let c = 0; c < 3; c++) colours += (labs[0]![c]! - labs[1]![c]!) ** 2;
    }
    const features = vectors[0]!.reduce((sum, value, i) => sum + (value - vectors[1]![i]!) ** 2, 0);
    expect(features).toBeCloseTo(colours, 4);
  }
});

/** The same resize by its definition, in double precision: every output px from all input px. */
function slowResize(px: Uint8Array, width: number, height: number, size: Size): Uint8Array {
  const cubic = (x: number) =>
    x < 1 ? 1.5 * x ** 3 - 2.5 * x ** 2 + 1 : x < 2 ? -0.5 * x ** 3 + 2.5 * x ** 2 - 4 * x + 2 : 0;
  const weights = (input: number, output: number) =>
    Array.from({ length: output }, (_, i) => {
      const [ratio, centre] = [input / output, ((i + 0.5) * input) / output - 0.5];
      const row = Array.from({ length: input }, (__, j) => cubic(Math.abs(j - centre) / Math.max(1, ratio)));
      const total = row.reduce((sum, value) => sum + value, 0);
      return row.map((value) => value / total);
    });
  const [across, down] = [weights(width, size.width), weights(height, size.height)];
  const out = new Uint8Array(size.width * size.height * 3);
  for (let y = 0; y < size.height; y++) {
    for (let x = 0; x < size.width; x++) {
      for (let c = 0; c < 3; c++) {
        let sum = 0;
        for (let v = 0; v < height; v++) {
          if (down[y]![v] === 0) continue;
          for (let u = 0; u < width; u++) sum += down[y]![v]! * across[x]![u]! * LINEAR[px[(v * width + u) * 3 + c]!]!;
        }
        out[(y * size.width + x) * 3 + c] = linearToSrgb(sum);
      }
    }
  }
  return out;
}

describe('resampling', () => {
  test.each<[string, (random: () => number) => Size]>([
    ['squares', (random) => square(2 ** integer(random, 0, 5))],
    ['other shapes', (random) => ({ width: integer(random, 1, 40), height: integer(random, 1, 40) })],
  ])('agrees with its definition, larger and smaller, odd and even, for %s', (_, sizeOf) => {
    const random = seeded(2);
    for (let round = 0; round < 25; round++) {
      const [width, height, size] = [integer(random, 1, 50), integer(random, 1, 50), sizeOf(random)];
      const data =
        round % 2 ? waves(width, height, round) : Uint8Array.from({ length: width * height * 3 }, () => random() * 256);
      const fast = resample({ data, width, height, channels: 3 }, size, { r: 0, g: 0, b: 0 });
      const { most } = difference(fast, slowResize(data, width, height, size));
      // Rounding of single precision.
      expect(most, `${width} x ${height} to ${size.width} x ${size.height}`).toBeLessThanOrEqual(1);
    }
  });

  test('of a part of an image reads its px alone', () => {
    const random = seeded(5);
    for (let round = 0; round < 20; round++) {
      const [width, height] = [integer(random, 3, 40), integer(random, 3, 40)];
      const [left, top] = [integer(random, 0, width - 2), integer(random, 0, height - 2)];
      const around = { left, top, width: integer(random, 1, width - left), height: integer(random, 1, height - top) };
      const px = { data: waves(width, height, round), width, height, channels: 3 };
      const lines = Array.from({ length: around.height }, (__, y) => {
        const from = ((top + y) * width + left) * 3;
        return px.data.subarray(from, from + around.width * 3);
      });
      const cut = { data: Buffer.concat(lines), width: around.width, height: around.height, channels: 3 };
      const [size, background] = [square(integer(random, 1, 20)), { r: 0, g: 0, b: 0 }];
      expect(resample({ ...px, around }, size, background)).toEqual(resample(cut, size, background));
    }
  });

  test('leaves a picture of the right size as it is', () => {
    for (const size of [square(32), { width: 20, height: 45 }]) {
      const data = waves(size.width, size.height, 4);
      const same = resample({ data, ...size, channels: 3 }, size, { r: 0, g: 0, b: 0 });
      expect(Buffer.from(same).equals(data)).toBe(true);
    }
  });

  test('lays transparency over the background, and spreads grey', () => {
    const background = { r: 255, g: 0, b: 0 };
    const one = (data: number[], channels: number) => [
      ...resample({ data: Uint8Array.from(data), width: 1, height: 1, channels }, square(1), background),
    ];
    expect(one([0, 0, 255, 0], 4)).toEqual([255, 0, 0]);
    expect(one([0, 0, 255, 255], 4)).toEqual([0, 0, 255]);
    expect(one([0, 0, 255, 128], 4)).toEqual([187, 0, 188]); // half the light each
    expect(one([77], 1)).toEqual([77, 77, 77]);
    expect(one([77, 0], 2)).toEqual([255, 0, 0]);
  });
});

test('sums of boxes agree with their definition, at every number of channels', () => {
  const random = seeded(8);
  const background = { r: 200, g: 30, b: 90 };
  for (let round = 0; round < 30; round++) {
    const [width, height, channels] = [integer(random, 1, 60), integer(random, 1, 60), (round % 4) + 1];
    const data = Uint8Array.from({ length: width * height * channels }, () => random() * 256);
    const raster = { width: integer(random, 1, width), height: integer(random, 1, height) };
    const sums = boxSums({ data, width, height, channels }, raster, background);
    expect(sums).toHaveLength((raster.width + 1) * (raster.height + 1) * CORNER_LENGTH);
    // By row and column of boxes: sums of colours, and number of px.
    const boxes = Array.from({ length: raster.height }, () => Array.from({ length: raster.width }, () => [0, 0, 0, 0]));
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        const box = boxes[Math.floor((y * raster.height) / height)]![Math.floor((x * raster.width) / width)]!;
        const px = data.subarray((y * width + x) * channels);
        const alpha = channels % 2 ? 1 : px[channels - 1]! / 255;
        for (const [c, behind] of [background.r, background.g, background.b].entries()) {
          const own = LINEAR[px[channels > 2 ? c : 0]!]!;
          box[c]! += alpha * own + (1 - alpha) * LINEAR[behind]!;
        }
        box[3]!++;
      }
    }
    for (let row = 0; row <= raster.height; row++) {
      for (let column = 0; column <= raster.width; column++) {
        const before = boxes.slice(0, row).flatMap((line) => line.slice(0, column));
        for (let c = 0; c < 3; c++) {
          const wanted = before.reduce((sum, box) => sum + box[c]! / box[3]!, 0);
          const at = (row * (raster.width + 1) + column) * CORNER_LENGTH + c;
          expect(Math.abs(sums[at]! - wanted)).toBeLessThan(1e-6 * Math.max(1, before.length));
        }
      }
    }
  }
});

test.each<[number, number]>([
  [64, 64],
  [96, 64],
  [64, 96],
  [16, 144],
  [72, 128],
  [112, 48],
])('halving agrees with its definition at every size: %i x %i', (fullWidth, fullHeight) => {
  const cell = waves(fullWidth, fullHeight, 9);
  const { px, means } = halveCell(cell, { width: fullWidth, height: fullHeight });
  expect(px.get(`${fullWidth}x${fullHeight}`)).toBe(cell);
  let linear = halveLinear(
    Float32Array.from(cell, (value) => LINEAR[value]!),
    fullWidth,
    fullHeight,
  );
  let [width, height] = [fullWidth / 2, fullHeight / 2];
  for (; Number.isInteger(width) && Number.isInteger(height); [width, height] = [width / 2, height / 2]) {
    const size = `${width}x${height}`;
    expect(difference(px.get(size)!, Uint8Array.from(linear, linearToSrgb)).most, `${size} px`).toBe(0);
    if (size === '4x4') expect(Math.max(...means.map((value, i) => Math.abs(value - linear[i]!)))).toBeLessThan(1e-6);
    linear = halveLinear(linear, width, height);
  }
  // None beyond those of whole px; and means of squares alone.
  expect(px.size).toBe(Math.log2(fullWidth / width));
  expect(means).toHaveLength(fullWidth === fullHeight ? 48 : 0);
});
