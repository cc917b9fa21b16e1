import { JpegError, parseJpegHeader } from './header.ts';

/** A JPEG without its metadata, and what it takes to decide whether it can stand as a tile as it is. */
export interface StrippedJpeg {
  /** SOI, the segments a decoder needs, the scans byte for byte, EOI. */
  readonly bytes: Uint8Array;
  readonly width: number;
  readonly height: number;
  /** SOF0, 8 bits, 1 component or 3. */
  readonly baseline: boolean;
}

const NEEDED = new Set([0xdb, 0xc4, 0xdd, 0xda]); // DQT, DHT, DRI, SOS
const APP0 = 0xe0;
const APP14 = 0xee;

/**
 * Takes everything out of a JPEG that is not picture: EXIF, XMP, ICC, comments, previews, and whatever follows EOI
 * (depth maps, motion photos). JFIF and Adobe's APP14 stay, since they say how colours are coded.
 *
 * @throws {JpegError} if it is not a JPEG that ends in EOI.
 */
export function stripJpeg(jpeg: Uint8Array): StrippedJpeg {
  const header = parseJpegHeader(jpeg);
  const parts: Uint8Array[] = [jpeg.subarray(0, 2)];
  for (const { marker, start, end } of header.segments) {
    const frame = marker >= 0xc0 && marker <= 0xcf;
    if (frame || NEEDED.has(marker) || isColourCoding(jpeg, marker, start)) parts.push(jpeg.subarray(start, end));
  }
  parts.push(jpeg.subarray(header.dataStart, endOfImage(jpeg, header.dataStart)));
  const { width, height, components } = header;
  const baseline =
    header.frame === 0xc0 && header.precision === 8 && (components.length === 1 || components.length === 3);
  return { bytes: Buffer.concat(parts), width, height, baseline };
}

function isColourCoding(jpeg: Uint8Array, marker: number, start: number): boolean {
  const name = (length: number) => String.fromCharCode(...jpeg.subarray(start + 4, start + 4 + length));
  return (marker === APP0 && name(4) === 'JFIF') || (marker === APP14 && name(5) === 'Adobe');
}

/** The byte behind EOI, walking over scans, restart markers and the tables between scans. */
function endOfImage(jpeg: Uint8Array, start: number): number {
  for (let at = start; at + 1 < jpeg.length; at++) {
    if (jpeg[at] !== 0xff) continue;
    const marker = jpeg[at + 1]!;
    if (marker === 0xd9) return at + 2;
    const standsAlone = marker === 0 || marker === 0xff || (marker >= 0xd0 && marker <= 0xd7);
    if (standsAlone) at += marker === 0xff ? 0 : 1;
    else at += 1 + (((jpeg[at + 2] ?? 0) << 8) | (jpeg[at + 3] ?? 0));
  }
  throw new JpegError('no EOI marker');
}
