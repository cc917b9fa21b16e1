import { describe, expect, test } from 'vitest';
import {
  cropCount,
  cropFactor,
  cropMasks,
  cropName,
  CROP_SETS,
  cropNamed,
  cropRect,
  CROPS,
} from '../../src/tiles/crops.ts';
import { cropOfVariant, turnOfVariant, VARIANTS, variantOf } from '../../src/tiles/variants.ts';
import type { Crop, Rect } from '../../src/types.ts';
import { integer, seeded } from '../helpers/random.ts';

/** A random source whose whole is the largest square, somewhere along its longer side. */
function sourceOf(random: () => number) {
  const [width, height] = [integer(random, 1, 900), integer(random, 1, 900)];
  const side = Math.min(width, height);
  const left = integer(random, 0, width - side);
  const top = integer(random, 0, height - side);
  return { width, height, crop: { left, top, width: side, height: side } };
}

const isWithin = (inner: Rect, outer: Rect) =>
  inner.left >= outer.left &&
  inner.top >= outer.top &&
  inner.left + inner.width <= outer.left + outer.width &&
  inner.top + inner.height <= outer.top + outer.height;

describe('crops', () => {
  test.each<Crop>(['centre', 'attention', 'entropy'])('lie within their source, and have their size: %s', (place) => {
    const random = seeded(7);
    for (let round = 0; round < 300; round++) {
      const source = sourceOf(random);
      const { width, height, crop: whole } = source;
      for (let index = 0; index < CROPS; index++) {
        const rect = cropRect(source, index, place);
        expect(isWithin(rect, { left: 0, top: 0, width, height }), `${index}`).toBe(true);
        expect(Object.values(rect).every(Number.isInteger)).toBe(true);
        expect(rect.width).toBe(Math.max(1, Math.round(whole.width * cropFactor(index))));
        expect(rect.height).toBe(Math.max(1, Math.round(whole.height * cropFactor(index))));
        // What attention found stays in view.
        if (place !== 'centre' && cropFactor(index) < 1) expect(isWithin(rect, whole)).toBe(true);
        if (place !== 'centre') {
          expect(Math.abs(rect.left + rect.width / 2 - whole.left - whole.width / 2)).toBeLessThan(whole.width / 2);
        }
      }
      expect(cropRect(source, 0, place)).toEqual(whole);
    }
  });

  test('reach all sides of the source', () => {
    const source = { width: 500, height: 375, crop: { left: 62, top: 0, width: 375, height: 375 } };
    const rects = Array.from({ length: CROPS }, (_, index) => cropRect(source, index, 'centre'));
    expect(rects.slice(1, 3).map(({ left }) => left)).toEqual([0, 125]);
    expect(rects[3]).toEqual({ left: 0, top: 0, width: 281, height: 281 });
    expect(rects[7]).toEqual({ left: 110, top: 47, width: 281, height: 281 });
    expect(rects[11]).toEqual({ left: 219, top: 94, width: 281, height: 281 });
    expect(rects[20]).toEqual({ left: 312, top: 187, width: 188, height: 188 });
  });

  test('are allowed where they need no enlarging, or the whole does, too; and where a shift shows something else', () => {
    const random = seeded(8);
    for (let round = 0; round < 500; round++) {
      const source = sourceOf(random);
      const side = 2 ** integer(random, 3, 9);
      const count = Object.values(CROP_SETS)[integer(random, 0, 3)]!;
      const [mask] = cropMasks([source], { cell: { width: side, height: side }, crop: 'centre' }, count);
      const fills = ({ width, height }: Rect) => width >= side && height >= side;
      for (let index = 0; index < 32; index++) {
        const rect = index < count ? cropRect(source, index, 'centre') : undefined;
        const { crop: whole } = source;
        const moved =
          rect && Math.max(Math.abs(rect.left - whole.left), Math.abs(rect.top - whole.top)) >= whole.width / 12;
        const allowed = rect && (index === 0 || ((fills(rect) || !fills(whole)) && (index > 2 || moved)));
        expect(((mask! >>> index) & 1) === 1, `${index}`).toBe(allowed ?? false);
      }
      expect(cropCount(Uint32Array.of(mask!, mask!))).toBe(2 * mask!.toString(2).replaceAll('0', '').length);
    }
  });

  test('have names that lead back to them; the whole has none', () => {
    const names = Array.from({ length: CROPS }, (_, index) => cropName(index));
    expect(new Set(names).size).toBe(CROPS);
    expect(names.map((name) => cropNamed(name))).toEqual(names.map((_, index) => index));
    expect([names[0], names[1], names[3], names[20]]).toEqual(['', 'start', 'close-1', 'half-9']);
    expect(cropNamed('close')).toBeUndefined();
  });

  test('and turns make variants, one number each', () => {
    const all = Array.from({ length: VARIANTS }, (_, variant) => variant);
    expect(all.map((variant) => variantOf({ crop: cropOfVariant(variant), turn: turnOfVariant(variant) }))).toEqual(
      all,
    );
    expect(variantOf({ crop: 3, turn: 5 })).toBe(29);
  });
});
