import type { Placement } from '../types.ts';
import { blockName, type CellBlock, readCells, widthOf } from './cell-blocks.ts';
import type { MosaicJson } from './mosaic-json.ts';
import { readScript, scriptText } from './script-text.ts';
import { CELLS_GLOBAL } from './site-paths.ts';

type Described = MosaicJson['placement'];

/** Makes the script of a block: base64 of its cells' picture numbers, row by row, little endian. */
export function blockScript(
  { cells, grid }: Pick<Placement, 'cells' | 'grid'>,
  block: CellBlock,
  { block: side, type }: Described,
): string {
  const { x, y, columns, rows } = block;
  const width = widthOf(type);
  const bytes = Buffer.alloc(columns * rows * width);
  for (let row = 0, at = 0; row < rows; row++) {
    const first = (y * side + row) * grid.columns + x * side;
    for (let column = 0; column < columns; column++, at += width) bytes.writeUIntLE(cells[first + column]!, at, width);
  }
  return scriptText(CELLS_GLOBAL, blockName(block), bytes.toString('base64'));
}

/**
 * Reads a block's script into the picture numbers of the whole grid, `cells`.
 *
 * @returns false if it is not the script of this block, has another size, or names a picture that does not exist.
 */
export function readBlock(
  text: string,
  block: CellBlock,
  {
    grid,
    placement,
    pictures,
    cells,
  }: Pick<MosaicJson, 'grid' | 'placement' | 'pictures'> & { readonly cells: Uint32Array },
): boolean {
  const base64 = readScript(text, CELLS_GLOBAL, blockName(block));
  if (typeof base64 !== 'string' || !/^[A-Za-z0-9+/]*=*$/.test(base64)) return false;
  const shown = readCells(Buffer.from(base64, 'base64'), block, placement.type);
  if (!shown?.every((picture) => picture < pictures)) return false;
  for (let row = 0; row < block.rows; row++) {
    const first = (block.y * placement.block + row) * grid.columns + block.x * placement.block;
    cells.set(shown.subarray(row * block.columns, (row + 1) * block.columns), first);
  }
  return true;
}
