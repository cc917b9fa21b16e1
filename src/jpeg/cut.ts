/**
 * Cuts a baseline JPEG into byte-aligned segments that can be put together again in any order.
 *
 * A baseline scan is a row-major run of MCUs. Blocks depend on each other only through the DC prediction, which a
 * restart marker resets. So a run of MCUs becomes independent by changing just the first DC difference of each
 * component into an absolute value (prediction 0) and padding the last byte with 1-bits; every other bit is copied.
 * No coefficient changes: nothing is decoded further than to Huffman symbols.
 */
import { JpegError, parseJpegHeader, type JpegHeader } from './header.ts';

/** A part of a JPEG, in MCUs. */
export interface McuRect {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** The segments of one rectangle: one per MCU row, `data[ends[i - 1]..ends[i]]`. */
export interface Strips {
  readonly ends: Uint32Array;
  readonly data: Uint8Array;
}

/**
 * Takes rectangles out of a JPEG as independent segments, one per MCU row of each.
 *
 * @param jpeg a complete baseline JPEG of three components in one scan, 4:2:0 or 4:4:4, without restart markers
 *   (what sharp writes with `optimiseCoding: false, progressive: false`).
 * @param rects parts of it; no two may share an MCU.
 * @throws {JpegError} if the JPEG is of another kind, or damaged in a way that shows.
 */
export function cutJpeg(jpeg: Uint8Array, rects: readonly McuRect[]): Strips[] {
  const header = parseJpegHeader(jpeg);
  const scan = layoutOf(header);
  const across = Math.ceil(header.width / scan.mcuWidth);
  const down = Math.ceil(header.height / scan.mcuHeight);
  for (const rect of rects) {
    if (rect.left < 0 || rect.top < 0 || rect.left + rect.width > across || rect.top + rect.height > down) {
      throw new JpegError(`expected a part within ${across} x ${down} MCUs`);
    }
  }
  const reader = new ScanReader(unstuff(jpeg, header.dataStart), scan);
  const writer = new SegmentWriter(reader, scan);
  const parts = rects.map(() => ({ starts: [] as number[], ends: [] as number[] }));
  for (let row = 0; row < down; row++) {
    const active = rects
      .map((rect, index) => ({ rect, part: parts[index]! }))
      .filter(({ rect }) => row >= rect.top && row < rect.top + rect.height)
      .toSorted((a, b) => a.rect.left - b.rect.left);
    cutRow(reader, writer, active, across);
  }
  reader.expectEnd();
  return collect(parts, writer);
}

function cutRow(
  reader: ScanReader,
  writer: SegmentWriter,
  active: { rect: McuRect; part: { starts: number[]; ends: number[] } }[],
  across: number,
): void {
  let next = 0;
  for (let column = 0; column < across; column++) {
    const current = active[next];
    const first = current?.rect.left === column;
    reader.readMcu(first);
    if (current && column === current.rect.left + current.rect.width - 1) {
      current.part.starts.push(writer.length);
      writer.writeRun(reader.position);
      current.part.ends.push(writer.length);
      next++;
    }
  }
}

function collect(parts: readonly { starts: number[]; ends: number[] }[], writer: SegmentWriter): Strips[] {
  return parts.map(({ starts, ends }) => {
    const data = new Uint8Array(starts.reduce((sum, start, i) => sum + ends[i]! - start, 0));
    const offsets = new Uint32Array(starts.length);
    let at = 0;
    for (const [i, start] of starts.entries()) {
      data.set(writer.bytes.subarray(start, ends[i]), at);
      at += ends[i]! - start;
      offsets[i] = at;
    }
    return { ends: offsets, data };
  });
}

/** How the blocks of an MCU follow each other. */
interface ScanLayout {
  readonly mcuWidth: number;
  readonly mcuHeight: number;
  /** Per block of an MCU: its component, 0..2. */
  readonly blocks: readonly number[];
  readonly dc: readonly { decode: Uint16Array; codes: Uint16Array; lengths: Uint8Array }[];
  readonly ac: readonly { decode: Uint16Array }[];
}

function layoutOf(header: JpegHeader): ScanLayout {
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
function unstuff(jpeg: Uint8Array, start: number): { data: Uint8Array; bits: number } {
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
class ScanReader {
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

function peek16(data: Uint8Array, bit: number): number {
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

/** Collects runs as stuffed, byte-aligned segments. */
class SegmentWriter {
  bytes: Uint8Array;
  length = 0;
  private readonly reader: ScanReader;
  private readonly scan: ScanLayout;
  private pending = 0;
  private count = 0;

  constructor(reader: ScanReader, scan: ScanLayout) {
    this.reader = reader;
    this.scan = scan;
    this.bytes = new Uint8Array(reader.data.length + 1024);
  }

  /** Writes the run that the reader's latest first MCU began and that ends before bit `end`. */
  writeRun(end: number): void {
    const { dcStart, dcEnd, dcValue } = this.reader;
    this.reserve(((end - dcStart[0]!) >> 3) * 2 + 64);
    for (let component = 0; component < 3; component++) {
      this.writeDc(component, dcValue[component]!);
      this.copy(dcEnd[component]!, component < 2 ? dcStart[component + 1]! : end);
    }
    if (this.count) this.put((1 << (8 - this.count)) - 1, 8 - this.count);
  }

  private writeDc(component: number, value: number): void {
    const table = this.scan.dc[component]!;
    const size = 32 - Math.clz32(Math.abs(value));
    if (size > 11 || !table.lengths[size]) throw new JpegError('DC value out of range');
    this.put(table.codes[size]!, table.lengths[size]);
    if (size) this.put(value < 0 ? value + (1 << size) - 1 : value, size);
  }

  private copy(from: number, to: number): void {
    const { data } = this.reader;
    let bit = from;
    for (; to - bit >= 16; bit += 16) this.put(peek16(data, bit), 16);
    if (to > bit) this.put(peek16(data, bit) >> (16 - (to - bit)), to - bit);
  }

  /** Appends `count` (0..16) bits. */
  private put(bits: number, count: number): void {
    let pending = ((this.pending << count) | bits) & 0xffffff;
    let left = this.count + count;
    while (left >= 8) {
      left -= 8;
      const byte = (pending >> left) & 0xff;
      this.bytes[this.length++] = byte;
      if (byte === 0xff) this.bytes[this.length++] = 0;
    }
    this.pending = pending & ((1 << left) - 1);
    this.count = left;
  }

  private reserve(more: number): void {
    if (this.length + more <= this.bytes.length) return;
    const grown = new Uint8Array(Math.max(this.bytes.length * 2, this.length + more));
    grown.set(this.bytes);
    this.bytes = grown;
  }
}
