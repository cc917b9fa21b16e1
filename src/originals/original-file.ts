import { createHash } from 'node:crypto';
import { statfsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Sharp } from 'sharp';
import { convertToSrgb } from '../image/convert.ts';
import { tryAgain } from '../decoding/try-again.ts';
import { SourceChanged, UserError } from '../errors.ts';
import { type OpenImage, openImage } from '../image/open-image.ts';
import { type Reason, reasonOf } from '../image/reasons.ts';
import type { Rgb, Source } from '../types.ts';
import { ORIGINAL_TILE } from '../format/original-index.ts';
import { stripMetadata } from './strip-metadata.ts';

/**
 * Largest original that is kept as one file, px: phones can decode little more at once. Larger ones become Deep Zoom
 * pyramids.
 */
export const PYRAMID_PX = 2 ** 22;
/** Most HEIC files processed at once: each is decoded whole, and its px are held until they are written. */
export const HEIC_AT_ONCE = 4;
/** JPEG quality of originals that must be re-encoded. */
const QUALITY = 92;
/** Longer side at which drawings (SVG) are rendered, px; they have no size of their own. */
const DRAWING_PX = 2048;
/** Px per inch at which drawings are measured, and the most at which they are rendered. */
const [DENSITY, DENSITY_MAX] = [72, 2400];

/** The original of a source, as it goes into a site. */
export type OriginalFile =
  /** `same`: the source's own bytes, unchanged; `stripped`: without metadata; `encoded`: re-encoded. */
  | { readonly kind: 'same' | 'stripped' | 'encoded'; readonly ending: string; readonly bytes: Uint8Array }
  | { readonly kind: 'pyramid'; readonly image: Sharp }
  /** No original: the file is gone, or does not decode completely. */
  | { readonly kind: 'none'; readonly reason: Reason };

const ENDINGS: Readonly<Record<string, string>> = { jpeg: 'jpg', png: 'png', webp: 'webp', gif: 'gif' };

/**
 * Makes the original of a source: its file without metadata; a re-encoded file if metadata cannot be removed or browsers do
 * not show the format; or an image to make a pyramid of.
 *
 * @throws {SourceChanged} if the file has changed since it was indexed; {@link UserError} `resources` if too many files are
 *   open to read it.
 */
export async function originalFile(source: Source, background: Rgb): Promise<OriginalFile> {
  try {
    return await fileOf(await readSource(source), source, background);
  } catch (error) {
    if (error instanceof UserError) throw error;
    return { kind: 'none', reason: reasonOf(error) };
  }
}

/**
 * Reads the file of a source.
 *
 * @throws {SourceChanged} if it has changed since it was indexed; {@link UserError} `resources` if too many files are open.
 */
export async function readSource({ path, hash }: Pick<Source, 'path' | 'hash'>): Promise<Uint8Array> {
  const bytes = await tryAgain(() => readFile(path));
  if (createHash('sha256').update(bytes).digest('hex') !== hash) throw new SourceChanged(path);
  return bytes;
}

async function fileOf(bytes: Uint8Array, source: Source, background: Rgb): Promise<OriginalFile> {
  const lenient = source.partial !== undefined;
  const upright = async () => convertToSrgb((await openImage(bytes, { lenient })).px().autoOrient());
  if (source.format === 'svg') return await encoded(drawing(await openImage(bytes), DRAWING_PX), source.alpha);
  if (source.width * source.height > PYRAMID_PX) {
    return { kind: 'pyramid', image: (await upright()).flatten({ background }) };
  }
  // Browsers differ in how they show damaged files: re-encode them.
  const stripped = lenient ? undefined : strip(bytes, source.format);
  const ending = ENDINGS[source.format];
  if (!stripped || ending === undefined) return await encoded(await upright(), source.alpha);
  return { kind: stripped.changed ? 'stripped' : 'same', ending, bytes: stripped.bytes };
}

/** Encodes an image as PNG (with transparency) or JPEG, which every browser shows. */
async function encoded(image: Sharp, alpha: boolean): Promise<OriginalFile> {
  const bytes = alpha
    ? await image.png().toBuffer()
    : await image.jpeg({ quality: QUALITY, chromaSubsampling: '4:4:4' }).toBuffer();
  return { kind: 'encoded', ending: alpha ? 'png' : 'jpg', bytes };
}

/** Strips metadata; undefined if the file is broken by our parser's rules, though the decoder accepts it. */
function strip(bytes: Uint8Array, format: string): ReturnType<typeof stripMetadata> {
  try {
    return stripMetadata(bytes, format);
  } catch {
    return undefined;
  }
}

/** Renders a drawing (SVG) with a longer side of `side` px. */
export function drawing({ metadata, px }: OpenImage, side: number): Sharp {
  const { width, height } = metadata;
  const density = Math.min(DENSITY_MAX, Math.max(1, (DENSITY * side) / Math.max(width, height)));
  return px({ density }).resize(side, side, { fit: 'inside' });
}

/** Matches libvips' messages when writing fails, not decoding; the system's message follows. */
const WRITING = /wbuffer_write|vips__file_write|^archive:|unable to (?:create|open|write)/;
const CODES: readonly (readonly [words: string, code: string])[] = [
  ['No space left on device', 'ENOSPC'],
  ['Disk quota exceeded', 'EDQUOT'],
  ['No such file or directory', 'ENOENT'],
  ['Permission denied', 'EACCES'],
  ['Read-only file system', 'EROFS'],
];

/** Free bytes below which a disk counts as full: less than a tile takes. */
const FULL_BYTES = 2 ** 18;

/**
 * Writes the Deep Zoom pyramid of an original.
 *
 * @param path target without ending: `PATH.dzi` and `PATH_files` are written.
 * @throws decoding errors as they are; for writing errors, an error with the system's code.
 */
export async function writePyramid(image: Sharp, path: string, quality: number): Promise<void> {
  try {
    await image
      .jpeg({ quality, chromaSubsampling: '4:2:0' })
      .tile({ size: ORIGINAL_TILE, overlap: 0, layout: 'dz', depth: 'onepixel' })
      .toFile(`${path}.dz`);
  } catch (error) {
    const text = error instanceof Error ? error.message : '';
    if (!WRITING.test(text)) throw error;
    const code = CODES.find(([words]) => text.includes(words))?.[1] ?? (isFull(dirname(path)) ? 'ENOSPC' : 'EIO');
    throw Object.assign(new Error(`writing failed (${code})`, { cause: error }), { code });
  }
}

/** Tells whether a disk is full. libvips' threads may lose the system's message. */
function isFull(folder: string): boolean {
  try {
    const { bavail, bsize, ffree, files } = statfsSync(folder);
    return bavail * bsize < FULL_BYTES || (files > 0 && ffree === 0);
  } catch {
    return false;
  }
}
