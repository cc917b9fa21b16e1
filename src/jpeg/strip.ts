/**
 * Removes everything from a JPEG that is not image data, without re-encoding: EXIF, XMP, IPTC, comments, previews, gain
 * maps, and whatever follows EOI (motion photos, depth maps). An allow list names what is kept; all else is removed,
 * wherever it stands.
 *
 * The presence of a JFIF and of an Adobe segment decides how libjpeg interprets the colours. So these two are kept as
 * well, without any data that may be appended to them.
 */
import { readOrientation, writeOrientation } from './exif-orientation.ts';
import { HeaderReader, type JpegHeader, parseJpegHeader, type ScanHeader } from './header.ts';
import { isApplication, MARKER, markerText } from './markers.ts';
import { JpegError, type JpegPart, jpegParts, SCAN_DATA } from './parts.ts';
import { scanGeometryOf, ScanReader, unstuff } from './scan-reader.ts';

const { SOF0, SOF1, SOF2, DHT, DQT, DRI, DNL, SOI, SOS, EOI, RST0, COM, APP0, APP1, APP2, APP14 } = MARKER;
const TABLES: ReadonlySet<number> = new Set([DQT, DHT, DRI]);
/** Frames that browsers decode: baseline, extended sequential and progressive, all of them Huffman coded. */
const FRAMES: ReadonlySet<number> = new Set([SOF0, SOF1, SOF2]);
/** Version of {@link stripToTile}, whose results catalogs keep. Version 1 left thumbnails and comments in. */
export const STRIP_VERSION = 2;
const JFIF_LENGTH = 16;
const ADOBE_LENGTH = 14;

/**
 * Makes a tile of a JPEG: tables, frame and scans, without ICC profile and orientation. Each scan ends with its last
 * MCU: bytes behind it, which decoders skip, are removed as well.
 *
 * @returns undefined if the JPEG cannot be a tile: it is not baseline, or its scans are not in order.
 */
export function stripToTile(jpeg: Uint8Array): Uint8Array | undefined {
  try {
    const header = new HeaderReader();
    const parts: Uint8Array[] = [Uint8Array.of(0xff, SOI)];
    const seen = new Set<number>();
    for (const part of jpegParts(jpeg)) {
      header.take(jpeg, part);
      if (part.marker !== SCAN_DATA) parts.push(part.marker === SOS ? whole(jpeg, part) : neededPart(jpeg, part));
      else parts.push(jpeg.subarray(part.start, endOfMcus(jpeg, part, header.facts, seen)));
    }
    return seen.size === header.facts.components.length ? Buffer.concat(parts) : undefined;
  } catch (error) {
    if (error instanceof JpegError) return undefined;
    throw error;
  }
}

/**
 * Makes a copy of a JPEG to be published, with ICC profiles and orientation. The scans stay byte for byte.
 *
 * @returns undefined if browsers may not show it, or not all of them in the same way.
 * @throws {JpegError} if the segments are malformed, or EOI is missing.
 */
export function stripToOriginal(jpeg: Uint8Array): Uint8Array | undefined {
  const header = parseJpegHeader(jpeg);
  if (!shownByBrowsers(header)) return undefined;
  const exif = header.segments.find((segment) => segment.marker === APP1 && startsWith(jpeg, segment, 'Exif\0'));
  const orientation = exif ? readOrientation(jpeg.subarray(exif.start + 4, exif.end)) : 1;
  if (orientation === undefined) return undefined;
  const parts: Uint8Array[] = [Uint8Array.of(0xff, SOI)];
  for (const part of jpegParts(jpeg)) {
    const { marker, start } = part;
    const within = start >= header.dataStart;
    if (within) refuseInScans(part);
    if (marker === SCAN_DATA || marker === SOS) parts.push(whole(jpeg, part));
    else if (start === exif?.start && orientation !== 1) parts.push(...exifSegment(orientation));
    else if (marker === APP2 && !within && startsWith(jpeg, part, 'ICC_PROFILE\0')) parts.push(whole(jpeg, part));
    else parts.push(neededPart(jpeg, part));
  }
  return Buffer.concat(parts);
}

function shownByBrowsers({ frame, precision, components }: JpegHeader): boolean {
  return FRAMES.has(frame) && precision === 8 && (components.length === 1 || components.length === 3);
}

/**
 * Accepts what may stand between scans (B.2): tables, and segments that are removed anyway.
 *
 * @throws {JpegError} for any other marker.
 */
function refuseInScans({ marker, start }: JpegPart): void {
  const known = marker === SCAN_DATA || marker === SOS || marker === EOI || TABLES.has(marker);
  if (known || marker === COM || marker === DNL || isApplication(marker)) return;
  throw new JpegError(`unexpected marker ${markerText(marker)} at byte ${start}`);
}

function whole(jpeg: Uint8Array, { start, end }: JpegPart): Uint8Array {
  return jpeg.subarray(start, end);
}

/** Returns the bytes that are kept of a marker segment; none of most. */
function neededPart(jpeg: Uint8Array, part: JpegPart): Uint8Array {
  const { marker } = part;
  const segment = whole(jpeg, part);
  if (TABLES.has(marker) || FRAMES.has(marker) || marker === EOI) return segment;
  // libjpeg ignores shorter ones. JFIF ends with the size of its thumbnail, which becomes 0 x 0.
  if (marker === APP0 && startsWith(jpeg, part, 'JFIF\0') && segment.length >= 2 + JFIF_LENGTH) {
    return Buffer.concat([shortened(segment, JFIF_LENGTH).subarray(0, JFIF_LENGTH), new Uint8Array(2)]);
  }
  if (marker === APP14 && startsWith(jpeg, part, 'Adobe') && segment.length >= 2 + ADOBE_LENGTH) {
    return shortened(segment, ADOBE_LENGTH);
  }
  return new Uint8Array(0);
}

function startsWith(jpeg: Uint8Array, { start, end }: JpegPart, text: string): boolean {
  const body = jpeg.subarray(start + 4, Math.min(end, start + 4 + text.length));
  return Buffer.from(body).toString('latin1') === text;
}

/** Returns a copy of a segment, cut to `length` bytes behind its marker. */
function shortened(segment: Uint8Array, length: number): Uint8Array {
  const copy = Uint8Array.from(segment.subarray(0, 2 + length));
  copy.set([length >> 8, length & 255], 2);
  return copy;
}

function exifSegment(orientation: number): Uint8Array[] {
  const exif = writeOrientation(orientation);
  return [Uint8Array.of(0xff, APP1, 0, 2 + exif.length), exif];
}

/**
 * Returns the offset behind the last MCU of a scan. Bytes from there on belong to no image.
 *
 * @param seen components of earlier scans; those of this scan are added.
 * @throws {JpegError} if the scan is damaged, repeats a component, or is not that of a baseline JPEG.
 */
function endOfMcus(jpeg: Uint8Array, data: JpegPart, header: ScanHeader, seen: Set<number>): number {
  for (const { id } of header.scan) {
    if (seen.has(id)) throw new JpegError('two scans of one component');
    seen.add(id);
  }
  const geometry = scanGeometryOf(header);
  let left = geometry.across * geometry.down;
  for (let at = data.start, restart: number = RST0; ; restart = RST0 | ((restart + 1) & 7)) {
    const raw = unstuff(jpeg, at);
    const reader = new ScanReader(raw, geometry);
    const run = Math.min(left, header.restartInterval || left);
    for (let mcu = 0; mcu < run; mcu++) reader.readMcu(false);
    left -= run;
    if (left === 0) return stuffedEnd(jpeg, at, Math.ceil(reader.position / 8));
    // Bytes before a restart marker cannot be cut off.
    if (raw.marker !== restart || reader.hasMore) throw new JpegError('restart markers are not in order');
    at = raw.end;
  }
}

/**
 * Returns the offset of the end of entropy-coded data that starts at `start` and has `bytes` bytes without stuffing.
 */
function stuffedEnd(jpeg: Uint8Array, start: number, bytes: number): number {
  let at = start;
  for (let i = 0; i < bytes; i++) {
    if (jpeg[at++] !== 0xff) continue;
    while (jpeg[at] === 0xff) at++;
    at++;
  }
  return at;
}
