import type { Grid, Rect, Size, TileOrigin } from '../types.ts';

/** A picture made of cells at one size, cut into tiles: what the pyramid stage renders. */
export interface TileSet extends Size {
  /** Unique within a site; names its checksums. */
  readonly name: string;
  /** What stands in its cells: the placement of the mosaic; or every picture once, in order, and the last one again to the end. */
  readonly shows: 'mosaic' | 'pictures';
  readonly grid: Grid;
  /** Px per cell; below 1 a fraction. */
  readonly cell: Size;
  /** Size of a tile, px; smaller at the right and lower edges. */
  readonly tile: Size;
  /** Tiles. */
  readonly columns: number;
  readonly rows: number;
  readonly from: TileOrigin;
  /** Where a tile lies in the site, with `/`; each of these paths has the same bytes. None if another set has it, too. */
  readonly pathsOf: (column: number, row: number) => readonly string[];
}

/** A tile set, of which columns and rows follow from the rest. */
export function tileSet(parts: Omit<TileSet, 'columns' | 'rows'>): TileSet {
  const { width, height, tile } = parts;
  return { ...parts, columns: Math.ceil(width / tile.width), rows: Math.ceil(height / tile.height) };
}

/** Which px of a set a tile is. */
export function tileRect({ width, height, tile }: TileSet, column: number, row: number): Rect {
  const [left, top] = [column * tile.width, row * tile.height];
  return { left, top, width: Math.min(tile.width, width - left), height: Math.min(tile.height, height - top) };
}

/** All tiles of some sets. */
export function tileCount(sets: readonly TileSet[]): number {
  return sets.reduce((sum, { columns, rows }) => sum + columns * rows, 0);
}

/** A picture at one size, and how many pieces it is kept in. */
export interface PieceShape extends Size {
  readonly across: number;
  readonly down: number;
}

/**
 * Path of a picture's file within a site: of its piece (x, y) at a size. `cell` is the size of a cell at the deepest level.
 */
export function pictureFile(
  picture: number,
  { width, across, down }: PieceShape,
  [x, y]: readonly [number, number],
  cell: Size,
  extension: string,
): string {
  const folder = `tiles/${picture >> 10}/${picture}`;
  const whole = width === cell.width && across * down === 1;
  return whole ? `${folder}.${extension}` : `${folder}/${width}_${x}_${y}.${extension}`;
}

/** Path of a sheet of pictures within a site; `cell` is their size. */
export function sheetFile(sheet: number, cell: Size, extension: string): string {
  return `sheets/${cell.width}/${sheet >> 10}/${sheet}.${extension}`;
}
