/**
 * Brings a catalog up to date with a list of files:
 *
 * 1. Open the recipe's folder: read its shards, remove damaged ones.
 * 2. Keep files whose size and times are recorded with a known image. Files named as suspects are read all the same.
 * 3. Read and hash every other file. The decoders ask back with the hash: only the first file of new content is decoded.
 * 4. Sort failures. If the content is at fault, record the image as broken; with `lenient`, try to decode a part of it
 *    first. After any other failure (disk, missing decoder, crash), record nothing: the next run tries again.
 * 5. Collect the results in the order of the files, and write a shard whenever a batch is full. An interrupted run keeps
 *    the shards that it has written.
 * 6. Assemble the catalog: ids follow the order of the files, and files of equal content become copies of the first.
 */
import { basename } from 'node:path';
import { Decoders } from '../decoding/decoders.ts';
import { plural } from '../messages.ts';
import { workerModule } from '../threads/pool.ts';
import type { Reason } from '../image/reasons.ts';
import type { Recipe, ScannedFile, SkippedFile, Source } from '../types.ts';
import { Catalog, type SourcePlace } from './catalog.ts';
import { Batch } from './batch.ts';
import { examine } from './examine.ts';
import { mapOrdered } from '../threads/ordered.ts';
import { type CatalogPlace, type KnownImages, openCatalog } from './known-images.ts';
import { Proxies } from './proxies.ts';

export interface UpdateOptions extends CatalogPlace {
  /** Absolute paths of files that are read again, even if they seem unchanged. */
  readonly suspects?: ReadonlySet<string>;
  /** Variants of each image by the path of its file, none twice; by default, of every file the whole, upright. */
  readonly variants?: ReadonlyMap<string, readonly number[]>;
  /** Number of images decoded at the same time. */
  readonly concurrency: number;
  /** Decoders to use; by default, they are started for this call and closed after it. */
  readonly decoders?: Pick<Decoders, 'threads' | 'run' | 'close'>;
  readonly onProgress: (done: number, total: number) => void;
  readonly signal: AbortSignal;
}

/**
 * Memory that making mips may take, bytes; and the memory per px of a cell: all mips, a sheet of them, and linear
 * light.
 */
const [MEMORY, BYTES_PER_PX] = [2 ** 29, 24];
/** Images under way per thread, so that no thread waits while files are read and results are handed over. */
const AHEAD = 3;
const WHOLE: readonly number[] = [0];
/** Number of images that justifies the start of one more thread. */
const IMAGES_PER_THREAD = 8;

/**
 * Brings a catalog up to date with `files`, and returns the catalog of these files. Files that have not changed since
 * they were indexed are not opened. New content is decoded once. Shards that were written stay if this run is
 * interrupted.
 *
 * @throws {UserError} errors of {@link openCatalog} and of the decoders, `disk-full` or `not-writable`; `signal`'s
 *   reason if aborted.
 */
export async function updateCatalog(files: readonly ScannedFile[], options: UpdateOptions): Promise<Catalog> {
  const { known, damaged, anew } = await openCatalog(options);
  const variantsOf = (path: string) => options.variants?.get(path) ?? WHOLE;
  const fresh = files.filter(
    (file) => options.suspects?.has(file.path) || !known.isCurrent(file, variantsOf(file.path)),
  );
  const failed = new Map<string, Reason>();
  const disguised: string[] = [];
  let done = files.length - fresh.length;
  options.onProgress(done, files.length);
  const { folder, recipe, background, lenient = false, suspects } = options;
  const decoders = options.decoders ?? indexingDecoders(options, fresh.length);
  const proxies = await Proxies.open({ catalog: folder, recipe: known.key }, fresh.length > 0);
  const examining = { known, proxies, suspects, decoders, recipe, background, lenient, variantsOf };
  const abort = () => void decoders.close(options.signal.reason);
  options.signal.addEventListener('abort', abort, { once: true });
  try {
    options.signal.throwIfAborted();
    const batch = new Batch(known, options);
    const write = async () => {
      await proxies.write();
      await batch.write();
    };
    for await (const outcome of mapOrdered(fresh, decoders.threads * AHEAD, (file) => examine(file, examining))) {
      options.signal.throwIfAborted();
      const reason = 'failed' in outcome ? outcome.failed : known.undecided.get(outcome.hash);
      if (reason !== undefined) failed.set(outcome.file.path, reason);
      else if ('hash' in outcome) {
        if (known.isDisguised(outcome.file, outcome.hash)) disguised.push(outcome.file.path);
        if (outcome.proxy) await proxies.add(outcome.file, outcome.hash, outcome.proxy);
        if (batch.add(outcome)) await write();
      }
      options.onProgress(++done, files.length);
    }
    await write();
  } finally {
    proxies.close();
    options.signal.removeEventListener('abort', abort);
    if (!options.decoders || options.signal.aborted) await decoders.close();
  }
  const lost = damaged + proxies.damaged;
  const notes = [
    ...(anew && fresh.length === files.length ? [anew] : []),
    ...(lost ? [damagedNote(lost)] : []),
    ...(disguised.length ? [disguisedNote(disguised)] : []),
  ];
  const catalog = assemble(files, { known, failed, recipe, notes, variantsOf });
  const partial = catalog.sources.filter((source) => source.partial !== undefined).length;
  if (partial) notes.push(`${plural(partial, 'image is', 'images are')} damaged: only the part that decodes is shown`);
  return catalog;
}

/** Formats the note for the user on damaged shards. */
export function damagedNote(shards: number): string {
  return `removed ${plural(shards, 'damaged shard')} from the catalog: the lost images are indexed again`;
}

function disguisedNote(paths: readonly string[]): string {
  const names = paths.slice(0, 3).map((path) => basename(path));
  const list = `${names.join(', ')}${paths.length > 3 ? ', …' : ''}`;
  const files = plural(paths.length, 'file holds', 'files hold');
  return `${files} new content at unchanged size and modification time: indexed again (${list})`;
}

/**
 * Creates decoders that index images. `concurrency`, the number of images, and the memory for mips of large cells limit
 * the number of threads. They start with the first image; the caller closes them.
 *
 * @param images largest number of images to be indexed.
 */
export function indexingDecoders(
  { concurrency, recipe }: Pick<UpdateOptions, 'concurrency' | 'recipe'>,
  images: number,
): Decoders {
  const memory = recipe.cell.width * recipe.cell.height * BYTES_PER_PX;
  const most = Math.min(concurrency, Math.floor(MEMORY / memory), Math.ceil(images / IMAGES_PER_THREAD));
  const module = workerModule('worker', import.meta.url);
  return new Decoders({ module, threads: Math.max(1, most), memory, keep: true });
}

/** Assembles the catalog. Ids follow the order of `files`, whatever the order in which they were indexed. */
function assemble(
  files: readonly ScannedFile[],
  {
    known,
    failed,
    recipe,
    notes,
    variantsOf,
  }: {
    readonly known: KnownImages;
    readonly failed: ReadonlyMap<string, Reason>;
    readonly recipe: Recipe;
    readonly notes: readonly string[];
    readonly variantsOf: (path: string) => readonly number[];
  },
): Catalog {
  const sources: Source[] = [];
  const places: SourcePlace[] = [];
  const variants: number[] = [];
  const skipped: SkippedFile[] = [];
  const seen = new Map<string, number>();
  const copies = new Map<string, number>();
  const entries = files.flatMap(({ path }) => variantsOf(path).map((variant) => ({ path, variant })));
  for (const { path, variant } of entries) {
    const reason = failed.get(path);
    const found = reason === undefined ? known.sourceAt(path, variant) : { reason };
    if ('reason' in found) {
      skipped.push({ path, reason: found.reason });
      continue;
    }
    const { background: _, variant: __, ...facts } = found.record;
    const key = `${facts.hash}/${variant}`;
    const same = seen.get(key);
    if (same !== undefined) copies.set(path, same);
    else {
      seen.set(key, sources.length);
      sources.push({ path, ...facts });
      places.push(found.place);
      variants.push(variant);
    }
  }
  return new Catalog(recipe, { sources, places, variants, skipped, copies, notes });
}
