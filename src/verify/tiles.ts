import { tileSums } from '../format/checksums.ts';
import type { SiteShape } from '../layout/site-shape.ts';
import { extensionOf } from '../tiles/tile-plan.ts';
import { tileRect, type TileSet } from '../tiles/tile-set.ts';
import type { Expected } from './tile-checker.ts';
import { pictureFile, picturesName } from '../format/site-paths.ts';

/** Facts that the expected tiles are derived from. */
export interface TileFacts {
  readonly shape: SiteShape;
  readonly sets: readonly TileSet[];
  /** CRC-32 of all tiles, set by set, if known. */
  readonly sums: Uint32Array | undefined;
  /** Picture number of each cell, if known. */
  readonly cells: Uint32Array | undefined;
}

/** Yields each expected tile, under all its paths. */
export function* tilesOf({ shape, sets, sums, cells }: TileFacts): Generator<Expected[]> {
  const bySet = sums && tileSums(sets, sums).bySet;
  for (const set of sets) {
    const { name, shows, from, columns, rows } = set;
    const originalOf = shows === 'mosaic' && from === 'reference' && cells && referring(shape, set, { cells, bySet });
    // True for the sources' own compressed data, which we did not encode.
    const own = shows === 'pictures' && from === 'reference';
    for (let i = 0; i < columns * rows; i++) {
      const [column, row] = [i % columns, Math.floor(i / columns)];
      const { width, height } = tileRect(set, column, row);
      const original = originalOf ? originalOf(column, row) : undefined;
      const sum = bySet?.get(name)?.[i];
      yield set.pathsOf(column, row).map((path) => ({ path, size: { width, height }, sum, original, own }));
    }
  }
}

/** Makes a function that finds the picture's own file for a tile of a set, with its CRC-32. */
function referring(
  { recipe }: SiteShape,
  { grid, cell, tile }: TileSet,
  { cells, bySet }: { readonly cells: Uint32Array; readonly bySet: ReadonlyMap<string, Uint32Array> | undefined },
): (column: number, row: number) => Expected['original'] {
  const [across, down] = [cell.width / tile.width, cell.height / tile.height];
  const files = { ...cell, across, down, cell: recipe.cell, extension: extensionOf(recipe.format) };
  const sums = bySet?.get(picturesName(cell.width));
  return (column, row) => {
    const picture = cells[Math.floor(row / down) * grid.columns + Math.floor(column / across)]!;
    const [x, y] = [column % across, row % down];
    const path = pictureFile(picture, [x, y], files);
    return { path, sum: sums?.[(picture * down + y) * across + x] };
  };
}
