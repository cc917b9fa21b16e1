/**
 * The files that a catalog knows, and what has become of them. A file is gone if the system says that there is none; a
 * file that cannot be asked for now (no permission, a failing disk) is not.
 */
import { lstat, stat } from 'node:fs/promises';
import { recordKey } from '../catalog/forget-shard.ts';
import type { FileRecord } from '../catalog/shard.ts';
import { messageOf, systemCode } from '../errors.ts';
import { mapOrdered } from '../threads/ordered.ts';
import type { FoundShard } from './catalog-folder.ts';

/** State of a file on disk; `link`: of a file that is gone, the link to it is there. */
export type FileState =
  | { readonly kind: 'there'; readonly size: number; readonly mtimeMs: number }
  | { readonly kind: 'gone'; readonly link: boolean }
  | { readonly kind: 'unasked'; readonly code: string };

/** Files that cannot be asked for, with the system's code of the reason, and one of them. */
export interface UnaskedFiles {
  readonly code: string;
  readonly files: number;
  readonly example: string;
}

/** Number of files that are asked for at once, and after which progress is told. */
const [AT_ONCE, STEP] = [32, 1024];
const NOT_THERE = ['ENOENT', 'ENOTDIR'];

/** Files and contents that the shards of a catalog tell of. */
export class KnownFiles {
  /** Records of each file, by path; all different. */
  readonly records = new Map<string, FileRecord[]>();
  /** SHA-256 of all contents, hex. */
  readonly hashes = new Set<string>();

  /** Adds what a shard tells. */
  add({ opened }: FoundShard): void {
    if (opened.kind !== 'sound') return;
    const { files, sources, broken } = opened.index;
    for (const { hash } of [...sources, ...broken]) this.hashes.add(hash);
    for (const record of files) {
      this.hashes.add(record.hash);
      const known = this.records.get(record.path);
      if (!known) this.records.set(record.path, [record]);
      else if (known.every((other) => recordKey(other) !== recordKey(record))) known.push(record);
    }
  }
}

/**
 * Asks the system for the state of files.
 *
 * @throws `signal`'s reason if aborted.
 */
export async function askFor(
  paths: readonly string[],
  {
    signal,
    onProgress,
  }: { readonly signal: AbortSignal | undefined; readonly onProgress: (done: number, total: number) => void },
): Promise<Map<string, FileState>> {
  const states = new Map<string, FileState>();
  const ask = async (path: string) => [path, await stateOf(path)] as const;
  for await (const [path, state] of mapOrdered(paths, AT_ONCE, ask)) {
    states.set(path, state);
    if (states.size % STEP !== 0) continue;
    signal?.throwIfAborted();
    onProgress(states.size, paths.length);
  }
  signal?.throwIfAborted();
  onProgress(paths.length, paths.length);
  return states;
}

async function stateOf(path: string): Promise<FileState> {
  try {
    const { size, mtimeMs } = await stat(path);
    return { kind: 'there', size, mtimeMs };
  } catch (error) {
    const code = systemCode(error) ?? messageOf(error);
    if (!NOT_THERE.includes(code)) return { kind: 'unasked', code };
  }
  const link = await lstat(path).catch(() => undefined);
  return { kind: 'gone', link: link !== undefined };
}

/** Tells whether a file that is there is still as it was recorded. */
export function isAsRecorded({ size, mtimeMs }: FileRecord, state: FileState): boolean {
  return state.kind === 'there' && state.size === size && state.mtimeMs === mtimeMs;
}

/** Counts the files that cannot be asked for, by the reason. */
export function unaskedAmong(states: ReadonlyMap<string, FileState>): UnaskedFiles[] {
  const found = new Map<string, { files: number; example: string }>();
  for (const [path, state] of states) {
    if (state.kind !== 'unasked') continue;
    const before = found.get(state.code) ?? { files: 0, example: path };
    found.set(state.code, { ...before, files: before.files + 1 });
  }
  return [...found].map(([code, rest]) => ({ code, ...rest }));
}
