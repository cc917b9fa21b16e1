import type { Size } from '../types.ts';

/** Aspect ratio of a cell: two small whole numbers without a common factor. */
export type Aspect = Size;

/** Largest term of an aspect. A cell's sides are its aspect times a power of two, so that they can be halved. */
export const ASPECT_MAX = 16;
/** Greatest length of a cell's longer side, px. */
export const CELL_MAX = 8192;
/** Least power of two: a cell is at least 2^2 times its aspect, since smaller ones could not be halved. */
const SHIFT_MIN = 2;

/** Aspects that `auto` chooses from: those of screens, prints and cameras, in both orientations. */
export const ASPECTS: readonly Aspect[] = [
  [1, 1],
  [5, 4],
  [4, 3],
  [3, 2],
  [16, 9],
  [4, 5],
  [3, 4],
  [2, 3],
  [9, 16],
].map(([width, height]) => ({ width: width!, height: height! }));

/** Formats an aspect, such as `4:3`. */
export function aspectText({ width, height }: Aspect): string {
  return `${width}:${height}`;
}

/** Reads an aspect such as `4:3`; undefined if it is no ratio of whole numbers up to {@link ASPECT_MAX}. */
export function parseAspect(text: string): Aspect | undefined {
  const [width = 0, height = 0] = (/^(\d{1,5})[:x/](\d{1,5})$/.exec(text) ?? []).slice(1).map(Number);
  if (!width || !height) return undefined;
  const by = greatestDivisor(width, height);
  const aspect = { width: width / by, height: height / by };
  return Math.max(aspect.width, aspect.height) <= ASPECT_MAX ? aspect : undefined;
}

function greatestDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestDivisor(b, a % b);
}

/** Finds the cell of an aspect whose area is nearest to that of a square of `side` px. */
export function cellSizeOf(aspect: Aspect, side: number): Size {
  const shift = Math.round(Math.log2(side / Math.sqrt(aspect.width * aspect.height)));
  return scaled(aspect, 2 ** Math.max(SHIFT_MIN, shift));
}

/**
 * Finds the smallest cell in which no image of the given `sizes` (px) loses detail, up to {@link CELL_MAX}; its longer side
 * is at least `least` px.
 */
export function nativeCell(aspect: Aspect, sizes: Iterable<Size>, least: number): Size {
  let most = least / Math.max(aspect.width, aspect.height);
  for (const { width, height } of sizes) most = Math.max(most, Math.min(width / aspect.width, height / aspect.height));
  let shift = 2 ** Math.max(SHIFT_MIN, Math.ceil(Math.log2(most)));
  while (shift * Math.max(aspect.width, aspect.height) > CELL_MAX) shift /= 2;
  return scaled(aspect, shift);
}

/**
 * Chooses the side of Deep Zoom tiles for cells of an aspect: for square cells as asked; otherwise the smallest one, at
 * least as large, that fits whole cells or whole parts of a cell side by side.
 */
export function tileSideOf(aspect: Aspect, asked: number): number {
  let side = 16 * aspect.width;
  while (side < asked) side *= 2;
  return side;
}

function scaled({ width, height }: Aspect, by: number): Size {
  return { width: width * by, height: height * by };
}

/** The effect of an aspect on a set of images. */
export interface AspectChoice {
  readonly aspect: Aspect;
  /** Number of images that are nearest to this aspect. */
  readonly images: number;
  /** Mean part of the images' area that is cropped. */
  readonly cropped: number;
}

/** Computes the effect of each of {@link ASPECTS} on images of the given sizes. */
export function aspectChoices(sizes: readonly Size[]): AspectChoice[] {
  const images = new Map<Aspect, number>();
  const difference = (size: Size, aspect: Aspect) =>
    Math.abs(Math.log((size.width / size.height) * (aspect.height / aspect.width)));
  for (const size of sizes) {
    let nearest = ASPECTS[0]!;
    for (const aspect of ASPECTS) if (difference(size, aspect) < difference(size, nearest)) nearest = aspect;
    images.set(nearest, (images.get(nearest) ?? 0) + 1);
  }
  return ASPECTS.map((aspect) => {
    const cut = sizes.reduce((sum, size) => sum + 1 - Math.exp(-difference(size, aspect)), 0);
    return { aspect, images: images.get(aspect) ?? 0, cropped: sizes.length > 0 ? cut / sizes.length : 0 };
  });
}

/** Chooses the aspect that most images are nearest to; among equals the one that crops less. */
export function commonestAspect(choices: readonly AspectChoice[]): Aspect {
  return choices.toSorted((a, b) => b.images - a.images || a.cropped - b.cropped)[0]!.aspect;
}
