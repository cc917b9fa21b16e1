import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { toHex } from '../colour/hex.ts';
import { makeFolder } from '../store/disk.ts';
import { DECODERS } from '../image/open-image.ts';
import type { Reason } from '../image/reasons.ts';
import type { Recipe, Rgb, ScannedFile } from '../types.ts';
import type { SourcePlace } from './catalog.ts';
import { readShard } from './read-shard.ts';
import { isRecipeKey, recipeKey } from './recipe-key.ts';
import type { FileRecord, ShardIndex, SourceRecord } from './shard.ts';
import { removeAbandoned, removeShard, shardNames } from './shard-folder.ts';

/** A source that a catalog holds, and where. */
export interface KnownSource {
  readonly record: SourceRecord;
  readonly place: SourcePlace;
}

/** What a catalog's folder holds for one recipe. */
export class KnownImages {
  readonly folder: string;
  private readonly background: string;
  private readonly lenient: boolean;
  private readonly files = new Map<string, FileRecord>();
  private readonly sources = new Map<string, KnownSource>();
  private readonly broken = new Map<string, Reason>();
  /** Why images could not be decoded this time, though their content may be sound; by hash. */
  readonly undecided = new Map<string, Reason>();
  private readonly claimed = new Set<string>();

  constructor(folder: string, { background, lenient = false }: Pick<CatalogPlace, 'background' | 'lenient'>) {
    this.folder = folder;
    this.background = toHex(background);
    this.lenient = lenient;
  }

  /** Makes known what the shard `name` holds; what it holds of what was known before is newer. */
  add(name: string, { decoder, files, sources, broken }: Pick<ShardIndex, 'decoder' | 'files' | 'sources' | 'broken'>) {
    const shard = join(this.folder, `${name}.bin`);
    for (const file of files) this.files.set(file.path, file);
    for (const [row, record] of sources.entries()) {
      if (record.partial !== undefined && !this.lenient) {
        if (decoder === DECODERS) this.broken.set(record.hash, record.partial);
      } else if (!record.alpha || record.background === this.background) {
        this.sources.set(record.hash, { record, place: { shard, row } });
      }
    }
    if (decoder !== DECODERS) return;
    // What was not taken as it is may still be taken in part.
    for (const { hash, reason, lenient } of broken) if (lenient || !this.lenient) this.broken.set(hash, reason);
  }

  /** Whether a file is as it was when it was indexed. */
  isCurrent(file: ScannedFile): boolean {
    const record = this.lookalike(file);
    return record?.ctimeMs === file.ctimeMs && this.has(record.hash);
  }

  /** Whether a file, which was found to hold `hash`, once held something else although its size and time are the same. */
  isDisguised(file: ScannedFile, hash: string): boolean {
    const record = this.lookalike(file);
    return record !== undefined && record.hash !== hash;
  }

  /** True to the first who asks for an image that is not indexed yet. */
  claim(hash: string): boolean {
    if (this.has(hash) || this.claimed.has(hash)) return false;
    this.claimed.add(hash);
    return true;
  }

  /** What the file at `path` is: a source; or why it is none. */
  sourceAt(path: string): KnownSource | { readonly reason: Reason } {
    const hash = this.files.get(path)?.hash ?? '';
    return this.sources.get(hash) ?? { reason: this.broken.get(hash) ?? this.undecided.get(hash) ?? 'not-indexed' };
  }

  /** Files of some images, as they were when they were indexed, by the hashes of their content; one of each. */
  filesOf(hashes: readonly string[]): (ScannedFile | undefined)[] {
    const byHash = new Map<string, ScannedFile>();
    for (const { hash, ...file } of this.files.values()) if (!byHash.has(hash)) byHash.set(hash, file);
    return hashes.map((hash) => (this.sources.has(hash) ? byHash.get(hash) : undefined));
  }

  /** Paths under which an image was indexed. */
  pathsOf(hash: string): string[] {
    return [...this.files.values()].filter((file) => file.hash === hash).map(({ path }) => path);
  }

  /** All files that it has met, and what they held. */
  located(): Iterable<FileRecord> {
    return this.files.values();
  }

  private lookalike({ path, size, mtimeMs }: ScannedFile): FileRecord | undefined {
    const record = this.files.get(path);
    return record?.size === size && record.mtimeMs === mtimeMs ? record : undefined;
  }

  private has(hash: string): boolean {
    return this.sources.has(hash) || this.broken.has(hash);
  }
}

/** Which catalog, and what it is about. */
export interface CatalogPlace {
  /** Folder of the catalog; made if it is not there. */
  readonly folder: string;
  readonly recipe: Recipe;
  /** What transparent images are laid over. */
  readonly background: Rgb;
  /** Takes what decodes of damaged files. */
  readonly lenient?: boolean;
}

/** An opened catalog. */
export interface OpenedCatalog {
  readonly known: KnownImages;
  /** Damaged shards, which were taken away. */
  readonly damaged: number;
  /** Why there is nothing, where there is something for other recipes. */
  readonly anew: string | undefined;
}

/**
 * Opens a catalog's folder for one recipe: reads its shards, the oldest first, and takes away damaged ones.
 *
 * @throws {UserError} `catalog` for shards of an unknown version, or that cannot be read; `disk-full` or `not-writable`.
 */
export async function openCatalog(place: CatalogPlace): Promise<OpenedCatalog> {
  const { folder, recipe } = place;
  const key = await recipeKey(recipe);
  const home = join(folder, key);
  await makeFolder(home, { option: '--catalog', path: folder });
  await removeAbandoned(home);
  const names = shardNames(await readdir(home));
  // Of what else may lie there, nothing is told.
  const others = (await readdir(folder)).filter((other) => other !== key && isRecipeKey(other));
  const changed = names.length === 0 && others.length > 0;
  const anew = changed ? `indexing anew for ${key}: the catalog has only ${others.join(', ')}` : undefined;
  const known = new KnownImages(home, place);
  let damaged = 0;
  for (const name of names) {
    const index = await readShard(home, name, recipe);
    if (index === 'gone') continue;
    if (index !== 'damaged') known.add(name, index);
    else {
      damaged++;
      await removeShard(home, name);
    }
  }
  return { known, damaged, anew };
}
