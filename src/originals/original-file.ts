import { createHash } from 'node:crypto';
import { statfsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Sharp } from 'sharp';
import { toSrgb } from '../image/convert.ts';
import { tryAgain } from '../decoding/try-again.ts';
import { SourceChanged, UserError } from '../errors.ts';
import { type OpenImage, openImage } from '../image/open-image.ts';
import { type Reason, reasonOf } from '../image/reasons.ts';
import type { Rgb, Source } from '../types.ts';
import { ORIGINAL_TILE } from '../format/original-index.ts';
import { stripMetadata } from './strip-metadata.ts';

/** Larger originals get a pyramid of their own, px: what a phone can decode at once is little more. */
export const PYRAMID_PX = 2 ** 22;
/** Of originals that have to be encoded anew. */
const QUALITY = 92;
/** Drawings have no size of their own; theirs is this, px along the longer side. */
const DRAWING_PX = 2048;
/** Px per inch that drawings are measured at, and as many as they can be drawn at. */
const [DENSITY, DENSITY_MAX] = [72, 2400];

/** What a site gets of a source. */
export type OriginalFile =
  /** `same`: the source's own file, as it is. */
  | { readonly kind: 'same' | 'stripped' | 'encoded'; readonly ending: string; readonly bytes: Uint8Array }
  | { readonly kind: 'pyramid'; readonly image: Sharp }
  /** It has to do without: the file is gone, or does not decode as a whole. */
  | { readonly kind: 'none'; readonly reason: Reason };

const ENDINGS: Readonly<Record<string, string>> = { jpeg: 'jpg', png: 'png', webp: 'webp', gif: 'gif' };

/**
 * Makes of a source what a site can carry: its file without metadata; what cannot be without, or no browser shows, encoded
 * anew; or a picture to make a pyramid of.
 *
 * @throws {SourceChanged} if the file is no longer what it was when it was indexed; {@link UserError} `resources` if too many files
 *   are open to read it.
 */
export async function originalFile(source: Source, background: Rgb): Promise<OriginalFile> {
  let bytes: Buffer;
  try {
    bytes = await tryAgain(() => readFile(source.path));
  } catch (error) {
    if (error instanceof UserError) throw error;
    return { kind: 'none', reason: reasonOf(error) };
  }
  if (createHash('sha256').update(bytes).digest('hex') !== source.hash) throw new SourceChanged(source.path);
  try {
    return await fileOf(bytes, source, background);
  } catch (error) {
    return { kind: 'none', reason: reasonOf(error) };
  }
}

async function fileOf(bytes: Uint8Array, source: Source, background: Rgb): Promise<OriginalFile> {
  const lenient = source.partial !== undefined;
  const upright = async () => toSrgb((await openImage(bytes, { lenient })).px().autoOrient());
  if (source.format === 'svg') return await encoded(drawing(await openImage(bytes)), source.alpha);
  if (source.width * source.height > PYRAMID_PX) {
    return { kind: 'pyramid', image: (await upright()).flatten({ background }) };
  }
  // What is damaged, browsers show each in its way.
  const stripped = lenient ? undefined : strip(bytes, source.format);
  const ending = ENDINGS[source.format];
  if (!stripped || ending === undefined) return await encoded(await upright(), source.alpha);
  return { kind: stripped.changed ? 'stripped' : 'same', ending, bytes: stripped.bytes };
}

/** As an image file that every browser shows. */
async function encoded(image: Sharp, alpha: boolean): Promise<OriginalFile> {
  const bytes = alpha
    ? await image.png().toBuffer()
    : await image.jpeg({ quality: QUALITY, chromaSubsampling: '4:4:4' }).toBuffer();
  return { kind: 'encoded', ending: alpha ? 'png' : 'jpg', bytes };
}

/** What looked sound to the decoder may not be to us. */
function strip(bytes: Uint8Array, format: string): ReturnType<typeof stripMetadata> {
  try {
    return stripMetadata(bytes, format);
  } catch {
    return undefined;
  }
}

function drawing({ metadata, px }: OpenImage): Sharp {
  const { width, height } = metadata;
  const density = Math.min(DENSITY_MAX, Math.max(1, (DENSITY * DRAWING_PX) / Math.max(width, height)));
  return px({ density }).resize(DRAWING_PX, DRAWING_PX, { fit: 'inside' });
}

/** What libvips says when it is writing that fails, and not decoding; the system's words follow. */
const WRITING = /wbuffer_write|vips__file_write|^archive:|unable to (?:create|open|write)/;
const CODES: readonly (readonly [words: string, code: string])[] = [
  ['No space left on device', 'ENOSPC'],
  ['Disk quota exceeded', 'EDQUOT'],
  ['No such file or directory', 'ENOENT'],
  ['Permission denied', 'EACCES'],
  ['Read-only file system', 'EROFS'],
];

/** Less room than a tile takes, bytes. */
const FULL_BYTES = 2 ** 18;

/**
 * Writes the Deep Zoom pyramid of an original.
 *
 * @param path where to, without ending: `PATH.dzi` and `PATH_files`.
 * @throws what decoding throws; if it is writing that fails, an error with the system's code.
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

/** Whether a disk has no room left: libvips' threads may lose the system's words. */
function isFull(folder: string): boolean {
  try {
    const { bavail, bsize, ffree, files } = statfsSync(folder);
    return bavail * bsize < FULL_BYTES || (files > 0 && ffree === 0);
  } catch {
    return false;
  }
}
