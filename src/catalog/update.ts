import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { toHex } from '../colour/hex.ts';
import { makeFolder } from '../disk.ts';
import { WorkerCrash, WorkerPool, workerModule } from '../pool.ts';
import { type Reason, reasonOf } from '../reasons.ts';
import type { Recipe, Rgb, ScannedFile, SkippedFile, Source } from '../types.ts';
import { Catalog, type SourcePlace } from './catalog.ts';
import type { IndexedImage } from './index-image.ts';
import { mapOrdered } from '../ordered.ts';
import { isRecipeKey, recipeKey } from './recipe-key.ts';
import { type BrokenRecord, type FileRecord, readShardIndex, type SourceRecord, writeShard } from './shard.ts';

export interface UpdateOptions {
  /** Folder of the catalog; made if it is not there. */
  readonly folder: string;
  readonly recipe: Recipe;
  /** What transparent images are laid over. */
  readonly background: Rgb;
  readonly concurrency: number;
  readonly onProgress: (done: number, total: number) => void;
  readonly signal: AbortSignal;
}

/** A shard is closed at this many sources, or bytes of them. */
const SHARD_SOURCES = 500;
const SHARD_BYTES = 32 * 2 ** 20;
/** Larger files are streamed by the decoder instead of being read at once. */
const WHOLE_FILE_BYTES = 64 * 2 ** 20;

/** Memory that decoding may take, bytes, and what it takes per px of a cell: with all mips, a sheet of them, and linear light. */
const [MEMORY, BYTES_PER_PX] = [2 ** 29, 24];

/** What became of a file that had to be looked at. */
type Outcome = { readonly file: ScannedFile } & (
  { readonly failed: Reason } | { readonly hash: string; readonly image?: IndexedImage; readonly broken?: Reason }
);

/**
 * Brings a catalog up to date with `files` and returns what of it they make. Files that have not changed since they were
 * indexed are not opened; what is new is decoded once per content, and kept even if this run is interrupted.
 */
export async function updateCatalog(files: readonly ScannedFile[], options: UpdateOptions): Promise<Catalog> {
  const known = await openFolder(options);
  const fresh = files.filter((file) => !known.isCurrent(file));
  const failed = new Map<string, Reason>();
  const notes = fresh.length === files.length ? known.notes : [];
  let done = files.length - fresh.length;
  options.onProgress(done, files.length);
  const { recipe, background } = options;
  const concurrency = Math.min(options.concurrency, atOnce(recipe));
  const workers = Math.max(1, Math.min(concurrency, Math.ceil(fresh.length / 8)));
  const pool = new WorkerPool(workerModule('worker', import.meta.url), workers, { recipe, background });
  const abort = () => void pool.close(options.signal.reason as Error);
  options.signal.addEventListener('abort', abort, { once: true });
  try {
    const batch = new Batch(known, background);
    // One more than there are threads, so that the next file is read while they are at work.
    for await (const outcome of mapOrdered(fresh, concurrency + 1, (file) => look(file, known, pool))) {
      options.signal.throwIfAborted();
      if ('failed' in outcome) failed.set(outcome.file.path, outcome.failed);
      else if (batch.add(outcome)) await batch.write();
      options.onProgress(++done, files.length);
    }
    await batch.write();
  } finally {
    options.signal.removeEventListener('abort', abort);
    await pool.close();
  }
  return assemble(files, known, failed, recipe, notes);
}

/** Images that may be decoded at the same time without taking too much memory. */
function atOnce({ cell }: Recipe): number {
  return Math.max(1, Math.floor(MEMORY / (cell.width * cell.height * BYTES_PER_PX)));
}

async function look(file: ScannedFile, known: KnownImages, pool: WorkerPool): Promise<Outcome> {
  if (file.unsupported) return { file, failed: file.unsupported };
  if (file.size === 0) return { file, failed: 'empty' };
  try {
    const whole = file.size <= WHOLE_FILE_BYTES ? await readFile(file.path) : undefined;
    const hash = whole ? createHash('sha256').update(whole).digest('hex') : await hashFile(file.path);
    if (!known.claim(hash)) return { file, hash };
    try {
      // A small file's buffer may be part of a slab that is not ours to give away.
      const transfer = whole && whole.byteLength === whole.buffer.byteLength ? [whole.buffer] : [];
      return { file, hash, image: await pool.run<IndexedImage>(whole ?? file.path, transfer) };
    } catch (error) {
      if (error instanceof WorkerCrash) throw error;
      return { file, hash, broken: reasonOf(error) };
    }
  } catch (error) {
    return { file, failed: reasonOf(error) };
  }
}

async function hashFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return hash.digest('hex');
}

/** What a catalog's folder holds for one recipe. */
class KnownImages {
  readonly folder: string;
  readonly notes: string[];
  readonly files = new Map<string, FileRecord>();
  readonly sources = new Map<string, { record: SourceRecord; place: SourcePlace }>();
  readonly broken = new Map<string, Reason>();
  private readonly claimed = new Set<string>();

  constructor(folder: string, notes: string[]) {
    this.folder = folder;
    this.notes = notes;
  }

  /** Whether a file is as it was when it was indexed. */
  isCurrent({ path, size, mtimeMs }: ScannedFile): boolean {
    const record = this.files.get(path);
    return record?.size === size && record.mtimeMs === mtimeMs && this.has(record.hash);
  }

  /** True to the first who asks for an image that is not indexed yet. */
  claim(hash: string): boolean {
    if (this.has(hash) || this.claimed.has(hash)) return false;
    this.claimed.add(hash);
    return true;
  }

  private has(hash: string): boolean {
    return this.sources.has(hash) || this.broken.has(hash);
  }
}

async function openFolder({ folder, recipe, background }: UpdateOptions): Promise<KnownImages> {
  const key = await recipeKey(recipe);
  const home = join(folder, key);
  await makeFolder(home, { option: '--catalog', path: folder });
  const names = (await readdir(home)).filter((file) => file.endsWith('.json')).toSorted();
  // Of what else may lie there, nothing is told.
  const others = (await readdir(folder)).filter((other) => other !== key && isRecipeKey(other));
  const changed = names.length === 0 && others.length > 0;
  const notes = changed ? [`indexing anew for ${key}: the catalog has only ${others.join(', ')}`] : [];
  const known = new KnownImages(home, notes);
  for (const name of names.map((file) => file.slice(0, -'.json'.length))) {
    const index = await readShardIndex(home, name);
    if (!index) continue;
    for (const file of index.files) known.files.set(file.path, file);
    for (const [row, record] of index.sources.entries()) {
      if (record.alpha && record.background !== toHex(background)) continue;
      known.sources.set(record.hash, { record, place: { shard: join(home, `${name}.bin`), row } });
    }
    if (index.decoder !== sharp.versions.vips) continue;
    for (const { hash, reason } of index.broken) known.broken.set(hash, reason);
  }
  return known;
}

/** What will be the next shard. */
class Batch {
  private files: FileRecord[] = [];
  private sources: SourceRecord[] = [];
  private images: IndexedImage[] = [];
  private broken: BrokenRecord[] = [];
  private bytes = 0;
  private readonly known: KnownImages;
  private readonly background: Rgb;

  constructor(known: KnownImages, background: Rgb) {
    this.known = known;
    this.background = background;
  }

  /** Adds a file; true once the batch should be written. */
  add({ file, hash, image, broken }: Exclude<Outcome, { failed: Reason }>): boolean {
    this.files.push({ path: file.path, size: file.size, mtimeMs: file.mtimeMs, hash });
    if (broken !== undefined) this.broken.push({ hash, reason: broken });
    if (image) {
      const { features: _, look: __, px, blobs, ...facts } = image;
      this.sources.push({ hash, ...facts, ...(image.alpha ? { background: toHex(this.background) } : {}) });
      this.images.push(image);
      this.bytes += blobs.reduce((sum, blob) => sum + blob.length, px.length);
    }
    return this.images.length >= SHARD_SOURCES || this.bytes >= SHARD_BYTES;
  }

  /** Writes the shard, if there is anything to write, and makes it known. */
  async write(): Promise<void> {
    const { files, sources, images, broken, known } = this;
    if (files.length === 0) return;
    const { name } = await writeShard(known.folder, { decoder: sharp.versions.vips, files, sources, broken }, images);
    for (const file of files) known.files.set(file.path, file);
    for (const { hash, reason } of broken) known.broken.set(hash, reason);
    for (const [row, record] of sources.entries()) {
      known.sources.set(record.hash, { record, place: { shard: join(known.folder, `${name}.bin`), row } });
    }
    [this.files, this.sources, this.images, this.broken, this.bytes] = [[], [], [], [], 0];
  }
}

/** Ids follow the order of `files`, whatever the order in which they came into the catalog. */
function assemble(
  files: readonly ScannedFile[],
  known: KnownImages,
  failed: ReadonlyMap<string, Reason>,
  recipe: Recipe,
  notes: string[],
): Catalog {
  const sources: Source[] = [];
  const places: SourcePlace[] = [];
  const skipped: SkippedFile[] = [];
  const seen = new Map<string, number>();
  const copies = new Map<string, number>();
  for (const { path } of files) {
    const hash = known.files.get(path)?.hash ?? '';
    const reason = failed.get(path) ?? known.broken.get(hash);
    const source = known.sources.get(hash);
    if (reason !== undefined || !source) skipped.push({ path, reason: reason ?? 'not-indexed' });
    else if (seen.has(hash)) copies.set(path, seen.get(hash)!);
    else {
      const { background: _, ...facts } = source.record;
      seen.set(hash, sources.length);
      sources.push({ path, ...facts });
      places.push(source.place);
    }
  }
  return new Catalog(recipe, { sources, places, skipped, copies, notes });
}
