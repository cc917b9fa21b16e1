import exifReader from 'exif-reader';
import type { ImageInput } from './open-image.ts';
import { sharp } from './sharp.ts';

/** What a file says of itself: description, artist and copyright (Exif 2.3, 4.6.4 D). Nothing else is read: no place, no time. */
export interface ExifCaption {
  readonly description?: string;
  readonly credit?: string;
}

/** Longest text that is taken, UTF-16 units. */
const TEXT_MAX = 1000;
/** Texts that cameras write into every file. */
const EMPTY: ReadonlySet<string> = new Set([
  'OLYMPUS DIGITAL CAMERA',
  'SONY DSC',
  'DCIM',
  'default',
  'MINOLTA DIGITAL CAMERA',
]);

/** Reads the caption of an image file; nothing if it has none, or none that can be read. */
export async function exifCaption(input: ImageInput): Promise<ExifCaption> {
  try {
    const { exif } = await sharp(input, { failOn: 'none' }).metadata();
    if (!exif) return {};
    const { Image: tags } = exifReader(exif);
    const [description, artist, copyright] = [tags?.ImageDescription, tags?.Artist, tags?.Copyright].map(textOf);
    const credit = artist ?? copyright;
    return { ...(description && { description }), ...(credit && { credit }) };
  } catch {
    return {};
  }
}

function textOf(value: unknown): string | undefined {
  // The reader gives bytes where a text is not ASCII.
  const decoded = value instanceof Uint8Array ? decodedText(value) : value;
  if (typeof decoded !== 'string') return undefined;
  // Old cameras pad with spaces and NULs; UTF-8 is common, though the standard says ASCII. What joins letters and emoji stays.
  const text = decoded
    .replaceAll(/[\p{Cc}\p{Cs}\p{Bidi_Control}\s]+/gu, ' ')
    .trim()
    .slice(0, TEXT_MAX);
  return text === '' || EMPTY.has(text) ? undefined : text;
}

/** Decodes a text: UTF-8, or what older programs on Windows wrote. */
function decodedText(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return new TextDecoder('windows-1252').decode(bytes);
  }
}
