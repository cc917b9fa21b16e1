import type { Sharp } from 'sharp';
import { sharp } from '../image/sharp.ts';
import type { Rect, Size } from '../types.ts';

/** How a stored picture is brought upright: turned clockwise by an angle, then mirrored (left and right). */
export interface Stand {
  readonly angle: 0 | 90 | 180 | 270;
  readonly mirrored: boolean;
}

/** By EXIF orientation (CIPA DC-008 4.6.4), 1 to 8. */
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

/** An upright size, as it is stored; and the other way round. */
export function storedSize({ width, height }: Size, { angle }: Stand): Size {
  return angle % 180 ? { width: height, height: width } : { width, height };
}

/** A part of an upright picture of some size, as it is stored. */
export function storedRect({ left, top, width, height }: Rect, whole: Size, { angle, mirrored }: Stand): Rect {
  const right = whole.width - left - width;
  const bottom = whole.height - top - height;
  const x = mirrored ? right : left;
  const other = mirrored ? left : right;
  // Undoes turns clockwise: what was on the left is on top after a quarter.
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

/** Brings a stored picture upright. */
export function uprighted(image: Sharp, { angle, mirrored }: Stand): Sharp {
  // sharp mirrors before it turns, which then has to go the other way round.
  const turn = mirrored ? (360 - angle) % 360 : angle;
  const turned = turn === 0 ? image : image.rotate(turn);
  return mirrored ? turned.flop() : turned;
}

/** Brings stored px upright: RGB; `size` as they are stored. */
export async function uprightPx(px: Uint8Array, { width, height }: Size, stand: Stand): Promise<Uint8Array> {
  return await uprighted(sharp(px, { raw: { width, height, channels: 3 } }), stand)
    .raw()
    .toBuffer();
}
