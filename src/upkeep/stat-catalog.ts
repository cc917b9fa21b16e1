import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { partsIn } from '../catalog/forget.ts';
import { isKeyInUse, isProxyKey, type KeyedRecipe, recipeOfKey } from '../catalog/recipe-key.ts';
import {
  type CatalogOptions,
  type FoundShard,
  namesIn,
  openCatalogFolder,
  type ShardFolder,
  shardsIn,
} from './catalog-folder.ts';
import { askFor, isAsRecorded, KnownFiles, type UnaskedFiles, unaskedAmong } from './known-files.ts';
import { type MissingFolder, sortOut } from './missing-folders.ts';

/** What a catalog holds for one recipe. */
export interface RecipeStat {
  /** Name of the folder. */
  readonly key: string;
  /** What the name tells of the recipe; undefined if it has another form. */
  readonly recipe: KeyedRecipe | undefined;
  /** Builds of this version use it. */
  readonly isUsed: boolean;
  readonly shards: number;
  /** Number of sources, and of their variants. */
  readonly sources: number;
  readonly pictures: number;
  /** Number of known files, and of images that cannot be decoded. */
  readonly files: number;
  readonly broken: number;
  /** Bytes of the shards. */
  readonly bytes: number;
}

/** Shards or files, and their bytes. */
export interface CountedBytes {
  readonly count: number;
  readonly bytes: number;
}

/** What a catalog holds. */
export interface CatalogStat {
  readonly catalog: string;
  /** Bytes of all of it; files that are not ours do not count. */
  readonly bytes: number;
  readonly recipes: readonly RecipeStat[];
  readonly proxies: CountedBytes;
  /**
   * Number of known files: all; those that are as they were indexed; changed since; gone; those whose folder is missing,
   * too; and those that cannot be asked for.
   */
  readonly files: {
    readonly known: number;
    readonly present: number;
    readonly changed: number;
    readonly gone: number;
    readonly missing: number;
    readonly unasked: number;
  };
  /** Folders that hold none of their known files: their disk may be unplugged. */
  readonly missing: readonly MissingFolder[];
  readonly unasked: readonly UnaskedFiles[];
  /** Files that killed builds left. */
  readonly leftovers: CountedBytes;
  /** Shards of other versions, which this version cannot read; and shards whose JSON is damaged. */
  readonly otherVersions: CountedBytes;
  readonly damaged: CountedBytes;
}

/**
 * Tells what a catalog holds, and what has become of the files that it knows. Reads the JSON of shards, not their binaries,
 * and opens no image.
 *
 * @throws {UserError} `catalog` if there is no catalog, or it cannot be read; `usage` if its folder is no path; `signal`'s
 *   reason if aborted.
 */
export async function statCatalog(options: CatalogOptions = {}): Promise<CatalogStat> {
  const { signal, onProgress = () => {} } = options;
  const { catalog, folders } = await openCatalogFolder(options.catalog);
  const known = new KnownFiles();
  const counts = new Map(folders.map((folder) => [folder.key, new FolderCount(folder)]));
  const [otherVersions, damaged, leftovers] = [new Counted(), new Counted(), new Counted()];
  const onShard = (done: number, total: number) => onProgress({ stage: 'read', done, total, unit: 'shards' });
  for await (const shard of shardsIn(folders, { signal, onShard })) {
    const { kind } = shard.opened;
    if (kind === 'none') continue;
    const bytes = await bytesOf(shard);
    if (kind === 'other-version') otherVersions.add(bytes);
    else if (kind === 'damaged') damaged.add(bytes);
    else {
      known.add(shard);
      counts.get(shard.folder.key)!.add(shard, bytes);
    }
  }
  for (const { path } of folders) {
    for (const { size, isLeft } of await partsIn(path, await namesIn(path))) if (isLeft) leftovers.add(size);
  }
  const recipes: RecipeStat[] = [];
  const proxies = new Counted();
  for (const [key, count] of counts) {
    if (count.shards === 0) continue;
    if (isProxyKey(key)) proxies.add(count.bytes, count.sources.size);
    else recipes.push(await count.stat());
  }
  const parts = [otherVersions, damaged, leftovers, proxies, ...recipes];
  return {
    catalog,
    bytes: parts.reduce((sum, part) => sum + part.bytes, 0),
    recipes,
    proxies: proxies.stat(),
    ...(await filesOf(known, options)),
    leftovers: leftovers.stat(),
    otherVersions: otherVersions.stat(),
    damaged: damaged.stat(),
  };
}

/** Tells what has become of the known files. */
async function filesOf(
  known: KnownFiles,
  { signal, onProgress = () => {} }: CatalogOptions,
): Promise<Pick<CatalogStat, 'files' | 'missing' | 'unasked'>> {
  const states = await askFor([...known.records.keys()], {
    signal,
    onProgress: (done, total) => onProgress({ stage: 'ask', done, total, unit: 'files' }),
  });
  const { gone, missing } = sortOut(states, []);
  const unasked = unaskedAmong(states);
  let [present, there] = [0, 0];
  for (const [path, state] of states) {
    if (state.kind !== 'there') continue;
    there++;
    if (known.records.get(path)!.some((record) => isAsRecorded(record, state))) present++;
  }
  return {
    files: {
      known: states.size,
      present,
      changed: there - present,
      gone: gone.size,
      missing: missing.reduce((sum, { files }) => sum + files, 0),
      unasked: unasked.reduce((sum, { files }) => sum + files, 0),
    },
    missing,
    unasked,
  };
}

/** Counts things and their bytes. */
class Counted {
  private count = 0;
  bytes = 0;

  add(bytes: number, count = 1): void {
    this.count += count;
    this.bytes += bytes;
  }

  stat(): CountedBytes {
    return { count: this.count, bytes: this.bytes };
  }
}

/** Counts what the shards of one folder hold. */
class FolderCount {
  shards = 0;
  bytes = 0;
  readonly sources = new Set<string>();
  private readonly pictures = new Set<string>();
  private readonly files = new Set<string>();
  private readonly broken = new Set<string>();
  private readonly key: string;

  constructor({ key }: ShardFolder) {
    this.key = key;
  }

  add({ opened }: FoundShard, bytes: number): void {
    if (opened.kind !== 'sound') return;
    this.shards++;
    this.bytes += bytes;
    for (const { hash, variant = 0 } of opened.index.sources) {
      this.sources.add(hash);
      this.pictures.add(`${hash}/${variant}`);
    }
    for (const { path } of opened.index.files) this.files.add(path);
    for (const { hash } of opened.index.broken) this.broken.add(hash);
  }

  async stat(): Promise<RecipeStat> {
    const { key, shards, sources, pictures, files, broken, bytes } = this;
    const recipe = recipeOfKey(key);
    const sizes = { sources: sources.size, pictures: pictures.size, files: files.size, broken: broken.size };
    return { key, recipe, isUsed: await isKeyInUse(key), shards, ...sizes, bytes };
  }
}

async function bytesOf({ folder, name }: FoundShard): Promise<number> {
  let bytes = 0;
  for (const ending of ['json', 'bin']) {
    const found = await stat(join(folder.path, `${name}.${ending}`)).catch(() => undefined);
    if (found?.isFile()) bytes += found.size;
  }
  return bytes;
}
