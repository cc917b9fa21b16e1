import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { count } from '../numbers.ts';
import { WorkerCrash, WorkerPool, workerModule } from '../pool.ts';
import { isOfContent, type Reason, reasonOf } from '../reasons.ts';
import type { Recipe, ScannedFile, SkippedFile, Source } from '../types.ts';
import { Catalog, type SourcePlace } from './catalog.ts';
import { Batch, type ReadFile } from './batch.ts';
import type { IndexedImage } from './index-image.ts';
import { mapOrdered } from '../ordered.ts';
import { type CatalogPlace, type KnownImages, openCatalog } from './known-images.ts';

export interface UpdateOptions extends CatalogPlace {
  /** Absolute paths of files that are read again, whatever is known of them. */
  readonly suspects?: ReadonlySet<string>;
  readonly concurrency: number;
  readonly onProgress: (done: number, total: number) => void;
  readonly signal: AbortSignal;
}

/** Larger files are streamed by the decoder instead of being read at once. */
const WHOLE_FILE_BYTES = 64 * 2 ** 20;

/** Memory that decoding may take, bytes, and what it takes per px of a cell: with all mips, a sheet of them, and linear light. */
const [MEMORY, BYTES_PER_PX] = [2 ** 29, 24];

/** What became of a file that had to be looked at. */
type Outcome = ReadFile | { readonly file: ScannedFile; readonly failed: Reason };

/**
 * Brings a catalog up to date with `files` and returns what of it they make. Files that have not changed since they were
 * indexed are not opened; what is new is decoded once per content, and kept even if this run is interrupted.
 */
export async function updateCatalog(files: readonly ScannedFile[], options: UpdateOptions): Promise<Catalog> {
  const { known, damaged, anew } = await openCatalog(options);
  const fresh = files.filter((file) => options.suspects?.has(file.path) || !known.isCurrent(file));
  const failed = new Map<string, Reason>();
  const disguised: string[] = [];
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
      const reason = 'failed' in outcome ? outcome.failed : known.undecided.get(outcome.hash);
      if (reason !== undefined) failed.set(outcome.file.path, reason);
      else if ('hash' in outcome) {
        if (known.isDisguised(outcome.file, outcome.hash)) disguised.push(outcome.file.path);
        if (batch.add(outcome)) await batch.write();
      }
      options.onProgress(++done, files.length);
    }
    await batch.write();
  } finally {
    options.signal.removeEventListener('abort', abort);
    await pool.close();
  }
  const notes = [
    ...(anew && fresh.length === files.length ? [anew] : []),
    ...(damaged ? [damagedNote(damaged)] : []),
    ...(disguised.length ? [disguisedNote(disguised)] : []),
  ];
  return assemble(files, known, failed, recipe, notes);
}

/** What people should know of damaged shards. */
export function damagedNote(shards: number): string {
  return `${count(shards)} damaged ${shards === 1 ? 'shard' : 'shards'} of the catalog taken away: what lay there is indexed again`;
}

function disguisedNote(paths: readonly string[]): string {
  const names = paths.slice(0, 3).map((path) => basename(path));
  const list = `${names.join(', ')}${paths.length > 3 ? ', …' : ''}`;
  const files = paths.length === 1 ? '1 file holds' : `${count(paths.length)} files hold`;
  return `${files} another image than before, at the same size and time of change: indexed again (${list})`;
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
      const reason = reasonOf(error);
      if (isOfContent(reason)) return { file, hash, broken: reason };
      known.undecided.set(hash, reason);
      return { file, failed: reason };
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
    const reason = failed.get(path);
    const found = reason === undefined ? known.sourceAt(path) : { reason };
    if ('reason' in found) {
      skipped.push({ path, reason: found.reason });
      continue;
    }
    const { background: _, ...facts } = found.record;
    const same = seen.get(facts.hash);
    if (same !== undefined) copies.set(path, same);
    else {
      seen.set(facts.hash, sources.length);
      sources.push({ path, ...facts });
      places.push(found.place);
    }
  }
  return new Catalog(recipe, { sources, places, skipped, copies, notes });
}
