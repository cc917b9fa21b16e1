import { extensionOf, findMip, levelsOf, type Mip, mipsOf } from '../tiles/tile-plan.ts';
import { pictureFile, type TileSet, tileSet } from '../tiles/tile-set.ts';
import type { Layouts } from '../format/mosaic-json.ts';
import type { Grid, Level, Names, Recipe, Size, TileOrigin } from '../types.ts';

/** What all files of a pyramid follow from: builds and verification know it alike. */
export interface SiteShape {
  readonly grid: Grid;
  readonly recipe: Pick<Recipe, 'cell' | 'tileSize' | 'format' | 'subsampling'>;
  /** Pictures in use. */
  readonly pictures: number;
  readonly layouts: Layouts;
  /** Whether names of files are told. */
  readonly names: Names;
}

/** A level of a mosaic as tiles. */
export function levelSet(
  { grid }: Pick<SiteShape, 'grid'>,
  { cell, width, height }: Level,
  parts: Pick<TileSet, 'name' | 'tile' | 'from' | 'pathsOf'>,
): TileSet {
  return tileSet({ shows: 'mosaic', grid, cell, width, height, ...parts });
}

/** The files of all pictures at one size, one of each piece. */
export function pictureSet({ pictures, recipe }: Pick<SiteShape, 'pictures' | 'recipe'>, mip: Mip): TileSet {
  const extension = extensionOf(recipe.format);
  const { width, height, down, piece, from } = mip;
  return tileSet({
    name: `tiles/${width}`,
    shows: 'pictures',
    grid: { columns: 1, rows: pictures },
    cell: { width, height },
    width,
    height: height * pictures,
    tile: piece,
    from,
    pathsOf: (x, row) => [pictureFile(Math.floor(row / down), mip, [x, row % down], recipe.cell, extension)],
  });
}

/**
 * How tiles of a mosaic come to be, of cells and tiles of so many px: tiles that are pieces that sources are kept in refer to
 * them; what is kept for splicing is spliced; the rest is painted, of px or, if need be, of decoded pieces.
 */
export function setOrigin(cell: Size, tile: Size, recipe: SiteShape['recipe']): TileOrigin {
  const mip = findMip(recipe, cell);
  if (!mip) return 'paint';
  if (mip.piece.width === tile.width && mip.piece.height === tile.height) return 'reference';
  return mip.from === 'splice' ? 'splice' : 'paint';
}

/** Sizes of which every picture has files of its own: those that `sets` refer to, and those that viewers of compact ask for. */
export function referredMips({ grid, recipe, layouts }: SiteShape, sets: readonly TileSet[]): Mip[] {
  const levels = levelsOf(grid, recipe.cell);
  const asked = layouts.compact?.levels.filter(({ from }) => from === 'reference') ?? [];
  const referred = sets.filter(({ from }) => from === 'reference').map(({ cell }) => cell);
  const widths = new Set([...referred, ...asked.map(({ level }) => levels[level]!.cell)].map(({ width }) => width));
  return mipsOf(recipe).filter(({ width }) => widths.has(width));
}
