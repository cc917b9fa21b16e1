/**
 * PNG posters, by bands (PNG specification, third edition). Bands are filtered and compressed by themselves, several at a time:
 * each ends at a byte of the compressed stream, so that they follow each other in it.
 */
import { promisify } from 'node:util';
import { constants, crc32, deflate, deflateRaw } from 'node:zlib';
import { mapOrdered } from '../threads/ordered.ts';
import type { Rect } from '../types.ts';
import { BAND_BYTES, BANDS_AT_ONCE, bandsOf, DPI, type Made, type Making, MARK } from './making.ts';
import { srgbProfile } from './srgb-profile.ts';

const [deflated, rawDeflated] = [promisify(deflate), promisify(deflateRaw)];
/** More takes several times as long for a few percent: photographs hardly repeat. */
const LEVEL = 3;
/** Bytes that the compressor fills at once: small ones take many calls. */
const CHUNK = 2 ** 20;
const SIGNATURE = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1');
/** Number of the filter Up; and the highest bit of each of four bytes. */
const [UP, HIGH] = [2, 0x80808080 | 0];
/** Header of a zlib stream; and the empty last block of a deflate stream. */
const [ZLIB, LAST_BLOCK] = [Buffer.from([0x78, 0x5e]), Buffer.from([3, 0])];

/** Writes a PNG poster. */
export async function writePng({ file, px, signal, onDone }: Making): Promise<Made> {
  const { width, height } = px;
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  head.set([8, 2], 8); // 8 bits, RGB
  const profile = Buffer.concat([Buffer.from('sRGB\0\0', 'latin1'), await deflated(await srgbProfile())]);
  const resolution = Buffer.alloc(9, 1); // ends with 1: per metre
  for (const at of [0, 4]) resolution.writeUInt32BE(Math.round(DPI / 0.0254), at);
  const text = Buffer.from(`Software\0${MARK}`, 'latin1');
  await file.write(SIGNATURE);
  const chunks = { IHDR: head, iCCP: profile, pHYs: resolution, tEXt: text, IDAT: ZLIB };
  for (const [name, body] of Object.entries(chunks)) await file.write(chunk(name, body));
  const rows = Math.max(1, Math.floor(BAND_BYTES / (width * 3)));
  const compress = async (band: Rect) => {
    signal.throwIfAborted();
    const filtered = filter(await px.read(band), band.width * 3);
    const options = { level: LEVEL, finishFlush: constants.Z_FULL_FLUSH, memLevel: 9, chunkSize: CHUNK };
    const body = await rawDeflated(filtered, options);
    return { band, body: chunk('IDAT', body), sum: adler32(filtered), length: filtered.length };
  };
  let sum = 1;
  for await (const { band, body, sum: own, length } of mapOrdered(bandsOf(px, rows), BANDS_AT_ONCE, compress)) {
    await file.write(body);
    sum = joinAdler(sum, own, length);
    onDone(band.width * band.height);
  }
  const end = Buffer.alloc(4);
  end.writeUInt32BE(sum);
  await file.write(chunk('IDAT', Buffer.concat([LAST_BLOCK, end])));
  await file.write(chunk('IEND', Buffer.alloc(0)));
  return { copied: 0 };
}

function chunk(name: string, body: Uint8Array): Buffer {
  const bytes = Buffer.allocUnsafe(body.length + 12);
  bytes.writeUInt32BE(body.length, 0);
  bytes.write(name, 4, 'latin1');
  bytes.set(body, 8);
  bytes.writeUInt32BE(crc32(bytes.subarray(4, 8 + body.length)), 8 + body.length);
  return bytes;
}

/**
 * Filters rows of samples: each becomes its difference from the one above (Up, 9.2). Paeth makes files smaller by one percent, and
 * takes four times as long. The first row stays as it is (None): bands do not depend on each other.
 */
function filter(px: Uint8Array, stride: number): Uint8Array {
  const rows = px.length / stride;
  const out = new Uint8Array(px.length + rows);
  out.set(px.subarray(0, stride), 1);
  const [from, to] = [new DataView(px.buffer, px.byteOffset, px.length), new DataView(out.buffer)];
  for (let y = 1, i = stride, o = stride + 1; y < rows; y++) {
    out[o++] = UP;
    const end = i + stride;
    for (; i + 4 <= end; i += 4, o += 4) {
      const [own, above] = [from.getInt32(i, true), from.getInt32(i - stride, true)];
      // Four differences at once: the highest bits are set apart, so that no byte borrows from the next.
      to.setInt32(o, ((own | HIGH) - (above & ~HIGH)) ^ ((own ^ ~above) & HIGH), true);
    }
    for (; i < end; i++, o++) out[o] = px[i]! - px[i - stride]!;
  }
  return out;
}

/** Modulus of Adler-32; and the most bytes before its sums must be reduced (RFC 1950, 9). */
const [BASE, RUN] = [65_521, 5_552];

function adler32(bytes: Uint8Array): number {
  let [a, b] = [1, 0];
  for (let at = 0; at < bytes.length;) {
    for (const end = Math.min(bytes.length, at + RUN); at < end; at++) {
      a += bytes[at]!;
      b += a;
    }
    a %= BASE;
    b %= BASE;
  }
  return b * 65_536 + a;
}

/** Joins the sums of two runs of bytes; `length` is that of the second. */
function joinAdler(first: number, second: number, length: number): number {
  const [a1, b1] = [first % 65_536, Math.floor(first / 65_536)];
  const [a2, b2] = [second % 65_536, Math.floor(second / 65_536)];
  const a = (a1 + a2 + BASE - 1) % BASE;
  const b = (b1 + b2 + (((length % BASE) * ((a1 + BASE - 1) % BASE)) % BASE)) % BASE;
  return b * 65_536 + a;
}
