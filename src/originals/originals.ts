import { readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { systemCode } from '../errors.ts';
import { imageSize } from '../image/open-image.ts';
import { mapOrdered } from '../ordered.ts';
import { reasonOf } from '../reasons.ts';
import type { Originals, Rgb, Size, SkippedFile, Source, Turn } from '../types.ts';
import { type OriginalFile, originalFile, writePyramid } from './original-file.ts';
import { INDEX_BLOCK, indexPath, indexScript, originalPath, type OriginalRow } from './original-index.ts';

/** Where originals go; paths are relative, with `/`. */
export interface OriginalStore {
  write(path: string, bytes: Uint8Array): void;
  /** Links a file from elsewhere, or copies it where links are refused. */
  adopt(from: string, path: string): void;
  /** Makes the folder of `path`; what is then written there by others is told to `count`, or what hindered them explained. */
  prepare(path: string): string;
  count(files: number, bytes: number): void;
  explain(error: unknown): unknown;
}

/** All that originals are made of. */
export interface OriginalsOptions {
  /** By picture, in the order of their numbers. */
  readonly pictures: readonly { readonly source: Source; readonly turn: Turn }[];
  readonly mode: Exclude<Originals, 'none'>;
  readonly store: OriginalStore;
  /** What transparent originals that get pyramids are laid over. */
  readonly background: Rgb;
  /** Of the pyramids' tiles. */
  readonly quality: number;
  readonly concurrency: number;
  readonly onProgress: (done: number, total: number) => void;
  readonly signal: AbortSignal;
}

/** What became of the originals. */
export interface WrittenOriginals {
  /** Encoded anew, since their format holds metadata that cannot be taken out, or browsers do not show it. */
  readonly encoded: number;
  /** Sources that have to do without, and why: `path` is the source's. */
  readonly leftOut: readonly SkippedFile[];
  /** Sizes of the largest crop, px. */
  readonly largest: Size;
}

/** Writes the originals of all pictures, one of each source, and the index that tells viewers where their cells are in them. */
export async function writeOriginals(options: OriginalsOptions): Promise<WrittenOriginals> {
  const { pictures, store, background, quality, concurrency, mode, onProgress, signal } = options;
  const numbers = new Map<Source, number>();
  for (const [picture, { source }] of pictures.entries()) if (!numbers.has(source)) numbers.set(source, picture);
  const made = new Map<number, { readonly ending: string; readonly size: Size; readonly sum: number }>();
  const leftOut: SkippedFile[] = [];
  let [done, encoded] = [0, 0];
  onProgress(0, numbers.size);
  const make = async ([source, number]: readonly [Source, number]) => {
    const file = await write(await originalFile(source, background), source, number, { store, mode, quality });
    const size = file.kind === 'encoded' && source.format === 'svg' ? await imageSize(file.bytes) : source;
    return { source, number, size, file };
  };
  for await (const { source, number, size, file } of mapOrdered(numbers, concurrency, make)) {
    if (file.kind === 'none') leftOut.push({ path: source.path, reason: file.reason });
    else {
      const told = file.kind === 'pyramid' ? { ending: '', sum: 0 } : { ending: file.ending, sum: crc32(file.bytes) };
      made.set(number, { ...told, size });
    }
    if (file.kind === 'encoded') encoded++;
    onProgress(++done, numbers.size);
    signal.throwIfAborted();
  }
  const rows = pictures.map(({ source, turn }): OriginalRow | null => {
    const number = numbers.get(source)!;
    const file = made.get(number);
    if (!file) return null;
    const { ending, size, sum } = file;
    const scale = size.width / source.width;
    const { left, top, width, height } = source.crop;
    const crop = [left * scale, top * scale, width * scale, height * scale] as const;
    return [number, ending, size.width, size.height, ...crop, turn, sum];
  });
  for (let block = 0; block * INDEX_BLOCK < rows.length; block++) {
    const part = rows.slice(block * INDEX_BLOCK, (block + 1) * INDEX_BLOCK);
    store.write(indexPath(block), Buffer.from(indexScript(block, part)));
  }
  let largest: Size = { width: 0, height: 0 };
  for (const row of rows) if (row && row[6] > largest.width) largest = { width: row[6], height: row[7] };
  return { encoded, leftOut, largest };
}

/** Writes one original; returns what became of it. */
async function write(
  file: OriginalFile,
  source: Source,
  number: number,
  { store, mode, quality }: Pick<OriginalsOptions, 'store' | 'mode' | 'quality'>,
): Promise<OriginalFile> {
  const path = originalPath(number);
  if (file.kind === 'same' && mode === 'link') store.adopt(source.path, `${path}.${file.ending}`);
  else if (file.kind === 'pyramid') {
    const whole = store.prepare(path);
    try {
      await writePyramid(file.image, whole, quality);
    } catch (error) {
      for (const part of [`${whole}.dzi`, `${whole}_files`]) rmSync(part, { recursive: true, force: true });
      if (systemCode(error) !== undefined) throw store.explain(error);
      return { kind: 'none', reason: reasonOf(error) };
    }
    finishPyramid(whole, store);
  } else if (file.kind !== 'none') {
    store.write(`${path}.${file.ending}`, file.bytes);
  }
  return file;
}

/** libvips leaves a file of its own beside the tiles; the rest is counted. */
function finishPyramid(path: string, store: OriginalStore): void {
  const folder = `${path}_files`;
  rmSync(join(folder, 'vips-properties.xml'), { force: true });
  let [files, bytes] = [1, statSync(`${path}.dzi`).size];
  for (const level of readdirSync(folder)) {
    for (const tile of readdirSync(join(folder, level))) {
      files++;
      bytes += statSync(join(folder, level, tile)).size;
    }
  }
  store.count(files, bytes);
}
