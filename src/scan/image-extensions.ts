import type { Reason } from '../image/reasons.ts';

/**
 * File name extensions of images, lower case, without the dot. The value is the reason why files of that kind cannot be
 * used, or '' if they can.
 */
export const IMAGE_EXTENSIONS: ReadonlyMap<string, Reason | ''> = new Map<string, Reason | ''>([
  ...['jpg', 'jpeg', 'png', 'webp', 'avif', 'tiff', 'gif'].map((name) => [name, ''] as const),
  ...['tif', 'svg', 'heic', 'heif', 'hif', 'jpe', 'jfif', 'apng'].map((name) => [name, ''] as const),
  ...['dng', 'cr2', 'cr3', 'nef', 'arw', 'orf', 'rw2', 'raf', 'pef', 'srw', 'nrw', 'rwl'].map(
    (name) => [name, ''] as const,
  ),
  ...['bmp', 'jxl', 'jp2', 'j2k', 'psd', 'ico', 'tga', 'exr', 'hdr', 'ppm', 'pgm', 'pbm', 'xcf'].map(
    (name) => [name, 'other-format'] as const,
  ),
]);

/**
 * Extensions of files that phones and cameras write beside photographs under the same names: films, and notes of edits.
 * They are never images.
 */
export const BESIDE_IMAGES: ReadonlySet<string> = new Set([
  'mov',
  'mp4',
  'm4v',
  '3gp',
  'avi',
  'mkv',
  'mts',
  'webm',
  'aae',
  'xmp',
]);
