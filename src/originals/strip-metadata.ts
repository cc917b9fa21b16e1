import { stripToOriginal } from '../jpeg/strip.ts';
import { stripGifMetadata } from './strip-gif.ts';
import { stripPngMetadata } from './strip-png.ts';
import { stripWebpMetadata } from './strip-webp.ts';

/** An image file without its metadata. */
export interface StrippedFile {
  readonly bytes: Uint8Array;
  /** False if there was nothing to remove: the file can be used as it is. */
  readonly changed: boolean;
}

/** Strippers by sharp's names of formats. */
const STRIP = new Map<string, (bytes: Uint8Array) => Uint8Array | undefined>([
  ['jpeg', stripToOriginal],
  ['png', stripPngMetadata],
  ['webp', stripWebpMetadata],
  ['gif', stripGifMetadata],
]);

/**
 * Removes from an image file what people may not know they publish: places, cameras, names, times, comments, previews, videos
 * behind photographs. Nothing is re-encoded, and browsers show the file as before: px, colour profile, orientation and
 * animation stay.
 *
 * Data that readers ignore within kept parts, such as bytes behind the end of compressed data, is not searched for.
 *
 * @param format sharp's name of the format.
 * @returns undefined if that is impossible: the format is another, or browsers disagree on how to show the file.
 * @throws if the file is broken.
 */
export function stripMetadata(bytes: Uint8Array, format: string): StrippedFile | undefined {
  const stripped = STRIP.get(format)?.(bytes);
  if (!stripped) return undefined;
  const changed = Buffer.compare(stripped, bytes) !== 0;
  return { bytes: changed ? stripped : bytes, changed };
}
