import sharp, { type Sharp } from 'sharp';
import { describe, expect, test } from 'vitest';
import { decodeCell } from '../../src/catalog/decode.ts';
import { reducedPart, reducedSize } from '../../src/catalog/reduced.ts';
import { LINEAR } from '../../src/colour/linear.ts';
import { reasonOf } from '../../src/image/reasons.ts';
import type { Crop, Size } from '../../src/types.ts';
import { difference, waves } from '../helpers/images.ts';

const GREY = { r: 128, g: 128, b: 128 };
const square = (side: number): Size => ({ width: side, height: side });
const raw = (width: number, height: number) => ({ raw: { width, height, channels: 3 as const } });
const scene = (width: number, height: number) => sharp(waves(width, height, 5), raw(width, height));
const metaOf = async (image: Sharp) => await sharp(await image.toBuffer()).metadata();
const decode = async (bytes: Uint8Array, cell: Size, crop: Crop = 'centre') =>
  await decodeCell(bytes, { cell, crop, background: GREY });

/** The same px in a format that is always decoded at its full size. */
async function whole(bytes: Uint8Array, orientation?: number): Promise<Buffer> {
  const image = sharp(bytes).keepIccProfile().png({ compressionLevel: 1 });
  return await (orientation ? image.withMetadata({ orientation }) : image).toBuffer();
}

describe('images that are reduced while they are decoded', () => {
  test.each<[string, (image: Sharp) => Sharp, Size]>([
    ['by 8', (image) => image.jpeg({ quality: 95 }), square(48)],
    ['by 4', (image) => image.jpeg({ quality: 95 }), square(100)],
    ['by 2', (image) => image.jpeg({ quality: 95 }), square(150)],
    ['not at all', (image) => image.jpeg({ quality: 95 }), square(200)],
    ['to no square', (image) => image.jpeg({ quality: 95 }), { width: 96, height: 64 }],
    ['progressive', (image) => image.jpeg({ quality: 95, progressive: true }), square(64)],
    ['without chroma subsampling', (image) => image.jpeg({ chromaSubsampling: '4:4:4' }), square(64)],
    ['grey', (image) => image.toColourspace('b-w').jpeg({ quality: 95 }), square(64)],
    ['Display P3', (image) => image.withIccProfile('p3').jpeg({ quality: 95 }), square(64)],
    ['sRGB profile', (image) => image.withIccProfile('srgb').jpeg({ quality: 95 }), square(64)],
    ['WebP', (image) => image.webp({ quality: 95 }), square(64)],
    ['WebP, lossless', (image) => image.webp({ lossless: true }), square(64)],
    ['transparent WebP', (image) => image.ensureAlpha(0.5).webp({ lossless: true }), square(64)],
  ])('look the same and stand in the same place: %s', async (_, encode, cell) => {
    // Odd sizes: no factor divides them.
    const bytes = await encode(scene(1603, 1207)).toBuffer();
    const [own, plain] = [await decode(bytes, cell), await decode(await whole(bytes), cell)];
    const facts = ({ width, height, crop, alpha, profiled }: typeof own) => [width, height, crop, alpha, profiled];
    expect(facts(own)).toEqual(facts(plain));
    expect(difference(own.px, plain.px).mean).toBeLessThan(0.6);
  });

  test('inks are converted as ever', async () => {
    const bytes = await scene(801, 603).toColourspace('cmyk').withIccProfile('cmyk').jpeg().toBuffer();
    const meta = await sharp(bytes).metadata();
    expect(meta.space).toBe('cmyk');
    expect(reducedSize(meta, square(603), square(16))).toBeUndefined();
    expect((await decode(bytes, square(16))).px).toHaveLength(16 * 16 * 3);
  });

  test.each([1, 2, 3, 4, 5, 6, 7, 8])('stand upright: EXIF orientation %i', async (orientation) => {
    const bytes = await scene(2403, 1501).jpeg({ quality: 95 }).withMetadata({ orientation }).toBuffer();
    const plain = await whole(bytes, orientation);
    for (const crop of ['centre', 'attention', 'entropy'] as const) {
      const cell = { width: 72, height: 48 };
      const [own, other] = [await decode(bytes, cell, crop), await decode(plain, cell, crop)];
      expect([own.width, own.height]).toEqual([other.width, other.height]);
      expect(Math.abs(own.crop.left - other.crop.left) + Math.abs(own.crop.top - other.crop.top), crop).toBeLessThan(
        16,
      );
      if (crop === 'centre') expect(difference(own.px, other.px).mean).toBeLessThan(0.6);
    }
  });

  test.each([1600, 1601, 1603, 1607])('a line is where it was, to a tenth of a px: %i px wide', async (width) => {
    // At the right edge, where a rounded size would move it most.
    for (const cell of [square(32), square(64), square(96)]) {
      const px = Buffer.alloc(width * width * 3, 40);
      for (let y = 0; y < width; y++) px.fill(220, (y * width + width - 90) * 3, (y * width + width - 50) * 3);
      for (const format of ['jpeg', 'webp'] as const) {
        const bytes = await sharp(px, raw(width, width)).toFormat(format, { quality: 95 }).toBuffer();
        const place = (cellPx: Uint8Array) => {
          let [sum, total] = [0, 0];
          for (let x = 0; x < cell.width; x++) {
            const value = LINEAR[cellPx[((cell.height >> 1) * cell.width + x) * 3]!]! - LINEAR[40]!;
            [sum, total] = [sum + value * x, total + value];
          }
          return sum / total;
        };
        const own = place((await decode(bytes, cell)).px);
        const plain = place((await decode(await whole(bytes), cell)).px);
        expect(Math.abs(own - plain), `${format}, ${cell.width}`).toBeLessThan(0.1);
      }
    }
  });

  test('are large: smaller ones and other formats are decoded as they are', async () => {
    const jpeg = await metaOf(scene(640, 480).jpeg());
    expect(reducedSize(jpeg, square(480), square(83))).toBeUndefined();
    expect(reducedSize(jpeg, square(480), square(82))?.size).toEqual({ width: 213, height: 160 });
    expect(reducedSize(await metaOf(scene(640, 480).webp()), square(480), square(121))).toBeUndefined();
    expect(reducedSize(await metaOf(scene(640, 480).png()), square(480), square(8))).toBeUndefined();
  });

  test('are photographs of 12 megapixels in cells of 512 px', async () => {
    const jpeg = await metaOf(scene(64, 48).jpeg());
    for (const [width, height] of [
      [4000, 3000],
      [4032, 3024],
    ] as const) {
      const reduced = reducedSize({ ...jpeg, width, height }, square(height), square(512));
      expect(reduced?.size).toEqual({ width: Math.floor(width / 3), height: height / 3 });
    }
  });

  test('keep twice the px of the cell, and some px of the narrowest image', async () => {
    const jpeg = await sharp(await scene(64, 64).jpeg().toBuffer()).metadata();
    for (let side = 96; side < 6000; side += 7) {
      const reduced = reducedSize({ ...jpeg, width: side + 33, height: side }, square(side), square(16));
      const { part } = reducedPart({ left: 20, top: 0, ...square(side) }, reduced!);
      expect(Math.min(part.width, part.height) / 16, `${side} px`).toBeGreaterThan(1.9);
    }
    for (const [width, height] of [
      [1, 3000],
      [3000, 1],
      [9, 2999],
    ] as const) {
      const bytes = await scene(width, height).jpeg().toBuffer();
      for (const cell of [square(1), { width: 1, height: 16 }, { width: 16, height: 1 }]) {
        expect((await decode(bytes, cell)).px).toHaveLength(cell.width * cell.height * 3);
      }
    }
  });

  test('are refused where they end early or are damaged, as at their full size', async () => {
    for (const image of [
      scene(1600, 1200).jpeg(),
      scene(1600, 1200).jpeg({ progressive: true }),
      scene(1600, 1200).webp(),
    ]) {
      const bytes = await image.toBuffer();
      for (const share of [0.02, 0.3, 0.7, 0.95, 0.999]) {
        const part = bytes.subarray(0, Math.floor(bytes.length * share));
        const outcome = async (cell: Size) => {
          try {
            await decode(part, cell);
            return 'decoded';
          } catch (error) {
            return reasonOf(error);
          }
        };
        // The first of these is reduced, the second is not.
        expect(await outcome(square(64)), `${share}`).toBe(await outcome(square(256)));
        expect(await outcome(square(64))).not.toBe('decoded');
      }
    }
  });
});
