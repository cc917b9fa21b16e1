import sharp, { type Sharp } from 'sharp';
import { describe, expect, test } from 'vitest';
import { indexImage } from '../../src/catalog/index-image.ts';
import { CROP_SCALE, FEATURE_LENGTH } from '../../src/colour/features.ts';
import { CROPS } from '../../src/tiles/crops.ts';
import { variantOf } from '../../src/tiles/variants.ts';
import type { Crop, Recipe } from '../../src/types.ts';
import { waves } from '../helpers/images.ts';

const RECIPE: Recipe = {
  cell: { width: 64, height: 64 },
  tileSize: 256,
  format: 'png',
  quality: 85,
  subsampling: '4:2:0',
  crop: 'centre',
};
const background = { r: 200, g: 60, b: 20 };
const scene = (width: number, height: number) =>
  sharp(waves(width, height, 9), { raw: { width, height, channels: 3 } });

/** The features of all crops: told with the whole, and of each crop by itself. */
async function both(bytes: Uint8Array, recipe: Recipe) {
  const crops = Array.from({ length: CROPS - 1 }, (_, i) => i + 1);
  const [whole = expect.fail()] = await indexImage(bytes, { recipe, background });
  const variants = crops.map((crop) => variantOf({ crop, turn: 0 }));
  const own = await indexImage(bytes, { recipe, background, variants });
  return crops.map((crop) => {
    const told = whole.crops.subarray((crop - 1) * FEATURE_LENGTH, crop * FEATURE_LENGTH);
    return { crop, told: Array.from(told, (value) => value / CROP_SCALE), own: Array.from(own[crop - 1]!.features) };
  });
}

/** Root of the mean squared difference of the 16 parts in OKLab. */
function differenceOf(a: readonly number[], b: readonly number[]): number {
  return Math.sqrt(a.reduce((sum, value, i) => sum + (value - b[i]!) ** 2, 0) / 16);
}

describe('features of crops', () => {
  test.each<[string, (image: Sharp) => Sharp, Partial<Recipe>]>([
    ['small', (image) => image.resize(240, 180).png(), {}],
    ['JPEG, reduced while it is decoded', (image) => image.jpeg({ quality: 95 }), {}],
    ['tall', (image) => image.resize(300, 700, { fit: 'fill' }).png(), {}],
    ['transparent', (image) => image.resize(240, 180).ensureAlpha(0.5).png(), {}],
    ['grey', (image) => image.resize(240, 180).toColourspace('b-w').png(), {}],
    ['cells of 3:2', (image) => image.png(), { cell: { width: 96, height: 64 } }],
    ...[2, 3, 5, 6, 7, 8].map((orientation): [string, (image: Sharp) => Sharp, Partial<Recipe>] => [
      `EXIF orientation ${orientation}`,
      (image) => image.jpeg({ quality: 95 }).withMetadata({ orientation }),
      {},
    ]),
  ])('are those of the crops themselves: %s', async (_, encode, changes) => {
    const bytes = await encode(scene(1207, 803)).toBuffer();
    for (const { crop, told, own } of await both(bytes, { ...RECIPE, ...changes })) {
      expect(differenceOf(told, own), `crop ${crop}`).toBeLessThan(0.008);
      // And of no other crop: nothing else is as near.
      expect(differenceOf(told, own.toReversed()), `crop ${crop}`).toBeGreaterThan(0.1);
    }
  });

  test.each<Crop>(['attention', 'entropy'])('are around what %s found', async (crop) => {
    const eye = Buffer.from('<svg width="90" height="90"><circle cx="45" cy="45" r="40" fill="#f22"/></svg>');
    const image = sharp({ create: { width: 600, height: 200, channels: 3, background: '#456' } });
    const bytes = await image
      .composite([{ input: eye, left: 480, top: 60 }])
      .png()
      .toBuffer();
    for (const { told, own } of await both(bytes, { ...RECIPE, crop })) {
      expect(differenceOf(told, own)).toBeLessThan(0.03);
    }
  });
});
