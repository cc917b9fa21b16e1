import { readBlock } from '../format/block-script.ts';
import { blockLength, blockPath, blocksOf } from '../format/cell-blocks.ts';
import type { MosaicJson } from '../format/mosaic-json.ts';
import type { Checking } from './problems.ts';
import { DAMAGED } from './tile-checker.ts';

type Described = Pick<MosaicJson, 'grid' | 'placement' | 'pictures'>;

/**
 * Reads the placement, and reports problems of its blocks.
 *
 * @param sums CRC-32 of the blocks, if known.
 * @returns picture number of each cell, row by row; undefined if a block cannot be used.
 */
export function readPlacement(
  mosaic: Described,
  sums: Uint32Array | undefined,
  { files, problems }: Checking,
): Uint32Array | undefined {
  const { grid, placement } = mosaic;
  const before = problems.all.length;
  // Allocate nothing before all files are known to have the right length.
  for (const block of blocksOf(grid, placement.block)) {
    const bytes = files.bytesOf(blockPath(block));
    if (typeof bytes !== 'number') problems.add(blockPath(block), bytes.problem);
    else if (bytes !== blockLength(block, placement.type)) problems.add(blockPath(block), 'does not fit mosaic.json');
  }
  if (problems.all.length > before) return undefined;
  const cells = new Uint32Array(grid.columns * grid.rows);
  let i = 0;
  for (const block of blocksOf(grid, placement.block)) {
    const path = blockPath(block);
    const file = files.read(path);
    const sum = sums?.[i++];
    if (file.problem !== undefined) problems.add(path, file.problem);
    else if (!readBlock(String(file.bytes), block, { ...mosaic, cells }))
      problems.add(path, 'does not fit mosaic.json');
    else if (sum !== undefined && file.sum !== sum) problems.add(path, DAMAGED);
  }
  return problems.all.length > before ? undefined : cells;
}
