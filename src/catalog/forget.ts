/**
 * Takes sources out of a whole catalog: out of the shards of all recipes. A shard that knows one of them is replaced by one that
 * does not, which takes its place in the order; only when that is safely there, the old one is removed. So whoever opens the
 * catalog finds all other sources at every moment, and what was killed can be run again. A build that is just using a removed
 * shard finds it damaged, and begins anew.
 *
 * What cannot be asked for its sources is removed as a whole: damaged shards, what killed builds left, and shards of other
 * versions that mention one of the sources. What is nothing of ours is left alone.
 */
import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { explainDisk, syncFolder } from '../store/disk.ts';
import { systemCode } from '../errors.ts';
import { forgetInShard } from './forget-shard.ts';
import { alone } from '../staging/staging.ts';
import { isRecipeKey } from './recipe-key.ts';
import { partsAmong } from './shard-folder.ts';

/** What a catalog is to forget. */
export interface Forgotten {
  /** SHA-256 of the sources' content, hex. */
  readonly hashes: ReadonlySet<string>;
  /** Absolute paths of files of which nothing is to be known any more, whatever they held. */
  readonly paths: ReadonlySet<string>;
}

/** What became of a catalog. */
export interface ForgetResult {
  /** Shards that were replaced or removed. */
  readonly shards: number;
  /** Bytes that the catalog has less. */
  readonly bytes: number;
}

/** Builds that live write a shard's parts faster, ms. */
const SILENT_MS = 60_000;
const WAIT_MS = 100;

/**
 * Removes every byte of some sources from the catalog in `folder`, and records of some files. A build that takes one of the
 * sources from its file at the same time may index it again.
 *
 * @throws {UserError} `catalog` for what cannot be read now, `disk-full`, `not-writable`; `signal`'s reason if aborted. Then all
 *   other sources are there, and running it again goes on.
 */
export async function forget(folder: string, forgotten: Forgotten, signal?: AbortSignal): Promise<ForgetResult> {
  const total = { shards: 0, bytes: 0 };
  const keys = (await filesIn(folder)).filter(isRecipeKey);
  if (keys.length === 0) return total;
  await undisturbed(folder, signal, async () => {
    for (const key of keys) {
      const { shards, bytes } = await forgetIn(join(folder, key), forgotten, signal);
      total.shards += shards;
      total.bytes += bytes;
    }
  });
  return total;
}

/** Does something while nobody else forgets: of two copies of a shard, each could bring back what the other is without. */
async function undisturbed(folder: string, signal: AbortSignal | undefined, act: () => Promise<void>): Promise<void> {
  const named = { option: '--catalog', path: folder } as const;
  try {
    await alone(folder, named, act, signal);
  } catch (error) {
    throw explainDisk(error, named);
  }
}

/** Forgets in a folder of shards, until nobody has added any, nor is about to. */
async function forgetIn(folder: string, forgotten: Forgotten, signal?: AbortSignal): Promise<ForgetResult> {
  const seen = new Set<string>();
  let [shards, bytes] = [0, 0];
  for (const started = Date.now(); ; signal?.throwIfAborted()) {
    const files = await filesIn(folder);
    const fresh = files.filter((file) => file.endsWith('.json') && !seen.has(file));
    for (const file of fresh) {
      signal?.throwIfAborted();
      seen.add(file);
      const freed = await forgetInShard(folder, file.slice(0, -'.json'.length), forgotten);
      if (freed === undefined) continue;
      shards++;
      bytes += freed;
    }
    if (fresh.length > 0) continue;
    const parts = await partsIn(folder, files);
    if (parts.some(({ age }) => age < SILENT_MS) && Date.now() - started < SILENT_MS) {
      await setTimeout(WAIT_MS);
      continue;
    }
    for (const { path } of parts) await rm(path, { force: true });
    if (shards > 0 || parts.length > 0) await syncFolder(folder);
    return { shards, bytes: parts.reduce((sum, { size }) => sum + size, bytes) };
  }
}

/** Files of no shard: their sizes, and how long ago somebody wrote to them, ms. */
async function partsIn(folder: string, files: readonly string[]) {
  const parts: { path: string; size: number; age: number }[] = [];
  for (const file of partsAmong(files)) {
    const path = join(folder, file);
    const found = await stat(path).catch(() => undefined);
    if (found?.isFile()) parts.push({ path, size: found.size, age: Date.now() - found.mtimeMs });
  }
  return parts;
}

/** Names of what lies in a folder; none if there is no such folder. */
async function filesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(systemCode(error) ?? '')) return [];
    throw error;
  }
}
