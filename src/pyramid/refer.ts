import { crc32 } from 'node:zlib';
import { extensionOf } from '../tiles/tile-plan.ts';
import { type TileSet } from '../tiles/tile-set.ts';
import type { Size } from '../types.ts';
import { isWanted, put, refer, type Rendering } from './rendering.ts';
import { pictureFile, picturesName } from '../format/site-paths.ts';

/** Writes the stored files of all pictures at one size, as they are. */
export async function writeFiles(rendering: Rendering, set: TileSet): Promise<void> {
  const { pictures, finished } = rendering;
  const down = set.cell.height / set.tile.height;
  for (let row = 0; row < set.rows; row++) {
    for (let column = 0; column < set.columns; column++) {
      const place = [column, row] as const;
      if (!isWanted(rendering, set, place)) continue;
      const piece = (row % down) * set.columns + column;
      const bytes = pictures.file(Math.floor(row / down), set.cell, piece);
      put(rendering, set, { place, bytes, sum: crc32(bytes) });
    }
    if (row % 64 === 63 || row === set.rows - 1) await finished(((row % 64) + 1) * set.columns);
  }
}

/** Writes a set whose tiles are pictures, or pieces of them, as links to (or copies of) the pictures' own files. */
export async function referSet(rendering: Rendering, set: TileSet): Promise<void> {
  const { pictures, placement, checksums, finished } = rendering;
  const { cells, grid } = placement;
  const { recipe } = pictures;
  const files = { ...pieceShape(set), cell: recipe.cell, extension: extensionOf(recipe.format) };
  const { across, down } = files;
  const own = checksums.get(picturesName(files.width))!;
  const sums = checksums.get(set.name)!;
  for (let row = 0; row < set.rows; row++) {
    const y = row % down;
    const firstCell = Math.floor(row / down) * grid.columns;
    for (let column = 0; column < set.columns; column++) {
      if (!isWanted(rendering, set, [column, row])) continue;
      const x = column % across;
      const picture = cells[firstCell + Math.floor(column / across)]!;
      const original = pictureFile(picture, [x, y], files);
      for (const path of set.pathsOf(column, row)) refer(rendering, original, path);
      sums[row * set.columns + column] = own[(picture * down + y) * across + x]!;
    }
    await finished(set.columns);
  }
}

/** Shape of a set's cell, in pieces of one tile each. */
function pieceShape({ cell, tile }: { readonly cell: Size; readonly tile: Size }) {
  return { ...cell, across: cell.width / tile.width, down: cell.height / tile.height };
}
