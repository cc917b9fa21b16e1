import { buildHuffmanDecoder, type HuffmanTable } from './huffman.ts';

/** Why a JPEG could not be read; never an endless loop, never a guess. */
export class JpegError extends Error {
  override readonly name = 'JpegError';
}

/** One colour component of the frame and the tables its scan uses. */
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

/** A marker segment: `start` at its 0xFF, `end` past its last byte. */
export interface JpegSegment {
  readonly marker: number;
  readonly start: number;
  readonly end: number;
}

/** What stands before the entropy-coded data of the first scan. */
export interface JpegHeader {
  /** SOFn marker, 0xC0 for baseline. */
  readonly frame: number;
  /** Bits per sample. */
  readonly precision: number;
  /** Px. */
  readonly width: number;
  readonly height: number;
  readonly components: readonly JpegComponent[];
  /** Components of the first scan, in scan order. */
  readonly scan: readonly JpegComponent[];
  /** MCUs between restart markers, 0 for none. */
  readonly restartInterval: number;
  readonly dcTables: readonly (HuffmanTable | undefined)[];
  readonly acTables: readonly (HuffmanTable | undefined)[];
  /** Every segment up to and including the first SOS. */
  readonly segments: readonly JpegSegment[];
  /** Where the entropy-coded data starts. */
  readonly dataStart: number;
}

const SOI = 0xd8;
const SOS = 0xda;

/**
 * Reads the marker segments of a JPEG up to its first scan (ITU-T T.81, annex B).
 *
 * @throws {JpegError} on anything that breaks the syntax or ends early.
 */
export function parseJpegHeader(bytes: Uint8Array): JpegHeader {
  if (bytes[0] !== 0xff || bytes[1] !== SOI) throw new JpegError('not a JPEG: no SOI marker');
  const frame = { marker: 0, precision: 0, width: 0, height: 0, components: [] as JpegComponent[] };
  const dcTables: (HuffmanTable | undefined)[] = [];
  const acTables: (HuffmanTable | undefined)[] = [];
  const segments: JpegSegment[] = [];
  let restartInterval = 0;
  let at = 2;
  for (;;) {
    if (bytes[at] !== 0xff) throw new JpegError(`expected a marker at byte ${at}`);
    while (bytes[at + 1] === 0xff) at++; // fill bytes, B.1.1.2
    const marker = bytes[at + 1] ?? 0;
    if (marker === 0 || marker === 0x01 || (marker >= 0xd0 && marker <= 0xd9)) {
      throw new JpegError(`unexpected marker 0xff${marker.toString(16).padStart(2, '0')} at byte ${at}`);
    }
    const length = u16(bytes, at + 2);
    const end = at + 2 + length;
    if (length < 2 || end > bytes.length) throw new JpegError(`segment at byte ${at} runs past the end`);
    const body = bytes.subarray(at + 4, end);
    segments.push({ marker, start: at, end });
    if (marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc) {
      if (frame.marker) throw new JpegError('two frames');
      Object.assign(frame, { marker }, readFrame(body));
    } else if (marker === 0xc4) readHuffmanTables(body, dcTables, acTables);
    else if (marker === 0xdd) restartInterval = u16(body, 0);
    else if (marker === SOS) {
      if (!frame.marker) throw new JpegError('scan before frame');
      const scan = readScan(body, frame.components);
      const { marker: sof, ...rest } = frame;
      return { frame: sof, ...rest, scan, restartInterval, dcTables, acTables, segments, dataStart: end };
    }
    at = end;
  }
}

function u16(bytes: Uint8Array, at: number): number {
  const high = bytes[at];
  const low = bytes[at + 1];
  if (high === undefined || low === undefined) throw new JpegError('segment too short');
  return (high << 8) | low;
}

/** SOFn, B.2.2. */
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

/** DHT, B.2.4.2. */
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

/** SOS, B.2.3; only whole sequential scans are told apart from the rest. */
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
