/**
 * Prunes a catalog: removes what no present file needs.
 *
 * 1. Lock the catalog: one process at a time forgets. Builds may go on.
 * 2. Read the JSON of all shards, and ask for every file that they know. Records of files that are gone, or have another size
 *    or time now, are stale. Files that cannot be asked for are not gone, nor are those of a missing folder; see
 *    missing-folders.ts.
 * 3. A content is needed if a record of it is left, in any shard. All others are forgotten; see catalog/forget.ts. So is what
 *    no build of this version can use.
 *
 * The shards that are left tell all of it: a prune that was killed is repeated from the start.
 */
import { forget, type Forgotten } from '../catalog/forget.ts';
import { recordKey } from '../catalog/forget-shard.ts';
import { check, isPath } from '../messages.ts';
import { type CatalogOptions, countShards, openCatalogFolder, type ShardFolder, shardsIn } from './catalog-folder.ts';
import { askFor, isAsRecorded, KnownFiles, type UnaskedFiles, unaskedAmong } from './known-files.ts';
import { type MissingFolder, sortOut } from './missing-folders.ts';

/** Options of {@link pruneCatalog}. */
export interface PruneOptions extends CatalogOptions {
  /** Changes nothing; tells what would be removed. */
  dryRun?: boolean;
  /** Folders that were removed for good: files in and below them count as gone, even if none of the known files is left there. */
  removedFolders?: readonly string[];
}

/** Result of {@link pruneCatalog}; with `dryRun`, what it would be. */
export interface PruneResult {
  readonly catalog: string;
  readonly dryRun: boolean;
  /** Number of files whose records were removed: they are gone, or have changed since. */
  readonly files: { readonly gone: number; readonly changed: number };
  /** Number of images (by content) of which all data and records were removed. */
  readonly images: number;
  /** Number of shards that were replaced or removed; of them, damaged ones, and ones that this version cannot read. */
  readonly shards: number;
  readonly damaged: number;
  readonly otherVersions: number;
  /** Number of files that killed builds had left. */
  readonly leftovers: number;
  /** Number of bytes freed. */
  readonly bytes: number;
  /** What was not removed: records of files in missing folders, and of files that cannot be asked for. */
  readonly missing: readonly MissingFolder[];
  readonly unasked: readonly UnaskedFiles[];
}

/** What was found before anything is removed. */
interface Stale extends Pick<PruneResult, 'files' | 'missing' | 'unasked'> {
  readonly forgotten: Forgotten;
}

/**
 * Removes from a catalog what no present file needs: records of files that are gone or have changed since, all data of
 * images that only such files held, damaged shards and sources, what killed builds left, and shards of other versions. Image files
 * are not touched, and no file that is not the catalog's own.
 *
 * @throws {UserError} `catalog` if there is no catalog, or it cannot be read; `usage` if an option is no path; `disk-full`,
 *   `not-writable`; `signal`'s reason if aborted. In all these cases whatever is needed is still there, and the next run
 *   continues.
 */
export async function pruneCatalog(options: PruneOptions = {}): Promise<PruneResult> {
  const { dryRun = false, removedFolders = [], signal, onProgress = () => {} } = options;
  check('removed-folder', removedFolders, { what: 'folders', is: Array.isArray });
  for (const folder of removedFolders) check('removed-folder', folder, { what: 'a folder', is: isPath });
  const { catalog } = await openCatalogFolder(options.catalog);
  let stale: Stale | undefined;
  let [done, total] = [0, 0];
  const decide = async () => {
    const { folders } = await openCatalogFolder(catalog);
    stale = await findStale(folders, { ...options, removedFolders: [...removedFolders] });
    total = await countShards(folders);
    return stale.forgotten;
  };
  const onShard = () => onProgress({ stage: 'prune', done: ++done, total: Math.max(done, total), unit: 'shards' });
  const result = await forget(catalog, decide, { signal, isTrial: dryRun, onShard });
  const { files, missing, unasked, forgotten } = stale!;
  return { catalog, dryRun, files, images: forgotten.hashes.size, ...result, missing, unasked };
}

/** Finds the records and contents that no present file needs. */
async function findStale(
  folders: readonly ShardFolder[],
  { signal, onProgress = () => {}, removedFolders = [] }: PruneOptions,
): Promise<Stale> {
  const known = new KnownFiles();
  const onShard = (done: number, total: number) => onProgress({ stage: 'read', done, total, unit: 'shards' });
  for await (const shard of shardsIn(folders, { signal, onShard })) known.add(shard);
  const states = await askFor([...known.records.keys()], {
    signal,
    onProgress: (done, total) => onProgress({ stage: 'ask', done, total, unit: 'files' }),
  });
  const { gone, missing } = sortOut(states, removedFolders);
  const records = new Set<string>();
  const needed = new Set<string>();
  const changed = new Set<string>();
  for (const [path, own] of known.records) {
    const state = states.get(path)!;
    for (const record of own) {
      const hasChanged = state.kind === 'there' && !isAsRecorded(record, state);
      if (hasChanged) changed.add(path);
      if (hasChanged || gone.has(path)) records.add(recordKey(record));
      else needed.add(record.hash);
    }
  }
  const hashes = new Set([...known.hashes].filter((hash) => !needed.has(hash)));
  return {
    files: { gone: gone.size, changed: changed.size },
    missing,
    unasked: unaskedAmong(states),
    forgotten: { hashes, paths: new Set(), records, unusable: true },
  };
}
