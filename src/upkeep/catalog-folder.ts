import { join } from 'node:path';
import { defaultCatalog } from '../catalog/default-folder.ts';
import { keysIn } from '../catalog/forget.ts';
import { type OpenedShard, openShard } from '../catalog/open-shard.ts';
import { filesIn } from '../catalog/shard-folder.ts';
import { explainRead } from '../catalog/shard-reader.ts';
import { UserError } from '../errors.ts';
import { isPath, SEE_BUILD_HELP, shown } from '../messages.ts';

/** Options of all that looks at a catalog. */
export interface CatalogOptions {
  /** Folder of the catalog; by default the one that builds use, in the user's cache directory. */
  catalog?: string;
  onProgress?: (progress: CatalogProgress) => void;
  signal?: AbortSignal;
}

/** Progress of looking at a catalog: shards are read, files are asked for, shards are checked or pruned. */
export interface CatalogProgress {
  readonly stage: 'read' | 'ask' | 'check' | 'prune';
  readonly done: number;
  readonly total: number;
  readonly unit: 'shards' | 'files';
}

/** A folder of shards in a catalog: of one recipe, or of proxies. */
export interface ShardFolder {
  readonly key: string;
  readonly path: string;
}

/** A shard of a folder, and what its JSON is. */
export interface FoundShard {
  readonly folder: ShardFolder;
  readonly name: string;
  readonly opened: OpenedShard;
}

/**
 * Finds the folders of shards in a catalog, those of proxies first.
 *
 * @throws {UserError} `usage` if `catalog` is no path; `catalog` if there is no catalog, or it cannot be read.
 */
export async function openCatalogFolder(
  catalog: string = defaultCatalog(),
): Promise<{ readonly catalog: string; readonly folders: readonly ShardFolder[] }> {
  if (!isPath(catalog))
    throw new UserError('usage', `Expected the folder of a catalog but received ${shown(catalog)}`, SEE_BUILD_HELP);
  const keys = await readable(catalog, async () => await keysIn(catalog));
  const folders: ShardFolder[] = [];
  for (const key of keys) {
    const path = join(catalog, key);
    if ((await namesIn(path)).length > 0) folders.push({ key, path });
  }
  if (keys.length > 0) return { catalog, folders };
  throw new UserError(
    'catalog',
    `There is no catalog in ${catalog}`,
    'Name the folder that builds were given with --catalog; without that option, they make one in the cache directory.',
  );
}

/**
 * Lists the names in a folder of shards.
 *
 * @throws {UserError} `catalog` if it cannot be read.
 */
export async function namesIn(path: string): Promise<string[]> {
  return await readable(path, async () => await filesIn(path));
}

async function readable<Result>(path: string, act: () => Promise<Result>): Promise<Result> {
  try {
    return await act();
  } catch (error) {
    throw explainRead(error, path);
  }
}

/**
 * Opens the shards of some folders one after the other. Shards that are replaced or added meanwhile are found, too.
 *
 * @param onShard called after each shard, with the number of shards that were opened, and of all that are known of.
 * @throws {UserError} `catalog` for a shard that cannot be read now; `signal`'s reason if aborted.
 */
export async function* shardsIn(
  folders: readonly ShardFolder[],
  {
    signal,
    onShard,
  }: { readonly signal: AbortSignal | undefined; readonly onShard: (done: number, total: number) => void },
): AsyncGenerator<FoundShard> {
  let [done, total] = [0, await countShards(folders)];
  for (const folder of folders) {
    const seen = new Set<string>();
    for (;;) {
      const fresh = (await namesIn(folder.path)).filter((file) => file.endsWith('.json') && !seen.has(file));
      if (fresh.length === 0) break;
      for (const file of fresh) {
        signal?.throwIfAborted();
        seen.add(file);
        const name = file.slice(0, -'.json'.length);
        yield { folder, name, opened: await openShard({ folder: folder.path, name }) };
        total = Math.max(total, ++done);
        onShard(done, total);
      }
    }
  }
}

/** Counts the shards of some folders. */
export async function countShards(folders: readonly ShardFolder[]): Promise<number> {
  let count = 0;
  for (const { path } of folders) count += (await namesIn(path)).filter((file) => file.endsWith('.json')).length;
  return count;
}
