import { join } from 'node:path';
import { converter, differenceCiede2000, type Lab65 } from 'culori';
import sharp from 'sharp';
import { ssim } from 'ssim.js';
import { describe, expect, test } from 'vitest';
import { linearToCielab } from '../../src/colour/cielab.ts';
import { LINEAR } from '../../src/colour/linear.ts';
import { measureAfar, sumAfar } from '../../src/measure/afar.ts';
import { ciede2000 } from '../../src/measure/ciede2000.ts';
import { measure } from '../../src/measure/measure.ts';
import { ssimTaps, sumSsim } from '../../src/measure/ssim.ts';
import { distanceConflicts, measureUses, usesOf } from '../../src/measure/uses.ts';
import { openImage } from '../../src/image/open-image.ts';
import { openTarget } from '../../src/image/target.ts';
import { writeWaves } from '../helpers/images.ts';
import { integer, seeded } from '../helpers/random.ts';
import { conflictsOf, countsOf } from '../helpers/scene.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

// G. Sharma, W. Wu, E. N. Dalal, "The CIEDE2000 color-difference formula", 2005, table 1: L, a, b twice, and the difference.
// prettier-ignore
const PAIRS: [number, number, number, number, number, number, number][] = [
  [50, 2.6772, -79.7751, 50, 0, -82.7485, 2.0425],
  [50, 3.1571, -77.2803, 50, 0, -82.7485, 2.8615],
  [50, 2.8361, -74.02, 50, 0, -82.7485, 3.4412],
  [50, -1.3802, -84.2814, 50, 0, -82.7485, 1],
  [50, -1.1848, -84.8006, 50, 0, -82.7485, 1],
  [50, -0.9009, -85.5211, 50, 0, -82.7485, 1],
  [50, 0, 0, 50, -1, 2, 2.3669],
  [50, -1, 2, 50, 0, 0, 2.3669],
  [50, 2.49, -0.001, 50, -2.49, 0.0009, 7.1792],
  [50, 2.49, -0.001, 50, -2.49, 0.001, 7.1792],
  [50, 2.49, -0.001, 50, -2.49, 0.0011, 7.2195],
  [50, 2.49, -0.001, 50, -2.49, 0.0012, 7.2195],
  [50, -0.001, 2.49, 50, 0.0009, -2.49, 4.8045],
  [50, -0.001, 2.49, 50, 0.001, -2.49, 4.8045],
  [50, -0.001, 2.49, 50, 0.0011, -2.49, 4.7461],
  [50, 2.5, 0, 50, 0, -2.5, 4.3065],
  [50, 2.5, 0, 73, 25, -18, 27.1492],
  [50, 2.5, 0, 61, -5, 29, 22.8977],
  [50, 2.5, 0, 56, -27, -3, 31.903],
  [50, 2.5, 0, 58, 24, 15, 19.4535],
  [50, 2.5, 0, 50, 3.1736, 0.5854, 1],
  [50, 2.5, 0, 50, 3.2972, 0, 1],
  [50, 2.5, 0, 50, 1.8634, 0.5757, 1],
  [50, 2.5, 0, 50, 3.2592, 0.335, 1],
  [60.2574, -34.0099, 36.2677, 60.4626, -34.1751, 39.4387, 1.2644],
  [63.0109, -31.0961, -5.8663, 62.8187, -29.7946, -4.0864, 1.263],
  [61.2901, 3.7196, -5.3901, 61.4292, 2.248, -4.962, 1.8731],
  [35.0831, -44.1164, 3.7933, 35.0232, -40.0716, 1.5901, 1.8645],
  [22.7233, 20.0904, -46.694, 23.0331, 14.973, -42.5619, 2.0373],
  [36.4612, 47.858, 18.3852, 36.2715, 50.5065, 21.2231, 1.4146],
  [90.8027, -2.0831, 1.441, 91.1528, -1.6435, 0.0447, 1.4441],
  [90.9257, -0.5406, -0.9208, 88.6381, -0.8985, -0.7239, 1.5381],
  [6.7747, -0.2908, -2.4247, 5.8714, -0.0985, -2.2286, 0.6377],
  [2.0776, 0.0795, -1.135, 0.9033, -0.0636, -0.5514, 0.9082],
];

const theirDifference = differenceCiede2000();
const toLab = converter('lab65');

test('the difference from afar is that of pictures blurred by a cell in linear light', () => {
  const random = seeded(21);
  for (const [width, height] of [
    [11, 9],
    [3, 2],
    [1, 1],
  ] as const) {
    const picture = () => Uint8Array.from({ length: width * height * 3 }, () => integer(random, 0, 255));
    const [a, b] = [picture(), picture()];
    const linear = (value: number) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4);
    const blurred = (px: Uint8Array, x: number, y: number) => {
      const sums = [0, 0, 0];
      let total = 0;
      for (let row = Math.max(0, y - 3); row <= Math.min(height - 1, y + 3); row++) {
        for (let column = Math.max(0, x - 3); column <= Math.min(width - 1, x + 3); column++) {
          const factor = Math.exp(-((column - x) ** 2 + (row - y) ** 2) / 2);
          total += factor;
          for (let c = 0; c < 3; c++) sums[c]! += factor * linear(px[(row * width + column) * 3 + c]! / 255);
        }
      }
      const [r, g, blue] = sums.map((sum) => sum / total) as [number, number, number];
      return toLab({ mode: 'lrgb', r, g, b: blue });
    };
    const [first, count] = [Math.min(1, height - 1), Math.max(1, height - 3)];
    let expected = 0;
    for (let y = first; y < first + count; y++) {
      for (let x = 0; x < width; x++) expected += theirDifference(blurred(a, x, y), blurred(b, x, y));
    }
    expect(sumAfar(a, b, { width, height, first, count }) / (width * count)).toBeCloseTo(expected / (width * count), 2);
  }
});

describe('CIEDE2000', () => {
  test('is what its authors published, either way round', () => {
    expect(PAIRS).toHaveLength(34);
    for (const [l1, a1, b1, l2, a2, b2, published] of PAIRS) {
      for (const found of [ciede2000(l1, a1, b1, l2, a2, b2), ciede2000(l2, a2, b2, l1, a1, b1)]) {
        expect(found.toFixed(4), `${l1}, ${a1}, ${b1} and ${l2}, ${a2}, ${b2}`).toBe(published.toFixed(4));
      }
    }
  });

  test('is what culori computes', () => {
    const random = seeded(2000);
    const any = (): Lab65 => ({ mode: 'lab65', l: random() * 100, a: random() * 240 - 120, b: random() * 240 - 120 });
    for (let round = 0; round < 5000; round++) {
      const one = any();
      // A third are near each other, where the formula matters, and a third of about opposite hues, where its cases meet.
      const size = [1, -0.5][round % 3];
      const near = (value: number) => (size ?? 0) * value + random() * 4 - 2;
      const other = size === undefined ? any() : { ...one, a: near(one.a), b: near(one.b) };
      const found = ciede2000(one.l, one.a, one.b, other.l, other.a, other.b);
      expect(Math.abs(found - theirDifference(one, other)), JSON.stringify([one, other])).toBeLessThan(1e-9);
    }
  });
});

test('CIELAB is what culori computes', () => {
  const random = seeded(76);
  const out = new Float64Array(5);
  for (let round = 0; round < 2000; round++) {
    // Every tenth dark, where the curve is a line.
    const [r, g, b] = [0, 1, 2].map(() => integer(random, 0, round % 10 ? 255 : 8)) as [number, number, number];
    linearToCielab(LINEAR[r]!, LINEAR[g]!, LINEAR[b]!, out, 1);
    const { l, a, b: theirB } = toLab({ mode: 'rgb', r: r / 255, g: g / 255, b: b / 255 });
    // Its white point has more digits.
    for (const [i, value] of [0, l, a, theirB, 0].entries()) expect(Math.abs(out[i]! - value)).toBeLessThan(0.02);
  }
});

/** Mean similarity by the formula itself, window by window. */
function directSsim(a: ArrayLike<number>, b: ArrayLike<number>, width: number, height: number, taps: number): number {
  const weights = Array.from({ length: taps }, (_, i) => Math.exp(-((i - (taps - 1) / 2) ** 2) / 4.5));
  const total = weights.reduce((sum, weight) => sum + weight) ** 2;
  let [sum, windows] = [0, 0];
  for (let top = 0; top + taps <= height; top++) {
    for (let left = 0; left + taps <= width; left++, windows++) {
      let [meanA, meanB, varianceA, varianceB, covariance] = [0, 0, 0, 0, 0];
      const each = (visit: (weight: number, one: number, other: number) => void) => {
        for (let y = 0; y < taps; y++) {
          for (let x = 0; x < taps; x++) {
            const at = (top + y) * width + left + x;
            visit((weights[y]! * weights[x]!) / total, a[at]!, b[at]!);
          }
        }
      };
      each((weight, one, other) => {
        meanA += weight * one;
        meanB += weight * other;
      });
      each((weight, one, other) => {
        varianceA += weight * (one - meanA) ** 2;
        varianceB += weight * (other - meanB) ** 2;
        covariance += weight * (one - meanA) * (other - meanB);
      });
      const [c1, c2] = [2.55 ** 2, 7.65 ** 2];
      sum +=
        ((2 * meanA * meanB + c1) * (2 * covariance + c2)) /
        ((meanA ** 2 + meanB ** 2 + c1) * (varianceA + varianceB + c2));
    }
  }
  return sum / windows;
}

/** Two grey pictures, of which the second is the first with noise. */
function greys(width: number, height: number, seed: number): [Float32Array, Float32Array] {
  const random = seeded(seed);
  const one = Float32Array.from({ length: width * height }, (_, i) =>
    Math.round(128 + 80 * Math.sin((i % width) / 5 + seed) * Math.cos(i / width / 7) + random() * 40),
  );
  return [one, one.map((value) => Math.max(0, Math.min(255, Math.round(value * 0.9 + random() * 60 - 20))))];
}

describe('SSIM', () => {
  test.each([
    [64, 48],
    [11, 11],
    [11, 40],
    [97, 12],
  ])('of %i x %i px is what ssim.js and the formula say', (width, height) => {
    const [a, b] = greys(width, height, width);
    const { sum, windows } = sumSsim(a, b, width, height, ssimTaps(Math.min(width, height)));
    expect(windows).toBe((width - 10) * (height - 10));
    expect(sum / windows).toBeLessThan(0.95);
    expect(sum / windows).toBeCloseTo(directSsim(a, b, width, height, 11), 9);
    // Grey px have the same luma whatever weighs the channels; nothing is padded.
    const rgba = (values: Float32Array) => ({
      data: Uint8ClampedArray.from({ length: values.length * 4 }, (_, i) => values[i >> 2]!),
      width,
      height,
    });
    const theirs = ssim(rgba(a), rgba(b), { ssim: 'original', windowSize: 11, downsample: false });
    expect(theirs.ssim_map.data).toHaveLength(windows);
    expect(sum / windows).toBeCloseTo(theirs.mssim, 9);
  });

  test.each([
    [7, 5, 5],
    [8, 6, 5],
    [1, 9, 1],
    [10, 2, 1],
    [20, 10, 9],
  ])('of %i x %i px, too small for a whole window, takes the largest odd one, of %i', (width, height, taps) => {
    expect(ssimTaps(Math.min(width, height))).toBe(taps);
    const [a, b] = greys(width, height, 3);
    const { sum, windows } = sumSsim(a, b, width, height, taps);
    expect(windows).toBe((width - taps + 1) * (height - taps + 1));
    expect(sum / windows).toBeCloseTo(directSsim(a, b, width, height, taps), 9);
  });
});

describe('uses', () => {
  const random = seeded(9);
  const grid = { columns: 23, rows: 17 };
  const usable = 40;
  const sources = Uint32Array.from({ length: 23 * 17 }, () => integer(random, 3, 39));

  test('are counted by source, unused ones too', () => {
    const uses = usesOf(sources, usable);
    const timesOf = (source: number) => sources.filter((other) => other === source).length;
    expect([...uses]).toEqual(Array.from({ length: usable }, (_, source) => timesOf(source)));
    const { mostUses, mostUsedShare, usesHistogram } = measureUses(uses, sources.length);
    expect(mostUses).toBe(Math.max(...uses));
    expect(mostUsedShare).toBe(mostUses / (23 * 17));
    expect(usesHistogram[0]).toEqual([0, 3]);
    for (const [times, count] of usesHistogram) expect(uses.filter((other) => other === times)).toHaveLength(count);
    expect(usesHistogram.reduce((sum, [, count]) => sum + count, 0)).toBe(usable);
    expect(usesHistogram.map(([times]) => times)).toEqual([...new Set(uses)].toSorted((a, b) => a - b));
  });

  test.each([0, 1, 2, 5, 30])('conflict within a distance of %i as all pairs of cells say', (distance) => {
    const own = Uint32Array.from({ length: usable }, (_, id) => id);
    expect(distanceConflicts(grid, sources, { alike: own, distance })).toBe(conflictsOf(sources, 23, distance));
    const alike = own.map((id) => id - (id % 4));
    const shown = sources.map((source) => alike[source]!);
    const conflicts = distanceConflicts(grid, sources, { alike, distance });
    expect(conflicts).toBe(conflictsOf(shown, 23, distance));
    expect(conflicts > 0).toBe(distance > 0);
  });

  test('and conflicts are those of the sources, however their pictures are numbered and turned', async () => {
    const path = join(await temporaryFolder(), 'target.png');
    await writeWaves(path, 46, 34, 3);
    // Of each source there are up to eight pictures, in any order.
    const origins = Uint32Array.from({ length: 8 * usable }, () => integer(random, 3, 39));
    const cells = Uint32Array.from({ length: 23 * 17 }, () => integer(random, 0, origins.length - 1));
    const shown = Array.from(cells, (picture) => origins[picture]!);
    const own = Uint32Array.from({ length: usable }, (_, id) => id);
    const quality = await measure({
      target: await openTarget(path),
      cell: { width: 1, height: 1 },
      placement: {
        grid,
        cells,
        costs: new Float32Array(cells.length),
        gap: 0.5,
        distanceCost: 0.25,
        afarCost: 0.125,
        minDistance: 2,
      },
      sources: { pixels: (picture, { width, height }) => new Uint8Array(width * height * 3).fill(picture % 256) },
      origins,
      alike: own,
      onProgress: () => {},
      signal: new AbortController().signal,
    });
    expect(quality).toMatchObject({ gap: 0.5, distanceCost: 0.25, afarCost: 0.125, minDistance: 2 });
    expect(quality.afar).toBeGreaterThan(0);
    expect(quality.distanceConflicts).toBe(conflictsOf(shown, 23, 2));
    expect(quality.distanceConflicts).not.toBe(conflictsOf(cells, 23, 2));
    expect(quality.mostUses).toBe(countsOf(shown)[0]);
    expect(quality.mostUses).not.toBe(countsOf(cells)[0]);
    const unused = usable - new Set(shown).size;
    expect(quality.usesHistogram[0]).toEqual([0, unused]);
    expect(quality.likeness.map(({ cellPx }) => cellPx)).toEqual([1, 2, 4, 8]);
  });
});

describe('differences of cells', () => {
  const grid = { columns: 20, rows: 10 };
  /** Measures a mosaic of plain cells against a plain target; `strange` cells show another colour. */
  async function measured(target: readonly number[], shown: readonly number[], strange: ReadonlySet<number>) {
    const px = Buffer.alloc(200 * 3).map((_, i) => target[i % 3]!);
    const png = await sharp(px, { raw: { width: 20, height: 10, channels: 3 } })
      .png()
      .toBuffer();
    const image = await openImage(png);
    return await measureAfar({
      target: { path: 'target.png', image, width: 20, height: 10, mean: { r: 0, g: 0, b: 0 } },
      cell: { width: 1, height: 1 },
      placement: {
        grid,
        cells: Uint32Array.from({ length: 200 }, (_, cell) => (strange.has(cell) ? 1 : 0)),
        costs: new Float32Array(200),
        gap: 0,
        distanceCost: 0,
        afarCost: 0,
        minDistance: 0,
      },
      sources: { pixels: (picture) => Uint8Array.from(picture === 1 ? shown : target) },
      signal: new AbortController().signal,
    });
  }
  const BLUE = [20, 30, 140];
  const cells = (count: number) => new Set(Array.from({ length: count }, (_, i) => i));

  test('the worst are those that 5 % of the cells exceed', async () => {
    expect((await measured(BLUE, [240, 240, 240], cells(10))).worst).toBe(0);
    const { worst } = await measured(BLUE, [240, 240, 240], cells(11));
    const rgb = ([r, g, b]: readonly number[]) => ({ mode: 'rgb', r: r! / 255, g: g! / 255, b: b! / 255 }) as const;
    expect(Math.abs(worst - differenceCiede2000()(rgb(BLUE), rgb([240, 240, 240])))).toBeLessThan(0.5);
  });

  test('colours that no image has are named, with their share', async () => {
    const { missing } = await measured(BLUE, [240, 240, 240], cells(60));
    expect(missing.map(({ colour }) => colour)).toEqual(['dark blues']);
    expect(missing[0]!.share).toBeGreaterThan(0.3);
    expect(missing[0]!.share).toBeLessThan(0.6);
    expect((await measured(BLUE, [25, 35, 145], cells(200))).missing).toEqual([]);
  });
});
