import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp, { type Sharp } from 'sharp';
import { beforeAll, describe, expect, test } from 'vitest';
import { decodeCell } from '../../src/catalog/decode.ts';
import { byteSource } from '../../src/image/byte-source.ts';
import { imageSize, openImage } from '../../src/image/open-image.ts';
import { NoRawPreview, rawPreview } from '../../src/image/raw-preview.ts';
import { reasonOf } from '../../src/image/reasons.ts';
import { difference, waves } from '../helpers/images.ts';
import { seeded } from '../helpers/random.ts';
import { lossless, RAW_FILES, tiffFile } from '../helpers/raw-files.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

const [WIDTH, HEIGHT] = [480, 320];
const picture = (width: number, height: number, seed: number) =>
  sharp(waves(width, height, seed), { raw: { width, height, channels: 3 } });

let root: string;
let large: Buffer;
let small: Buffer;
let tiny: Buffer;
beforeAll(async () => {
  root = await temporaryFolder();
  large = await picture(WIDTH, HEIGHT, 3).jpeg().toBuffer();
  small = await picture(330, 220, 4).jpeg().toBuffer();
  tiny = await picture(160, 120, 5).jpeg().toBuffer();
});

async function flat(image: Sharp): Promise<Buffer> {
  return await image.removeAlpha().raw().toBuffer();
}

const FORMATS = Object.keys(RAW_FILES);
/** Its JPEG alone says how the camera was held. */
const TOLD_BY_JPEG = 'raf';

describe.each(FORMATS)('a raw file: %s', (format) => {
  const write = RAW_FILES[format]!;

  test('is its largest JPEG', async () => {
    const file = write({ large, small, orientation: 1 });
    const preview = rawPreview(file)!;
    expect([preview.width, preview.height]).toEqual([WIDTH, HEIGHT]);
    expect(preview.jpeg.equals(large)).toBe(true);
    const image = await openImage(file);
    expect(image.format).toBe('raw');
    expect(difference(await flat(image.px()), await flat(sharp(large))).most).toBe(0);
    const { width, height, turned } = await decodeCell(file, {
      cell: { width: 32, height: 32 },
      crop: 'centre',
      background: { r: 0, g: 0, b: 0 },
    });
    expect({ width, height, turned }).toEqual({ width: WIDTH, height: HEIGHT, turned: false });
  });

  test('is read by parts from its path', async () => {
    const path = join(root, `photo.${format}`);
    await writeFile(path, write({ large, small, orientation: 1 }));
    expect(await imageSize(path)).toEqual({ format: 'raw', width: WIDTH, height: HEIGHT });
    expect(rawPreview(path)!.jpeg.equals(large)).toBe(true);
  });

  test('is upright', async () => {
    const held = await sharp(large).keepMetadata().withMetadata({ orientation: 8 }).jpeg().toBuffer();
    const own = await openImage(write({ large: held, small, orientation: 6 }));
    expect(own.metadata.orientation, 'what the JPEG says holds').toBe(8);
    if (format === TOLD_BY_JPEG) return;
    const image = await openImage(write({ large, small, orientation: 6 }));
    expect(image.metadata.autoOrient).toEqual({ width: HEIGHT, height: WIDTH });
    const upright = await flat(image.px().autoOrient());
    expect(difference(upright, await flat(sharp(large).rotate(90))).most).toBe(0);
  });

  test('without a picture worth showing is left out', async () => {
    for (const poor of [tiny, lossless(large), Buffer.from('no picture')]) {
      const file = write({ large: poor, small: tiny, orientation: 1 });
      expect(() => rawPreview(file)).toThrow(NoRawPreview);
      await expect(openImage(file)).rejects.toSatisfy((error) => reasonOf(error) === 'raw');
    }
  });

  test('does no harm, whatever is wrong with it', () => {
    const random = seeded(11);
    const whole = write({ large, small, orientation: 6 });
    const outcomes = new Set<string>();
    for (let round = 0; round < 2000; round++) {
      let file = Buffer.from(whole);
      // Where directories and boxes lie: before the pictures, and behind them.
      const place = () => Math.floor(random() * (random() < 0.5 ? 200 : file.length));
      for (let i = 0; i <= random() * 8; i++) file[place()] = random() < 0.3 ? 0xff : Math.floor(random() * 256);
      if (round % 5 === 0) file = file.subarray(0, Math.floor(random() * file.length));
      try {
        const preview = rawPreview(file);
        outcomes.add(preview ? 'found' : 'none');
        if (preview) expect(preview.jpeg.length).toBeLessThanOrEqual(file.length);
      } catch (error) {
        if (!(error instanceof NoRawPreview)) throw error;
        outcomes.add('left out');
      }
    }
    expect(outcomes).toContain('found');
  });
});

test('directories that lead to each other are read once', () => {
  for (const [tag, at] of [[0x14a, 8] as const, [0x8769, 8] as const]) {
    const file = tiffFile({ tags: { 0x10f: Buffer.from('Maker\0'), [tag]: [at], 0xc612: Buffer.from([1, 4, 0, 0]) } });
    expect(() => rawPreview(file)).toThrow(NoRawPreview);
  }
  const loop = tiffFile({ tags: { 0xc612: [1] } });
  loop.writeUInt32LE(8, 8 + 2 + 12); // the next one is itself
  expect(() => rawPreview(loop)).toThrow(NoRawPreview);
});

test('a file of directories by the thousand ends', () => {
  const directory = Buffer.alloc(2 + 12 * 900 + 4);
  directory.writeUInt16LE(900);
  for (let i = 0; i < 900; i++) {
    directory.writeUInt16LE(0x14a + (i % 2 ? 0 : 0x861f), 2 + 12 * i);
    directory.writeUInt16LE(4, 4 + 12 * i);
    directory.writeUInt32LE(1, 6 + 12 * i);
    directory.writeUInt32LE(8 + i, 10 + 12 * i);
  }
  const file = Buffer.concat([Buffer.from('IIRO'), Buffer.from([8, 0, 0, 0]), directory]);
  expect(() => rawPreview(file)).toThrow(NoRawPreview);
});

describe('a TIFF that is a picture', () => {
  test.each<[string, (image: Sharp) => Sharp]>([
    ['plain', (image) => image.tiff()],
    ['with JPEG in it', (image) => image.tiff({ compression: 'jpeg' })],
    ['a pyramid', (image) => image.tiff({ pyramid: true, tile: true, tileWidth: 64, tileHeight: 64 })],
    ['from a camera', (image) => image.withExif({ IFD0: { Make: 'Maker', Model: 'Model' } }).tiff()],
  ])('stays one: %s', async (_, write) => {
    const file = await write(picture(WIDTH, HEIGHT, 3)).toBuffer();
    expect(rawPreview(file)).toBeUndefined();
    expect(await imageSize(file)).toEqual({ format: 'tiff', width: WIDTH, height: HEIGHT });
  });
});

test('parts of a file end where it ends', async () => {
  const path = join(root, 'ten');
  await writeFile(path, '0123456789');
  for (const source of [byteSource(path), byteSource(Buffer.from('0123456789'))]) {
    const parts = [
      [0, 3],
      [8, 5],
      [10, 1],
      [-1, 4],
      [3, -2],
      [2 ** 40, 4],
      [0, 2 ** 40],
    ].map(([start, length]) => source.read(start!, length!).toString());
    expect(parts).toEqual(['012', '89', '', '', '', '', '0123456789']);
    source.close();
  }
});
