import { FEATURE_LENGTH } from '../colour/features.ts';
import { writeCellLook } from './emphasis.ts';
import { squaredDistance } from './search-tree.ts';
import type { TargetCells } from './target-cells.ts';

/**
 * Computes the squared distances of cells' pictures from what the target shows, without adaptation: cell `start + i` has
 * the vector with number `at[i]` in `points`.
 */
export function costsOf({ grid, px }: TargetCells, start: number, points: Float32Array, at: Uint32Array): Float32Array {
  const seen = new Float32Array(FEATURE_LENGTH);
  const costs = new Float32Array(at.length);
  for (let i = 0; i < at.length; i++) {
    writeCellLook({ grid, px }, start + i, seen, 0);
    costs[i] = squaredDistance(seen, 0, points, at[i]! * FEATURE_LENGTH);
  }
  return costs;
}
