import { FEATURE_LENGTH } from '../colour/features.ts';
import { writeCellVector } from './emphasis.ts';
import { squaredDistance } from './search-tree.ts';
import type { TargetCells } from './target-cells.ts';

/**
 * Computes the squared distances of cells' pictures from what the target shows, without adaptation: cell `start + i` has
 * the picture `pictures[i]`, whose vector has that number in `points`.
 */
export function costsOf(
  { grid, px }: TargetCells,
  {
    start,
    points,
    pictures,
  }: { readonly start: number; readonly points: Float32Array; readonly pictures: Uint32Array },
): Float32Array {
  const wanted = new Float32Array(FEATURE_LENGTH);
  const costs = new Float32Array(pictures.length);
  for (let i = 0; i < pictures.length; i++) {
    writeCellVector({ grid, px }, start + i, wanted);
    costs[i] = squaredDistance(wanted, points, pictures[i]! * FEATURE_LENGTH);
  }
  return costs;
}
