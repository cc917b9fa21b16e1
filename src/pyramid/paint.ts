import { crc32 } from 'node:zlib';
import { type CellPainter, cellPainter } from '../cell-painter.ts';
import { encodeSrgb, halveLinear, LINEAR } from '../colour/linear.ts';
import { encodeTile } from '../encode.ts';
import { mapOrdered } from '../ordered.ts';
import type { Level, Placement } from '../types.ts';
import type { Rendering, SourceMips } from './rendering.ts';

/** Levels whose tiles are painted from their cells' px; below one px per cell, from the next finer level's. */
export async function paintLevels(rendering: Rendering, levels: readonly Level[]): Promise<void> {
  const { catalog, placement } = rendering;
  let linear: Float32Array | undefined;
  let finer: Level | undefined;
  for (const level of levels) {
    if (level.cell >= 1) {
      // A tile's side is a multiple of its cells', so that it holds whole ones.
      await paintLevel(rendering, level, cellPainter(catalog, placement, level.cell));
    } else {
      linear = linear && finer ? halveLinear(linear, finer.width, finer.height) : halved(catalog, placement);
      await paintLevel(rendering, level, linearPainter(linear, level.width));
    }
    finer = level;
  }
}

async function paintLevel(rendering: Rendering, level: Level, paint: CellPainter): Promise<void> {
  const { catalog, checksums, concurrency, finished, store, tilePath } = rendering;
  const { recipe } = catalog;
  const encoded = mapOrdered(tilesOf(level), concurrency, async ({ column, row }) => {
    const [left, top] = [column * recipe.tileSize, row * recipe.tileSize];
    const width = Math.min(recipe.tileSize, level.width - left);
    const height = Math.min(recipe.tileSize, level.height - top);
    const tile = await encodeTile(paint(left, top, width, height), width, height, recipe);
    return { column, row, tile };
  });
  for await (const { column, row, tile } of encoded) {
    store.write(tilePath(level.level, column, row), tile);
    checksums[level.level]![row * level.columns + column] = crc32(tile);
    await finished(1);
  }
}

function* tilesOf({ columns, rows }: Level): Generator<{ column: number; row: number }> {
  for (let row = 0; row < rows; row++) for (let column = 0; column < columns; column++) yield { column, row };
}

function linearPainter(linear: Float32Array, levelWidth: number): CellPainter {
  return (left, top, width, height) => {
    const px = new Uint8Array(width * height * 3);
    for (let y = 0; y < height; y++) {
      const from = ((top + y) * levelWidth + left) * 3;
      encodeSrgb(linear.subarray(from, from + width * 3), px, y * width * 3);
    }
    return px;
  };
}

/** The level of half a px per cell, linear. */
function halved(catalog: SourceMips, { cells, grid }: Placement): Float32Array {
  const whole = new Float32Array(cells.length * 3);
  for (const [cell, id] of cells.entries()) {
    const px = catalog.pixels(id, 1);
    for (let c = 0; c < 3; c++) whole[cell * 3 + c] = LINEAR[px[c]!]!;
  }
  return halveLinear(whole, grid.columns, grid.rows);
}
