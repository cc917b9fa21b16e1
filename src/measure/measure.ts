import type { Quality } from '../types.ts';
import { type LikenessOptions, measureLikeness } from './likeness.ts';
import { distanceConflicts, measureUses, usesOf } from './uses.ts';

export interface MeasureOptions extends LikenessOptions {
  /** Sources of the pictures that the placement shows. */
  readonly origins: Uint32Array;
  /** By source, the same number for what looks alike. */
  readonly alike: Uint32Array;
}

/** Measures a placement: how like its target it looks, how its sources are used, what its rules cost. */
export async function measure(options: MeasureOptions): Promise<Quality> {
  const { placement, origins, alike } = options;
  const { grid, cells, gap, distanceCost, minDistance } = placement;
  const shown = cells.map((picture) => origins[picture]!);
  const likeness = await measureLikeness(options);
  return {
    likeness,
    ...measureUses(usesOf(shown, alike.length), cells.length),
    gap,
    minDistance,
    distanceCost,
    distanceConflicts: distanceConflicts(grid, shown, alike, minDistance),
  };
}
