import type { Placement, Quality } from '../types.ts';

/** How often each source stands in a placement, by id. */
export function usesOf({ cells }: Pick<Placement, 'cells'>, usable: number): Uint32Array {
  const uses = new Uint32Array(usable);
  for (const id of cells) uses[id % usable]!++;
  return uses;
}

/** What the uses tell of a placement. */
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
 * Pairs of cells within `distance` (Chebyshev) of each other that show the same source, or near-duplicates.
 *
 * @param alike by source, the same number for what looks alike.
 */
export function distanceConflicts({ cells, grid }: Placement, alike: Uint32Array, distance: number): number {
  const { columns, rows } = grid;
  const shown = cells.map((id) => alike[id % alike.length]!);
  let conflicts = 0;
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const own = shown[row * columns + column];
      // To the right, and all below: each pair once.
      for (let down = 0; down <= distance && row + down < rows; down++) {
        const from = down === 0 ? column + 1 : Math.max(0, column - distance);
        for (let x = from; x <= Math.min(columns - 1, column + distance); x++) {
          if (shown[(row + down) * columns + x] === own) conflicts++;
        }
      }
    }
  }
  return conflicts;
}
