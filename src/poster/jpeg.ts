/**
 * JPEG posters, by bands of whole rows of MCUs. A restart marker between two bands makes each independent of the one before, so
 * that their entropy-coded data stands in one file as it was encoded. Where the site has the poster's px as spliced JPEG data,
 * that data is the poster's: nothing is decoded.
 */
import { sharp } from '../image/sharp.ts';
import { parseJpegHeader } from '../jpeg/header.ts';
import { MARKER } from '../jpeg/markers.ts';
import { JpegError } from '../jpeg/parts.ts';
import { type TileHeader, tileHeaderOf } from '../jpeg/splice.ts';
import { mapOrdered } from '../threads/ordered.ts';
import type { Rect, Size } from '../types.ts';
import { BAND_BYTES, BANDS_AT_ONCE, bandsOf, DPI, type Made, type Making, MARK } from './making.ts';
import { SiteSegments } from './site-segments.ts';
import type { SiteLevel } from './site-level.ts';
import { srgbProfile } from './srgb-profile.ts';

/** Greatest number of MCUs between restart markers. */
const RESTART_MAX = 65_535;
/** Quality from which on chroma has full resolution. */
const FULL_CHROMA = 90;

/** Returns the chroma subsampling that px are encoded with at a quality. */
export function subsamplingOf(quality: number): '4:2:0' | '4:4:4' {
  return quality >= FULL_CHROMA ? '4:4:4' : '4:2:0';
}

/** Writes a JPEG poster. */
export async function writeJpeg(making: Making): Promise<Made> {
  if (making.own && (await splice(making, making.own))) return { copied: 1 };
  await encode(making);
  return { copied: 0 };
}

/** Splices a poster from the site's segments; returns false, and leaves the file empty, if there are none. */
async function splice(making: Making, level: SiteLevel): Promise<boolean> {
  const { file, signal, onDone } = making;
  let done = 0;
  try {
    const segments = new SiteSegments(level);
    const { width, height } = level;
    await file.write(await headerOf(segments.header, { width, height, restart: segments.mcus }));
    for (let y = 0; y < height; y += segments.mcu) {
      await file.write(rowOf(segments, level, y));
      onDone(width * segments.mcu);
      done += width * segments.mcu;
      signal.throwIfAborted();
    }
    await file.write(Uint8Array.of(0xff, MARKER.EOI));
    return true;
  } catch (error) {
    if (!(error instanceof JpegError)) throw error;
    await file.restart();
    onDone(-done);
    return false;
  }
}

/** Returns a row of segments, with a restart marker before each but the first of the poster. */
function rowOf(segments: SiteSegments, { width }: Size, y: number): Uint8Array {
  const count = width / segments.width;
  const parts: Uint8Array[] = [];
  for (let i = 0; i < count; i++) {
    const index = (y / segments.mcu) * count + i;
    if (index > 0) parts.push(restartAfter(index - 1));
    parts.push(segments.at(i * segments.width, y));
  }
  return Buffer.concat(parts);
}

/** Encodes a poster band by band. */
async function encode({ file, px, quality, signal, onDone }: Making): Promise<void> {
  const { width, height } = px;
  const chromaSubsampling = subsamplingOf(quality);
  const mcu = chromaSubsampling === '4:2:0' ? 16 : 8;
  const across = Math.ceil(width / mcu);
  const rows = Math.max(1, Math.min(Math.floor(RESTART_MAX / across), Math.floor(BAND_BYTES / (width * 3 * mcu))));
  const encodeBand = async (band: Rect) => {
    signal.throwIfAborted();
    const image = sharp(await px.read(band), { raw: { width, height: band.height, channels: 3 } });
    // All bands must have the standard tables.
    const coding = { quality, chromaSubsampling, optimiseCoding: false, progressive: false, mozjpeg: false };
    return await image.jpeg(coding).toBuffer();
  };
  let index = 0;
  for await (const jpeg of mapOrdered(bandsOf(px, rows * mcu), BANDS_AT_ONCE, encodeBand)) {
    if (index === 0) await file.write(await headerOf(tileHeaderOf(jpeg), { width, height, restart: across * rows }));
    else await file.write(restartAfter(index - 1));
    await file.write(jpeg.subarray(parseJpegHeader(jpeg).dataStart, jpeg.length - 2)); // without EOI
    onDone(width * Math.min(rows * mcu, height - index * rows * mcu));
    index++;
  }
  await file.write(Uint8Array.of(0xff, MARKER.EOI));
}

/** The restart marker behind the segment with an index. */
function restartAfter(index: number): Uint8Array {
  return Uint8Array.of(0xff, MARKER.RST0 | (index & 7));
}

/** Makes the header of a poster from that of a JPEG with the same tables: notes resolution, origin and colour profile. */
async function headerOf(
  { bytes, sizeAt, restartAt }: TileHeader,
  { width, height, restart }: Size & { readonly restart: number },
): Promise<Uint8Array> {
  const header = Buffer.from(bytes);
  header.writeUInt16BE(height, sizeAt);
  header.writeUInt16BE(width, sizeAt + 2);
  header.writeUInt16BE(restart, restartAt);
  const jfif = Buffer.from('JFIF\0\x01\x01\x01\0\0\0\0\0\0', 'latin1'); // version 1.1, px per inch, no thumbnail
  jfif.writeUInt16BE(DPI, 8);
  jfif.writeUInt16BE(DPI, 10);
  const profile = Buffer.concat([Buffer.from('ICC_PROFILE\0\x01\x01', 'latin1'), await srgbProfile()]);
  const notes = [
    segment(MARKER.APP0, jfif),
    segment(MARKER.COM, Buffer.from(MARK, 'latin1')),
    segment(MARKER.APP2, profile),
  ];
  const hasJfif = header.readUInt16BE(2) === (0xff00 | MARKER.APP0);
  const rest = header.subarray(hasJfif ? 4 + header.readUInt16BE(4) : 2);
  return Buffer.concat([header.subarray(0, 2), ...notes, rest]);
}

function segment(marker: number, body: Uint8Array): Uint8Array {
  const head = Buffer.from([0xff, marker, 0, 0]);
  head.writeUInt16BE(body.length + 2, 2);
  return Buffer.concat([head, body]);
}
