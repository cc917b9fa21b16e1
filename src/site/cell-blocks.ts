import { crc32 } from 'node:zlib';
import type { MosaicJson } from '../mosaic-json.ts';
import type { Grid, Placement } from '../types.ts';

/** Cells along a side of a block. */
export const BLOCK_SIDE = 128;

/** A block of a placement: place among the blocks, and its cells. */
export interface CellBlock {
  readonly x: number;
  readonly y: number;
  readonly columns: number;
  readonly rows: number;
}

/** The blocks of a grid, row by row. */
export function* blocksOf({ columns, rows }: Grid, side: number): Generator<CellBlock> {
  for (let y = 0; y * side < rows; y++) {
    for (let x = 0; x * side < columns; x++) {
      yield { x, y, columns: Math.min(side, columns - x * side), rows: Math.min(side, rows - y * side) };
    }
  }
}

/** Where a block lies in a site. */
export function blockPath({ folder }: MosaicJson['placement'], { x, y }: CellBlock): string {
  return `${folder}/${x}_${y}.js`;
}

/** A block as a script, since pages opened from disk can load nothing else. */
export function blockScript(
  { cells, grid }: Pick<Placement, 'cells' | 'grid'>,
  { x, y, columns, rows }: CellBlock,
  { block, type }: MosaicJson['placement'],
): string {
  const width = type === 'u16' ? 2 : 4;
  const bytes = Buffer.alloc(columns * rows * width);
  for (let row = 0, at = 0; row < rows; row++) {
    const first = (y * block + row) * grid.columns + x * block;
    for (let column = 0; column < columns; column++, at += width) bytes.writeUIntLE(cells[first + column]!, at, width);
  }
  return `zoomosaicCells("${x}_${y}","${bytes.toString('base64')}");\n`;
}

/** CRC-32 of all blocks, row by row. */
export function blockSums(
  placement: Pick<Placement, 'cells' | 'grid'>,
  described: MosaicJson['placement'],
): Uint32Array {
  const blocks = [...blocksOf(placement.grid, described.block)];
  return Uint32Array.from(blocks, (block) => crc32(blockScript(placement, block, described)));
}

/**
 * Reads what {@link blockScript} made into `cells`.
 *
 * @returns whether it is a block of this place and size.
 */
export function readBlock(
  text: string,
  { x, y, columns, rows }: CellBlock,
  { block, type }: MosaicJson['placement'],
  grid: Grid,
  cells: Uint32Array,
): boolean {
  const [, name, base64 = ''] = /^zoomosaicCells\("(\d+_\d+)","([A-Za-z0-9+/=]*)"\);\n$/.exec(text) ?? [];
  const bytes = Buffer.from(base64, 'base64');
  const width = type === 'u16' ? 2 : 4;
  if (name !== `${x}_${y}` || bytes.length !== columns * rows * width) return false;
  for (let row = 0, at = 0; row < rows; row++) {
    const first = (y * block + row) * grid.columns + x * block;
    for (let column = 0; column < columns; column++, at += width) cells[first + column] = bytes.readUIntLE(at, width);
  }
  return true;
}
