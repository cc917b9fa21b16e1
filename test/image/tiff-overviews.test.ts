import type { Sharp } from 'sharp';
import { expect, test } from 'vitest';
import { decodeCell } from '../../src/catalog/decode.ts';
import { openImage } from '../../src/image/open-image.ts';
import { sharp } from '../../src/image/sharp.ts';
import { tiffOverviews } from '../../src/image/tiff-overviews.ts';
import { waves } from '../helpers/images.ts';

const [WIDTH, HEIGHT] = [1201, 900];
const GREY = { r: 128, g: 128, b: 128 };
const image = () => sharp(waves(WIDTH, HEIGHT, 3), { raw: { width: WIDTH, height: HEIGHT, channels: 3 } });
const pyramid = async (options: Parameters<Sharp['tiff']>[0] = {}) =>
  await image()
    .tiff({ pyramid: true, tile: true, tileWidth: 128, tileHeight: 128, compression: 'deflate', ...options })
    .toBuffer();
const SIZES = [
  { width: 600, height: 450 },
  { width: 300, height: 225 },
  { width: 150, height: 112 },
  { width: 75, height: 56 },
];
const [SUBFILE, IMAGE_LENGTH, TILE_OFFSETS, SUB_DIRECTORIES, SAMPLE_FORMAT] = [254, 257, 324, 330, 339];

/** Place of a directory, of its entries by tag, and of the offset of the next one. */
interface Entries {
  readonly at: number;
  readonly tags: Map<number, number>;
  readonly next: number;
}

/** Places of the entries of each directory of a little-endian TIFF, by tag. */
function entries(tiff: Buffer): Entries[] {
  const found: Entries[] = [];
  let at = tiff.readUInt32LE(4);
  while (at > 0) {
    const count = tiff.readUInt16LE(at);
    const tags = new Map<number, number>();
    for (let i = 0; i < count; i++) tags.set(tiff.readUInt16LE(at + 2 + 12 * i), at + 2 + 12 * i);
    const next = at + 2 + 12 * count;
    found.push({ at, tags, next });
    at = tiff.readUInt32LE(next);
  }
  return found;
}

/** Hangs the second directory below the first one, as OME-TIFF has it, instead of behind it. */
function withSubDirectory(tiff: Buffer): Buffer {
  const [first, second] = entries(tiff);
  const entry = first!.tags.get(SAMPLE_FORMAT)!;
  tiff.writeUInt16LE(SUB_DIRECTORIES, entry);
  tiff.writeUInt16LE(4, entry + 2);
  tiff.writeUInt32LE(1, entry + 4);
  tiff.writeUInt32LE(second!.at, entry + 8);
  tiff.writeUInt32LE(0, first!.next);
  return tiff;
}

const decoded = async (input: Uint8Array, side = 60) =>
  await decodeCell(input, { cell: { width: side, height: side }, crop: 'centre', background: GREY });

test.each([false, true])('overviews of a pyramid are found; BigTIFF: %s', async (bigtiff) => {
  const found = tiffOverviews(await pyramid({ bigtiff }));
  expect(found).toEqual(SIZES.map((size, i) => ({ ...size, at: { page: i + 1 } })));
});

test('an overview below the first directory is found', async () => {
  expect(tiffOverviews(withSubDirectory(await pyramid()))).toEqual([{ ...SIZES[0], at: { subifd: 0 } }]);
});

test('other files have none', async () => {
  expect(tiffOverviews(await image().jpeg().toBuffer())).toEqual([]);
  expect(tiffOverviews(await image().tiff({ compression: 'deflate' }).toBuffer())).toEqual([]);
  expect(tiffOverviews(Buffer.from('II*\0'))).toEqual([]);
  const tiff = await pyramid();
  // Its directories come last; without them, or with a tile beyond the end.
  expect(tiffOverviews(tiff.subarray(0, tiff.length * 0.5))).toEqual([]);
  const tiles = tiff.readUInt32LE(entries(tiff)[0]!.tags.get(TILE_OFFSETS)! + 8);
  tiff.writeUInt32LE(tiff.length, tiles);
  expect(tiffOverviews(tiff)).toEqual([]);
});

test('the smallest overview of at least a size is opened; without one, the image', async () => {
  const tiff = await pyramid();
  const opened = async (width: number, height: number) =>
    (await openImage(tiff, { overview: () => ({ width, height }) })).overview?.width;
  expect(await opened(75, 56)).toBe(75);
  expect(await opened(100, 100)).toBe(150);
  expect(await opened(100, 113)).toBe(300);
  expect(await opened(300, 225)).toBe(300);
  expect(await opened(601, 400)).toBeUndefined();
  expect((await openImage(tiff)).overview).toBeUndefined();
});

test.each<[string, () => Promise<Buffer>]>([
  ['pages', pyramid],
  ['BigTIFF', async () => await pyramid({ bigtiff: true })],
  ['a directory below', async () => withSubDirectory(await pyramid())],
])('a cell of an overview looks like one of the image: %s', async (_, made) => {
  const plain = await decoded(await image().tiff({ compression: 'deflate' }).toBuffer());
  const { px, ...facts } = await decoded(await made());
  expect(facts).toEqual({ ...plain, px: undefined, ...facts });
  expect(facts).toMatchObject({ width: WIDTH, height: HEIGHT, crop: plain.crop, turned: false });
  const error = px.reduce((sum, value, i) => sum + Math.abs(value - plain.px[i]!), 0) / px.length;
  expect(error).toBeLessThan(2);
  expect(px).not.toEqual(plain.px);
});

test('a page of another shape or of another purpose is no overview', async () => {
  const tiff = await pyramid();
  const [, second, third, ...others] = entries(tiff);
  tiff.writeUInt32LE(0, second!.tags.get(SUBFILE)! + 8); // an image of its own
  tiff.writeUInt32LE(200, third!.tags.get(IMAGE_LENGTH)! + 8); // of another height
  for (const { tags } of others) tiff.writeUInt32LE(0, tags.get(SUBFILE)! + 8);
  expect(tiffOverviews(tiff)).toEqual([]);
});

test('an overview that does not decode leaves the image as it is', async () => {
  const tiff = await pyramid();
  const whole = await decoded(await image().tiff({ compression: 'deflate' }).toBuffer());
  const offsets = tiff.readUInt32LE(entries(tiff)[2]!.tags.get(TILE_OFFSETS)! + 8);
  const tile = tiff.readUInt32LE(offsets);
  tiff.fill(0xff, tile, tile + 64);
  expect((await openImage(tiff, { overview: () => SIZES[1]! })).overview).toBeUndefined();
  expect((await decoded(tiff)).px).toEqual(whole.px);
});
