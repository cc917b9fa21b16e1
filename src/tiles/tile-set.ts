import type { Grid, Rect, Size, TileOrigin } from '../types.ts';

/** An image made of cells at one size, cut into tiles: the unit that the pyramid stage renders. */
export interface TileSet extends Size {
  /** Unique within a site; key of its checksums. */
  readonly name: string;
  /**
   * Contents of the cells: the placement of the mosaic; or every picture once, in order, with the last one repeated to fill
   * the grid.
   */
  readonly shows: 'mosaic' | 'pictures';
  readonly grid: Grid;
  /** Px per cell; a fraction if below 1. */
  readonly cell: Size;
  /** Size of a tile, px; tiles at the right and lower edges may be smaller. */
  readonly tile: Size;
  /** Number of tiles across and down. */
  readonly columns: number;
  readonly rows: number;
  readonly from: TileOrigin;
  /** Paths of a tile in the site, with `/`; all of them have the same bytes. Empty if another set has the same tile. */
  readonly pathsOf: (column: number, row: number) => readonly string[];
}

/** Place of a tile in its set. */
export type TilePlace = readonly [column: number, row: number];

/** Makes a tile set; computes its columns and rows from the rest. */
export function tileSet(parts: Omit<TileSet, 'columns' | 'rows'>): TileSet {
  const { width, height, tile } = parts;
  return { ...parts, columns: Math.ceil(width / tile.width), rows: Math.ceil(height / tile.height) };
}

/** Computes the rectangle of a tile in its set, px. */
export function tileRect({ width, height, tile }: TileSet, column: number, row: number): Rect {
  const [left, top] = [column * tile.width, row * tile.height];
  return { left, top, width: Math.min(tile.width, width - left), height: Math.min(tile.height, height - top) };
}

/** Number of tiles of all sets. */
export function tileCount(sets: readonly TileSet[]): number {
  return sets.reduce((sum, { columns, rows }) => sum + columns * rows, 0);
}
