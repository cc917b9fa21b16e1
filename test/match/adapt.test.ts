import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { CROP_SCALE, FEATURE_LENGTH, type SourceFeatures } from '../../src/colour/features.ts';
import { encodeSrgb } from '../../src/colour/linear.ts';
import { oklabToLinear } from '../../src/colour/oklab.ts';
import { openTarget, TargetPx } from '../../src/image/target.ts';
import { adaptationOf } from '../../src/match/adapt.ts';
import { fit, squeeze } from '../../src/match/fit.ts';
import { reachOf } from '../../src/match/reach.ts';
import { smooth } from '../../src/match/smooth.ts';
import { coloursOf } from '../../src/match/target.ts';
import { targetCellsOf, writeCellFeatures } from '../../src/match/target-cells.ts';
import type { Grid } from '../../src/types.ts';
import { writeWaves } from '../helpers/images.ts';
import { integer, seeded } from '../helpers/random.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

type Lab = readonly [lightness: number, a: number, b: number];

/** A target of cells that have one colour each, inside sRGB. */
function plain(grid: Grid, colourAt: (column: number, row: number) => Lab): Uint8Array {
  const { columns, rows } = grid;
  const linear = new Float32Array(columns * rows * 3);
  for (let cell = 0; cell < columns * rows; cell++) {
    oklabToLinear(...colourAt(cell % columns, Math.floor(cell / columns)), linear, cell * 3);
  }
  const colours = new Uint8Array(linear.length);
  encodeSrgb(linear, colours);
  return new Uint8Array(columns * rows * 48).map((_, i) => {
    const [x, y] = [Math.floor((i / 3) % (columns * 4)), Math.floor(i / (columns * 12))];
    return colours[(Math.floor(y / 4) * columns + Math.floor(x / 4)) * 3 + (i % 3)]!;
  });
}

/** Sources of one colour each, shown whole. */
function sourcesOf(labs: readonly Lab[]): { features: SourceFeatures; crops: Uint32Array } {
  const whole = new Float32Array(labs.length * FEATURE_LENGTH);
  for (const [i, lab] of labs.entries()) whole.set([lab[0] * 4, lab[1] * 4, lab[2] * 4], i * FEATURE_LENGTH);
  return { features: { whole }, crops: new Uint32Array(labs.length).fill(1) };
}

/** Mean colours of a target's cells as they are compared. */
function compared(
  px: Uint8Array,
  grid: Grid,
  towards?: ReturnType<typeof sourcesOf> & { readonly part: number },
): Lab[] {
  const cells = targetCellsOf(px, grid, towards);
  const features = new Float32Array(FEATURE_LENGTH);
  return Array.from({ length: grid.columns * grid.rows }, (_, cell): Lab => {
    writeCellFeatures(cells, cell, features);
    return [features[0]! / 4, features[1]! / 4, features[2]! / 4];
  });
}

const WIDE = { columns: 40, rows: 24 };
const greys = (count: number, low: number, high: number) =>
  Array.from({ length: count }, (_, i): Lab => [low + ((high - low) * i) / (count - 1), 0, 0]);
/** Areas of five columns each that are lighter from left to right. */
const stairs =
  (low: number, high: number) =>
  (column: number): Lab => [low + ((high - low) * Math.floor(column / 5)) / 7, 0, 0];
const lightnessOf = (colours: readonly Lab[]) => colours.map(([lightness]) => lightness);
const close = (one: readonly Lab[], other: readonly Lab[]) =>
  Math.max(...one.map((lab, i) => Math.max(...lab.map((value, c) => Math.abs(value - other[i]![c]!)))));

describe('a fit of one range into another', () => {
  test('rises, stays where it may, and reaches both ends; 500 random ones', () => {
    const random = seeded(5);
    const range = () => {
      const [one, other] = [random(), random()];
      return { low: Math.min(one, other), high: Math.max(one, other) };
    };
    for (let round = 0; round < 500; round++) {
      const [from, into, slope] = [range(), range(), 0.2 + 0.8 * random()];
      const curve = fit(from, into, slope);
      let before = -Infinity;
      for (let value = -0.2; value <= 1.2; value += 0.004) {
        const now = curve(value);
        expect(now).toBeGreaterThan(before);
        before = now;
        // What occurs does not leave the range, but for the rounding of a knee.
        const occurs = value >= Math.max(from.low, into.low) && value <= Math.min(from.high, into.high);
        if (occurs) expect(now).toBeGreaterThan(into.low - 0.02);
        if (occurs) expect(now).toBeLessThan(into.high + 0.02);
        if (from.low >= into.low && from.high <= into.high) expect(now).toBe(value);
      }
      if (into.high - into.low < 0.05) continue;
      const [low, high] = [curve(from.low), curve(from.high)];
      expect(low).toBeGreaterThan(into.low - 0.02);
      expect(high).toBeLessThan(into.high + 0.05);
      if (from.low < into.low && from.high < into.high) expect(low).toBeLessThan(into.low + 0.02);
      if (from.high > into.high && from.low > into.low) expect(high).toBeGreaterThan(into.high - 0.02);
    }
  });

  test('squeezes only from the knee on, by the slope', () => {
    const curve = fit({ low: 0, high: 0.6 }, { low: 0.2, high: 0.9 }, 0.5);
    expect(curve(0)).toBeCloseTo(0.2, 9);
    expect(curve(0.2) - curve(0.1)).toBeCloseTo(0.05, 9);
    expect(curve(0.5)).toBe(0.5);
    expect(squeeze(0.1, { from: 0.3, into: 0.2 }, 0.3)).toBe(0.1);
    expect(squeeze(0.3, { from: 0.3, into: 0.2 }, 0.3)).toBeCloseTo(0.2, 9);
    expect(squeeze(0.3, { from: 0.3, into: 0.4 }, 0.3)).toBe(0.3);
    expect(squeeze(0, { from: 0.3, into: 0 }, 0.3)).toBe(0);
    // Rare colours beyond a range that lies within the other: they stay, too.
    expect(squeeze(0.8, { from: 0.3, into: 0.4 }, 0.3)).toBe(0.8);
    // Where there is no room at all, order is kept all the same.
    for (const ends of [0, 0.5, 1]) {
      const narrow = fit({ low: 0.1, high: 0.9 }, { low: ends, high: ends }, 0.5);
      expect(narrow(0.6)).toBeGreaterThan(narrow(0.4) + 0.001);
    }
  });
});

describe('smoothing', () => {
  test('averages small differences away, and keeps edges', () => {
    const grid = { columns: 30, rows: 20 };
    const random = seeded(8);
    const values = Float32Array.from({ length: 600 }, (_, cell) => (cell % 30 < 15 ? 0 : 3) + 0.02 * (random() - 0.5));
    const smoothed = smooth(values, grid, { reach: 3, edge: 0.2 });
    const spread = (all: Float32Array, column: number) => {
      const own = all.filter((_, cell) => cell % 30 === column);
      return Math.max(...own) - Math.min(...own);
    };
    expect(spread(smoothed, 5)).toBeLessThan(0.4 * spread(values, 5));
    for (let cell = 14; cell < 600; cell += 30) expect(smoothed[cell + 1]! - smoothed[cell]!).toBeGreaterThan(2.8);
  });

  test.each([
    [1, 1],
    [2, 1],
    [1, 9],
    [3, 2],
  ])('of %i x %i cells that are equal changes nothing', (columns, rows) => {
    const equal = new Float32Array(columns * rows).fill(0.7);
    for (const value of smooth(equal, { columns, rows }, { reach: 3, edge: 0.2 })) expect(value).toBeCloseTo(0.7, 6);
  });
});

describe('adaptation', () => {
  test('leaves a target alone that lies within what pictures show', () => {
    const random = seeded(3);
    const all = Array.from({ length: 2000 }, (): Lab => [
      0.2 + 0.7 * random(),
      0.16 * (random() - 0.5),
      0.16 * (random() - 0.5),
    ]);
    const own = plain(WIDE, () => [0.3 + 0.5 * random(), 0.1 * (random() - 0.5), 0.1 * (random() - 0.5)]);
    expect(close(compared(own, WIDE, { ...sourcesOf(all), part: 1 }), compared(own, WIDE))).toBeLessThan(1e-6);
    // Nor is contrast stretched to the pictures' range.
    const dim = plain(WIDE, stairs(0.5, 0.6));
    expect(compared(dim, WIDE, { ...sourcesOf(greys(300, 0.1, 0.95)), part: 1 })).toEqual(compared(dim, WIDE));
  });

  test.each([
    ['dark ones from light images', [0.05, 0.5], [0.55, 0.95]],
    ['light ones from dark images', [0.5, 0.95], [0.1, 0.45]],
    ['a wide range from a narrow one', [0.05, 0.95], [0.4, 0.7]],
  ] as const)('brings areas into what pictures show, in their order: %s', (_name, [low, high], [least, most]) => {
    const px = plain(WIDE, stairs(low, high));
    const now = lightnessOf(compared(px, WIDE, { ...sourcesOf(greys(400, least, most)), part: 1 }));
    const middles = Array.from({ length: 8 }, (_, step) => now[12 * WIDE.columns + step * 5 + 2]!);
    for (const [step, lightness] of middles.entries()) {
      // Detail beside an area may exceed the range a little.
      expect(lightness, `step ${step}`).toBeGreaterThan(least - 0.05);
      expect(lightness, `step ${step}`).toBeLessThan(most + 0.05);
      if (step > 0) expect(lightness).toBeGreaterThan(middles[step - 1]! + 0.005);
    }
  });

  test('keeps which of two neighbours is lighter; 40 random targets', () => {
    const random = seeded(21);
    for (let round = 0; round < 40; round++) {
      const grid = { columns: integer(random, 4, 20), rows: integer(random, 4, 20) };
      const [scale, offset] = [0.2 + 0.5 * random(), 0.2 * random()];
      const patch = integer(random, 1, 6);
      const values = Array.from({ length: 400 }, () => offset + scale * random());
      const px = plain(grid, (x, y) => [values[Math.floor(x / patch) + 20 * Math.floor(y / patch)]!, 0, 0]);
      const [before, now] = [
        lightnessOf(compared(px, grid)),
        lightnessOf(compared(px, grid, { ...sourcesOf(greys(200, 0.5, 0.9)), part: 1 })),
      ];
      for (let cell = 1; cell < before.length; cell++) {
        if (cell % grid.columns === 0) continue;
        const difference = before[cell]! - before[cell - 1]!;
        if (Math.abs(difference) > 0.03) expect(Math.sign(now[cell]! - now[cell - 1]!)).toBe(Math.sign(difference));
      }
    }
  });

  test('squeezes what is large, not the edges and details in it', () => {
    // A wide ramp with fine stripes: the ramp loses more than half, the stripes nothing.
    const px = plain(WIDE, (column, row) => [0.1 + 0.008 * column + (row % 2 ? 0.03 : -0.03), 0, 0]);
    const [before, now] = [
      lightnessOf(compared(px, WIDE)),
      lightnessOf(compared(px, WIDE, { ...sourcesOf(greys(300, 0.5, 0.9)), part: 1 })),
    ];
    const at = (all: number[], column: number, row: number) => all[row * WIDE.columns + column]!;
    for (let column = 2; column < 38; column++) {
      for (let row = 2; row < 22; row++) {
        const stripe = (all: number[]) => Math.abs(at(all, column, row) - at(all, column, row + 1));
        expect(stripe(now)).toBeGreaterThanOrEqual(stripe(before));
        expect(stripe(now)).toBeLessThan(1.4 * stripe(before));
      }
    }
    const ramp = (all: number[]) => at(all, 35, 10) - at(all, 5, 10);
    expect(ramp(now) / ramp(before)).toBeGreaterThan(0.25);
    expect(ramp(now) / ramp(before)).toBeLessThan(0.4);
  });

  test('moves all parts of a cell alike, within black and white', () => {
    const grid = { columns: 6, rows: 6 };
    const px = new Uint8Array(36 * 48).map((_, i) => (Math.floor(i / 3) % 3 ? 20 : 60));
    const features = [undefined, { ...sourcesOf(greys(50, 0.6, 0.9)), part: 1 }].map((towards) => {
      const out = new Float32Array(FEATURE_LENGTH);
      writeCellFeatures(targetCellsOf(px, grid, towards), 14, out);
      return out;
    }) as [Float32Array, Float32Array];
    expect(features[1][0]).toBeGreaterThan(features[0][0]! + 1);
    for (let i = 3; i < FEATURE_LENGTH; i++) expect(features[1][i]).toBeCloseTo(features[0][i]!, 5);
    const extreme = new Uint8Array(36 * 48).map((_, i) => (Math.floor(i / 3) % 8 ? 0 : 255));
    writeCellFeatures(targetCellsOf(extreme, grid, { ...sourcesOf(greys(9, 0.9, 1)), part: 1 }), 14, features[0]);
    expect(features[0][0]).toBeLessThanOrEqual(4);
    expect(features[0][0]).toBeGreaterThan(3);
  });

  test('of no part is none; in between, it goes from nothing to all without a turn', () => {
    const random = seeded(4);
    const px = plain(WIDE, () => [0.1 + 0.4 * random(), 0.1 * (random() - 0.5), 0.1 * (random() - 0.5)]);
    const sources = sourcesOf(greys(300, 0.5, 0.9));
    expect(targetCellsOf(px, WIDE, { ...sources, part: 0 })).toEqual({ grid: WIDE, px });
    const reach = reachOf(sources.features, sources.crops);
    const parts = [0, 0.2, 0.5, 0.8, 1].map((part) => adaptationOf({ grid: WIDE, px }, reach, part));
    const whole = parts[4]!;
    expect(Math.max(...parts[0]!)).toBe(0);
    for (let i = 0; i < whole.length; i++) {
      for (let step = 1; step < parts.length; step++) {
        expect(parts[step]![i]! * Math.sign(whole[i]!)).toBeGreaterThanOrEqual(
          parts[step - 1]![i]! * Math.sign(whole[i]!),
        );
      }
      expect(parts[2]![i]).toBeCloseTo(0.75 * whole[i]!, 6);
    }
    expect(Math.max(...whole)).toBeGreaterThan(0.2);
  });

  test('keeps hues, and squeezes only the chroma that pictures lack', () => {
    // Pictures of all hues, but of little chroma on the side of red.
    const random = seeded(6);
    const sources = Array.from({ length: 3000 }, (): Lab => {
      const [chroma, hue] = [0.12 * Math.sqrt(random()), 2 * Math.PI * random()];
      const a = chroma * Math.cos(hue);
      return [0.3 + 0.5 * random(), a > 0 ? a / 3 : a, chroma * Math.sin(hue)];
    });
    const px = plain(WIDE, () => [0.4 + 0.3 * random(), 0.2 * (random() - 0.5), 0.06 * (random() - 0.5)]);
    const [before, now] = [compared(px, WIDE), compared(px, WIDE, { ...sourcesOf(sources), part: 1 })];
    let squeezed = 0;
    for (const [cell, [lightness, a, b]] of now.entries()) {
      const [wasLight, wasA, wasB] = before[cell]!;
      expect(lightness).toBeCloseTo(wasLight, 3);
      expect(Math.hypot(a, b)).toBeLessThanOrEqual(Math.hypot(wasA, wasB) + 1e-6);
      // Grey stays the centre: the cross product of both colours is 0.
      expect(Math.abs(a * wasB - b * wasA)).toBeLessThan(1e-6);
      if (wasA < 0 && Math.abs(wasB) < -wasA) expect(close([now[cell]!], [before[cell]!])).toBeLessThan(0.01);
      if (a < wasA - 0.02) squeezed++;
      expect(a).toBeLessThan(0.06);
    }
    expect(squeezed).toBeGreaterThan(100);
  });

  test('carries shapes by lightness where images have one hue', () => {
    const random = seeded(9);
    const sepia = Array.from({ length: 500 }, (): Lab => {
      const chroma = 0.06 + 0.01 * random();
      return [0.1 + 0.85 * random(), chroma / 3, chroma];
    });
    const px = plain(WIDE, (column, row) => [0.3 + 0.01 * column, row < 12 ? 0.05 : -0.05, row % 2 ? 0.03 : -0.03]);
    const [before, now] = [compared(px, WIDE), compared(px, WIDE, { ...sourcesOf(sepia), part: 1 })];
    for (const [cell, [lightness, a, b]] of now.entries()) {
      expect(lightness).toBeCloseTo(before[cell]![0], 3);
      expect(Math.hypot(a - 0.0217, b - 0.065)).toBeLessThan(0.02);
    }
    // What is sepia itself stays.
    const own = plain(WIDE, (column) => [0.3 + 0.01 * column, 0.0217, 0.065]);
    expect(close(compared(own, WIDE, { ...sourcesOf(sepia), part: 1 }), compared(own, WIDE))).toBeLessThan(0.006);
  });

  test('looks at pictures in the crops that they may be shown in', () => {
    const whole = new Float32Array(FEATURE_LENGTH * 2);
    const crops = new Int16Array(FEATURE_LENGTH * 4);
    whole.set([2, 0.4, 0]);
    crops.set([1 * CROP_SCALE, 0, -0.2 * CROP_SCALE], FEATURE_LENGTH);
    whole.set([3, 0, 0], FEATURE_LENGTH);
    crops.set([3.6 * CROP_SCALE, 0, 0], FEATURE_LENGTH * 2);
    const { labs, lightness } = reachOf({ whole, crops }, Uint32Array.of(0b101, 0b11));
    expect(lightness.low).toBeCloseTo(0.25, 3);
    expect(lightness.high).toBeCloseTo(0.9, 3);
    const expected = [0.5, 0.1, 0, 0.25, 0, -0.05, 0.75, 0, 0, 0.9, 0, 0];
    expect(labs).toHaveLength(expected.length);
    for (const [i, value] of expected.entries()) expect(labs[i]).toBeCloseTo(value, 3);
    // The dark crops of a few light images are within reach; those of still fewer are left out.
    const few = (dark: number) =>
      reachOf(
        {
          whole: new Float32Array(400 * FEATURE_LENGTH).map((_, i) => (i % FEATURE_LENGTH ? 0 : 3.2)),
          crops: new Int16Array(400 * FEATURE_LENGTH).map((_, i) => {
            const value = i < dark * FEATURE_LENGTH ? 0.8 : 3.2;
            return i % FEATURE_LENGTH ? 0 : value * CROP_SCALE;
          }),
        },
        new Uint32Array(400).fill(0b11),
      ).lightness.low;
    expect(few(6)).toBeCloseTo(0.2, 3);
    expect(few(5)).toBeCloseTo(0.8, 3);
    // Of very many, a part.
    const many = { whole: new Float32Array(9000 * FEATURE_LENGTH).map((_, i) => Math.floor(i / FEATURE_LENGTH)) };
    const { labs: sample } = reachOf(many, new Uint32Array(9000).fill(1));
    expect(sample.length).toBeLessThan(9000 * 2);
    expect(sample[0]).toBe(0);
    expect(sample[sample.length - 3]! * 4).toBeGreaterThan(8990);
  });

  test.each([
    ['one image', greys(2, 0.5, 0.5).slice(1)],
    ['equal images', greys(70, 0.6, 0.6)],
    ['black images', greys(3, 0, 0)],
    ['white images', greys(3, 1, 1)],
    ['two images', greys(2, 0, 1)],
    ['one red image', [[0.5, 0.2, 0.1]] as Lab[]],
  ])('holds with %s', (_, sources) => {
    for (const grid of [{ columns: 1, rows: 1 }, { columns: 7, rows: 1 }, WIDE]) {
      const random = seeded(2);
      const targets = [
        new Uint8Array(grid.columns * grid.rows * 48),
        new Uint8Array(grid.columns * grid.rows * 48).fill(255),
        new Uint8Array(grid.columns * grid.rows * 48).map(() => 256 * random()),
      ];
      for (const px of targets) {
        const cells = targetCellsOf(px, grid, { ...sourcesOf(sources), part: 1 });
        expect(cells.adaptation!.every((shift) => Number.isFinite(shift) && Math.abs(shift) < 1.2)).toBe(true);
        // Once again, to the bit.
        expect(targetCellsOf(px, grid, { ...sourcesOf(sources), part: 1 })).toEqual(cells);
        for (const [lightness] of compared(px, grid, { ...sourcesOf(sources), part: 1 })) {
          expect(lightness).toBeGreaterThanOrEqual(-1e-6);
          expect(lightness).toBeLessThanOrEqual(1 + 1e-6);
        }
      }
    }
  });

  test('of a picture’s cells reaches what they are compared by, and goes to threads as it is', async () => {
    const root = await temporaryFolder();
    const path = join(root, 'target.png');
    await writeWaves(path, 120, 80, 12);
    const grid = { columns: 30, rows: 20 };
    const px = await coloursOf(await TargetPx.decode(await openTarget(path), { width: 30, height: 20 }), grid);
    const sources = sourcesOf(greys(100, 0.75, 0.95));
    const cells = targetCellsOf(px, grid, { ...sources, part: 1 });
    expect(cells.adaptation!.buffer).toBeInstanceOf(SharedArrayBuffer);
    expect(cells.adaptation).toHaveLength(600 * 3);
    const [before, now] = [compared(px, grid), compared(px, grid, { ...sources, part: 1 })];
    for (const [cell, lab] of now.entries()) {
      for (const c of [0, 1, 2]) expect(lab[c]).toBeCloseTo(before[cell]![c]! + cells.adaptation![cell * 3 + c]!, 1);
      expect(lab[0]).toBeGreaterThan(0.65);
      expect(Math.hypot(lab[1], lab[2])).toBeLessThan(0.02);
    }
  });
});
