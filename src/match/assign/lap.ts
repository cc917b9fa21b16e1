/**
 * Solves the linear assignment problem exactly: a column of its own for every row, at the least sum of costs. Shortest
 * augmenting paths with potentials, after H. W. Kuhn and J. Munkres (R. Jonker, A. Volgenant, "A shortest augmenting path
 * algorithm for dense and sparse linear assignment problems", 1987), in O(rows² x columns).
 *
 * @param costs row-major; Infinity for forbidden pairs.
 * @param columns at least as many as rows.
 * @returns the column of each row; undefined if there is no such assignment.
 */
export function solveLap(costs: Float64Array, rows: number, columns: number): Int32Array | undefined {
  const u = new Float64Array(rows);
  const v = new Float64Array(columns);
  const owner = new Int32Array(columns).fill(-1);
  const chosen = new Int32Array(rows).fill(-1);
  const least = new Float64Array(columns);
  const from = new Int32Array(columns);
  const done = new Uint8Array(columns);
  for (let start = 0; start < rows; start++) {
    least.fill(Infinity);
    done.fill(0);
    let [row, column, reached] = [start, -1, 0];
    for (;;) {
      let next = -1;
      let shortest = Infinity;
      const base = reached - u[row]!;
      for (let k = 0, at = row * columns; k < columns; k++, at++) {
        if (done[k]) continue;
        const length = base + costs[at]! - v[k]!;
        if (length < least[k]!) {
          least[k] = length;
          from[k] = row;
        }
        if (least[k]! < shortest) [shortest, next] = [least[k]!, k];
      }
      if (next < 0) return undefined;
      done[next] = 1;
      reached = shortest;
      column = next;
      if (owner[next]! < 0) break;
      row = owner[next]!;
    }
    u[start]! += reached;
    for (let k = 0; k < columns; k++) {
      if (!done[k] || k === column) continue;
      const rest = reached - least[k]!;
      v[k]! -= rest;
      u[owner[k]!]! += rest;
    }
    for (;;) {
      const taker = from[column]!;
      owner[column] = taker;
      const left = chosen[taker]!;
      chosen[taker] = column;
      if (taker === start) break;
      column = left;
    }
  }
  return chosen;
}
