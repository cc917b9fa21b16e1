import type { ScanHeader } from './header.ts';
import { MARKER } from './markers.ts';
import { JpegError, nextMarker } from './parts.ts';

/** Geometry and Huffman tables of the MCUs of a scan. */
export interface ScanGeometry {
  /** Number of MCUs across and down. */
  readonly across: number;
  readonly down: number;
  /** Component of each block of an MCU: 0..2, in scan order. */
  readonly blocks: readonly number[];
  readonly dc: readonly { decode: Uint16Array; codes: Uint16Array; lengths: Uint8Array }[];
  readonly ac: readonly { decode: Uint16Array }[];
}

/** Largest number of blocks in an MCU (B.2.3). */
const BLOCKS_MAX = 10;

/**
 * Derives the geometry of a scan of a baseline JPEG (A.2).
 *
 * @throws {JpegError} if the JPEG is of another kind, or lacks Huffman tables.
 */
export function scanGeometryOf(header: ScanHeader): ScanGeometry {
  const { frame, precision, width, height, components, scan } = header;
  if (frame !== MARKER.SOF0 || precision !== 8) throw new JpegError('not a baseline JPEG');
  if (components.length !== 1 && components.length !== 3) throw new JpegError('expected one component or three');
  const [most, tallest] = [Math.max(...components.map(({ h }) => h)), Math.max(...components.map(({ v }) => v))];
  // In a scan of one component, an MCU is one block (A.2.2).
  const alone = scan.length === 1;
  const { h, v } = alone ? scan[0]! : { h: 1, v: 1 };
  const blocks = scan.flatMap((one, i) => Array.from({ length: alone ? 1 : one.h * one.v }, () => i));
  if (blocks.length > BLOCKS_MAX) throw new JpegError('too many blocks in an MCU');
  const dc = scan.map((component) => header.dcTables[component.dc]);
  const ac = scan.map((component) => header.acTables[component.ac]);
  if (!dc.every((table) => table !== undefined) || !ac.every((table) => table !== undefined)) {
    throw new JpegError('scan without its Huffman tables');
  }
  const [across, down] = [Math.ceil((width * h) / (8 * most)), Math.ceil((height * v) / (8 * tallest))];
  return { across, down, blocks, dc, ac };
}

/** Entropy-coded data up to a marker. */
export interface RawScan {
  /** Data without stuffing (0xFF 0x00), followed by 4 bytes to look ahead into. */
  readonly data: Uint8Array;
  readonly bits: number;
  /** Marker that ends the data, and the offset of its end. */
  readonly marker: number;
  readonly end: number;
}

/**
 * Removes the stuffing from entropy-coded data, from `start` to the next marker.
 *
 * @throws {JpegError} if there is no marker.
 */
export function unstuff(jpeg: Uint8Array, start: number): RawScan {
  const next = nextMarker(jpeg, start);
  const data = new Uint8Array(next.start - start + 4);
  let length = 0;
  for (let at = start; at < next.start; at++) {
    const byte = jpeg[at]!;
    data[length++] = byte;
    if (byte !== 0xff) continue;
    while (jpeg[at + 1] === 0xff) at++;
    at++;
  }
  return { data, bits: length * 8, marker: next.marker, end: next.end };
}

/** Walks a scan MCU by MCU. Records the places and values of the DC coefficients in the latest run's first MCU. */
export class ScanReader {
  readonly data: Uint8Array;
  /** Bits read so far, from the start of `data`. */
  position = 0;
  /** For the run's first block of each component: bits at which its DC starts and ends, and the absolute DC. */
  readonly dcStart = [0, 0, 0];
  readonly dcEnd = [0, 0, 0];
  readonly dcValue = [0, 0, 0];
  private readonly bits: number;
  private readonly scan: ScanGeometry;
  private readonly prediction = [0, 0, 0];

  constructor({ data, bits }: RawScan, scan: ScanGeometry) {
    this.data = data;
    this.bits = bits;
    this.scan = scan;
  }

  /** Reads one MCU; `first` marks it as the first of a run. */
  readMcu(first: boolean): void {
    const { data, scan } = this;
    let fresh = first ? 0 : 3;
    let at = this.position;
    for (const component of scan.blocks) {
      const start = at;
      const dc = scan.dc[component]!.decode[peek16(data, at)]!;
      const size = dc & 0xff;
      if (dc === 0 || size > 11) throw new JpegError('bad DC code');
      at += dc >> 8;
      if (size) {
        const bits = peek16(data, at) >> (16 - size);
        this.prediction[component]! += bits < 1 << (size - 1) ? bits - (1 << size) + 1 : bits;
        at += size;
      }
      if (component === fresh) {
        this.dcStart[component] = start;
        this.dcEnd[component] = at;
        this.dcValue[component] = this.prediction[component]!;
        fresh++;
      }
      at = skipAc(data, at, scan.ac[component]!.decode);
      if (at > this.bits) throw new JpegError('scan ends early');
    }
    this.position = at;
  }

  /** Tells whether more than padding follows. */
  get hasMore(): boolean {
    return this.bits - this.position >= 8;
  }

  /**
   * Verifies that only padding follows the last MCU: fewer than 8 bits, all 1 (F.1.2.3).
   *
   * @throws {JpegError}
   */
  expectEnd(): void {
    const left = this.bits - this.position;
    if (this.hasMore) throw new JpegError('scan goes on past its last MCU');
    if (left && peek16(this.data, this.position) >> (16 - left) !== (1 << left) - 1) throw new JpegError('bad padding');
  }
}

/** Returns the 16 bits from `bit` on. */
export function peek16(data: Uint8Array, bit: number): number {
  const at = bit >> 3;
  return (((data[at]! << 16) | (data[at + 1]! << 8) | data[at + 2]!) >> (8 - (bit & 7))) & 0xffff;
}

/** Skips the 63 AC coefficients of a block; returns the bit behind them. */
function skipAc(data: Uint8Array, start: number, decode: Uint16Array): number {
  let bit = start;
  const limit = (data.length - 4) * 8;
  for (let k = 1; k < 64;) {
    if (bit > limit) throw new JpegError('scan ends early');
    const at = bit >> 3;
    const ahead = (((data[at]! << 16) | (data[at + 1]! << 8) | data[at + 2]!) >> (8 - (bit & 7))) & 0xffff;
    const entry = decode[ahead]!;
    if (entry === 0) throw new JpegError('bad AC code');
    const size = entry & 15;
    const run = (entry >> 4) & 15;
    bit += (entry >> 8) + size;
    if (size) k += run + 1;
    else if (run === 15) k += 16;
    else if (run === 0) return bit;
    else throw new JpegError('bad AC code');
    if (size > 10 || k > 64) throw new JpegError('bad AC run');
  }
  return bit;
}
