import sharp from 'sharp';
import { beforeAll, expect, test } from 'vitest';
import { cutJpeg } from '../../src/jpeg/cut.ts';
import { JpegError } from '../../src/jpeg/parts.ts';
import { cutAtRestarts, plainJpegOf } from '../../src/jpeg/restarts.ts';
import { spliceBound, spliceTile, tileHeaderOf } from '../../src/jpeg/splice.ts';
import { structured } from '../helpers/levels.ts';

const SIZE = { width: 96, height: 64 };
const encode = (seed: number) =>
  sharp(structured(SIZE, seed).data, { raw: { ...SIZE, channels: 3 } }).jpeg({ quality: 90, optimiseCoding: false });

let tile: Buffer;
/** Two pictures, cut into segments of 3 MCUs, side by side. */
beforeAll(async () => {
  const jpegs = await Promise.all([1, 2].map((seed) => encode(seed).toBuffer()));
  const cut = (jpeg: Buffer) =>
    cutJpeg(jpeg, [
      { left: 0, top: 0, width: 3, height: 4 },
      { left: 3, top: 0, width: 3, height: 4 },
    ]);
  const bands = [{ pieces: jpegs.flatMap(cut), from: 0, to: 4 }];
  const header = tileHeaderOf(jpegs[0]!);
  const out = Buffer.alloc(spliceBound(header, bands));
  tile = out.subarray(0, spliceTile(out, header, { width: 192, height: 64, segmentMcus: 3, bands }));
});

test('a spliced tile comes apart into its segments, which make it again', async () => {
  const { header, sampling, mcus, across, down, at } = cutAtRestarts(tile);
  expect({ sampling, mcus, across, down }).toEqual({ sampling: 2, mcus: 3, across: 4, down: 4 });
  const band = (row: number) => {
    const pieces = Array.from({ length: across }, (_, column) => at(column, row));
    return { pieces: pieces.map((data) => ({ data, ends: Uint32Array.of(data.length) })), from: 0, to: 1 };
  };
  const bands = Array.from({ length: down }, (_, row) => band(row));
  const out = Buffer.alloc(spliceBound(header, bands));
  const again = out.subarray(0, spliceTile(out, header, { width: 192, height: 64, segmentMcus: mcus, bands }));
  expect(again.equals(tile)).toBe(true);
});

test('other JPEGs are refused', async () => {
  const others = [
    encode(1), // without restart markers
    encode(1).jpeg({ progressive: true }),
    encode(1).jpeg({ chromaSubsampling: '4:4:4' }),
    encode(1).toColourspace('b-w').jpeg(),
    encode(1).toColourspace('cmyk').jpeg(),
  ];
  for (const image of others) {
    const jpeg = await image.toBuffer();
    expect(() => cutAtRestarts(jpeg)).toThrow(JpegError);
  }
  expect(() => plainJpegOf(Buffer.alloc(10))).toThrow(JpegError);
});

test('markers that are missing, in excess or out of order are refused', () => {
  const markers = [];
  for (let at = tile.indexOf(Buffer.from([0xff, 0xda])); at < tile.length; at++) {
    if (tile[at] === 0xff && (tile[at + 1]! & 0xf8) === 0xd0) markers.push(at);
  }
  expect(markers).toHaveLength(15);
  const [third] = markers.slice(2);
  const out = Buffer.from(tile);
  out[third! + 1] = 0xd0;
  expect(() => cutAtRestarts(out)).toThrow('restart markers are not in order');
  const fewer = Buffer.concat([tile.subarray(0, markers.at(-1)), Buffer.from([0xff, 0xd9])]);
  expect(() => cutAtRestarts(fewer)).toThrow('restart markers are not in order');
  const more = Buffer.concat([tile.subarray(0, -2), Buffer.from([0xff, 0xd7, 1, 0xff, 0xd9])]);
  expect(() => cutAtRestarts(more)).toThrow('restart markers are not in order');
  // A size that would have millions of segments.
  const huge = Buffer.from(tile);
  const { sizeAt } = tileHeaderOf(tile);
  huge.writeUInt16BE(65_535, sizeAt);
  huge.writeUInt16BE(48 * 1365, sizeAt + 2);
  expect(() => cutAtRestarts(huge)).toThrow('too few restart markers');
});
