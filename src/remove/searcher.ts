/**
 * Searches bytes for many patterns at once. It samples windows of the text, so most bytes are never looked at:
 *
 *   1. Each pattern is at least `window` + `stride` - 1 bytes long. So the windows at its first `stride` offsets lie within it. A
 *      table maps the hash of each of them to pattern and offset.
 *   2. The text is sampled: the window at every `stride`-th byte is hashed and looked up. Wherever a pattern starts, exactly one
 *      sampled window is among those of step 1.
 *   3. Each hit is compared byte by byte.
 *
 * There are two tables: patterns of 16 bytes or more have windows of 4 bytes and stride 13; shorter ones, of 4 bytes or more,
 * windows of 2 bytes and stride 3. A file is read in chunks; the end of each chunk is kept in front of the next, so that
 * patterns across the boundary are found.
 */
import { closeSync, openSync, readSync } from 'node:fs';

/** Bytes that reveal an image wherever they occur. */
export interface Trace {
  /** Kind of the bytes: `name`, `hash`, `tile data`, … */
  readonly kind: string;
  /** At least {@link TRACE_LEAST}. */
  readonly bytes: Uint8Array;
  /** True if the bytes count only as a whole word: as part of a longer name they prove nothing. */
  readonly isWord?: boolean;
}

/** Length of the shortest trace that is searched for, bytes. */
export const TRACE_LEAST = 4;
const CHUNK = 4 * 2 ** 20;

/**
 * Window for patterns of at least `LONG` bytes, and this length. Four bytes rarely match by chance. `NARROW` is the window
 * for shorter patterns.
 */
const [WIDE, LONG] = [4, 16];
const NARROW = 2;

/** Searches bytes and files for traces. */
export class Searcher {
  private readonly tables: readonly WindowTable[];
  private readonly longest: number;
  private readonly chunk: number;
  private buffer = Buffer.alloc(0);

  /** @param chunk bytes of a file that are read at once. */
  constructor(traces: readonly Trace[], chunk = CHUNK) {
    this.chunk = chunk;
    const known = traces.filter(({ bytes }) => bytes.length >= TRACE_LEAST);
    const isLong = ({ bytes }: Trace) => bytes.length >= LONG;
    this.tables = [
      new WindowTable(known.filter(isLong), WIDE, LONG - WIDE + 1),
      new WindowTable(
        known.filter((trace) => !isLong(trace)),
        NARROW,
        TRACE_LEAST - NARROW + 1,
      ),
    ].filter(({ isEmpty }) => !isEmpty);
    this.longest = known.reduce((most, { bytes }) => Math.max(most, bytes.length), TRACE_LEAST);
  }

  /** Returns the distinct traces in some bytes. */
  in(bytes: Uint8Array): Set<Trace> {
    const found = new Set<Trace>();
    for (const table of this.tables) table.search(bytes, found, WHOLE);
    return found;
  }

  /** Returns the distinct traces in a file of `size` bytes. */
  inFile(path: string, size: number): Set<Trace> {
    // Room for a chunk, and for the kept end of the one before: the longest pattern, and one byte before it for the word
    // test.
    if (this.buffer.length === 0) this.buffer = Buffer.alloc(this.chunk + 2 * this.longest);
    const found = new Set<Trace>();
    const file = openSync(path, 'r');
    try {
      for (let [done, kept] = [0, 0]; done < size;) {
        const read = readSync(file, this.buffer, kept, Math.min(this.chunk, size - done), null);
        if (read === 0) break;
        const bytes = this.buffer.subarray(0, kept + read);
        const edges = { isStart: done === 0, isEnd: (done += read) >= size };
        for (const table of this.tables) table.search(bytes, found, edges);
        kept = Math.min(bytes.length, this.longest + 1);
        this.buffer.copyWithin(0, bytes.length - kept, bytes.length);
      }
    } finally {
      closeSync(file);
    }
    return found;
  }
}

/**
 * Edges of a part of a file: true where the file starts or ends there. A match that touches another edge is skipped: it lies
 * within a neighbouring part.
 */
interface Edges {
  readonly isStart: boolean;
  readonly isEnd: boolean;
}

const WHOLE: Edges = { isStart: true, isEnd: true };
const TABLE_BITS = 18;

/** Table of the windows at the first `stride` offsets of traces, which have at least `window` + `stride` - 1 bytes. */
class WindowTable {
  private readonly window: number;
  private readonly stride: number;
  /** By hash, 1 if a window has it. */
  private readonly has = new Uint8Array(2 ** TABLE_BITS);
  private readonly byHash = new Map<number, { readonly trace: Trace; readonly offset: number }[]>();

  constructor(traces: readonly Trace[], window: number, stride: number) {
    this.window = window;
    this.stride = stride;
    for (const trace of traces) {
      for (let offset = 0; offset < stride; offset++) {
        const hash = hashAt(trace.bytes, offset, window === WIDE);
        this.has[hash] = 1;
        const others = this.byHash.get(hash);
        if (others) others.push({ trace, offset });
        else this.byHash.set(hash, [{ trace, offset }]);
      }
    }
  }

  get isEmpty(): boolean {
    return this.byHash.size === 0;
  }

  search(bytes: Uint8Array, found: Set<Trace>, { isStart, isEnd }: Edges): void {
    const { has, stride, window } = this;
    const isWide = window === WIDE;
    const [first, last] = [isStart ? 0 : 1, isEnd ? bytes.length : bytes.length - 1];
    for (let at = 0; at + window <= bytes.length; at += stride) {
      const hash = hashAt(bytes, at, isWide);
      if (has[hash] === 0) continue;
      for (const { trace, offset } of this.byHash.get(hash)!) {
        const start = at - offset;
        if (start < first || start + trace.bytes.length > last || found.has(trace)) continue;
        if (isAt(bytes, start, trace)) found.add(trace);
      }
    }
  }
}

function hashAt(bytes: Uint8Array, at: number, isWide: boolean): number {
  let word = bytes[at]! | (bytes[at + 1]! << 8);
  if (isWide) word |= (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
  return Math.imul(word, 0x9e3779b1) >>> (32 - TABLE_BITS);
}

function isAt(bytes: Uint8Array, at: number, { bytes: pattern, isWord }: Trace): boolean {
  for (let i = 0; i < pattern.length; i++) if (bytes[at + i] !== pattern[i]) return false;
  return !isWord || (!isOfName(bytes[at - 1]) && !isOfName(bytes[at + pattern.length]));
}

/** Tells whether a byte may belong to a path: letters, digits, `-`, `.`, `/`, `_`, `~`, space, and bytes beyond ASCII. */
function isOfName(byte: number | undefined): boolean {
  if (byte === undefined) return false;
  return byte >= 128 || /[A-Za-z0-9\-./_~ ]/.test(String.fromCharCode(byte));
}
