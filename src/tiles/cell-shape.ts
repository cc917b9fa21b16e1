import type { Size } from '../types.ts';

/** The shape of a cell: two small whole numbers without a common factor. */
export type Aspect = Size;

/** Largest term of an aspect: cells are these times a power of two, so that they can be halved. */
export const ASPECT_MAX = 16;
/** Px of a cell's longer side, at most. */
export const CELL_MAX = 8192;
/** Cells are at least these times 2^2: smaller ones have nothing to be halved. */
const SHIFT_MIN = 2;

/** Aspects that `auto` chooses among: those of screens, prints and cameras, upright too. */
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

/** `4:3` */
export function aspectText({ width, height }: Aspect): string {
  return `${width}:${height}`;
}

/** Reads `4:3`; undefined if it is no ratio of whole numbers up to {@link ASPECT_MAX}. */
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

/** The cell of an aspect whose area is nearest to that of a square of `side` px. */
export function cellOf(aspect: Aspect, side: number): Size {
  const shift = Math.round(Math.log2(side / Math.sqrt(aspect.width * aspect.height)));
  return scaled(aspect, 2 ** Math.max(SHIFT_MIN, shift));
}

/** The smallest cell in which none of `sizes` (px of images) loses detail, up to {@link CELL_MAX}; at least `least` px. */
export function nativeCell(aspect: Aspect, sizes: Iterable<Size>, least: number): Size {
  let most = least / Math.max(aspect.width, aspect.height);
  for (const { width, height } of sizes) most = Math.max(most, Math.min(width / aspect.width, height / aspect.height));
  let shift = 2 ** Math.max(SHIFT_MIN, Math.ceil(Math.log2(most)));
  while (shift * Math.max(aspect.width, aspect.height) > CELL_MAX) shift /= 2;
  return scaled(aspect, shift);
}

/**
 * Side of the Deep Zoom tiles of cells of an aspect: as asked for where cells are square; otherwise the least that is no less
 * and holds whole cells, or whole parts of one, beside each other.
 */
export function tileSideOf(aspect: Aspect, asked: number): number {
  let side = 16 * aspect.width;
  while (side < asked) side *= 2;
  return side;
}

function scaled({ width, height }: Aspect, by: number): Size {
  return { width: width * by, height: height * by };
}

/** What an aspect does to images. */
export interface AspectChoice {
  readonly aspect: Aspect;
  /** Images that are nearest to this aspect. */
  readonly images: number;
  /** What is cut off all images, as a part of their area, on average. */
  readonly cropped: number;
}

/** What each of {@link ASPECTS} would do to images of such sizes. */
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

/** The aspect that most images are nearest to; among equals the one that crops less. */
export function commonestAspect(choices: readonly AspectChoice[]): Aspect {
  return choices.toSorted((a, b) => b.images - a.images || a.cropped - b.cropped)[0]!.aspect;
}
