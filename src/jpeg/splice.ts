import type { Strips } from './cut.ts';
import { parseJpegHeader } from './header.ts';
import { MARKER } from './markers.ts';
import { JpegError } from './parts.ts';

/**
 * SOI, tables, SOF0, DRI and SOS of every tile of one recipe. The size and the restart interval are filled in per tile.
 */
export interface TileHeader {
  readonly bytes: Uint8Array;
  /** Offsets of the frame's height and width (u16 BE each), and of the restart interval (u16 BE). */
  readonly sizeAt: number;
  readonly restartAt: number;
}

const { APP0, DQT, SOF0, DHT, SOS } = MARKER;
/** Segments that are copied; APP0 is JFIF. */
const KEPT: ReadonlySet<number> = new Set([APP0, DQT, SOF0, DHT, SOS]);

/**
 * Makes the header of spliced tiles from a JPEG of the same encoder settings. Copies its JFIF, quantisation, frame and
 * Huffman segments, adds a DRI segment, and ends with its SOS.
 *
 * @throws {JpegError} if the JPEG is malformed, or not baseline.
 */
export function tileHeaderOf(jpeg: Uint8Array): TileHeader {
  const { segments } = parseJpegHeader(jpeg);
  const parts: Uint8Array[] = [Uint8Array.of(0xff, MARKER.SOI)];
  let length = 2;
  let sizeAt = 0;
  let restartAt = 0;
  const append = (part: Uint8Array) => {
    parts.push(part);
    length += part.length;
  };
  for (const { marker, start, end } of segments) {
    if (marker === SOF0) sizeAt = length + 5;
    if (marker === SOS) {
      restartAt = length + 4;
      append(Uint8Array.of(0xff, MARKER.DRI, 0, 4, 0, 0));
    }
    if (KEPT.has(marker)) append(jpeg.subarray(start, end));
  }
  if (!sizeAt) throw new JpegError('not a baseline JPEG');
  return { bytes: Buffer.concat(parts), sizeAt, restartAt };
}

/** Pieces side by side, of which a tile shows the MCU rows `from` (inclusive) to `to` (exclusive). */
export interface SpliceBand {
  readonly pieces: readonly Strips[];
  readonly from: number;
  readonly to: number;
}

/** Parts of a spliced tile. */
export interface Splice {
  /** Size of the tile, px. All pieces have the same width; the `bands` lie below each other. */
  readonly width: number;
  readonly height: number;
  /** MCUs per entropy-coded segment: width of a piece / side of an MCU. */
  readonly segmentMcus: number;
  readonly bands: readonly SpliceBand[];
}

/** Returns the largest number of bytes that {@link spliceTile} may write. */
export function spliceBound(header: TileHeader, bands: readonly SpliceBand[]): number {
  let bound = header.bytes.length + 2;
  for (const { pieces, from, to } of bands) {
    for (const { ends } of pieces) bound += ends[to - 1]! - (from ? ends[from - 1]! : 0) + 2 * (to - from);
  }
  return bound;
}

/**
 * Splices a tile from its pieces' entropy-coded segments: the header, then for every MCU row of every band the pieces'
 * segments from left to right, with a restart marker between each two.
 *
 * @param out receives the tile from its start.
 * @returns number of bytes written.
 */
export function spliceTile(out: Uint8Array, header: TileHeader, { width, height, segmentMcus, bands }: Splice): number {
  out.set(header.bytes, 0);
  putU16(out, header.sizeAt, height);
  putU16(out, header.sizeAt + 2, width);
  putU16(out, header.restartAt, segmentMcus);
  let at = header.bytes.length;
  let restart = 0;
  for (const { pieces, from, to } of bands) {
    for (let strip = from; strip < to; strip++) {
      for (const { ends, data } of pieces) {
        const end = ends[strip]!;
        const start = strip ? ends[strip - 1]! : 0;
        out.set(data.subarray(start, end), at);
        at += end - start;
        out[at++] = 0xff;
        out[at++] = MARKER.RST0 | (restart++ & 7);
      }
    }
  }
  out[at - 1] = MARKER.EOI; // the last RSTm is EOI instead
  return at;
}

/** Makes an image file of one piece, `segmentMcus` MCUs wide; `mcu` is the side of an MCU, px. */
export function wholeTile(header: TileHeader, piece: Strips, segmentMcus: number, mcu: number): Uint8Array {
  const rows = piece.ends.length;
  const bands = [{ pieces: [piece], from: 0, to: rows }];
  const out = Buffer.alloc(spliceBound(header, bands));
  return out.subarray(0, spliceTile(out, header, { width: segmentMcus * mcu, height: rows * mcu, segmentMcus, bands }));
}

function putU16(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >> 8;
  bytes[at + 1] = value & 0xff;
}
