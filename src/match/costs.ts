import { FEATURE_LENGTH } from '../colour/features.ts';
import { writeCellLook } from './emphasis.ts';
import { squaredDistance } from './search-tree.ts';
import type { TargetCells } from './target-cells.ts';

/** Squared distances of what cells `start..` of the target show, as it is, from the vectors that they have: those `at` of `points`. */
export function costsOf({ grid, px }: TargetCells, start: number, points: Float32Array, at: Uint32Array): Float32Array {
  const seen = new Float32Array(FEATURE_LENGTH);
  const costs = new Float32Array(at.length);
  for (let i = 0; i < at.length; i++) {
    writeCellLook({ grid, px }, start + i, seen, 0);
    costs[i] = squaredDistance(seen, 0, points, at[i]! * FEATURE_LENGTH);
  }
  return costs;
}
