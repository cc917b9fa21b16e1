import { JpegError } from './parts.ts';
import { peek16, type ScanGeometry, type ScanReader } from './scan-reader.ts';

/** Writes runs of MCUs as byte-aligned entropy-coded segments, with byte stuffing. */
export class SegmentWriter {
  bytes: Uint8Array;
  length = 0;
  private readonly reader: ScanReader;
  private readonly scan: ScanGeometry;
  /** Last bits, which fill no byte yet, and their number. */
  private pending = 0;
  private pendingBits = 0;

  constructor(reader: ScanReader, scan: ScanGeometry) {
    this.reader = reader;
    this.scan = scan;
    this.bytes = new Uint8Array(reader.data.length + 1024);
  }

  /** Writes the run of MCUs that starts with the reader's latest first MCU and ends before bit `end`. */
  writeRun(end: number): void {
    const { dcStart, dcEnd, dcValue } = this.reader;
    this.reserve(((end - dcStart[0]!) >> 3) * 2 + 64);
    for (let component = 0; component < 3; component++) {
      this.writeDc(component, dcValue[component]!);
      this.copy(dcEnd[component]!, component < 2 ? dcStart[component + 1]! : end);
    }
    if (this.pendingBits) this.put((1 << (8 - this.pendingBits)) - 1, 8 - this.pendingBits);
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

  /** Appends the lowest `length` (0..16) bits of `bits`. */
  private put(bits: number, length: number): void {
    let pending = ((this.pending << length) | bits) & 0xffffff;
    let left = this.pendingBits + length;
    while (left >= 8) {
      left -= 8;
      const byte = (pending >> left) & 0xff;
      this.bytes[this.length++] = byte;
      if (byte === 0xff) this.bytes[this.length++] = 0;
    }
    this.pending = pending & ((1 << left) - 1);
    this.pendingBits = left;
  }

  private reserve(more: number): void {
    if (this.length + more <= this.bytes.length) return;
    const grown = new Uint8Array(Math.max(this.bytes.length * 2, this.length + more));
    grown.set(this.bytes);
    this.bytes = grown;
  }
}
