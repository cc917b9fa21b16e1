import { type TilePlace, tileRect, type TileSet } from '../tiles/tile-set.ts';

/** Changes of a mosaic. */
export interface Changes {
  /** For each cell, 1 if it shows another picture, or one whose content changed. */
  readonly cells: Uint8Array;
  /** Numbers of pictures whose content changed. */
  readonly pictures: ReadonlySet<number>;
  /** Number of pictures before, and now. In sets of pictures, places beyond the last picture repeat it. */
  readonly before: number;
  readonly now: number;
}

/** Tells whether a tile shows something that changed. */
export function isTouched({ cells, pictures, before, now }: Changes, set: TileSet, [column, row]: TilePlace): boolean {
  const { left, top, width, height } = tileRect(set, column, row);
  const { cell, grid } = set;
  // Where cells are not whole px, px at their edges show parts of two cells: widen the tile by 1 px.
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
