import { plural } from '../messages.ts';
import { CROP_SETS, cropCount, cropFactor } from '../tiles/crops.ts';
import type { ResolvedOptions } from './options.ts';
import type { PlacedImage } from './pins.ts';

/** Crops that sources may be shown in. */
export interface ChosenCrops {
  /** Number of crops, from crop 0 on, that a source might be shown in. */
  readonly count: number;
  /** By source; see `cropMasks`. Empty if there is one crop. */
  readonly masks: Uint32Array;
}

export const NO_CROPS: ChosenCrops = { count: 1, masks: new Uint32Array(0) };

/** Greatest number of pictures that are matched; their features take some 600 bytes each. */
const PICTURES_MAX = 400_000;

/** Numbers of crops of the sets up to the one that was asked for, largest first. */
function countsUpTo({ crops }: Pick<ResolvedOptions, 'crops'>): number[] {
  return Object.values(CROP_SETS)
    .filter((count) => count <= CROP_SETS[crops])
    .toSorted((a, b) => b - a);
}

/**
 * Chooses the crops that sources may be shown in: those that were asked for, or fewer where sources are many.
 *
 * @param masksOf returns the crops of each source, of the first so many; see `cropMasks`.
 * @param turns number of orientations.
 */
export function chooseCrops(
  masksOf: (count: number) => Uint32Array,
  options: Pick<ResolvedOptions, 'crops'>,
  turns: number,
): ChosenCrops {
  for (const count of countsUpTo(options)) {
    const masks = masksOf(count);
    if (count === 1 || cropCount(masks) * turns <= PICTURES_MAX) return { count, masks };
  }
  return NO_CROPS;
}

/**
 * Foresees how many crops of each image will be matched, before the images are read: those that were asked for, or fewer where
 * images are many.
 *
 * @param pictures numbers of images and of their turns.
 */
export function cropsForeseen(
  options: Pick<ResolvedOptions, 'crops'>,
  { images, turns }: { readonly images: number; readonly turns: number },
): number {
  return countsUpTo(options).find((count) => count === 1 || images * turns * count <= PICTURES_MAX)!;
}

/** Returns a note if fewer crops were matched than were asked for, since images are many. */
export function fewerCropsNote(
  { crops, placement }: Pick<ResolvedOptions, 'crops' | 'placement'>,
  count: number,
): string[] {
  if (placement !== undefined || count >= CROP_SETS[crops]) return [];
  return [
    `each image may be shown in ${plural(count, 'crop')} instead of ${CROP_SETS[crops]}: more would take too much memory for so many images`,
  ];
}

/** Returns the sides of the smallest of the first `count` crops, or of those of a given placement, relative to the whole. */
export function smallestCrop(count: number, given: readonly PlacedImage[] | undefined): number {
  if (!given) return cropFactor(count - 1);
  return given.reduce((least, { crop }) => Math.min(least, cropFactor(crop)), 1);
}
