import type { Sharp } from 'sharp';
import { sharp } from '../image/sharp.ts';
import type { Rect, Size } from '../types.ts';

/** Transformation that brings a stored image upright: turned clockwise by `angle`, then mirrored (left and right). */
export interface Stand {
  readonly angle: 0 | 90 | 180 | 270;
  readonly mirrored: boolean;
}

/** Transformation of each EXIF orientation, 1 to 8 (CIPA DC-008 4.6.4). */
export const STANDS: readonly (Stand | undefined)[] = [
  undefined,
  { angle: 0, mirrored: false },
  { angle: 0, mirrored: true },
  { angle: 180, mirrored: false },
  { angle: 180, mirrored: true },
  { angle: 90, mirrored: true },
  { angle: 90, mirrored: false },
  { angle: 270, mirrored: true },
  { angle: 270, mirrored: false },
];

/** Returns the transformation that brings an image upright; the first one for orientations that are not defined. */
export function standOf({ orientation = 1 }: { readonly orientation?: number | undefined }): Stand {
  return STANDS[orientation] ?? STANDS[1]!;
}

/** Returns the stored size of an upright image, or the upright size of a stored one. */
export function storedSize({ width, height }: Size, { angle }: Stand): Size {
  return angle % 180 ? { width: height, height: width } : { width, height };
}

/** Returns the stored rectangle of a part of an upright image of size `whole`. */
export function storedRect({ left, top, width, height }: Rect, whole: Size, { angle, mirrored }: Stand): Rect {
  const right = whole.width - left - width;
  const bottom = whole.height - top - height;
  const x = mirrored ? right : left;
  const other = mirrored ? left : right;
  // Inverse of the clockwise turn: after a quarter, the stored left side is on top.
  switch (angle) {
    case 0:
      return { left: x, top, width, height };
    case 90:
      return { left: top, top: other, width: height, height: width };
    case 180:
      return { left: other, top: bottom, width, height };
    case 270:
      return { left: bottom, top: x, width: height, height: width };
  }
}

/** Brings a stored image upright. */
export function uprighted(image: Sharp, { angle, mirrored }: Stand): Sharp {
  // sharp mirrors before it turns, so the turn has to go the other way round.
  const turn = mirrored ? (360 - angle) % 360 : angle;
  const turned = turn === 0 ? image : image.rotate(turn);
  return mirrored ? turned.flop() : turned;
}

/** Brings stored RGB px upright; the size is that of the stored image. */
export async function uprightPx(px: Uint8Array, { width, height }: Size, stand: Stand): Promise<Uint8Array> {
  return await uprighted(sharp(px, { raw: { width, height, channels: 3 } }), stand)
    .raw()
    .toBuffer();
}
