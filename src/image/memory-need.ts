import { totalmem } from 'node:os';
import type { Metadata } from 'sharp';

/** Largest number of px that drawings (SVG) are drawn at: they have no size of their own. */
export const DRAWN_PX = 2 ** 24;

/** Metadata that decides how much memory decoding takes. */
export type ImageFacts = Pick<
  Metadata,
  | 'width'
  | 'height'
  | 'channels'
  | 'depth'
  | 'isProgressive'
  | 'chromaSubsampling'
  | 'space'
  | 'hasProfile'
  | 'hasAlpha'
>;

/** Memory of every image, bytes; and per px of one that is read line by line while it is shrunk in linear light. */
const [EVERY, LINE_BY_LINE] = [2 ** 25, 1];
/** Samples per px of a JPEG, by chroma subsampling. */
const SAMPLES: Readonly<Record<string, number>> = {
  '4:4:4': 3,
  '4:2:2': 2,
  '4:4:0': 2,
  '4:2:0': 1.5,
  '4:4:4:4': 4,
  '4:2:0:4': 2.5,
};
/** Memory that any file may take, bytes; and the further memory per byte of the file. */
const [ANY, PER_BYTE] = [320 * 2 ** 20, 128];

/**
 * Estimates the memory that decoding an image and shrinking it to a cell takes, bytes; measured with libvips 8.18.
 * Formats that are read line by line take little, whatever their size. Others are first decoded as a whole.
 *
 * @param format format as `openImage` returns it.
 */
export function memoryNeed(format: string, image: ImageFacts): number {
  const whole = image.width * image.height;
  const px = format === 'svg' ? Math.min(whole, DRAWN_PX) : whole;
  const converted = image.hasProfile || image.space === 'cmyk' ? image.channels : 0;
  return EVERY + px * (LINE_BY_LINE + converted + wholePx(format, image));
}

/** Returns the bytes per px that a decoder holds of an image as a whole; 0 if it reads line by line. */
function wholePx(format: string, image: ImageFacts): number {
  const wide = image.depth !== 'uchar';
  switch (format) {
    case 'jpeg':
    case 'raw': // the coefficients of all scans, of 16 bits
      return image.isProgressive ? 2 * (SAMPLES[image.chromaSubsampling ?? ''] ?? image.channels) : 0;
    case 'png': // interlaced
      return image.isProgressive ? image.channels * (wide ? 2 : 1) : 0;
    case 'webp':
      return image.hasAlpha ? 11 : 9;
    case 'avif':
      return wide ? 25 : 19;
    case 'heic':
      return wide ? 24 : 16;
    case 'gif':
      return 5;
    case 'svg':
      return 9;
    default:
      return 0;
  }
}

/**
 * Returns the memory that decoding a file of `size` bytes may take, bytes. It grows with the file, up to half of the
 * machine's memory: photographs get what they need, while a small file that unfolds into a huge image does not.
 */
export function memoryAllowance(size: number): number {
  const constrained = process.constrainedMemory() ?? 0;
  const machine = constrained > 0 ? Math.min(constrained, totalmem()) : totalmem();
  return Math.min(ANY + PER_BYTE * size, Math.max(ANY, machine / 2));
}
