import { JpegError, type JpegHeader, type JpegSegment, parseJpegHeader } from '../jpeg/header.ts';
import { readOrientation, writeOrientation } from './exif-orientation.ts';

const TABLES = new Set([0xdb, 0xc4, 0xdd]); // DQT, DHT, DRI
/** Frames that browsers decode: baseline, extended sequential and progressive, all of them Huffman coded. */
const FRAMES = new Set([0xc0, 0xc1, 0xc2]);
const EOI = 0xd9;
const SOS = 0xda;
const DNL = 0xdc;
const COM = 0xfe;
const APP0 = 0xe0;
const APP1 = 0xe1;
const APP2 = 0xe2;
const APP14 = 0xee;
const JFIF_LENGTH = 16;
const ADOBE_LENGTH = 14;

/**
 * Takes out of a JPEG what does not change how it looks: EXIF but for its orientation, XMP, IPTC, comments, previews,
 * gain maps, and whatever follows EOI (motion photos, depth maps). Tables, scans and ICC profiles stay byte for byte.
 *
 * Whether there are a JFIF and an Adobe segment decides how libjpeg takes the colours, so these stay, too, without what
 * may hang on to them.
 *
 * @returns undefined if browsers may not show it, or not all the same way.
 * @throws {JpegError} if the segments are broken or EOI is missing.
 */
export function stripJpegMetadata(jpeg: Uint8Array): Uint8Array | undefined {
  const header = parseJpegHeader(jpeg);
  if (!shownByBrowsers(header)) return undefined;
  const firstScan = header.segments.at(-1)!;
  const exif = header.segments.find((segment) => segment.marker === APP1 && startsWith(jpeg, segment, 'Exif\0'));
  const orientation = exif ? readOrientation(jpeg.subarray(exif.start + 4, exif.end)) : 1;
  if (orientation === undefined) return undefined;
  const parts = [jpeg.subarray(0, 2)];
  for (const segment of header.segments) {
    if (segment === exif && orientation !== 1) parts.push(...exifSegment(orientation));
    else if (segment !== firstScan) parts.push(neededPart(jpeg, segment));
  }
  return Buffer.concat([...parts, ...scans(jpeg, firstScan.start)]);
}

function shownByBrowsers({ frame, precision, components }: JpegHeader): boolean {
  return FRAMES.has(frame) && precision === 8 && (components.length === 1 || components.length === 3);
}

/** What is kept of a segment before the first scan; nothing of most. */
function neededPart(jpeg: Uint8Array, segment: JpegSegment): Uint8Array {
  const { marker, start, end } = segment;
  const whole = jpeg.subarray(start, end);
  if (TABLES.has(marker) || FRAMES.has(marker)) return whole;
  if (marker === APP2 && startsWith(jpeg, segment, 'ICC_PROFILE\0')) return whole;
  // Shorter ones are none to libjpeg. JFIF ends in the size of its thumbnail, which is set to none.
  if (marker === APP0 && startsWith(jpeg, segment, 'JFIF\0') && whole.length >= 2 + JFIF_LENGTH) {
    return Buffer.concat([shortened(whole, JFIF_LENGTH).subarray(0, JFIF_LENGTH), new Uint8Array(2)]);
  }
  if (marker === APP14 && startsWith(jpeg, segment, 'Adobe') && whole.length >= 2 + ADOBE_LENGTH) {
    return shortened(whole, ADOBE_LENGTH);
  }
  return whole.subarray(0, 0);
}

function startsWith(jpeg: Uint8Array, { start, end }: JpegSegment, text: string): boolean {
  const body = jpeg.subarray(start + 4, Math.min(end, start + 4 + text.length));
  return Buffer.from(body).toString('latin1') === text;
}

/** A copy of a segment, cut to `length` bytes behind its marker. */
function shortened(segment: Uint8Array, length: number): Uint8Array {
  const copy = Uint8Array.from(segment.subarray(0, 2 + length));
  copy.set([length >> 8, length & 255], 2);
  return copy;
}

function exifSegment(orientation: number): Uint8Array[] {
  const exif = writeOrientation(orientation);
  return [Uint8Array.of(0xff, APP1, 0, 2 + exif.length), exif];
}

/** From the first SOS to EOI: the scans with their entropy-coded data, and the tables between them (T.81, B.2). */
function* scans(jpeg: Uint8Array, start: number): Generator<Uint8Array> {
  let at = start;
  for (;;) {
    if (jpeg[at] !== 0xff) throw new JpegError(`expected a marker at byte ${at}`);
    while (jpeg[at + 1] === 0xff) at++; // fill bytes, B.1.1.2
    const marker = jpeg[at + 1] ?? 0;
    if (marker === EOI) {
      yield jpeg.subarray(at, at + 2);
      return;
    }
    const skipped = marker === COM || marker === DNL || (marker >= APP0 && marker <= 0xef);
    if (marker !== SOS && !TABLES.has(marker) && !skipped) {
      throw new JpegError(`unexpected marker 0xff${marker.toString(16).padStart(2, '0')} at byte ${at}`);
    }
    const length = ((jpeg[at + 2] ?? 0) << 8) | (jpeg[at + 3] ?? 0);
    let end = at + 2 + length;
    if (length < 2 || end > jpeg.length) throw new JpegError(`segment at byte ${at} runs past the end`);
    if (marker === SOS) end = endOfScan(jpeg, end);
    if (!skipped) yield jpeg.subarray(at, end);
    at = end;
  }
}

/** Where entropy-coded data ends: at the next marker that is no restart. */
function endOfScan(jpeg: Uint8Array, start: number): number {
  let at = jpeg.indexOf(0xff, start);
  while (at >= 0) {
    const next = jpeg[at + 1];
    const within = next === 0 || (next !== undefined && next >= 0xd0 && next <= 0xd7);
    if (!within && next !== 0xff) return at;
    at = jpeg.indexOf(0xff, at + (within ? 2 : 1));
  }
  throw new JpegError('no EOI marker');
}
