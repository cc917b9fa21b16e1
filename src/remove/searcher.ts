/**
 * Looks for many patterns at once. A few bytes are looked at, and the next ones leapt over: wherever a pattern stands, one of the
 * places looked at is at its start or so few bytes behind that what is seen there is its own. A table tells what can be seen.
 */
import { closeSync, openSync, readSync } from 'node:fs';

/** Bytes that tell of an image wherever they stand. */
export interface Trace {
  /** What they are: `path`, `hash`, `tile data`, … */
  readonly kind: string;
  /** At least {@link TRACE_LEAST}. */
  readonly bytes: Uint8Array;
  /** Whether they count only as a word: as part of another name they tell nothing. */
  readonly isWord?: boolean;
}

/** Shorter bytes are not looked for. */
export const TRACE_LEAST = 4;
const CHUNK = 4 * 2 ** 20;

/** Bytes that are looked at, and for how long patterns; of longer ones so many that they are rarely those of a pattern by chance. */
const [WIDE, LONG] = [4, 16];
const NARROW = 2;

/** Looks for traces in bytes. */
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

  /** Traces in some bytes, each once. */
  in(bytes: Uint8Array): Set<Trace> {
    const found = new Set<Trace>();
    for (const table of this.tables) table.search(bytes, found, WHOLE);
    return found;
  }

  /** Traces in a file of so many bytes, each once. */
  inFile(path: string, size: number): Set<Trace> {
    // Twice what a pattern may need of the chunk before, and one byte in front of it.
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

/** Of a part of a file: whether the file starts and ends with it. What touches another edge, a part beside it has within. */
interface Edges {
  readonly isStart: boolean;
  readonly isEnd: boolean;
}

const WHOLE: Edges = { isStart: true, isEnd: true };
const TABLE_BITS = 18;

/** Traces of at least `window` + `stride` - 1 bytes, by what is seen at their first `stride` places. */
class WindowTable {
  private readonly window: number;
  private readonly stride: number;
  /** By hash, whether some window has it. */
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

/** Whether a byte may belong to a path: letters, digits, `-`, `.`, `/`, `_`, `~`, space, and what is not ASCII. */
function isOfName(byte: number | undefined): boolean {
  if (byte === undefined) return false;
  return byte >= 128 || /[A-Za-z0-9\-./_~ ]/.test(String.fromCharCode(byte));
}
