import { buildHuffmanDecoder, type HuffmanTable } from './huffman.ts';
import { isFrame, MARKER } from './markers.ts';
import { JpegError, type JpegPart, jpegParts } from './parts.ts';

/** One colour component of the frame, and the tables that its scan uses. */
export interface JpegComponent {
  readonly id: number;
  /** Sampling factors, 1..4. */
  readonly h: number;
  readonly v: number;
  /** Ids of the quantisation, DC and AC tables, 0..3. */
  readonly quant: number;
  dc: number;
  ac: number;
}

/** Facts of all segments so far that apply to the scan of the latest SOS. */
export interface ScanHeader {
  /** SOFn marker, 0xC0 for baseline; 0 before the frame. */
  readonly frame: number;
  /** Bits per sample. */
  readonly precision: number;
  /** Size of the frame, px. */
  readonly width: number;
  readonly height: number;
  readonly components: readonly JpegComponent[];
  /** Components of the scan, in scan order. */
  readonly scan: readonly JpegComponent[];
  /** MCUs between restart markers, 0 for none. */
  readonly restartInterval: number;
  readonly dcTables: readonly (HuffmanTable | undefined)[];
  readonly acTables: readonly (HuffmanTable | undefined)[];
}

/** Facts of everything before the entropy-coded data of the first scan. */
export interface JpegHeader extends ScanHeader {
  /** Every segment up to and including the first SOS. */
  readonly segments: readonly JpegPart[];
  /** Offset of the entropy-coded data. */
  readonly dataStart: number;
}

/**
 * Reads the marker segments of a JPEG up to its first scan (ITU-T T.81, annex B).
 *
 * @throws {JpegError} on anything that breaks the syntax or ends early.
 */
export function parseJpegHeader(jpeg: Uint8Array): JpegHeader {
  const header = new HeaderReader();
  const segments: JpegPart[] = [];
  for (const part of jpegParts(jpeg)) {
    segments.push(part);
    header.take(jpeg, part);
    if (part.marker === MARKER.SOS) return { ...header.facts, segments, dataStart: part.end };
  }
  throw new JpegError('no scan');
}

/** Collects the facts of a JPEG's segments, one by one. */
export class HeaderReader {
  private frame = { marker: 0, precision: 0, width: 0, height: 0, components: [] as JpegComponent[] };
  private scan: readonly JpegComponent[] = [];
  private restartInterval = 0;
  private readonly dcTables: (HuffmanTable | undefined)[] = [];
  private readonly acTables: (HuffmanTable | undefined)[] = [];

  /** Facts collected so far. */
  get facts(): ScanHeader {
    const { marker, ...frame } = this.frame;
    const { scan, restartInterval, dcTables, acTables } = this;
    return { frame: marker, ...frame, scan, restartInterval, dcTables, acTables };
  }

  /**
   * Reads one segment.
   *
   * @throws {JpegError} if the segment breaks the syntax.
   */
  take(jpeg: Uint8Array, { marker, start, end }: JpegPart): void {
    const body = jpeg.subarray(start + 4, end);
    if (isFrame(marker)) {
      if (this.frame.marker) throw new JpegError('two frames');
      this.frame = { marker, ...readFrame(body) };
    } else if (marker === MARKER.DHT) readHuffmanTables(body, this.dcTables, this.acTables);
    else if (marker === MARKER.DQT) checkQuantTables(body);
    else if (marker === MARKER.DRI) this.restartInterval = readInterval(body);
    else if (marker === MARKER.SOS) {
      if (!this.frame.marker) throw new JpegError('scan before frame');
      this.scan = readScan(body, this.frame.components);
    }
  }
}

function u16(bytes: Uint8Array, at: number): number {
  const high = bytes[at];
  const low = bytes[at + 1];
  if (high === undefined || low === undefined) throw new JpegError('segment too short');
  return (high << 8) | low;
}

/** Reads a frame header (SOFn, B.2.2). */
function readFrame(body: Uint8Array): {
  precision: number;
  width: number;
  height: number;
  components: JpegComponent[];
} {
  const count = body[5] ?? 0;
  if (body.length !== 6 + 3 * count || count < 1 || count > 4) throw new JpegError('bad frame header');
  const components: JpegComponent[] = [];
  for (let i = 0; i < count; i++) {
    const [id = 0, sampling = 0, quant = 0] = body.subarray(6 + 3 * i, 9 + 3 * i);
    const h = sampling >> 4;
    const v = sampling & 15;
    if (h < 1 || h > 4 || v < 1 || v > 4 || quant > 3) throw new JpegError('bad component');
    if (components.some((other) => other.id === id)) throw new JpegError('two components with one id');
    components.push({ id, h, v, quant, dc: 0, ac: 0 });
  }
  const [height, width] = [u16(body, 1), u16(body, 3)];
  if (width === 0 || height === 0) throw new JpegError('empty frame');
  return { precision: body[0] ?? 0, width, height, components };
}

/** Verifies that a DQT segment consists of whole quantisation tables (B.2.4.1). */
function checkQuantTables(body: Uint8Array): void {
  let at = 0;
  while (at < body.length) at += body[at]! >> 4 ? 129 : 65;
  if (at !== body.length) throw new JpegError('bad quantisation table');
}

/** Reads a restart interval (DRI, B.2.4.4). */
function readInterval(body: Uint8Array): number {
  if (body.length !== 2) throw new JpegError('bad restart interval');
  return u16(body, 0);
}

/** Reads Huffman tables (DHT, B.2.4.2). */
function readHuffmanTables(
  body: Uint8Array,
  dcTables: (HuffmanTable | undefined)[],
  acTables: (HuffmanTable | undefined)[],
): void {
  for (let at = 0; at < body.length;) {
    const target = body[at] ?? 0;
    const counts = body.subarray(at + 1, at + 17);
    let total = 0;
    for (const count of counts) total += count;
    const symbols = body.subarray(at + 17, at + 17 + total);
    if (target >> 4 > 1 || (target & 15) > 3 || counts.length < 16 || total > 256 || symbols.length < total) {
      throw new JpegError('bad Huffman table');
    }
    const table = buildHuffmanDecoder(counts, symbols);
    if (!table) throw new JpegError('Huffman table with too many codes');
    (target >> 4 ? acTables : dcTables)[target & 15] = table;
    at += 17 + total;
  }
}

/** Reads a scan header (SOS, B.2.3). */
function readScan(body: Uint8Array, components: readonly JpegComponent[]): JpegComponent[] {
  const count = body[0] ?? 0;
  if (body.length !== 4 + 2 * count || count < 1 || count > 4) throw new JpegError('bad scan header');
  const scan: JpegComponent[] = [];
  for (let i = 0; i < count; i++) {
    const component = components.find(({ id }) => id === body[1 + 2 * i]);
    const tables = body[2 + 2 * i] ?? 0;
    if (!component || scan.includes(component) || tables >> 4 > 3 || (tables & 15) > 3) {
      throw new JpegError('bad scan component');
    }
    component.dc = tables >> 4;
    component.ac = tables & 15;
    scan.push(component);
  }
  return scan;
}
