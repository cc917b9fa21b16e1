/**
 * Searches files for traces of images. All patterns are looked for in one pass: the two bytes at each place tell, by a table, whether
 * some pattern may begin there.
 */
import { closeSync, openSync, opendirSync, readSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { systemCode } from '../errors.ts';

/** Bytes that tell of an image wherever they stand. */
export interface Trace {
  /** What they are: `path`, `hash`, `tile data`, … */
  readonly kind: string;
  /** At least 2. */
  readonly bytes: Uint8Array;
  /** Whether they count only as a word: as part of another name they tell nothing. */
  readonly isWord?: boolean;
}

/** What was searched, and what was found. */
export interface Search {
  readonly files: number;
  readonly bytes: number;
  /** Relative to the folder that was searched. */
  readonly found: readonly { readonly path: string; readonly kind: string }[];
}

/** Bytes that are read at once. */
const CHUNK = 4 * 2 ** 20;
/** More need not be told. */
const FOUND_MAX = 100;

/**
 * Searches every byte, and the name, of every file below some folders. Files with several names (hard links) are searched once;
 * links are not followed.
 */
export async function findTraces(
  folders: readonly string[],
  traces: readonly Trace[],
  signal?: AbortSignal,
): Promise<Search> {
  const searcher = new Searcher(traces);
  const known = new Set<string>();
  const found: { path: string; kind: string }[] = [];
  let [files, bytes] = [0, 0];
  for (const folder of folders) {
    for (const path of filesIn(folder)) {
      const name = relative(folder, path);
      for (const kind of searcher.kindsIn(Buffer.from(name))) found.push({ path: name, kind });
      const stat = statSync(path, { bigint: true, throwIfNoEntry: false });
      if (!stat?.isFile() || found.length >= FOUND_MAX) continue;
      const inode = `${stat.dev} ${stat.ino}`;
      if (stat.nlink > 1n && known.has(inode)) continue;
      if (stat.nlink > 1n) known.add(inode);
      for (const kind of ifThere(() => searcher.kindsInFile(path)) ?? []) found.push({ path: name, kind });
      bytes += Number(stat.size);
      if (++files % 64 === 0) await setImmediate();
      signal?.throwIfAborted();
    }
  }
  return { files, bytes, found: found.slice(0, FOUND_MAX) };
}

function* filesIn(folder: string): Generator<string> {
  const dir = ifThere(() => opendirSync(folder));
  if (!dir) return;
  try {
    for (let entry = dir.readSync(); entry; entry = dir.readSync()) {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) yield* filesIn(path);
      else if (entry.isFile()) yield path;
    }
  } finally {
    dir.closeSync();
  }
}

/** Other commands may remove what is being searched. */
function ifThere<Result>(act: () => Result): Result | undefined {
  try {
    return act();
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** Looks for patterns in bytes. */
class Searcher {
  /** Whether a pattern begins with two bytes; and which do. */
  private readonly begins = new Uint8Array(2 ** 16);
  private readonly byStart = new Map<number, Trace[]>();
  private readonly longest: number;
  private readonly buffer: Buffer;

  constructor(traces: readonly Trace[]) {
    for (const trace of traces) {
      const start = trace.bytes[0]! | (trace.bytes[1]! << 8);
      this.begins[start] = 1;
      const others = this.byStart.get(start);
      if (others) others.push(trace);
      else this.byStart.set(start, [trace]);
    }
    this.longest = Math.max(2, ...traces.map(({ bytes }) => bytes.length));
    this.buffer = Buffer.alloc(CHUNK + 2 * this.longest);
  }

  /** Kinds of the traces in some bytes, each once. */
  kindsIn(bytes: Uint8Array): Set<string> {
    const kinds = new Set<string>();
    this.search(bytes, kinds);
    return kinds;
  }

  kindsInFile(path: string): Set<string> {
    const kinds = new Set<string>();
    const file = openSync(path, 'r');
    try {
      // What a pattern may need of the chunk before, and one byte in front of it.
      let kept = 0;
      for (;;) {
        const read = readSync(file, this.buffer, kept, CHUNK, null);
        if (read === 0) break;
        const length = kept + read;
        this.search(this.buffer.subarray(0, length), kinds);
        kept = Math.min(length, this.longest + 1);
        this.buffer.copyWithin(0, length - kept, length);
      }
    } finally {
      closeSync(file);
    }
    return kinds;
  }

  private search(bytes: Uint8Array, kinds: Set<string>): void {
    const { begins } = this;
    let start = (bytes[0] ?? 0) << 8;
    for (let i = 1; i < bytes.length; i++) {
      start = (start >> 8) | (bytes[i]! << 8);
      if (begins[start] === 0) continue;
      for (const trace of this.byStart.get(start)!) if (isAt(bytes, i - 1, trace)) kinds.add(trace.kind);
    }
  }
}

function isAt(bytes: Uint8Array, at: number, { bytes: pattern, isWord }: Trace): boolean {
  if (at + pattern.length > bytes.length) return false;
  for (let i = 2; i < pattern.length; i++) if (bytes[at + i] !== pattern[i]) return false;
  return !isWord || (!isOfName(bytes[at - 1]) && !isOfName(bytes[at + pattern.length]));
}

/** Whether a byte may belong to a path: letters, digits, `-`, `.`, `/`, `_`, `~`, space, and what is not ASCII. */
function isOfName(byte: number | undefined): boolean {
  if (byte === undefined) return false;
  return byte >= 128 || /[A-Za-z0-9\-./_~ ]/.test(String.fromCharCode(byte));
}
