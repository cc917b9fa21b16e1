import { isFrame, MARKER } from '../jpeg/markers.ts';
import { JpegError, jpegParts } from '../jpeg/parts.ts';
import type { Size } from '../types.ts';
import { type ByteSource, byteSource } from './byte-source.ts';
import { cr3Facts } from './raw-cr3.ts';
import { type RawFacts, rawTiffFacts } from './raw-tiff.ts';

/** The largest JPEG that a camera raw file carries. */
export interface RawPreview extends Size {
  readonly jpeg: Buffer;
  /** What the raw file says of how it is to be turned, as EXIF counts; where the JPEG says so itself, that holds. */
  readonly orientation: number | undefined;
}

/** A camera raw file without a picture that could be shown. */
export class NoRawPreview extends Error {
  override readonly name = 'NoRawPreview';

  constructor() {
    super('camera raw file without an embedded picture');
  }
}

/** Px along the longer side of the least that is worth showing: below are thumbnails. */
const SIDE_MIN = 320;
/** Places of a file that are looked at for a JPEG. */
const CANDIDATES_MAX = 64;
/** Bytes that a JPEG's frame header lies in, behind whatever a camera wrote before; and those of a whole one. */
const [HEADER_BYTES, JPEG_BYTES] = [2 ** 18, 2 ** 27];

/**
 * Finds the largest JPEG in a camera raw file: CR2, CR3, NEF, ARW, DNG, RAF, ORF, RW2, PEF, SRW. Only what libvips can decode
 * counts: sensors' data may be JPEG, too, but lossless ones.
 *
 * @returns undefined if the file is no raw file.
 * @throws {NoRawPreview} if it is one without a picture.
 */
export function rawPreview(input: Uint8Array | string): RawPreview | undefined {
  const source = byteSource(input);
  try {
    const facts = factsOf(source);
    if (!facts) return undefined;
    const largest = largestOf(source, facts);
    if (!largest) throw new NoRawPreview();
    return largest;
  } finally {
    source.close();
  }
}

function factsOf(source: ByteSource): RawFacts | undefined {
  const head = source.read(0, 92).toString('latin1');
  if (head.startsWith('FUJIFILMCCD-RAW ')) return rafFacts(source);
  if (head.startsWith('ftypcrx ', 4)) return cr3Facts(source);
  return rawTiffFacts(source);
}

/** Fujifilm's RAF says at byte 84 where its JPEG is. */
function rafFacts(source: ByteSource): RawFacts {
  const places = source.read(84, 8);
  const candidates = places.length < 8 ? [] : [{ start: places.readUInt32BE(0), bytes: places.readUInt32BE(4) }];
  return { candidates, orientation: undefined };
}

function largestOf(source: ByteSource, { candidates, orientation }: RawFacts): RawPreview | undefined {
  let best: { start: number; bytes: number; size: Size } | undefined;
  for (const { start, bytes } of candidates.slice(0, CANDIDATES_MAX)) {
    const size = jpegSize(source.read(start, Math.min(bytes, HEADER_BYTES)));
    if (!size || Math.max(size.width, size.height) < SIDE_MIN) continue;
    if (!best || size.width * size.height > best.size.width * best.size.height) best = { start, bytes, size };
  }
  if (!best) return undefined;
  const jpeg = source.read(best.start, Math.min(best.bytes, JPEG_BYTES));
  return { ...best.size, jpeg, orientation };
}

/** Size of a JPEG, px; undefined for what is none, or a lossless one. */
function jpegSize(bytes: Buffer): Size | undefined {
  try {
    for (const { marker, start } of jpegParts(bytes)) {
      if (!isFrame(marker)) continue;
      const coded = marker === MARKER.SOF0 || marker === MARKER.SOF1 || marker === MARKER.SOF2;
      return coded ? { height: bytes.readUInt16BE(start + 5), width: bytes.readUInt16BE(start + 7) } : undefined;
    }
  } catch (error) {
    if (!(error instanceof JpegError || error instanceof RangeError)) throw error;
  }
  return undefined;
}
