import type { Grid, Quality } from '../types.ts';

/** How often each source is shown, by id; `shown` are the sources of the cells. */
export function usesOf(shown: Uint32Array, usable: number): Uint32Array {
  const uses = new Uint32Array(usable);
  for (const id of shown) uses[id]!++;
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
 * @param shown sources of the cells; `alike` by source, the same number for what looks alike.
 */
export function distanceConflicts(
  { columns, rows }: Grid,
  shown: Uint32Array,
  alike: Uint32Array,
  distance: number,
): number {
  const looks = shown.map((id) => alike[id]!);
  let conflicts = 0;
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const own = looks[row * columns + column];
      // To the right, and all below: each pair once.
      for (let down = 0; down <= distance && row + down < rows; down++) {
        const from = down === 0 ? column + 1 : Math.max(0, column - distance);
        for (let x = from; x <= Math.min(columns - 1, column + distance); x++) {
          if (looks[(row + down) * columns + x] === own) conflicts++;
        }
      }
    }
  }
  return conflicts;
}
