import type { Quality } from '../types.ts';
import { type LikenessOptions, measureLikeness } from './likeness.ts';
import { distanceConflicts, measureUses, usesOf } from './uses.ts';

export interface MeasureOptions extends LikenessOptions {
  /** By source, the same number for what looks alike. */
  readonly alike: Uint32Array;
}

/** Measures a placement: how like its target it looks, how its sources are used, what its rules cost. */
export async function measure(options: MeasureOptions): Promise<Quality> {
  const { placement, alike } = options;
  const { cells, gap, distanceCost, minDistance } = placement;
  const likeness = await measureLikeness(options);
  return {
    likeness,
    ...measureUses(usesOf(placement, alike.length), cells.length),
    gap,
    minDistance,
    distanceCost,
    distanceConflicts: distanceConflicts(placement, alike, minDistance),
  };
}
