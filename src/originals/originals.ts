import { readFileSync, rmSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import pLimit from 'p-limit';
import { SourceChanged, systemCode } from '../errors.ts';
import { imageSize } from '../image/open-image.ts';
import type { OriginalSums } from '../format/checksums.ts';
import { mapOrdered } from '../threads/ordered.ts';
import { reasonOf } from '../image/reasons.ts';
import type { Originals, Rect, Rgb, Size, SkippedFile, Source, Turn } from '../types.ts';
import { HEIC_AT_ONCE, type OriginalFile, originalFile, writePyramid } from './original-file.ts';
import { INDEX_BLOCK, indexScript, originalParts, type OriginalRow } from '../format/original-index.ts';
import { dziFile, dziFolder, indexPath, originalPath } from '../format/site-paths.ts';

/** Writes originals. Paths are relative, with `/`. */
export interface OriginalStore {
  write(path: string, bytes: Uint8Array): void;
  /** Links a file from elsewhere, or copies it where links are refused. */
  adopt(from: string, path: string): void;
  /** Makes the folder of `path` for other writers. They report to `count`, and pass their errors to `explain`. */
  prepare(path: string): string;
  noteWritten(files: number, bytes: number): void;
  explain(error: unknown): unknown;
}

/** What a picture shows. */
export interface ShownPart {
  readonly source: Source;
  readonly crop: Rect;
  readonly turn: Turn;
}

/** Inputs of {@link writeOriginals}. */
export interface OriginalsOptions {
  /**
   * Source of each picture, by number; the part of it that the picture shows, upright px, and the orientation. Undefined for a
   * picture that no cell shows.
   */
  readonly pictures: readonly (ShownPart | undefined)[];
  readonly mode: Exclude<Originals, 'none'>;
  /** Originals that exist already, by the SHA-256 of their sources; none by default. */
  readonly kept?: ReadonlyMap<string, KeptOriginal>;
  /**
   * Originals that the site had, by the SHA-256 of their sources. Only these are made again; one that cannot be made keeps
   * its old entry.
   */
  readonly former?: ReadonlyMap<string, KeptOriginal>;
  readonly store: OriginalStore;
  /** Colour behind transparent originals that become pyramids. */
  readonly background: Rgb;
  /** JPEG quality of the pyramids' tiles. */
  readonly quality: number;
  readonly concurrency: number;
  readonly onProgress: (done: number, total: number) => void;
  readonly signal: AbortSignal;
}

/** An original that a site has, with its number. */
export interface KeptOriginal extends OriginalSums {
  readonly original: number;
}

/** Results of {@link writeOriginals}. */
export interface WrittenOriginals {
  /** Number of re-encoded originals: metadata cannot be removed from their format, or browsers do not show it. */
  readonly encoded: number;
  /** Sources without original, and why; `path` is the source's. */
  readonly leftOut: readonly SkippedFile[];
  /** Size of the widest crop, px. */
  readonly largest: Size;
  /** CRC-32 of the files of each original, by number; and of the blocks of the index, by path. */
  readonly sums: ReadonlyMap<number, OriginalSums>;
  readonly indexSums: ReadonlyMap<string, number>;
}

/** Writes one original per source, and the index that maps each picture to its original and crop. */
export async function writeOriginals(options: OriginalsOptions): Promise<WrittenOriginals> {
  const { pictures, store, background, quality, concurrency, mode, kept, former, onProgress, signal } = options;
  const numbers = new Map<Source, number>();
  for (const [picture, shown] of pictures.entries()) {
    // A number that no cell shows may go to another source later.
    if (shown && !numbers.has(shown.source)) numbers.set(shown.source, picture);
  }
  const made = new Map<number, OriginalSums>();
  const leftOut: SkippedFile[] = [];
  let [done, encoded] = [0, 0];
  onProgress(0, numbers.size);
  const wanted: [Source, number][] = [];
  for (const [source, number] of numbers) {
    if (former && !former.has(source.hash)) continue;
    const there = kept?.get(source.hash);
    // An original has the number of its first picture, or a lower one.
    if (!there || there.original > number) wanted.push([source, number]);
    else {
      numbers.set(source, there.original);
      made.set(there.original, there);
    }
  }
  const make = async ([source, number]: readonly [Source, number]) => {
    const whole = await originalFile(source, background).catch((error: unknown): OriginalFile => {
      if (former && error instanceof SourceChanged) return { kind: 'none', reason: 'changed' };
      throw error;
    });
    const { file, parts } = await write(whole, { source, number }, { store, mode, quality });
    const size = file.kind === 'encoded' && source.format === 'svg' ? await imageSize(file.bytes) : source;
    return { source, number, size, file, parts };
  };
  const heic = pLimit(HEIC_AT_ONCE);
  const makeSoon = (one: readonly [Source, number]) => (one[0].format === 'heic' ? heic(() => make(one)) : make(one));
  for await (const { source, number, size, file, parts } of mapOrdered(wanted, concurrency, makeSoon)) {
    if (file.kind === 'none') {
      leftOut.push({ path: source.path, reason: file.reason });
      const was = former?.get(source.hash);
      if (was) {
        numbers.set(source, was.original);
        made.set(was.original, was);
      }
    } else {
      const { width, height } = size;
      made.set(number, { ending: file.kind === 'pyramid' ? '' : file.ending, width, height, sums: parts });
    }
    if (file.kind === 'encoded') encoded++;
    onProgress(++done, numbers.size);
    signal.throwIfAborted();
  }
  const rows = pictures.map((shown): OriginalRow | null => {
    if (!shown) return null;
    const { source, crop: part, turn } = shown;
    const number = numbers.get(source)!;
    const file = made.get(number);
    if (!file) return null;
    // A rendered drawing differs from the catalog's size, each side rounded by itself: scale the crop.
    const [x, y] = [file.width / source.width, file.height / source.height];
    const { left, top, width, height } = part;
    const crop = [left * x, top * y, width * x, height * y] as const;
    return [number, file.ending, file.width, file.height, ...crop, turn];
  });
  const indexSums = new Map<string, number>();
  for (let block = 0; block * INDEX_BLOCK < rows.length; block++) {
    const part = Buffer.from(indexScript(block, rows.slice(block * INDEX_BLOCK, (block + 1) * INDEX_BLOCK)));
    store.write(indexPath(block), part);
    indexSums.set(indexPath(block), crc32(part));
  }
  let largest: Size = { width: 0, height: 0 };
  for (const row of rows) if (row && row[6] > largest.width) largest = { width: row[6], height: row[7] };
  const sums = new Map([...made].toSorted(([a], [b]) => a - b));
  return { encoded, leftOut, largest, sums, indexSums };
}

/** Writes one original. Returns what was written, and the CRC-32 of its files. */
async function write(
  file: OriginalFile,
  { source, number }: { readonly source: Source; readonly number: number },
  { store, mode, quality }: Pick<OriginalsOptions, 'store' | 'mode' | 'quality'>,
): Promise<{ readonly file: OriginalFile; readonly parts: Uint32Array }> {
  const path = originalPath(number);
  if (file.kind === 'none') return { file, parts: new Uint32Array(0) };
  if (file.kind === 'pyramid') {
    const whole = store.prepare(path);
    try {
      await writePyramid(file.image, whole, quality);
    } catch (error) {
      for (const part of [dziFile(whole), dziFolder(whole)]) rmSync(part, { recursive: true, force: true });
      if (systemCode(error) !== undefined) throw store.explain(error);
      return { file: { kind: 'none', reason: reasonOf(error) }, parts: new Uint32Array(0) };
    }
    const { width, height } = source;
    return { file, parts: finishPyramid({ original: number, width, height }, store) };
  }
  if (file.kind === 'same' && mode === 'link') store.adopt(source.path, `${path}.${file.ending}`);
  else store.write(`${path}.${file.ending}`, file.bytes);
  return { file, parts: Uint32Array.of(crc32(file.bytes)) };
}

/** Counts the files that libvips has written, removes its own properties file, and returns the CRC-32 of the others. */
function finishPyramid(pyramid: Size & { readonly original: number }, store: OriginalStore): Uint32Array {
  const sums: number[] = [];
  let bytes = 0;
  for (const { path } of originalParts({ ...pyramid, ending: '' })) {
    const file = readFileSync(store.prepare(path));
    sums.push(crc32(file));
    bytes += file.length;
  }
  rmSync(store.prepare(`${dziFolder(originalPath(pyramid.original))}/vips-properties.xml`), { force: true });
  store.noteWritten(sums.length, bytes);
  return Uint32Array.from(sums);
}
