import type { Grid } from '../types.ts';
import type { MosaicJson } from './mosaic-json.ts';
import { scriptText } from './script-text.ts';

/** Cells along a side of a block, as builds write it. */
export const BLOCK_SIDE = 128;
/** The same, as it is read: least and most. */
export const BLOCK_SIDES = [16, 1024] as const;

/** Folder of the blocks; the function that they call. */
export const CELLS_FOLDER = 'cells';
export const CELLS_GLOBAL = 'zoomosaicCells';

/** A block of a placement: place among the blocks, and its cells. */
export interface CellBlock {
  readonly x: number;
  readonly y: number;
  readonly columns: number;
  readonly rows: number;
}

/** How a placement is written. */
type Described = MosaicJson['placement'];

/** The block at a place among the blocks of a grid. */
export function blockAt({ columns, rows }: Grid, side: number, x: number, y: number): CellBlock {
  return { x, y, columns: Math.min(side, columns - x * side), rows: Math.min(side, rows - y * side) };
}

/** The blocks of a grid, row by row. */
export function* blocksOf(grid: Grid, side: number): Generator<CellBlock> {
  for (let y = 0; y * side < grid.rows; y++) {
    for (let x = 0; x * side < grid.columns; x++) yield blockAt(grid, side, x, y);
  }
}

/** Number of the blocks of a grid. */
export function blockCount({ columns, rows }: Grid, side: number): number {
  return Math.ceil(columns / side) * Math.ceil(rows / side);
}

/** What a block calls itself. */
export function blockName({ x, y }: Pick<CellBlock, 'x' | 'y'>): string {
  return `${x}_${y}`;
}

/** Where a block lies in a site. */
export function blockPath(block: Pick<CellBlock, 'x' | 'y'>): string {
  return `${CELLS_FOLDER}/${blockName(block)}.js`;
}

/** Length of a block's file, bytes. */
export function blockLength(block: CellBlock, type: Described['type']): number {
  const empty = scriptText(CELLS_GLOBAL, blockName(block), '').length;
  return empty + Math.ceil((block.columns * block.rows * widthOf(type)) / 3) * 4;
}

/** Pictures of a block, row by row; undefined if it is of another size. */
export function readCells(
  bytes: Uint8Array,
  { columns, rows }: CellBlock,
  type: Described['type'],
): Uint32Array | undefined {
  const width = widthOf(type);
  if (bytes.length !== columns * rows * width) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const pictures = new Uint32Array(columns * rows);
  for (let i = 0; i < pictures.length; i++) {
    pictures[i] = width === 2 ? view.getUint16(i * 2, true) : view.getUint32(i * 4, true);
  }
  return pictures;
}

/** Bytes of a picture's number. */
export function widthOf(type: Described['type']): 2 | 4 {
  return type === 'u16' ? 2 : 4;
}
