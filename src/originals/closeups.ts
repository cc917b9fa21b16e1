/** Close-ups: one JPEG of each source, whole, upright and without metadata, for the page's panel of a picked cell. */
import { crc32 } from 'node:zlib';
import pLimit from 'p-limit';
import type { Sharp } from 'sharp';
import { SourceChanged } from '../errors.ts';
import { closeupPath } from '../format/site-paths.ts';
import { convertToSrgb, shrinkLinear } from '../image/convert.ts';
import { openImage } from '../image/open-image.ts';
import { reasonOf } from '../image/reasons.ts';
import { sharp } from '../image/sharp.ts';
import { mapOrdered } from '../threads/ordered.ts';
import type { Rgb, Size, SkippedFile, Source } from '../types.ts';
import { drawing, HEIC_AT_ONCE, readSource } from './original-file.ts';

/** Px that decoders reduce a large image to, which is not linear light, relative to the px of the close-up. */
const REDUCED = 2;

/** A close-up that a site has: its number, and its CRC-32. */
export interface Closeup {
  readonly number: number;
  readonly sum: number;
}

/** Inputs of {@link writeCloseups}. */
export interface CloseupsOptions {
  /** Source of each picture, by number; undefined for a picture that no cell shows. */
  readonly sources: readonly (Source | undefined)[];
  /** Longer side of a close-up, px; smaller images keep their size. */
  readonly side: number;
  /** Close-ups that the site had, by the SHA-256 of their sources: they keep their numbers. None by default. */
  readonly former?: ReadonlyMap<string, Closeup>;
  /** Tells whether the file of a former close-up is as it was, so that it stays; by default none is. */
  readonly isIntact?: (path: string) => boolean;
  readonly store: { write(path: string, bytes: Uint8Array): void };
  /** Colour behind transparent images. */
  readonly background: Rgb;
  /** JPEG quality. */
  readonly quality: number;
  readonly concurrency: number;
  readonly onProgress: (done: number, total: number) => void;
  readonly signal: AbortSignal;
}

/** Results of {@link writeCloseups}. */
export interface WrittenCloseups {
  /** Number of each source's close-up, by the SHA-256 of the source. */
  readonly numbers: ReadonlyMap<string, number>;
  /** CRC-32 of all close-ups, by path. */
  readonly sums: ReadonlyMap<string, number>;
  /** Sources whose close-up could not be made, and why; a former one keeps its number and sum. */
  readonly leftOut: readonly SkippedFile[];
}

/** Result of a site without close-ups. */
export const NO_CLOSEUPS: WrittenCloseups = { numbers: new Map(), sums: new Map(), leftOut: [] };

/**
 * Writes a close-up of each source that cells show. It has the number of one of its source's pictures.
 *
 * @throws {SourceChanged} if a file without a former close-up has changed since it was indexed.
 */
export async function writeCloseups(options: CloseupsOptions): Promise<WrittenCloseups> {
  const { sources, former, isIntact = () => false, store, concurrency, onProgress, signal } = options;
  const numbers = new Map<string, number>();
  const sums = new Map<string, number>();
  const wanted: Source[] = [];
  for (const [picture, source] of sources.entries()) {
    if (!source || numbers.has(source.hash)) continue;
    const was = former?.get(source.hash);
    numbers.set(source.hash, was?.number ?? picture);
    if (was && isIntact(closeupPath(was.number))) sums.set(closeupPath(was.number), was.sum);
    else wanted.push(source);
  }
  const heic = pLimit(HEIC_AT_ONCE);
  const make = async (source: Source) => {
    try {
      const bytes = await (source.format === 'heic' ? heic(() => closeup(source, options)) : closeup(source, options));
      return { source, bytes };
    } catch (error) {
      if (!(error instanceof SourceChanged)) return { source, reason: reasonOf(error) };
      if (!former?.has(source.hash)) throw error;
      return { source, reason: 'changed' as const };
    }
  };
  const leftOut: SkippedFile[] = [];
  let done = numbers.size - wanted.length;
  onProgress(done, numbers.size);
  for await (const { source, bytes, reason } of mapOrdered(wanted, concurrency, make)) {
    const path = closeupPath(numbers.get(source.hash)!);
    if (bytes) {
      store.write(path, bytes);
      sums.set(path, crc32(bytes));
    } else {
      leftOut.push({ path: source.path, reason });
      const was = former?.get(source.hash);
      if (was) sums.set(path, was.sum);
      else numbers.delete(source.hash);
    }
    onProgress(++done, numbers.size);
    signal.throwIfAborted();
  }
  return { numbers, sums, leftOut };
}

/** Makes a close-up. */
async function closeup(source: Source, { side, background, quality }: CloseupsOptions): Promise<Uint8Array> {
  const upright = await openUpright(await readSource(source), source, side);
  const reduced = upright.resize({ ...boxOf(side * REDUCED), fit: 'inside', withoutEnlargement: true });
  const { data, info } = await convertToSrgb(reduced)
    .flatten({ background })
    .removeAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true });
  const { width, height, channels } = info;
  const px = () => sharp(data, { raw: { width, height, channels } });
  const size = insideOf(source.format === 'svg' ? info : source, side);
  const small = size.width === width && size.height === height ? px() : shrinkLinear(px(), size);
  return await small.toColourspace('srgb').jpeg({ quality }).toBuffer();
}

async function openUpright(bytes: Uint8Array, source: Source, side: number): Promise<Sharp> {
  const wanted = ({ width, height }: Size) => insideOf({ width, height }, side * REDUCED);
  const image = await openImage(bytes, { lenient: source.partial !== undefined, overview: wanted });
  return source.format === 'svg' ? drawing(image, side) : image.px().autoOrient();
}

/** Returns the size of an image within a square; it is never enlarged. */
function insideOf({ width, height }: Size, side: number): Size {
  const scale = Math.min(1, side / Math.max(width, height));
  return { width: Math.max(1, Math.round(width * scale)), height: Math.max(1, Math.round(height * scale)) };
}

const boxOf = (side: number): Size => ({ width: side, height: side });
