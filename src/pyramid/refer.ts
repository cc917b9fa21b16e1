import { crc32 } from 'node:zlib';
import { extensionOf, mipsOf, sourceTilePath, type Mip } from '../tile-plan.ts';
import type { Level } from '../types.ts';
import type { Rendering } from './rendering.ts';

/**
 * Levels whose tiles belong to one source each: every used source's tiles are written once, and the levels' tiles are
 * links to them.
 */
export async function referLevels(rendering: Rendering, levels: readonly Level[]): Promise<void> {
  if (levels.length === 0) return;
  const used = [...new Set(rendering.placement.cells)].toSorted((a, b) => a - b);
  const mips = mipsOf(rendering.catalog.recipe);
  for (const level of levels) {
    const mip = mips.find(({ size }) => size === level.cell)!;
    const sums = await writeOriginals(rendering, used, mip);
    await referLevel(rendering, level, mip, sums);
  }
}

/** Writes a mip's tiles of all used sources; returns their CRC-32 by id, x and y. */
async function writeOriginals(
  { catalog, store, finished }: Rendering,
  used: readonly number[],
  mip: Mip,
): Promise<Map<number, Uint32Array>> {
  const extension = extensionOf(catalog.recipe.format);
  const sums = new Map<number, Uint32Array>();
  for (const [i, id] of used.entries()) {
    const ofSource = new Uint32Array(mip.tiles ** 2);
    for (let tile = 0; tile < ofSource.length; tile++) {
      const [x, y] = [tile % mip.tiles, Math.floor(tile / mip.tiles)];
      const bytes = catalog.tile(id, mip, x, y);
      store.writeOriginal(sourceTilePath(id, mip, x, y, extension), bytes);
      ofSource[tile] = crc32(bytes);
    }
    sums.set(id, ofSource);
    if (i % 64 === 63) await finished(0);
  }
  return sums;
}

async function referLevel(
  { catalog, checksums, finished, fullLevel, placement, store, tilePath }: Rendering,
  { level, columns, rows }: Level,
  mip: Mip,
  sums: ReadonlyMap<number, Uint32Array>,
): Promise<void> {
  const extension = extensionOf(catalog.recipe.format);
  const { cells, grid } = placement;
  for (let row = 0; row < rows; row++) {
    const y = row % mip.tiles;
    const firstCell = Math.floor(row / mip.tiles) * grid.columns;
    for (let column = 0; column < columns; column++) {
      const x = column % mip.tiles;
      const id = cells[firstCell + Math.floor(column / mip.tiles)]!;
      const original = sourceTilePath(id, mip, x, y, extension);
      if (fullLevel === 'link') store.link(original, tilePath(level, column, row));
      else store.copy(original, tilePath(level, column, row));
      checksums[level]![row * columns + column] = sums.get(id)![y * mip.tiles + x]!;
    }
    await finished(columns);
  }
}
