import { join, relative } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { partsIn } from '../catalog/forget.ts';
import { openShard, rowOfKey } from '../catalog/open-shard.ts';
import type { ShardIndex } from '../catalog/shard.ts';
import { SHARD_VERSION } from '../catalog/shard-layout.ts';
import { ShardDamage, ShardReader } from '../catalog/shard-reader.ts';
import { type CatalogOptions, type FoundShard, namesIn, openCatalogFolder, shardsIn } from './catalog-folder.ts';

/** A file of a catalog that is not what was written, or belongs to nothing. */
export interface CatalogProblem {
  /** Path relative to the catalog. */
  readonly path: string;
  readonly problem: string;
}

/** Result of {@link checkCatalog}. */
export interface CatalogCheck {
  readonly catalog: string;
  /** Number of shards of this version that were checked, of their rows, and of all bytes read. */
  readonly shards: number;
  readonly rows: number;
  readonly bytes: number;
  /** Number of shards of other versions, which were not checked. */
  readonly otherVersions: number;
  /** Empty if the catalog is sound. */
  readonly problems: readonly CatalogProblem[];
}

/** Bytes that are read between two chances for others to run. */
const BREATH_BYTES = 2 ** 22;

/**
 * Proves that a catalog is sound: of every shard, the JSON and all rows of the binary have the checksums that they were
 * written with, and the binary has the rows of the sources that the JSON tells of. Also names what killed builds left. Changes
 * nothing.
 *
 * @throws {UserError} `catalog` if there is no catalog, or it cannot be read; `usage` if its folder is no path; `signal`'s
 *   reason if aborted.
 */
export async function checkCatalog(options: CatalogOptions = {}): Promise<CatalogCheck> {
  const { signal, onProgress = () => {} } = options;
  const { catalog, folders } = await openCatalogFolder(options.catalog);
  const problems: CatalogProblem[] = [];
  const add = (path: string, problem: string) => problems.push({ path: relative(catalog, path), problem });
  let [shards, rows, bytes, otherVersions] = [0, 0, 0, 0];
  const onShard = (done: number, total: number) => onProgress({ stage: 'check', done, total, unit: 'shards' });
  for await (const found of shardsIn(folders, { signal, onShard })) {
    const { folder, name, opened } = found;
    const json = join(folder.path, `${name}.json`);
    if (opened.kind === 'none') continue;
    if (opened.kind === 'other-version') {
      otherVersions++;
      if (folder.key.endsWith(`-v${SHARD_VERSION}`))
        add(json, `is of version ${opened.version}, which has another folder`);
      continue;
    }
    shards++;
    if (opened.kind === 'damaged') {
      add(json, 'is damaged');
      continue;
    }
    const checked = await checkRows(found, opened.index, signal);
    rows += checked.rows;
    bytes += checked.bytes;
    if (checked.problem && (await openShard({ folder: folder.path, name })).kind !== 'none')
      add(join(folder.path, `${name}.bin`), checked.problem);
  }
  for (const { path } of folders) {
    for (const part of await partsIn(path, await namesIn(path))) {
      if (part.isLeft) add(part.path, 'was left by a build that was killed');
    }
  }
  return { catalog, shards, rows, bytes, otherVersions, problems };
}

/** Reads all of a shard's binary, row by row. */
async function checkRows(
  { folder, name }: FoundShard,
  index: ShardIndex,
  signal: AbortSignal | undefined,
): Promise<{ readonly rows: number; readonly bytes: number; readonly problem: string | undefined }> {
  const binary = join(folder.path, `${name}.bin`);
  const count = index.sources.length;
  const reader = new ShardReader();
  let [rows, bytes, unread] = [0, 0, 0];
  let damaged = 0;
  try {
    const { blobsAt, sources, rasters } = reader.check(binary, { ...index, ...rowOfKey(folder.key), sources: count });
    bytes += blobsAt - sources * rasters;
    for (; rows < count; rows++) {
      try {
        const read = reader.checkRow(binary, rows);
        bytes += read;
        unread += read;
      } catch (error) {
        if (!(error instanceof ShardDamage)) throw error;
        damaged++;
      }
      if (unread < BREATH_BYTES) continue;
      unread = 0;
      await setImmediate();
      signal?.throwIfAborted();
    }
    const problem = damaged > 0 ? `is damaged in ${damaged} of ${count} rows` : undefined;
    return { rows, bytes, problem };
  } catch (error) {
    if (!(error instanceof ShardDamage)) throw error;
    return { rows, bytes, problem: 'is damaged, or not the one that its JSON tells of' };
  } finally {
    reader.close();
  }
}
