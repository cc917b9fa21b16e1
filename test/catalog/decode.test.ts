import sharp, { type Sharp } from 'sharp';
import { describe, expect, test } from 'vitest';
import { decodeCell } from '../../src/catalog/decode.ts';
import type { Rect, Size } from '../../src/types.ts';
import { difference, waves } from '../helpers/images.ts';

const square = (side: number) => ({ width: side, height: side });
const GREY = { r: 128, g: 128, b: 128 };

describe('decoding', () => {
  const decodeAs = async (image: Sharp, size = 64) =>
    (await decodeCell(await image.toBuffer(), { cell: square(size), crop: 'centre', background: GREY })).px;
  const picture = () => sharp(waves(64, 64, 12), { raw: { width: 64, height: 64, channels: 3 } });

  test.each([1, 2, 3, 4, 5, 6, 7, 8])('turns an image upright: EXIF orientation %i', async (orientation) => {
    // How a camera held so would have stored the same picture.
    const undo = [
      [0, false],
      [0, true],
      [180, false],
      [180, true],
      [90, true],
      [270, false],
      [270, true],
      [90, false],
    ] as const;
    const [angle, mirrored] = undo[orientation - 1]!;
    let stored = picture();
    if (mirrored && angle !== 90 && angle !== 270) stored = stored.flop();
    const turned = sharp(await stored.rotate(angle).png().toBuffer());
    if (mirrored && (angle === 90 || angle === 270)) turned.flop();
    const px = await decodeAs(
      sharp(await turned.png().toBuffer())
        .withMetadata({ orientation })
        .png(),
    );
    expect(difference(px, waves(64, 64, 12)).most).toBe(0);
  });

  test.each([1, 2, 3, 4, 5, 6, 7, 8])(
    'takes its part of an upright image: EXIF orientation %i',
    async (orientation) => {
      // Larger than is resampled at once; a part that is in no middle, of a cell that is no square.
      const scene = sharp({ create: { width: 1600, height: 500, channels: 3, background: '#333' } }).composite([
        { input: await picture().resize(400, 400).png().toBuffer(), left: 1100, top: 50 },
      ]);
      const turned = sharp(await scene.png().toBuffer()).withMetadata({ orientation });
      const stored = await turned.png().toBuffer();
      const upright = await sharp(stored).autoOrient().png().toBuffer();
      for (const crop of ['centre', 'attention'] as const) {
        const cell = { width: 96, height: 64 };
        const plain = await decodeCell(upright, { cell, crop, background: GREY });
        const own = await decodeCell(stored, { cell, crop, background: GREY });
        expect([own.width, own.height, own.crop], crop).toEqual([plain.width, plain.height, plain.crop]);
        expect(own.turned).toBe(orientation !== 1);
        // Shrinking does not start at the same corner.
        expect(difference(own.px, plain.px).most, crop).toBeLessThanOrEqual(6);
        expect(difference(own.px, plain.px).mean, crop).toBeLessThan(0.2);
      }
    },
  );

  test('converts profiles, inks and depths to sRGB', async () => {
    const plain = waves(64, 64, 12);
    const cases: [string, Sharp, number][] = [
      ['Display P3', picture().withIccProfile('p3').png(), 2],
      ['sRGB profile', picture().withIccProfile('srgb').png(), 0],
      ['16 bits', picture().toColourspace('rgb16').png(), 1],
      ['16 bits, Display P3', picture().withIccProfile('p3').toColourspace('rgb16').png(), 6],
    ];
    for (const [name, image, most] of cases) {
      const px = await decodeAs(image);
      expect(difference(px, plain).mean, name).toBeLessThan(1);
      expect(difference(px, plain).most, name).toBeLessThanOrEqual(most);
      // The same through libvips, where sources are many times larger than their cell.
      const enlarged = await sharp(await image.png().toBuffer())
        .keepIccProfile()
        .resize(640, 640, { kernel: 'nearest' })
        .png()
        .toBuffer();
      const shrunk = (await decodeCell(enlarged, { cell: square(64), crop: 'centre', background: GREY })).px;
      expect(difference(shrunk, plain).mean, `${name}, large`).toBeLessThan(2);
    }
    const cmyk = await decodeAs(
      picture().toColourspace('cmyk').withIccProfile('cmyk').jpeg({ quality: 100, chromaSubsampling: '4:4:4' }),
    );
    expect(difference(cmyk, plain).mean).toBeLessThan(12); // inks cannot show every colour
  });

  test('takes the first frame of an animation, and grey as grey', async () => {
    const frames = Buffer.concat([waves(64, 64, 12), Buffer.alloc(64 * 64 * 3, 200)]);
    const animation = sharp(frames, { raw: { width: 64, height: 128, channels: 3, pageHeight: 64 } }).webp({
      lossless: true,
    });
    expect(difference(await decodeAs(animation), waves(64, 64, 12)).most).toBe(0);
    const grey = await decodeAs(picture().toColourspace('b-w').png());
    expect(grey.every((value, i) => value === grey[i - (i % 3)])).toBe(true);
    expect(grey).toHaveLength(64 * 64 * 3);
  });

  test('shrinks small and large images alike, in linear light', async () => {
    // One above and one below the size at which libvips takes over.
    const board = (side: number) => {
      const px = Buffer.alloc(side * side * 3, 0).map((_, i) =>
        (Math.floor(i / 3) + Math.floor(i / 3 / side)) % 2 ? 255 : 0,
      );
      return sharp(px, { raw: { width: side, height: side, channels: 3 } }).png();
    };
    for (const side of [48, 256]) {
      const px = await decodeAs(board(side), 16);
      const mean = px.reduce((sum, value) => sum + value, 0) / px.length;
      expect(mean, `${side} px`).toBeGreaterThan(185);
      expect(mean, `${side} px`).toBeLessThan(191);
    }
  });

  test('crops to what stands out, if asked', async () => {
    const scene = sharp({ create: { width: 400, height: 100, channels: 3, background: '#333' } }).composite([
      { input: await picture().png().toBuffer(), left: 320, top: 20 },
    ]);
    const bytes = await scene.png().toBuffer();
    expect((await decodeCell(bytes, { cell: square(32), crop: 'centre', background: GREY })).crop).toEqual({
      left: 150,
      top: 0,
      width: 100,
      height: 100,
    });
    for (const crop of ['attention', 'entropy'] as const) {
      expect((await decodeCell(bytes, { cell: square(32), crop, background: GREY })).crop.left, crop).toBeGreaterThan(
        240,
      );
    }
  });

  test('crops to the shape of the cell', async () => {
    const bytes = await sharp(waves(400, 100, 3), { raw: { width: 400, height: 100, channels: 3 } })
      .png()
      .toBuffer();
    const cases: [Size, Rect][] = [
      [
        { width: 96, height: 64 },
        { left: 125, top: 0, width: 150, height: 100 },
      ],
      [
        { width: 16, height: 32 },
        { left: 175, top: 0, width: 50, height: 100 },
      ],
      [
        { width: 128, height: 16 },
        { left: 0, top: 25, width: 400, height: 50 },
      ],
      [
        { width: 400, height: 100 },
        { left: 0, top: 0, width: 400, height: 100 },
      ],
    ];
    for (const [cell, crop] of cases) {
      const decoded = await decodeCell(bytes, { cell, crop: 'centre', background: GREY });
      expect(decoded.crop).toEqual(crop);
      const expected = await sharp(bytes)
        .extract(crop)
        .pipelineColourspace('scrgb')
        .resize(cell.width, cell.height, { fit: 'fill', kernel: 'cubic' })
        .toColourspace('srgb')
        .raw()
        .toBuffer();
      expect(difference(decoded.px, expected).most, `${cell.width} x ${cell.height}`).toBeLessThanOrEqual(2);
    }
  });

  test('draws vector images as large as the cell', async () => {
    const svg = Buffer.from(
      '<svg xmlns="http://www.w3.org/2000/svg" width="8" height="8"><rect width="4" height="8"/><rect x="4" width="4" height="8" fill="#fff"/></svg>',
    );
    const { px, width } = await decodeCell(svg, { cell: square(64), crop: 'centre', background: GREY });
    expect(width).toBeGreaterThanOrEqual(64);
    expect([px[31 * 3], px[32 * 3]]).toEqual([0, 255]);
  });
});
