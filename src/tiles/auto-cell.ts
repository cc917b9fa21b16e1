import type { Size } from '../types.ts';
import { type Aspect, cellSizeOf } from './cell-shape.ts';

/**
 * Sides that `--cell-size auto` chooses from, px, largest first. A cell of 512 px is a picture on a screen; one of 32 px is
 * the least in which an image can be made out.
 */
export const AUTO_SIDES: readonly number[] = [512, 256, 128, 64, 32];

/**
 * Least part of the images that fill an automatic cell. Of four cells side by side then at most one is soft on average, and a
 * few small images among many photographs do not make all cells small.
 */
export const FILLING_LEAST = 3 / 4;

/** Images, as far as the size of their cells depends on them. */
export interface CellImages {
  /** Upright sizes, px, without drawings. */
  readonly sizes: readonly Size[];
  /** Number of drawings: they fill any cell, since they are drawn as large as it is. */
  readonly drawings: number;
  /** Sides of the smallest crop in use, relative to the whole. */
  readonly smallest: number;
}

/** Parts of the images that fill a cell without being enlarged, 0..1. */
export interface CellFill {
  /** By the whole: their largest part of the cell's shape. */
  readonly filled: number;
  /** By the smallest crop in use, too. */
  readonly cropsFilled: number;
  /** By exactly as many px as the cell has; such images are used as they are, without crops. */
  readonly exact: number;
  /** In every crop, or exactly. */
  readonly suited: number;
}

/** A side that images ask for, and the reason. */
export interface AutoSide {
  /** Side of a square cell of about the same area, px. */
  readonly side: number;
  /**
   * `exact`: more than half of the images are just as large; `filled`: the largest that {@link FILLING_LEAST} of them fill, in
   * every crop in use or exactly; `least`: they fill none, and this is the smallest.
   */
  readonly because: 'exact' | 'filled' | 'least';
}

/** Computes which parts of the images fill a cell. Drawings fill it, and are never exact. */
export function fillOf(cell: Size, { sizes, drawings, smallest }: CellImages): CellFill {
  let [filled, cropsFilled, exact, suited] = [drawings, drawings, 0, drawings];
  for (const { width, height } of sizes) {
    const scale = Math.min(width / cell.width, height / cell.height);
    if (scale < 1) continue;
    const whole = { width: Math.round(cell.width * scale), height: Math.round(cell.height * scale) };
    filled++;
    const isExact = whole.width === cell.width && whole.height === cell.height;
    const part = { width: Math.round(whole.width * smallest), height: Math.round(whole.height * smallest) };
    const isFilled = part.width >= cell.width && part.height >= cell.height;
    if (isExact) exact++;
    if (isFilled) cropsFilled++;
    if (isExact || isFilled) suited++;
  }
  const images = Math.max(1, sizes.length + drawings);
  return { filled: filled / images, cropsFilled: cropsFilled / images, exact: exact / images, suited: suited / images };
}

/**
 * Chooses the side of cells for images. Images that were made in one size keep it, so that their own data can be used byte for
 * byte. Others have the largest cells that most of them fill without being enlarged, in every crop in use.
 */
export function autoSide(aspect: Aspect, images: CellImages): AutoSide {
  if (images.sizes.length + images.drawings === 0) return { side: AUTO_SIDES[0]!, because: 'filled' };
  const fills = AUTO_SIDES.map((side) => ({ side, ...fillOf(cellSizeOf(aspect, side), images) }));
  const exact = fills.find((fill) => fill.exact > 1 / 2);
  if (exact) return { side: exact.side, because: 'exact' };
  const filled = fills.find(({ suited }) => suited >= FILLING_LEAST);
  if (filled) return { side: filled.side, because: 'filled' };
  return { side: AUTO_SIDES.at(-1)!, because: 'least' };
}
