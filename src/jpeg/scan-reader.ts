import { JpegError, type JpegHeader } from './header.ts';

/** How the blocks of an MCU follow each other. */
export interface ScanLayout {
  readonly mcuWidth: number;
  readonly mcuHeight: number;
  /** Per block of an MCU: its component, 0..2. */
  readonly blocks: readonly number[];
  readonly dc: readonly { decode: Uint16Array; codes: Uint16Array; lengths: Uint8Array }[];
  readonly ac: readonly { decode: Uint16Array }[];
}

/** @throws {JpegError} if the JPEG is of a kind that cannot be cut. */
export function layoutOf(header: JpegHeader): ScanLayout {
  const { frame, precision, components, scan, restartInterval } = header;
  if (frame !== 0xc0 || precision !== 8) throw new JpegError('not a baseline JPEG');
  if (components.length !== 3 || scan.length !== 3) throw new JpegError('expected three components in one scan');
  if (restartInterval) throw new JpegError('expected no restart markers');
  const [luma, ...chroma] = scan;
  const side = luma!.h;
  if ((side !== 1 && side !== 2) || luma!.v !== side || chroma.some(({ h, v }) => h !== 1 || v !== 1)) {
    throw new JpegError('expected 4:2:0 or 4:4:4');
  }
  const dc = scan.map((component) => header.dcTables[component.dc]);
  const ac = scan.map((component) => header.acTables[component.ac]);
  if (!dc.every((table) => table !== undefined) || !ac.every((table) => table !== undefined)) {
    throw new JpegError('scan without its Huffman tables');
  }
  return { mcuWidth: 8 * side, mcuHeight: 8 * side, blocks: side === 2 ? [0, 0, 0, 0, 1, 2] : [0, 1, 2], dc, ac };
}

/** The entropy-coded data from `start` to EOI with its stuffing (0xFF 0x00) taken out, and 4 bytes to look ahead into. */
export function unstuff(jpeg: Uint8Array, start: number): { data: Uint8Array; bits: number } {
  const data = new Uint8Array(jpeg.length - start + 4);
  let length = 0;
  for (let at = start; at < jpeg.length; at++) {
    const byte = jpeg[at]!;
    if (byte === 0xff) {
      const marker = jpeg[++at];
      if (marker === 0xd9) return { data, bits: length * 8 };
      if (marker !== 0) throw new JpegError(`unexpected marker in the scan at byte ${at}`);
    }
    data[length++] = byte;
  }
  throw new JpegError('no EOI marker');
}

/** Walks a scan MCU by MCU, remembering where the DC values of the latest run's first MCU stand. */
export class ScanReader {
  readonly data: Uint8Array;
  /** Bits from the start of `data`. */
  position = 0;
  /** Of the run's first block of each component: bits at which its DC starts and ends, and the absolute DC. */
  readonly dcStart = [0, 0, 0];
  readonly dcEnd = [0, 0, 0];
  readonly dcValue = [0, 0, 0];
  private readonly bits: number;
  private readonly scan: ScanLayout;
  private readonly prediction = [0, 0, 0];

  constructor({ data, bits }: { data: Uint8Array; bits: number }, scan: ScanLayout) {
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

  /** After the last MCU only padding may follow: fewer than 8 bits, all 1 (F.1.2.3). */
  expectEnd(): void {
    const left = this.bits - this.position;
    if (left >= 8) throw new JpegError('scan goes on past its last MCU');
    if (left && peek16(this.data, this.position) >> (16 - left) !== (1 << left) - 1) throw new JpegError('bad padding');
  }
}

/** The 16 bits from `bit` on. */
export function peek16(data: Uint8Array, bit: number): number {
  const at = bit >> 3;
  return (((data[at]! << 16) | (data[at + 1]! << 8) | data[at + 2]!) >> (8 - (bit & 7))) & 0xffff;
}

/** Steps over the 63 AC coefficients of a block; returns the bit behind them. */
function skipAc(data: Uint8Array, start: number, decode: Uint16Array): number {
  let bit = start;
  const limit = (data.length - 4) * 8;
  for (let k = 1; k < 64;) {
    if (bit > limit) throw new JpegError('scan ends early');
    const at = bit >> 3;
    const look = (((data[at]! << 16) | (data[at + 1]! << 8) | data[at + 2]!) >> (8 - (bit & 7))) & 0xffff;
    const entry = decode[look]!;
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
