import type { Turn } from '../types.ts';

/** A square picture of RGB px, mirrored and turned. */
export function turned(px: Uint8Array, size: number, turn: Turn): Uint8Array {
  if (turn === 0) return px;
  const out = new Uint8Array(px.length);
  const last = size - 1;
  for (let y = 0, to = 0; y < size; y++) {
    for (let x = 0; x < size; x++, to += 3) {
      let [column, row] = [x, y];
      // Undoes quarter turns clockwise: what is at (x, y) came from (y, last - x).
      for (let quarter = 0; quarter < turn % 4; quarter++) [column, row] = [row, last - column];
      if (turn >= 4) column = last - column;
      const from = (row * size + column) * 3;
      out[to] = px[from]!;
      out[to + 1] = px[from + 1]!;
      out[to + 2] = px[from + 2]!;
    }
  }
  return out;
}
