import { tileSums } from '../format/checksums.ts';
import type { SiteShape } from '../layout/site-shape.ts';
import { extensionOf } from '../tiles/tile-plan.ts';
import { pictureFile, tileRect, type TileSet } from '../tiles/tile-set.ts';
import type { Expected } from './tile-checker.ts';

/** What tiles should be is told by these. */
export interface TileFacts {
  readonly shape: SiteShape;
  readonly sets: readonly TileSet[];
  /** CRC-32 of all tiles, set by set, if they are known. */
  readonly sums: Uint32Array | undefined;
  /** Pictures of all cells, if they are known. */
  readonly cells: Uint32Array | undefined;
}

/** Each tile as it should be, under all its paths. */
export function* tilesOf({ shape, sets, sums, cells }: TileFacts): Generator<Expected[]> {
  const bySet = sums && tileSums(sets, sums).bySet;
  for (const set of sets) {
    const { name, shows, from, columns, rows } = set;
    const originalOf = shows === 'mosaic' && from === 'reference' && cells && referring(shape, set, cells, bySet);
    // What a source brought itself is not ours.
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

/** Tells the picture's own file that a tile of a set refers to, and its CRC-32. */
function referring(
  { recipe }: SiteShape,
  { grid, cell, tile }: TileSet,
  cells: Uint32Array,
  bySet: ReadonlyMap<string, Uint32Array> | undefined,
): (column: number, row: number) => Expected['original'] {
  const [across, down] = [cell.width / tile.width, cell.height / tile.height];
  const extension = extensionOf(recipe.format);
  const sums = bySet?.get(`tiles/${cell.width}`);
  return (column, row) => {
    const picture = cells[Math.floor(row / down) * grid.columns + Math.floor(column / across)]!;
    const [x, y] = [column % across, row % down];
    const path = pictureFile(picture, { ...cell, across, down }, [x, y], recipe.cell, extension);
    return { path, sum: sums?.[(picture * down + y) * across + x] };
  };
}
