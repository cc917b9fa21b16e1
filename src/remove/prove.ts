import { opendirSync, statSync } from 'node:fs';
import { sep } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { systemCode } from '../errors.ts';
import { Searcher, type Trace } from './searcher.ts';

/** A trace that was found in a file. */
export interface Found {
  readonly path: string;
  readonly trace: Trace;
}

/** Result of a search: number of files and bytes, and traces found. */
export interface Search {
  readonly files: number;
  readonly bytes: number;
  readonly found: readonly Found[];
}

/** Folder entries buffered per read; and files searched per batch. */
const [ENTRIES, BATCH] = [1024, 256];
/** Most traces that are reported. */
const FOUND_MAX = 1000;

/**
 * Searches the bytes and the name of every file below some folders. A file with several hard links is searched once; symbolic
 * links are not followed.
 */
export async function findTraces(folders: readonly string[], traces: readonly Trace[]): Promise<Search> {
  const searcher = new Searcher(traces);
  const known = new Set<string>();
  const found: Found[] = [];
  let [files, bytes] = [0, 0];
  for (const folder of folders) {
    const root = folder.endsWith(sep) ? folder : folder + sep;
    for (const names of batches(filesIn(root, ''))) {
      for (const name of searcher.in(Buffer.from(names.join('\0'))).size > 0 ? names : []) {
        for (const trace of searcher.in(Buffer.from(name))) found.push({ path: root + name, trace });
      }
      for (const name of names) {
        const path = root + name;
        const stat = statSync(path, { bigint: true, throwIfNoEntry: false });
        if (!stat?.isFile() || found.length >= FOUND_MAX) continue;
        const inode = stat.nlink > 1n ? `${stat.dev} ${stat.ino}` : '';
        if (known.has(inode)) continue;
        if (inode !== '') known.add(inode);
        for (const trace of ifThere(() => searcher.inFile(path, Number(stat.size))) ?? []) found.push({ path, trace });
        bytes += Number(stat.size);
        files++;
      }
      await setImmediate();
    }
  }
  return { files, bytes, found };
}

/** Yields the paths of all files below a folder of `root`, relative to `root`, which ends in a separator. */
function* filesIn(root: string, folder: string): Generator<string> {
  const dir = ifThere(() => opendirSync(root + folder, { bufferSize: ENTRIES }));
  if (!dir) return;
  try {
    for (let entry = dir.readSync(); entry; entry = dir.readSync()) {
      const path = folder + entry.name;
      if (entry.isDirectory()) yield* filesIn(root, path + sep);
      else if (entry.isFile()) yield path;
    }
  } finally {
    dir.closeSync();
  }
}

/** Returns undefined if a file is gone: other commands may remove it meanwhile. */
function ifThere<Result>(act: () => Result): Result | undefined {
  try {
    return act();
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

function* batches(names: Iterable<string>): Generator<string[]> {
  let batch: string[] = [];
  for (const name of names) {
    if (batch.push(name) < BATCH) continue;
    yield batch;
    batch = [];
  }
  yield batch;
}
