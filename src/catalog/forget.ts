/**
 * Removes sources from a whole catalog, that is from the shards of all recipes, and from those of proxies.
 *
 * Shards are immutable, so a shard that knows one of the sources is replaced. First a new shard without the source is
 * written and synced, under a name that sorts right behind the old one. Only then the old shard is removed. At every
 * moment a reader of the catalog finds all other sources, and a run that was killed can be repeated. A build that is
 * using a removed shard finds it damaged, and begins anew.
 *
 * One process at a time forgets in a catalog. Builds may go on meanwhile: a folder is listed again until it holds no
 * shard that is new, and no part of a shard that a build is writing (waiting for at most a minute).
 *
 * Shards that cannot be asked for their sources are removed whole: damaged ones, parts left by killed builds, and
 * shards of other versions that mention one of the sources. Files that are not ours are left alone.
 */
import { rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { explainDisk, syncFolder } from '../store/disk.ts';
import { forgetInShard } from './forget-shard.ts';
import { alone } from '../staging/locked.ts';
import { isProxyKey, isRecipeKey } from './recipe-key.ts';
import { filesIn, partsAmong } from './shard-folder.ts';

/** Sources and files to remove from a catalog. */
export interface Forgotten {
  /** SHA-256 of the sources' content, hex. */
  readonly hashes: ReadonlySet<string>;
  /** Absolute paths of files whose records are removed, whatever the files held. */
  readonly paths: ReadonlySet<string>;
}

/** Result of {@link forget}. */
export interface ForgetResult {
  /** Number of shards that were replaced or removed. */
  readonly shards: number;
  /** Number of bytes freed in the catalog. */
  readonly bytes: number;
}

/** A part that was not written to for this long, ms, belongs to no live build. */
const SILENT_MS = 60_000;
const WAIT_MS = 100;

/**
 * Removes every byte of some sources, and the records of some files, from the catalog in `folder`. A build that reads
 * one of the sources from its file at the same time may index it again.
 *
 * @throws {UserError} `catalog` for a shard that cannot be read now, `disk-full`, `not-writable`; `signal`'s reason if
 *   aborted. In these cases all other sources are still there, and the next run continues.
 */
export async function forget(folder: string, forgotten: Forgotten, signal?: AbortSignal): Promise<ForgetResult> {
  const total = { shards: 0, bytes: 0 };
  const folders = await filesIn(folder);
  // Proxies first: builds make data of recipes from them.
  const keys = [...folders.filter(isProxyKey), ...folders.filter(isRecipeKey)];
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

/**
 * Runs `act` while no other process forgets. Of two copies of one shard, each could bring back what the other lacks.
 */
async function undisturbed(folder: string, signal: AbortSignal | undefined, act: () => Promise<void>): Promise<void> {
  const named = { option: '--catalog', path: folder } as const;
  try {
    await alone(named, act, signal);
  } catch (error) {
    throw explainDisk(error, named);
  }
}

/** Forgets in the folder of one recipe, until no build has added a shard or is about to. */
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

/**
 * Lists the files that belong to no shard, with their size, bytes, and the time since they were last written to, ms.
 */
async function partsIn(folder: string, files: readonly string[]) {
  const parts: { path: string; size: number; age: number }[] = [];
  for (const file of partsAmong(files)) {
    const path = join(folder, file);
    const found = await stat(path).catch(() => undefined);
    if (found?.isFile()) parts.push({ path, size: found.size, age: Date.now() - found.mtimeMs });
  }
  return parts;
}
