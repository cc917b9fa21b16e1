import { crc32 } from 'node:zlib';
import type { Strips } from '../jpeg/cut.ts';
import { spliceBound, spliceTile } from '../jpeg/splice.ts';
import { mcuOf } from '../tile-plan.ts';
import type { Level } from '../types.ts';
import type { Rendering } from './rendering.ts';

/** A level whose tiles are put together from their cells' JPEG segments. */
export async function spliceLevel(rendering: Rendering, level: Level): Promise<void> {
  const { catalog, checksums, finished, header, placement, store, tilePath } = rendering;
  const { cell } = level;
  const { cells, grid } = placement;
  const side = catalog.recipe.tileSize / cell;
  const segmentMcus = cell / mcuOf(catalog.recipe.subsampling);
  let out = new Uint8Array(2 ** 16);
  const parts: Strips[] = [];
  for (let row = 0; row < level.rows; row++) {
    const down = Math.min(side, grid.rows - row * side);
    for (let column = 0; column < level.columns; column++) {
      const across = Math.min(side, grid.columns - column * side);
      parts.length = 0;
      for (let y = row * side; y < row * side + down; y++) {
        for (let x = column * side; x < column * side + across; x++) {
          parts.push(catalog.strip(cells[y * grid.columns + x]!, cell));
        }
      }
      const bound = spliceBound(header, parts);
      if (bound > out.length) out = new Uint8Array(bound * 2);
      const splice = { width: across * cell, height: down * cell, segmentMcus, across, cells: parts };
      const tile = out.subarray(0, spliceTile(out, header, splice));
      store.write(tilePath(level.level, column, row), tile);
      checksums[level.level]![row * level.columns + column] = crc32(tile);
    }
    await finished(level.columns);
  }
}
