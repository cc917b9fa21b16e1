import { tileRect, type TileSet } from '../tiles/tile-set.ts';

/** What of a mosaic is another than before. */
export interface Changes {
  /** By cell, 1 if it shows another picture, or a picture that is another. */
  readonly cells: Uint8Array;
  /** Numbers of pictures that are others. */
  readonly pictures: ReadonlySet<number>;
  /** Number of the pictures before, and now: what is behind them repeats the last. */
  readonly before: number;
  readonly now: number;
}

/** Whether a tile shows something that is another than before. */
export function isTouched(
  { cells, pictures, before, now }: Changes,
  set: TileSet,
  column: number,
  row: number,
): boolean {
  const { left, top, width, height } = tileRect(set, column, row);
  const { cell, grid } = set;
  // Where a px shows parts of cells, so does the one beside it.
  const margin = Number.isInteger(cell.width) && Number.isInteger(cell.height) ? 0 : 1;
  const [first, last] = [Math.floor((left - margin) / cell.width), Math.ceil((left + width + margin) / cell.width) - 1];
  const [upper, lower] = [
    Math.floor((top - margin) / cell.height),
    Math.ceil((top + height + margin) / cell.height) - 1,
  ];
  const isChanged =
    set.shows === 'mosaic'
      ? (at: number) => cells[at] === 1
      : (at: number) => pictures.has(Math.min(at, now - 1)) || (now !== before && at >= before - 1);
  for (let y = Math.max(0, upper); y <= Math.min(grid.rows - 1, lower); y++) {
    for (let x = Math.max(0, first); x <= Math.min(grid.columns - 1, last); x++) {
      if (isChanged(y * grid.columns + x)) return true;
    }
  }
  return false;
}
