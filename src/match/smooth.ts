import type { Grid } from '../types.ts';

/**
 * Smooths values of cells, but not across edges: a guided filter (K. He, J. Sun, X. Tang, "Guided image filtering", 2013)
 * that the values themselves guide.
 *
 * @param reach number of cells to each side that are averaged.
 * @param edge deviations far below it are smoothed away, those far above it are kept.
 */
export function smooth(
  values: Float32Array,
  grid: Grid,
  { reach, edge }: { readonly reach: number; readonly edge: number },
): Float32Array {
  const means = averaged(values, grid, reach);
  const kept = averaged(
    values.map((value) => value ** 2),
    grid,
    reach,
  );
  for (let i = 0; i < values.length; i++) {
    const mean = means[i]!;
    const variance = Math.max(0, kept[i]! - mean ** 2);
    kept[i] = variance / (variance + edge ** 2);
    means[i] = mean * (1 - kept[i]!);
  }
  const [factors, smoothed] = [averaged(kept, grid, reach), averaged(means, grid, reach)];
  for (let i = 0; i < values.length; i++) smoothed[i]! += factors[i]! * values[i]!;
  return smoothed;
}

/** Averages over squares of cells; at the edges of the grid, over the cells that there are. */
function averaged(values: Float32Array, { columns, rows }: Grid, reach: number): Float32Array {
  const across = new Float32Array(values.length);
  for (let row = 0, start = 0; row < rows; row++, start += columns) {
    let sum = 0;
    for (let x = -reach; x < columns; x++) {
      if (x + reach < columns) sum += values[start + x + reach]!;
      if (x > reach) sum -= values[start + x - reach - 1]!;
      if (x >= 0) across[start + x] = sum / (Math.min(columns - 1, x + reach) - Math.max(0, x - reach) + 1);
    }
  }
  const out = new Float32Array(values.length);
  const sums = new Float64Array(columns);
  for (let row = -reach, start = -reach * columns; row < rows; row++, start += columns) {
    const count = Math.min(rows - 1, row + reach) - Math.max(0, row - reach) + 1;
    const [enters, leaves] = [start + reach * columns, start - (reach + 1) * columns];
    for (let x = 0; x < columns; x++) {
      if (row + reach < rows) sums[x]! += across[enters + x]!;
      if (row > reach) sums[x]! -= across[leaves + x]!;
      if (row >= 0) out[start + x] = sums[x]! / count;
    }
  }
  return out;
}
