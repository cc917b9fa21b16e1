import { stripToOriginal } from '../jpeg/strip.ts';
import { stripGifMetadata } from './strip-gif.ts';
import { stripPngMetadata } from './strip-png.ts';
import { stripWebpMetadata } from './strip-webp.ts';

/** An image file without its metadata. */
export interface StrippedFile {
  readonly bytes: Uint8Array;
  /** False if there was nothing to take out: the file can stand as it is. */
  readonly changed: boolean;
}

/** By sharp's names of formats. */
const STRIP = new Map<string, (bytes: Uint8Array) => Uint8Array | undefined>([
  ['jpeg', stripToOriginal],
  ['png', stripPngMetadata],
  ['webp', stripWebpMetadata],
  ['gif', stripGifMetadata],
]);

/**
 * Takes all out of an image file that people may not know they publish: places, cameras, names, times, comments, previews,
 * films behind photographs. Nothing is encoded anew, and a browser shows it just as before: px, colour profile,
 * orientation and animation stay.
 *
 * What no reader looks at within kept parts, such as bytes behind the end of compressed data, is not searched for.
 *
 * @param format sharp's name of it.
 * @returns undefined if that cannot be had: the format is another, or browsers do not agree on how to show the file.
 * @throws if the file is broken.
 */
export function stripMetadata(bytes: Uint8Array, format: string): StrippedFile | undefined {
  const stripped = STRIP.get(format)?.(bytes);
  if (!stripped) return undefined;
  const changed = Buffer.compare(stripped, bytes) !== 0;
  return { bytes: changed ? stripped : bytes, changed };
}
