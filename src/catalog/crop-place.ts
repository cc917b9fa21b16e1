import type { Sharp } from 'sharp';
import { sharp } from '../image/sharp.ts';
import type { Crop, Rect, Size } from '../types.ts';
import { type Stand, storedSize, uprighted } from './stand.ts';

/** Longest shorter side, px, of the reduced crop by which saliency is judged. */
const SALIENCY_SIDE = 256;
const QUICK = { compressionLevel: 0 };

/** Returns the size of the largest part of an image that has the cell's shape. */
export function partSize({ width, height }: Size, cell: Size): Size {
  const scale = Math.min(width / cell.width, height / cell.height);
  return {
    width: Math.max(1, Math.min(width, Math.round(cell.width * scale))),
    height: Math.max(1, Math.min(height, Math.round(cell.height * scale))),
  };
}

/** Enlarges a small cell, so that a reduced image keeps the px by which saliency is judged. */
export function salientSize({ width, height }: Size): Size {
  const factor = Math.max(1, SALIENCY_SIDE / Math.min(width, height) / 2);
  return { width: width * factor, height: height * factor };
}

/** Returns the size of a part of a cell's shape by which saliency is judged, less what rounding takes. */
export function judgedSize({ width, height }: Size): Size {
  const factor = (SALIENCY_SIDE * 0.97) / Math.min(width, height);
  return { width: width * factor, height: height * factor };
}

/**
 * Places the part of an image that fills a cell.
 *
 * @param open returns the image, possibly reduced, as stored.
 * @param size size of the upright image, px; `part` is the size of the part.
 * @returns the part, in upright px.
 */
export async function placeCrop(
  open: () => Sharp,
  { width, height }: Size,
  { part, crop, stand }: { readonly part: Size; readonly crop: Crop; readonly stand: Stand },
): Promise<Rect> {
  const centre = { left: (width - part.width) >> 1, top: (height - part.height) >> 1, ...part };
  if (crop === 'centre' || (part.width === width && part.height === height)) return centre;
  // Saliency depends on the image as a whole, so a reduced copy decides. There, the crop's shorter side has at most
  // SALIENCY_SIDE px.
  const reduce = Math.max(1, Math.min(part.width, part.height) / SALIENCY_SIDE);
  const px = (length: number) => Math.max(1, Math.round(length / reduce));
  const small = storedSize({ width: px(width), height: px(height) }, stand);
  const reduced = await open().resize(small.width, small.height, { fit: 'fill' }).png(QUICK).toBuffer();
  const upright = await uprighted(sharp(reduced), stand).png(QUICK).toBuffer();
  const { info } = await sharp(upright)
    .resize(px(part.width), px(part.height), { fit: 'cover', position: crop })
    .raw()
    .toBuffer({ resolveWithObject: true });
  const along = (offset: number | undefined, most: number) =>
    Math.min(most, Math.round(Math.abs(offset ?? 0) * reduce));
  const left = along(info.cropOffsetLeft, width - part.width);
  return { left, top: along(info.cropOffsetTop, height - part.height), ...part };
}
