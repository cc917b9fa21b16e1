import { totalmem } from 'node:os';
import type { Metadata } from 'sharp';

/** Px that drawings are drawn at, at most: they have no size of their own. */
export const DRAWN_PX = 2 ** 24;

/** What of an image tells how much memory it takes to decode. */
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

/** Of every image, bytes; and of one that is read line by line while it is shrunk in linear light, per px. */
const [EVERY, LINE_BY_LINE] = [2 ** 25, 1];
/** Samples of a JPEG per px, by how its chroma is subsampled. */
const SAMPLES: Readonly<Record<string, number>> = {
  '4:4:4': 3,
  '4:2:2': 2,
  '4:4:0': 2,
  '4:2:0': 1.5,
  '4:4:4:4': 4,
  '4:2:0:4': 2.5,
};
/** Whatever a file may take, bytes; and what it may take more for each of its own. */
const [ANY, PER_BYTE] = [320 * 2 ** 20, 128];

/**
 * Memory that it takes to decode an image and shrink it to a cell, about, bytes: measured with libvips 8.18. Formats that are
 * read line by line take little, whatever their size; others are decoded as a whole first.
 *
 * @param format as `openImage` tells it.
 */
export function memoryNeed(format: string, image: ImageFacts): number {
  const whole = image.width * image.height;
  const px = format === 'svg' ? Math.min(whole, DRAWN_PX) : whole;
  const converted = image.hasProfile || image.space === 'cmyk' ? image.channels : 0;
  return EVERY + px * (LINE_BY_LINE + converted + wholePx(format, image));
}

/** Bytes per px that a decoder holds of an image as a whole. */
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
 * Memory that decoding a file of `size` bytes may take, bytes. It grows with the file: photographs get what they need, while
 * a small file that unfolds into a huge picture is none.
 */
export function memoryAllowance(size: number): number {
  const constrained = process.constrainedMemory() ?? 0;
  const machine = constrained > 0 ? Math.min(constrained, totalmem()) : totalmem();
  return Math.min(ANY + PER_BYTE * size, Math.max(ANY, machine / 2));
}
