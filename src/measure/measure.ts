import type { Quality } from '../types.ts';
import { measureAfar } from './afar.ts';
import { type LikenessOptions, measureLikeness } from './likeness.ts';
import { distanceConflicts, measureUses, usesOf } from './uses.ts';

export interface MeasureOptions extends LikenessOptions {
  /** By picture: its source. */
  readonly origins: Uint32Array;
  /** By source: equal for near-duplicates. */
  readonly alike: Uint32Array;
}

/** Measures a placement: likeness to the target, uses of sources, and the costs of its rules. */
export async function measure(options: MeasureOptions): Promise<Quality> {
  const { placement, origins, alike } = options;
  const { grid, cells, gap, distanceCost, afarCost, minDistance } = placement;
  const shown = cells.map((picture) => origins[picture]!);
  const likeness = await measureLikeness(options);
  const ofCells = await measureAfar(options);
  return {
    likeness,
    ...ofCells,
    ...measureUses(usesOf(shown, alike.length), cells.length),
    gap,
    minDistance,
    distanceCost,
    afarCost,
    distanceConflicts: distanceConflicts(grid, shown, { alike, distance: minDistance }),
  };
}
