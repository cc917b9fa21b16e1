import { crc32 } from 'node:zlib';
import { encodeSrgb, halveLinear, LINEAR } from '../colour/linear.ts';
import { encodeTile } from '../encode.ts';
import { mapOrdered } from '../ordered.ts';
import type { Level, Placement } from '../types.ts';
import type { Rendering, SourceMips } from './rendering.ts';

/** Paints a part of a level: the rectangle at (left, top), RGB, 8-bit sRGB. */
type Painter = (left: number, top: number, width: number, height: number) => Uint8Array;

/** Levels whose tiles are painted from their cells' px; below one px per cell, from the next finer level's. */
export async function paintLevels(rendering: Rendering, levels: readonly Level[]): Promise<void> {
  const { catalog, placement } = rendering;
  let linear: Float32Array | undefined;
  let finer: Level | undefined;
  for (const level of levels) {
    if (level.cell >= 1) {
      await paintLevel(rendering, level, cellPainter(catalog, placement, level.cell));
    } else {
      linear = linear && finer ? halveLinear(linear, finer.width, finer.height) : halved(catalog, placement);
      await paintLevel(rendering, level, linearPainter(linear, level.width));
    }
    finer = level;
  }
}

async function paintLevel(rendering: Rendering, level: Level, paint: Painter): Promise<void> {
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

/** Paints from the cells' own mips; rectangles hold whole cells, since a tile's side is a multiple of theirs. */
function cellPainter(catalog: SourceMips, { cells, grid }: Placement, cell: number): Painter {
  return (left, top, width, height) => {
    const px = new Uint8Array(width * height * 3);
    for (let y = 0; y < height; y += cell) {
      for (let x = 0; x < width; x += cell) {
        const id = cells[((top + y) / cell) * grid.columns + (left + x) / cell]!;
        const mip = catalog.pixels(id, cell);
        for (let line = 0; line < cell; line++) {
          px.set(mip.subarray(line * cell * 3, (line + 1) * cell * 3), ((y + line) * width + x) * 3);
        }
      }
    }
    return px;
  };
}

function linearPainter(linear: Float32Array, levelWidth: number): Painter {
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
