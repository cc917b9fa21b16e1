import { isFrame, MARKER } from '../jpeg/markers.ts';
import { JpegError, jpegParts } from '../jpeg/parts.ts';
import type { Size } from '../types.ts';
import { type ByteSource, byteSource } from './byte-source.ts';
import { cr3Facts } from './raw-cr3.ts';
import { type RawFacts, rawTiffFacts } from './raw-tiff.ts';

/** Largest JPEG in a camera raw file. */
export interface RawPreview extends Size {
  readonly jpeg: Buffer;
  /** EXIF orientation that the raw file states. An orientation in the JPEG itself takes precedence. */
  readonly orientation: number | undefined;
}

/** The camera raw file has no embedded image that is large enough. */
export class NoRawPreview extends Error {
  override readonly name = 'NoRawPreview';

  constructor() {
    super('camera raw file without an embedded picture');
  }
}

/** Shortest longer side of an embedded image that is used, px; smaller ones are thumbnails. */
const SIDE_MIN = 320;
/** Largest number of places of a file that are checked for a JPEG. */
const CANDIDATES_MAX = 64;
/**
 * Number of first bytes of a JPEG that contain its frame header, behind whatever the camera wrote before it; and the
 * largest number of bytes of a whole JPEG.
 */
const [HEADER_BYTES, JPEG_BYTES] = [2 ** 18, 2 ** 27];

/**
 * Finds the largest JPEG in a camera raw file: CR2, CR3, NEF, ARW, DNG, RAF, ORF, RW2, PEF, SRW. Only JPEGs that
 * libvips can decode count: sensor data may be JPEG as well, but lossless.
 *
 * @returns undefined if the file is no raw file.
 * @throws {NoRawPreview} if a raw file has no such JPEG.
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

/** Reads the place of the JPEG in Fujifilm's RAF, which is stated at byte 84. */
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

/** Returns the size of a JPEG, px; undefined for other data, and for a lossless JPEG. */
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
