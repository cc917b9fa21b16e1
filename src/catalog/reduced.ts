import type { Metadata } from 'sharp';
import type { Rect, Size } from '../types.ts';

/** A size, px, to which a decoder reduces an image while it decodes. */
export interface Reduced {
  readonly size: Size;
  /** Reduced px per stored px, along both sides. */
  readonly across: number;
  readonly down: number;
}

/**
 * Px per cell px, along a side, that a reduced image keeps: at least, and at most where the decoder can choose. The least is just
 * below 2, so that photographs of 4,000 x 3,000 and 4,032 x 3,024 px are reduced for cells of 512 px: by 3, to 1.95 and 1.97.
 */
const [LEAST, MOST] = [1.95, 2];
/** Shrink factors of JPEG decoders, which scale blocks of 8 x 8 coefficients. */
const JPEG_FACTORS = [8, 4, 2];
/** Least reduction of a WebP that pays. */
const WEBP_LEAST = 2;
/** Least reduction in linear light that pays. */
const SHRUNK_LEAST = 1.25;

/**
 * Chooses the size to which a decoder reduces an image that is many times larger than its cell. It reduces the encoded
 * values, which are not linear light, so it keeps about twice the px that the cell needs, or more.
 *
 * @param part size of the part that fills the cell; as `cell`, as it is stored.
 * @returns nothing for formats without such a decoder, for colours that are converted otherwise on the way (inks, grey
 *   with a profile), and for images that are not large enough.
 */
export function reducedSize(
  { format, width, height, space, hasProfile }: Metadata,
  part: Size,
  cell: Size,
): Reduced | undefined {
  if (space !== 'srgb' && (space !== 'b-w' || hasProfile)) return undefined;
  const ratio = Math.min(part.width / cell.width, part.height / cell.height);
  const shrink = format === 'jpeg' ? jpegShrink(ratio) : format === 'webp' ? webpShrink(ratio) : undefined;
  if (shrink === undefined) return undefined;
  const size = { width: Math.floor(width / shrink), height: Math.floor(height / shrink) };
  // Where a factor does not divide a side, libvips leaves out the px that would reach beyond the edge.
  const factor = format === 'jpeg' ? jpegFactor(Math.min(width / size.width, height / size.height)) : 1;
  const along = (stored: number, reduced: number) => reduced / (factor * Math.floor(stored / factor));
  return { size, across: along(width, size.width), down: along(height, size.height) };
}

/** Returns the size to which an image is shrunk in linear light; nothing if it is not large enough. */
export function shrunkSize(stored: Size, part: Size, cell: Size): Reduced | undefined {
  const shrink = Math.min(part.width / cell.width, part.height / cell.height) / MOST;
  if (shrink < SHRUNK_LEAST) return undefined;
  const size = { width: Math.ceil(stored.width / shrink), height: Math.ceil(stored.height / shrink) };
  return { size, across: size.width / stored.width, down: size.height / stored.height };
}

/** Returns the least size, px, that an image may have been reduced to, in light that is not linear. */
export function leastSize(stored: Size, part: Size, cell: Size): Size {
  const ratio = LEAST * Math.max(cell.width / part.width, cell.height / part.height);
  return { width: Math.ceil(stored.width * ratio), height: Math.ceil(stored.height * ratio) };
}

/** Returns by how much sharp is asked to shrink a JPEG: more than a factor by 1, without which sharp takes the next. */
function jpegShrink(ratio: number): number | undefined {
  const factor = JPEG_FACTORS.find((each) => (each + 1) * LEAST <= ratio);
  return factor && Math.max(factor + 1, ratio / MOST);
}

function webpShrink(ratio: number): number | undefined {
  const shrink = ratio / MOST;
  return shrink >= WEBP_LEAST ? shrink : undefined;
}

/** Returns the factor by which sharp lets a JPEG's decoder shrink; the rest is resized (pipeline.cc). */
function jpegFactor(shrink: number): number {
  const factor = JPEG_FACTORS.find((each) => shrink >= each) ?? 1;
  return factor > 1 && Math.floor(shrink) === factor ? factor / 2 : factor;
}

/** Returns where a part of a stored image is in the reduced one: the whole px around it, and itself within these. */
export function reducedPart(
  { left, top, width, height }: Rect,
  { size, across, down }: Reduced,
): { readonly around: Rect; readonly part: Rect } {
  const columns = span(left * across, width * across, size.width);
  const rows = span(top * down, height * down, size.height);
  return {
    around: { left: columns.first, top: rows.first, width: columns.count, height: rows.count },
    part: {
      left: left * across - columns.first,
      top: top * down - rows.first,
      width: width * across,
      height: height * down,
    },
  };
}

function span(from: number, length: number, most: number): { readonly first: number; readonly count: number } {
  const first = Math.min(most - 1, Math.floor(from));
  return { first, count: Math.max(1, Math.min(most, Math.ceil(from + length)) - first) };
}
