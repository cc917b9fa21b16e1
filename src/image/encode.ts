import { sharp } from './sharp.ts';
import type { Recipe, Size } from '../types.ts';

/** Settings that encoding depends on. */
export type Coding = Pick<Recipe, 'format' | 'quality' | 'subsampling'>;

/** Settings of a tile that is never spliced. */
export interface PaintedCoding extends Coding {
  /** The level shows much at once, which is worth the time of a progressive JPEG. */
  readonly coarse: boolean;
}

/**
 * Encodes px into a tile that is never spliced. Its JPEG tables are optimised, which makes it smaller; a coarse one
 * becomes smaller by another tenth.
 *
 * @param px RGB, 8-bit sRGB, row-major.
 */
export async function encodePainted(px: Uint8Array, size: Size, coding: PaintedCoding): Promise<Buffer> {
  if (coding.format !== 'jpeg') return await encodeTile(px, size, coding);
  const { width, height } = size;
  const { quality, subsampling, coarse } = coding;
  return await sharp(px, { raw: { width, height, channels: 3 } })
    .jpeg({ quality, chromaSubsampling: subsampling, progressive: coarse })
    .toBuffer();
}

/**
 * Encodes px into a tile of the recipe's format. JPEG tables are the standard ones, never optimised, so that all tiles
 * of a recipe share them and can be spliced.
 *
 * @param px RGB, 8-bit sRGB, row-major.
 */
export async function encodeTile(px: Uint8Array, { width, height }: Size, recipe: Coding): Promise<Buffer> {
  const { format, quality, subsampling } = recipe;
  const image = sharp(px, { raw: { width, height, channels: 3 } });
  switch (format) {
    case 'jpeg':
      return await image
        .jpeg({ quality, chromaSubsampling: subsampling, optimiseCoding: false, progressive: false, mozjpeg: false })
        .toBuffer();
    case 'webp':
      return await image.webp({ quality }).toBuffer();
    case 'avif':
      return await image.avif({ quality, chromaSubsampling: subsampling, effort: 2 }).toBuffer();
    case 'png':
      return await image.png({ compressionLevel: 6 }).toBuffer();
  }
}
