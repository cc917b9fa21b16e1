import { describe, expect, test } from 'vitest';
import { partSize } from '../../src/catalog/crop-place.ts';
import { sample } from '../../src/scan/sample.ts';
import { autoSide, fillOf } from '../../src/tiles/auto-cell.ts';
import { cellSizeOf, parseAspect } from '../../src/tiles/cell-shape.ts';
import { CROP_SETS, cropFactor, cropMasks } from '../../src/tiles/crops.ts';
import type { Size } from '../../src/types.ts';
import { integer, seeded } from '../helpers/random.ts';

/** Whether an image fills a cell: by its whole, and by all of its first `count` crops, as they are decided on for matching. */
function fills(size: Size, cell: Size, count: number) {
  const part = partSize(size, cell);
  const whole = part.width >= cell.width && part.height >= cell.height;
  const source = { ...size, crop: { left: 0, top: 0, ...part } };
  const [mask] = cropMasks([source], { cell, crop: 'centre' }, count);
  const last = count <= CROP_SETS.shift || (mask! & (1 << (count - 1))) !== 0;
  return { whole, all: whole && last, exact: part.width === cell.width && part.height === cell.height };
}

describe('the automatic size of cells', () => {
  test('is the largest that three quarters of the images fill in every crop or exactly, or that of most images', () => {
    const random = seeded(77);
    const reasons = new Map<string, number>();
    for (let round = 0; round < 3000; round++) {
      const aspect = parseAspect(['1:1', '1:1', '4:3', '3:2', '9:16', '2:1'][integer(random, 0, 5)]!)!;
      const count = Object.values(CROP_SETS)[integer(random, 0, 3)]!;
      const [usual, most] = [2 ** integer(random, 4, 10), integer(random, 20, 1500)];
      const share = random();
      const sizes = Array.from({ length: integer(random, 1, 12) }, (): Size => {
        if (random() < share) return cellSizeOf(aspect, usual);
        return { width: integer(random, 1, most), height: integer(random, 1, most) };
      });
      const drawings = random() < 0.2 ? integer(random, 1, 5) : 0;
      const images = { sizes, drawings, smallest: cropFactor(count - 1) };

      const total = sizes.length + drawings;
      const found = [512, 256, 128, 64, 32].map((side) => {
        const each = sizes.map((size) => fills(size, cellSizeOf(aspect, side), count));
        const all = each.filter((one) => one.all).length + drawings;
        const suited = each.filter((one) => one.all || one.exact).length + drawings;
        expect(fillOf(cellSizeOf(aspect, side), images)).toEqual({
          filled: (each.filter((one) => one.whole).length + drawings) / total,
          cropsFilled: all / total,
          exact: each.filter((one) => one.exact).length / total,
          suited: suited / total,
        });
        return { side, suited, exact: each.filter((one) => one.exact).length };
      });
      const own = found.find(({ exact }) => 2 * exact > total);
      const filled = found.find((one) => 4 * one.suited >= 3 * total);
      const because = own ? 'exact' : filled ? 'filled' : 'least';
      expect(autoSide(aspect, images)).toEqual({ side: (own ?? filled ?? { side: 32 }).side, because });
      reasons.set(because, (reasons.get(because) ?? 0) + 1);
    }
    for (const because of ['exact', 'filled', 'least']) expect(reasons.get(because)).toBeGreaterThan(200);
  });

  const sideOf = (sizes: readonly Size[], smallest = 3 / 4, drawings = 0) =>
    autoSide({ width: 1, height: 1 }, { sizes, drawings, smallest }).side;
  const many = (count: number, width: number, height = width) =>
    Array.from({ length: count }, () => ({ width, height }));

  test('is that of images which were made in one size, whatever their crops', () => {
    for (const side of [32, 64, 128, 256, 512]) expect(sideOf(many(30, side), 1 / 2)).toBe(side);
    expect(sideOf(many(30, 1024))).toBe(512);
    expect(sideOf(many(30, 16))).toBe(32);
    // Of one shorter side: their whole is just the cell.
    expect(sideOf([...many(20, 384, 256), ...many(20, 256, 341)])).toBe(256);
    // They are no longer most, but would still lose by smaller cells.
    expect(sideOf([...many(20, 64), ...many(20, 4000, 3000)])).toBe(64);
    expect(sideOf([...many(10, 64), ...many(30, 4000, 3000)])).toBe(512);
  });

  test('does not follow a few', () => {
    expect(sideOf([...many(75, 4000, 3000), ...many(25, 100)])).toBe(512);
    expect(sideOf([...many(74, 4000, 3000), ...many(26, 100)])).toBe(64);
    expect(sideOf(many(9, 300), 1)).toBe(256);
    expect(sideOf(many(9, 300), 3 / 4)).toBe(128);
  });

  test('is the largest for drawings, which fill any cell', () => {
    expect(sideOf([])).toBe(512);
    expect(sideOf([], 1 / 2, 3)).toBe(512);
    expect(sideOf(many(1, 40), 3 / 4, 3)).toBe(512);
    expect(sideOf(many(2, 40), 3 / 4, 3)).toBe(32);
  });
});

describe('a sample', () => {
  test('has one of each stretch, in order, and all of few', () => {
    const all = Array.from({ length: 70_001 }, (_, i) => i);
    expect(sample(all.slice(0, 1000), 1000)).toEqual(all.slice(0, 1000));
    for (const length of [1001, 1999, 2000, 4000, 70_001]) {
      const some = sample(all.slice(0, length), 1000);
      expect(some).toHaveLength(1000);
      for (const [i, item] of some.entries()) {
        expect(item).toBeGreaterThanOrEqual(Math.floor((i * length) / 1000));
        expect(item).toBeLessThan(((i + 1) * length) / 1000);
      }
      expect(new Set(some).size).toBe(1000);
    }
  });

  test('meets what alternates as often as it is there', () => {
    for (const period of [2, 3, 4, 5, 7, 10]) {
      const all = Array.from({ length: 4000 }, (_, i) => i % period);
      const first = sample(all, 1000).filter((kind) => kind === 0).length;
      expect(Math.abs(first / 1000 - 1 / period)).toBeLessThan(0.03);
    }
  });
});
