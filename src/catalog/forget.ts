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
 * shards of other versions that mention one of the sources. Files that are not ours are left alone. To clean a whole
 * catalog, `unusable` has all rows checked and every shard of another version removed.
 */
import { rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { explainDisk, syncFolder } from '../store/disk.ts';
import { forgetInShard } from './forget-shard.ts';
import { alone } from '../staging/locked.ts';
import { rowOfKey } from './open-shard.ts';
import { isProxyKey, isRecipeKey } from './recipe-key.ts';
import { filesIn, isOrphan, partsAmong } from './shard-folder.ts';

/** Sources and files to remove from a catalog. */
export interface Forgotten {
  /** SHA-256 of the sources' content, hex. */
  readonly hashes: ReadonlySet<string>;
  /** Absolute paths of files whose records are removed, whatever the files held. */
  readonly paths: ReadonlySet<string>;
  /** Single records that are removed while other records of their files stay, by `recordKey`. */
  readonly records?: ReadonlySet<string>;
  /** Also removes what no build of this version can use: sources with damaged data, and all shards of other versions. */
  readonly unusable?: boolean;
}

/** How a catalog forgets. */
export interface ForgetOptions {
  readonly signal?: AbortSignal | undefined;
  /** Changes nothing; only counts. */
  readonly isTrial?: boolean;
  /** Called after each shard that was looked at. */
  readonly onShard?: () => void;
}

/** Result of {@link forget}. */
export interface ForgetResult {
  /** Number of shards that were replaced or removed. */
  readonly shards: number;
  /** Number of them that were damaged, and that were of another version. */
  readonly damaged: number;
  readonly otherVersions: number;
  /** Number of leftovers that were removed: files that belong to no shard. */
  readonly leftovers: number;
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
 * @param forgotten what to forget; or finds that out, while no other process forgets.
 * @throws {UserError} `catalog` for a shard that cannot be read now, `disk-full`, `not-writable`; `signal`'s reason if
 *   aborted. In these cases all other sources are still there, and the next run continues.
 */
export async function forget(
  folder: string,
  forgotten: Forgotten | (() => Promise<Forgotten>),
  options: ForgetOptions = {},
): Promise<ForgetResult> {
  const total = { shards: 0, damaged: 0, otherVersions: 0, leftovers: 0, bytes: 0 };
  const keys = await keysIn(folder);
  if (keys.length === 0) return total;
  await undisturbed(folder, options, async () => {
    const what = typeof forgotten === 'function' ? await forgotten() : forgotten;
    for (const key of keys) {
      const result = await forgetIn({ folder: join(folder, key), row: rowOfKey(key) }, what, options);
      for (const name of Object.keys(total) as (keyof ForgetResult)[]) total[name] += result[name];
    }
  });
  return total;
}

/** Lists the folders of a catalog that hold shards. Proxies come first: builds make data of recipes from them. */
export async function keysIn(catalog: string): Promise<string[]> {
  const folders = await filesIn(catalog);
  return [...folders.filter(isProxyKey), ...folders.filter(isRecipeKey)];
}

/**
 * Runs `act` while no other process forgets. Of two copies of one shard, each could bring back what the other lacks.
 */
async function undisturbed(
  folder: string,
  { signal, isTrial }: ForgetOptions,
  act: () => Promise<void>,
): Promise<void> {
  if (isTrial) return await act();
  const named = { option: '--catalog', path: folder } as const;
  try {
    await alone(named, act, signal);
  } catch (error) {
    throw explainDisk(error, named);
  }
}

/** Forgets in a folder of shards, until no build has added a shard or is about to. */
async function forgetIn(
  place: { readonly folder: string; readonly row: ReturnType<typeof rowOfKey> },
  forgotten: Forgotten,
  { signal, isTrial, onShard = () => {} }: ForgetOptions,
): Promise<ForgetResult> {
  const { folder } = place;
  const seen = new Set<string>();
  let [shards, damaged, otherVersions, bytes] = [0, 0, 0, 0];
  for (const started = Date.now(); ; signal?.throwIfAborted()) {
    const files = await filesIn(folder);
    const fresh = files.filter((file) => file.endsWith('.json') && !seen.has(file));
    for (const file of fresh) {
      signal?.throwIfAborted();
      seen.add(file);
      const name = file.slice(0, -'.json'.length);
      const change = await forgetInShard({ ...place, name, isTrial }, forgotten);
      onShard();
      if (change === undefined) continue;
      shards++;
      if (change.why === 'damaged') damaged++;
      if (change.why === 'other-version') otherVersions++;
      bytes += change.bytes;
    }
    if (fresh.length > 0) continue;
    const parts = await partsIn(folder, files);
    const left = parts.filter(({ isLeft }) => isLeft);
    if (!isTrial && left.length < parts.length && Date.now() - started < SILENT_MS) {
      await setTimeout(WAIT_MS);
      continue;
    }
    // To clean up, nothing is taken from a build that may be writing still.
    const gone = isTrial || forgotten.unusable ? left : parts;
    if (!isTrial) for (const { path } of gone) await rm(path, { force: true });
    if (!isTrial && (shards > 0 || gone.length > 0)) await syncFolder(folder);
    bytes = gone.reduce((sum, { size }) => sum + size, bytes);
    return { shards, damaged, otherVersions, leftovers: gone.length, bytes };
  }
}

/** A file of a catalog that belongs to no shard. */
export interface Part {
  readonly path: string;
  /** Bytes. */
  readonly size: number;
  /** A build that was killed has left it: its process runs no more, or has not written to it for a minute. */
  readonly isLeft: boolean;
}

/** Lists those of the `files` in a folder that belong to no shard. */
export async function partsIn(folder: string, files: readonly string[]): Promise<Part[]> {
  const parts: Part[] = [];
  for (const file of partsAmong(files)) {
    const path = join(folder, file);
    const found = await stat(path).catch(() => undefined);
    const isLeft = isOrphan(file) || (found !== undefined && Date.now() - found.mtimeMs >= SILENT_MS);
    if (found?.isFile()) parts.push({ path, size: found.size, isLeft });
  }
  return parts;
}
