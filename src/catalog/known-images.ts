import { readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { toHex } from '../colour/hex.ts';
import { makeFolder } from '../store/disk.ts';
import { DECODERS } from '../image/open-image.ts';
import type { Reason } from '../image/reasons.ts';
import type { Recipe, Rgb, ScannedFile } from '../types.ts';
import type { SourcePlace } from './catalog.ts';
import { readShard, rowOf, type ShardRow } from './read-shard.ts';
import { isRecipeKey, recipeKey } from './recipe-key.ts';
import type { FileRecord, ShardIndex, SourceRecord } from './shard.ts';
import { filesIn, removeAbandoned, removeShard, shardNames } from './shard-folder.ts';

/** Record and place of a source in a catalog. */
export interface KnownSource {
  readonly record: SourceRecord;
  readonly place: SourcePlace;
}

/** Key of a variant of an image among the sources: the image's hash, followed by the variant if that is not 0. */
const keyOf = (hash: string, variant = 0) => (variant ? `${hash}/${variant}` : hash);

/** Images that a catalog's folder holds for one recipe. */
export class KnownImages {
  readonly folder: string;
  private readonly background: string;
  private readonly lenient: boolean;
  private readonly files = new Map<string, FileRecord>();
  private readonly sources = new Map<string, KnownSource>();
  private readonly broken = new Map<string, Reason>();
  /** Reason why an image could not be decoded in this run, by hash. Its content may be sound. */
  readonly undecided = new Map<string, Reason>();
  private readonly claimed = new Set<string>();

  constructor(folder: string, { background, lenient = false }: Pick<CatalogPlace, 'background' | 'lenient'>) {
    this.folder = folder;
    this.background = toHex(background);
    this.lenient = lenient;
  }

  /** Name of the folder: for the shards of a recipe, its key. */
  get key(): string {
    return basename(this.folder);
  }

  /** Adds the records of the shard `name`. They replace older records of the same files and images. */
  add(name: string, { decoder, files, sources, broken }: Pick<ShardIndex, 'decoder' | 'files' | 'sources' | 'broken'>) {
    const shard = join(this.folder, `${name}.bin`);
    for (const file of files) this.files.set(file.path, file);
    for (const [row, record] of sources.entries()) {
      if (record.partial !== undefined && !this.lenient) {
        if (decoder === DECODERS) this.broken.set(record.hash, record.partial);
      } else if (!record.alpha || record.background === this.background) {
        this.sources.set(keyOf(record.hash, record.variant), { record, place: { shard, row } });
      }
    }
    if (decoder !== DECODERS) return;
    // Images that are broken as a whole may still decode in part.
    for (const { hash, reason, lenient } of broken) if (lenient || !this.lenient) this.broken.set(hash, reason);
  }

  /** Tells whether a file is unchanged since it was indexed, and these variants of its image are known. */
  isCurrent(file: ScannedFile, variants: readonly number[]): boolean {
    const hash = this.hashOf(file);
    return hash !== undefined && this.missing(hash, variants).length === 0;
  }

  /** Returns the hash of a file's content, if the file is unchanged since it was recorded. */
  hashOf(file: ScannedFile): string | undefined {
    const record = this.lookalike(file);
    return record?.ctimeMs === file.ctimeMs ? record.hash : undefined;
  }

  /** Lists those of some variants of the image at `path`, as far as it is known, that are not. */
  missingAt(path: string, variants: readonly number[]): readonly number[] {
    const hash = this.files.get(path)?.hash;
    const missing = hash === undefined ? [] : this.missing(hash, variants);
    // The file may hold another image by now.
    return missing.length > 0 ? missing : variants;
  }

  /** Lists those of some variants of an image that are not known. An image that cannot be decoded has none that are missing. */
  missing(hash: string, variants: readonly number[]): number[] {
    return this.broken.has(hash) ? [] : variants.filter((variant) => !this.sources.has(keyOf(hash, variant)));
  }

  /**
   * Tells whether a file that now holds `hash` was recorded with other content, at the same size and modification time.
   */
  isDisguised(file: ScannedFile, hash: string): boolean {
    const record = this.lookalike(file);
    return record !== undefined && record.hash !== hash;
  }

  /**
   * Claims variants of an image for indexing.
   *
   * @returns true for the first caller; false if they are indexed, or the image is claimed already.
   */
  claim(hash: string, variants: readonly number[]): boolean {
    if (this.missing(hash, variants).length === 0 || this.claimed.has(hash)) return false;
    this.claimed.add(hash);
    return true;
  }

  /** Gives up a claim: the image was not indexed. */
  release(hash: string): void {
    this.claimed.delete(hash);
  }

  /** Returns the whole, upright source of this content; undefined if it is not known. */
  sourceOf(hash: string): KnownSource | undefined {
    return this.sources.get(hash);
  }

  /** Returns a variant of the source that the file at `path` is, or the reason why it is none. */
  sourceAt(path: string, variant: number): KnownSource | { readonly reason: Reason } {
    const hash = this.files.get(path)?.hash ?? '';
    return (
      this.sources.get(keyOf(hash, variant)) ?? {
        reason: this.broken.get(hash) ?? this.undecided.get(hash) ?? 'not-indexed',
      }
    );
  }

  /**
   * Returns one file of each image, as it was when it was indexed, by the hashes of their content; undefined for an
   * image that is no source.
   */
  filesOf(hashes: readonly string[]): (ScannedFile | undefined)[] {
    const byHash = new Map<string, ScannedFile>();
    for (const { hash, ...file } of this.files.values()) if (!byHash.has(hash)) byHash.set(hash, file);
    return hashes.map((hash) => (this.sources.has(hash) ? byHash.get(hash) : undefined));
  }

  /** Returns the paths under which an image was indexed. */
  pathsOf(hash: string): string[] {
    return [...this.files.values()].filter((file) => file.hash === hash).map(({ path }) => path);
  }

  /** Returns the records of all files that were ever read, with the hash of their content. */
  located(): Iterable<FileRecord> {
    return this.files.values();
  }

  private lookalike({ path, size, mtimeMs }: ScannedFile): FileRecord | undefined {
    const record = this.files.get(path);
    return record?.size === size && record.mtimeMs === mtimeMs ? record : undefined;
  }
}

/** Place of a catalog, and the settings of its images. */
export interface CatalogPlace {
  /** Folder of the catalog; created if it is missing. */
  readonly folder: string;
  readonly recipe: Recipe;
  /** Colour that transparent images are laid over. */
  readonly background: Rgb;
  /** Accepts the parts of damaged files that decode. */
  readonly lenient?: boolean;
}

/** An opened catalog. */
export interface OpenedCatalog {
  readonly known: KnownImages;
  /** Number of damaged shards, which were removed. */
  readonly damaged: number;
  /** Note for the user if there are no shards for this recipe, but for others. */
  readonly anew: string | undefined;
}

/**
 * Opens a catalog's folder for one recipe: reads its shards, oldest first, and removes damaged ones.
 *
 * @throws {UserError} `catalog` for a shard of an unknown version, or one that cannot be read; `disk-full` or
 *   `not-writable`.
 */
export async function openCatalog(place: CatalogPlace): Promise<OpenedCatalog> {
  const { folder, recipe } = place;
  const key = await recipeKey(recipe);
  const home = join(folder, key);
  await makeFolder(home, { option: '--catalog', path: folder });
  const names = shardNames(await readdir(home));
  // Other files in the folder are ignored.
  const others = (await readdir(folder)).filter((other) => other !== key && isRecipeKey(other));
  const changed = names.length === 0 && others.length > 0;
  const anew = changed
    ? `all images are indexed again for ${key}: the catalog only holds ${others.join(', ')}`
    : undefined;
  const known = new KnownImages(home, place);
  const damaged = await readShards(known, rowOf(recipe));
  return { known, damaged, anew };
}

/**
 * Adds all shards of a folder to what is known of it, oldest first, and removes damaged ones. Does nothing without such a folder.
 *
 * @param row what a source has in these shards.
 * @returns number of damaged shards.
 * @throws {UserError} `catalog` for a shard of an unknown version, or one that cannot be read.
 */
export async function readShards(known: KnownImages, row: ShardRow): Promise<number> {
  const home = known.folder;
  if ((await filesIn(home)).length === 0) return 0;
  await removeAbandoned(home);
  let damaged = 0;
  for (const name of shardNames(await readdir(home))) {
    const index = await readShard(home, name, row);
    if (index === 'gone') continue;
    if (index !== 'damaged') known.add(name, index);
    else {
      damaged++;
      await removeShard(home, name);
    }
  }
  return damaged;
}
