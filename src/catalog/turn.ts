import type { Size, Turn } from '../types.ts';

/**
 * Mirrors and turns an image of RGB px.
 *
 * @throws {Error} if it is not square and `turn` includes a quarter turn.
 */
export function turned(px: Uint8Array, { width, height }: Size, turn: Turn): Uint8Array {
  if (turn === 0) return px;
  if (turn % 2 && width !== height) throw new Error('expected a square to turn by a quarter');
  const out = new Uint8Array(px.length);
  for (let y = 0, to = 0; y < height; y++) {
    for (let x = 0; x < width; x++, to += 3) {
      let [column, row] = [x, y];
      // Inverse of the clockwise turn: after a quarter, the px at (x, y) comes from (y, last - x).
      if (turn % 2) [column, row] = [row, width - 1 - column];
      if (turn % 4 >= 2) [column, row] = [width - 1 - column, height - 1 - row];
      if (turn >= 4) column = width - 1 - column;
      const from = (row * width + column) * 3;
      out[to] = px[from]!;
      out[to + 1] = px[from + 1]!;
      out[to + 2] = px[from + 2]!;
    }
  }
  return out;
}
