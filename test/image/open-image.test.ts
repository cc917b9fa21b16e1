import { createHash } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp, { type Sharp } from 'sharp';
import { beforeAll, describe, expect, test } from 'vitest';
import { decodeCell } from '../../src/catalog/decode.ts';
import { byteSource } from '../../src/image/byte-source.ts';
import { imageSize, openImage } from '../../src/image/open-image.ts';
import { readDirectory } from '../../src/image/tiff-directories.ts';
import { type OriginalFile, originalFile, writePyramid } from '../../src/originals/original-file.ts';
import { survey } from '../../src/scan/survey.ts';
import { openTarget } from '../../src/image/target.ts';
import type { Source } from '../../src/types.ts';
import { waves } from '../helpers/images.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

let root: string;
beforeAll(async () => {
  root = await temporaryFolder();
});

const GREY = { r: 128, g: 128, b: 128 };

/** A JPEG with a marker amid its data that does not belong there: decoders warn of it, and have all px. */
async function damagedJpeg(width: number, height: number, space = 'srgb'): Promise<Buffer> {
  const image = sharp(waves(width, height, 4), { raw: { width, height, channels: 3 } });
  const jpeg = await image.toColourspace(space).jpeg().toBuffer();
  jpeg.writeUInt16BE(0xffd0, Math.floor(jpeg.length * 0.8));
  await expect(sharp(jpeg).resize(8).toBuffer()).rejects.toThrow('Corrupt JPEG data');
  return jpeg;
}

async function sourceOf(name: string, bytes: Buffer): Promise<Source> {
  const path = join(root, name);
  await writeFile(path, bytes);
  const { format, width, height } = await imageSize(bytes);
  const hash = createHash('sha256').update(bytes).digest('hex');
  const crop = { left: 0, top: 0, width, height };
  return { path, hash, width, height, format, crop, alpha: false, enlarged: false, verbatim: false };
}

describe('an image that decoders only warn of', () => {
  test.each<[OriginalFile['kind'], number, string]>([
    ['same', 600, 'srgb'],
    ['encoded', 600, 'cmyk'],
    ['pyramid', 2400, 'srgb'],
  ])('is taken by every stage alike: original %s', async (kind, width, space) => {
    const bytes = await damagedJpeg(width, 1800, space);
    const source = await sourceOf(`${kind}.jpg`, bytes);
    expect(
      (await decodeCell(bytes, { cell: { width: 32, height: 32 }, crop: 'centre', background: GREY })).px,
    ).toHaveLength(32 * 32 * 3);
    expect(await openTarget(source.path)).toMatchObject({ width, height: 1800 });
    const file = { path: source.path, size: bytes.length, mtimeMs: 0, ctimeMs: 0 };
    const options = { onProgress: () => {}, signal: new AbortController().signal, concurrency: 1 };
    expect(await survey([file], options)).toEqual({ sizes: [{ width, height: 1800 }], drawings: 0 });
    const original = await originalFile(source, GREY);
    expect(original.kind).toBe(kind);
    if (original.kind === 'pyramid') {
      const path = join(root, 'pyramid');
      await writePyramid(original.image, path, 80);
      expect(await readFile(`${path}.dzi`, 'utf8')).toContain(`Width="${width}"`);
    } else if (original.kind !== 'none') {
      expect(await imageSize(original.bytes)).toMatchObject({ width, height: 1800 });
    }
  });
});

test('an image that cannot be decoded is refused', async () => {
  await expect(openImage(Buffer.from('no image'))).rejects.toThrow('unsupported image format');
  const whole = await sharp(waves(64, 48, 4), { raw: { width: 64, height: 48, channels: 3 } })
    .jpeg()
    .toBuffer();
  const cut = whole.subarray(0, whole.length - 100);
  await expect((await openImage(cut)).px().raw().toBuffer()).rejects.toThrow(/premature end/i);
});

describe('an image that ends early is refused, whatever its decoder says', () => {
  const image = () => sharp(waves(600, 500, 4), { raw: { width: 600, height: 500, channels: 3 } });
  const tiled = { tile: true, tileWidth: 256, tileHeight: 256 };
  test.each<[string, Sharp]>([
    ['JPEG', image().jpeg()],
    ['progressive JPEG', image().jpeg({ progressive: true })],
    ['PNG', image().png()],
    ['WebP', image().webp()],
    ['GIF', image().gif()],
    ['AVIF', image().avif({ effort: 0 })],
    ['TIFF', image().tiff({ compression: 'lzw' })],
    ['TIFF in tiles', image().tiff({ ...tiled, compression: 'none' })],
    ['TIFF in deflated tiles', image().tiff({ ...tiled, compression: 'deflate' })],
    ['TIFF in tiles of JPEG', image().tiff({ ...tiled, compression: 'jpeg' })],
  ])('%s', async (_, encoded) => {
    const whole = await encoded.toBuffer();
    const cell = { width: 60, height: 50 };
    const { px } = await decodeCell(whole, { cell, crop: 'centre', background: GREY });
    for (const part of [0.4, 0.8]) {
      const cut = shortened(whole, part);
      await expect(decodeCell(cut, { cell, crop: 'centre', background: GREY }), `${part}`).rejects.toThrow();
    }
    expect(px).toEqual((await decodeCell(whole, { cell, crop: 'centre', background: GREY, lenient: true })).px);
  });

  test('AVIF of which libheif leaves out what is missing', async () => {
    const avif = await image().avif({ effort: 0 }).toBuffer();
    const box = avif.indexOf('mdat') - 4;
    avif.writeUInt32BE(avif.readUInt32BE(box) + 100, box);
    await expect(openImage(avif)).rejects.toThrow('truncated');
    expect((await openImage(avif, { lenient: true })).metadata.width).toBe(600);
  });
});

test.each([false, true])(
  'of TIFF in tiles, what cannot be decoded is refused, whatever else is decoded; BigTIFF: %s',
  async (bigtiff) => {
    const image = sharp(waves(256, 256, 4), { raw: { width: 256, height: 256, channels: 3 } });
    const encoded = async (tile: boolean) =>
      await image.clone().tiff({ tile, tileWidth: 128, tileHeight: 128, compression: 'none', bigtiff }).toBuffer();
    const OLD_JPEG = 6;
    const broken = withTag(await encoded(true), COMPRESSION, (entry) =>
      entry.writeUInt16LE(OLD_JPEG, bigtiff ? 12 : 8),
    );
    await expect(openImage(broken)).rejects.toThrow('not configured');
    // What is only warned of, is taken; that a page number is two numbers.
    for (const tile of [true, false]) {
      const warned = withTag(await encoded(tile), RESOLUTION_UNIT, (entry) => entry.writeUInt16LE(PAGE_NUMBER));
      expect((await openImage(warned)).metadata.width, `tile: ${tile}`).toBe(256);
    }
    // The text of errors is one for all threads: who ends in between empties it.
    for (let round = 0; round < 30; round++) {
      const others = [0, 1, 2].map(async () => await expect(openImage(broken)).rejects.toThrow());
      await Promise.all([
        ...others,
        sharp(Buffer.from('no image'))
          .toBuffer()
          .catch(() => {}),
      ]);
    }
  },
);

/** A copy of a TIFF in which the entry of a tag is another. */
function withTag(tiff: Buffer, tag: number, change: (entry: Buffer) => void): Buffer {
  const copy = Buffer.from(tiff);
  const big = copy.readUInt16LE(2) === 43;
  const directory = big ? Number(copy.readBigUInt64LE(8)) : copy.readUInt32LE(4);
  const [head, bytes] = big ? [8, 20] : [2, 12];
  const entries = Array.from({ length: copy.readUInt16LE(directory) }, (_, i) => directory + head + bytes * i);
  const at = entries.find((entry) => copy.readUInt16LE(entry) === tag)!;
  change(copy.subarray(at, at + bytes));
  return copy;
}

const [COMPRESSION, RESOLUTION_UNIT, PAGE_NUMBER] = [259, 296, 297];

/** A file without its end; of a TIFF, whose directory comes last, without what lay in the last of its pieces. */
function shortened(file: Buffer, part: number): Buffer {
  if (!file.subarray(0, 4).equals(Buffer.from('II*\0'))) return file.subarray(0, Math.floor(file.length * part));
  const { places } = readDirectory(byteSource(file), file.readUInt32LE(4), { little: true, base: 0 })!;
  const offsets = places.get(TILE_OFFSETS) ?? places.get(STRIP_OFFSETS)!;
  const cut = Buffer.from(file);
  const last = offsets.start + offsets.bytes - 4;
  cut.writeUInt32LE(cut.readUInt32LE(last) + file.length, last);
  return cut;
}

const [STRIP_OFFSETS, TILE_OFFSETS] = [273, 324];

test('of a damaged image, the original is what decodes of it, if it was taken so', async () => {
  const whole = await sharp(waves(200, 200, 4), { raw: { width: 200, height: 200, channels: 3 } })
    .png()
    .toBuffer();
  const source = await sourceOf('short.png', whole.subarray(0, Math.floor(whole.length * 0.6)));
  const taken: OriginalFile = await originalFile({ ...source, partial: 'damaged' }, GREY);
  expect(taken.kind).toBe('encoded');
  const { width, height } = await imageSize((taken as { bytes: Uint8Array }).bytes);
  expect([width, height]).toEqual([200, 200]);
});

describe('formats', () => {
  const px = () => sharp(waves(40, 30, 4), { raw: { width: 40, height: 30, channels: 3 } });
  const SVG = Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="40" height="30"/>');

  test('are told by content, whatever the name', async () => {
    for (const format of ['jpeg', 'png', 'webp', 'avif', 'tiff', 'gif', 'svg'] as const) {
      const bytes = format === 'svg' ? SVG : await px().toFormat(format).toBuffer();
      for (const name of ['x.jpg', 'x.png', 'x.svg', 'x.v', 'x.csv', 'x']) {
        const path = join(root, `${format} ${name}`);
        await writeFile(path, bytes);
        expect(await imageSize(path), path).toEqual({ format, width: 40, height: 30 });
      }
      expect(await imageSize(bytes)).toEqual({ format, width: 40, height: 30 });
    }
  });

  test('are no others than those, whatever the name', async () => {
    const others: [string, Buffer][] = [
      ['ppm', Buffer.concat([Buffer.from('P6\n2 2\n255\n'), Buffer.alloc(12)])],
      ['pdf', Buffer.from('%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj trailer<</Root 1 0 R>>')],
      ['csv', Buffer.from('1,2\n3,4\n')],
      ['v', await libvipsOwn(px())],
    ];
    for (const [kind, bytes] of others) {
      for (const name of [`x.${kind}`, 'x.jpg']) {
        const path = join(root, `${kind} ${name}`);
        await writeFile(path, bytes);
        for (const input of [path, bytes])
          await expect(openImage(input), path).rejects.toThrow(/unsupported image format/);
      }
    }
  });

  test('are all that the decoder is loaded for', async () => {
    const source = join(import.meta.dirname, '../..', 'src');
    const files = (await readdir(source, { recursive: true })).filter((name) => name.endsWith('.ts'));
    const loading: string[] = [];
    for (const name of files) {
      const text = await readFile(join(source, name), 'utf8');
      if (/^import (?!type ).*'sharp'|import\('sharp'\)/m.test(text)) loading.push(name);
    }
    expect(loading).toEqual([join('image', 'sharp.ts')]);
  });
});

/** A picture in libvips' own format, which other builds of it read, too. */
async function libvipsOwn(image: Sharp): Promise<Buffer> {
  const path = join(root, 'own.v');
  await image.toFile(path);
  return await readFile(path);
}
