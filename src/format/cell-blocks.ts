/**
 * The placement of a site: the number of the picture that each cell shows. It is stored in blocks of `block` x `block` cells,
 * so that a viewer loads only those in view; blocks at the right and lower edges are smaller. `mosaic.json` tells `block` and
 * `type`, see `placement` there; builds write `block` 128.
 *
 * Block (x, y), counted in blocks, is the script `cells/X_Y.js`. It is a single call, see script-text.ts:
 *
 *     zoomosaicCells("X_Y","BASE64");
 *
 * BASE64 decodes to the picture numbers of the block's cells, row by row, as u16 or u32 (`type`), little endian. So a file's
 * length follows from its block.
 */
import type { Grid } from '../types.ts';
import type { MosaicJson } from './mosaic-json.ts';
import { scriptText } from './script-text.ts';
import { CELLS_GLOBAL, FOLDERS } from './site-paths.ts';

/** Side of a block as builds write it, cells. */
export const BLOCK_SIDE = 128;
/** Least and greatest side of a block that is read, cells. */
export const BLOCK_SIDES = [16, 1024] as const;

/** A block of a placement: its place in blocks, and its size in cells. */
export interface CellBlock {
  readonly x: number;
  readonly y: number;
  readonly columns: number;
  readonly rows: number;
}

/** Side of the blocks, and type of the picture numbers. */
type Described = MosaicJson['placement'];

/** Returns the block (x, y), counted in blocks, of a grid in blocks of `side` x `side` cells. */
export function blockAt(
  { grid: { columns, rows }, side }: { readonly grid: Grid; readonly side: number },
  x: number,
  y: number,
): CellBlock {
  return { x, y, columns: Math.min(side, columns - x * side), rows: Math.min(side, rows - y * side) };
}

/** Yields the blocks of a grid, row by row. */
export function* blocksOf(grid: Grid, side: number): Generator<CellBlock> {
  for (let y = 0; y * side < grid.rows; y++) {
    for (let x = 0; x * side < grid.columns; x++) yield blockAt({ grid, side }, x, y);
  }
}

/** Counts the blocks of a grid. */
export function blockCount({ columns, rows }: Grid, side: number): number {
  return Math.ceil(columns / side) * Math.ceil(rows / side);
}

/** Returns the name of a block, the first argument of its script. */
export function blockName({ x, y }: Pick<CellBlock, 'x' | 'y'>): string {
  return `${x}_${y}`;
}

/** Returns the path of a block within a site. */
export function blockPath(block: Pick<CellBlock, 'x' | 'y'>): string {
  return `${FOLDERS.cells}/${blockName(block)}.js`;
}

/** Returns the length of a block's file, bytes. */
export function blockLength(block: CellBlock, type: Described['type']): number {
  const empty = scriptText(CELLS_GLOBAL, blockName(block), '').length;
  return empty + Math.ceil((block.columns * block.rows * widthOf(type)) / 3) * 4;
}

/** Decodes the picture numbers of a block, row by row; undefined if the bytes are of another size. */
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

/** Returns the bytes of a picture number. */
export function widthOf(type: Described['type']): 2 | 4 {
  return type === 'u16' ? 2 : 4;
}
