import type { Grid, Quality } from '../types.ts';

/** Counts the uses of each source, by id; `shown` has the source of each cell. */
export function usesOf(shown: Uint32Array, usable: number): Uint32Array {
  const uses = new Uint32Array(usable);
  for (const id of shown) uses[id]!++;
  return uses;
}

/** Summarises the uses of a placement. */
export function measureUses(
  uses: Uint32Array,
  cells: number,
): Pick<Quality, 'mostUses' | 'mostUsedShare' | 'usesHistogram'> {
  const histogram = new Map<number, number>();
  let mostUses = 0;
  for (const times of uses) {
    histogram.set(times, (histogram.get(times) ?? 0) + 1);
    mostUses = Math.max(mostUses, times);
  }
  const usesHistogram = [...histogram].toSorted(([a], [b]) => a - b);
  return { mostUses, mostUsedShare: mostUses / cells, usesHistogram };
}

/**
 * Counts the pairs of cells within `distance` (Chebyshev) of each other that show the same source or near-duplicates.
 *
 * @param shown source of each cell.
 * @param alike by source: equal for near-duplicates.
 */
export function distanceConflicts(
  { columns, rows }: Grid,
  shown: Uint32Array,
  { alike, distance }: { readonly alike: Uint32Array; readonly distance: number },
): number {
  const groups = shown.map((id) => alike[id]!);
  let conflicts = 0;
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const own = groups[row * columns + column];
      // Visits cells to the right and below only, so that each pair counts once.
      for (let down = 0; down <= distance && row + down < rows; down++) {
        const from = down === 0 ? column + 1 : Math.max(0, column - distance);
        for (let x = from; x <= Math.min(columns - 1, column + distance); x++) {
          if (groups[(row + down) * columns + x] === own) conflicts++;
        }
      }
    }
  }
  return conflicts;
}
