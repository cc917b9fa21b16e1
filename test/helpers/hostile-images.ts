/** Small files that unfold into huge pictures, and such that are hard to draw. */
import { constants, crc32, deflateSync } from 'node:zlib';
import sharp from 'sharp';
import { waves } from './images.ts';

/** Px along a side: nearly as many as libvips takes; and of what is read line by line, which takes its time. */
const [SIDE, LONG_SIDE] = [16_000, 6000];

/** Such files, by names that tell what they are. */
export async function hostileImages(): Promise<Map<string, Buffer>> {
  const small = () => sharp(waves(64, 64, 1), { raw: { width: 64, height: 64, channels: 3 } });
  return new Map([
    ['plain.png', png(SIDE, { interlaced: false, colour: 2, bits: 8 })],
    ['interlaced.png', png(SIDE, { interlaced: true, colour: 2, bits: 8 })],
    ['wide.png', png(SIDE, { interlaced: true, colour: 6, bits: 16 })],
    ['progressive.jpg', jpegOfSize(SIDE, await small().jpeg({ progressive: true }).toBuffer())],
    ['baseline.jpg', jpegOfSize(LONG_SIDE, await small().jpeg().toBuffer())],
    ['lossy.webp', webpOfSize(await small().webp().toBuffer())],
    ['large.avif', avifOfSize(await small().avif({ effort: 0 }).toBuffer())],
    ['large.gif', gif()],
    ['strip.tif', tiff(LONG_SIDE, LONG_SIDE)],
    ['strips.tif', tiff(LONG_SIDE, 16)],
    ['large.svg', svg('<rect width="9000" height="9000" fill="red"/>')],
    ['pattern.svg', svg(PATTERN)],
    ['laughs.svg', svg(`<defs>${LAUGHS}</defs><use href="#g19"/>`)],
  ]);
}

const PATTERN = `<pattern id="p" width="0.01" height="0.01" patternUnits="userSpaceOnUse"><rect width="1" height="1"/></pattern>
  <rect width="9000" height="9000" fill="url(#p)"/>`;
const LAUGHS = Array.from({ length: 20 }, (_, i) =>
  i === 0 ? '<g id="g0"/>' : `<g id="g${i}">${`<use href="#g${i - 1}"/>`.repeat(10)}</g>`,
).join('');

function svg(content: string): Buffer {
  return Buffer.from(
    `<svg xmlns="http://www.w3.org/2000/svg" width="${SIDE}" height="${SIDE}" viewBox="0 0 9000 9000">${content}</svg>`,
  );
}

/** `count` zeros as zlib has them: one piece, again and again. */
function zeros(count: number): Buffer {
  const piece = 2 ** 20;
  const flush = { finishFlush: constants.Z_FULL_FLUSH };
  const head = deflateSync(Buffer.alloc(count % piece), flush);
  // Of a stream that goes on, without the header of one.
  const more = deflateSync(Buffer.alloc(piece), flush).subarray(2);
  const end = Buffer.from([3, 0, 0, 0, 0, 0]);
  // Adler-32 of zeros: the first sum stays 1, the second counts them.
  end.writeUInt32BE((count % 65521) * 65536 + 1, 2);
  return Buffer.concat([head, ...Array.from({ length: Math.floor(count / piece) }, () => more), end]);
}

const PASSES = [
  [0, 0, 8, 8],
  [4, 0, 8, 8],
  [0, 4, 4, 8],
  [2, 0, 4, 4],
  [0, 2, 2, 4],
  [1, 0, 2, 2],
  [0, 1, 1, 2],
] as const;

function png(side: number, { interlaced, colour, bits }: { interlaced: boolean; colour: 2 | 6; bits: 8 | 16 }): Buffer {
  const px = (colour === 2 ? 3 : 4) * (bits / 8);
  const passes = interlaced ? PASSES : ([[0, 0, 1, 1]] as const);
  let bytes = 0;
  for (const [x, y, dx, dy] of passes) bytes += Math.ceil((side - y) / dy) * (1 + Math.ceil((side - x) / dx) * px);
  const header = Buffer.alloc(13);
  header.writeUInt32BE(side, 0);
  header.writeUInt32BE(side, 4);
  header.set([bits, colour, 0, 0, interlaced ? 1 : 0], 8);
  const chunks = [chunk('IHDR', header), chunk('IDAT', zeros(bytes)), chunk('IEND', Buffer.alloc(0))];
  return Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), ...chunks]);
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type), data]);
  const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  sum.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, sum]);
}

/** A JPEG that says it is huge. */
function jpegOfSize(side: number, jpeg: Buffer): Buffer {
  const frame = jpeg.findIndex((byte, i) => byte === 0xff && [0xc0, 0xc2].includes(jpeg[i + 1]!));
  jpeg.writeUInt16BE(side, frame + 5);
  jpeg.writeUInt16BE(side, frame + 7);
  return jpeg;
}

function webpOfSize(webp: Buffer): Buffer {
  const start = webp.indexOf(Buffer.from([0x9d, 0x01, 0x2a]));
  webp.writeUInt16LE(16_383, start + 3);
  webp.writeUInt16LE(16_383, start + 5);
  return webp;
}

function avifOfSize(avif: Buffer): Buffer {
  const size = avif.indexOf('ispe') + 8;
  avif.writeUInt32BE(SIDE, size);
  avif.writeUInt32BE(SIDE, size + 4);
  return avif;
}

/** A picture of which there is one px. */
function gif(): Buffer {
  const bytes = Buffer.from('GIF89a....\x80\0\0\0\0\0\xff\xff\xff,\0\0\0\0....\0\x02\x02D\x01\0;', 'latin1');
  for (const at of [6, 8, 24, 26]) bytes.writeUInt16LE(SIDE, at);
  return bytes;
}

/** A picture in strips of so many rows, deflated. */
function tiff(side: number, rows: number): Buffer {
  const strips = Math.ceil(side / rows);
  const strip = zeros(side * 3 * rows);
  const tags: [number, number, number[]][] = [
    [256, 4, [side]],
    [257, 4, [side]],
    [258, 3, [8, 8, 8]],
    [259, 3, [8]],
    [262, 3, [2]],
    [273, 4, Array.from({ length: strips }, () => 0)],
    [277, 3, [3]],
    [278, 4, [rows]],
    [279, 4, Array.from({ length: strips }, () => strip.length)],
  ];
  const at = 8 + 2 + 12 * tags.length + 4;
  const data = at + 6 + 8 * strips;
  tags[5]![2].fill(data); // all strips are the same one
  const file = Buffer.alloc(data + strip.length);
  file.write('II*\0', 'latin1');
  file.writeUInt32LE(8, 4);
  file.writeUInt16LE(tags.length, 8);
  let after = at;
  for (const [i, [tag, type, values]] of tags.entries()) {
    const entry = 10 + 12 * i;
    const size = type === 3 ? 2 : 4;
    file.writeUInt16LE(tag, entry);
    file.writeUInt16LE(type, entry + 2);
    file.writeUInt32LE(values.length, entry + 4);
    let place = entry + 8;
    if (values.length * size > 4) {
      file.writeUInt32LE(after, place);
      place = after;
      after += values.length * size;
    }
    for (const [j, value] of values.entries()) file.writeUIntLE(value, place + j * size, size);
  }
  strip.copy(file, data);
  return file;
}
