import { extensionOf, findMip, levelsOf, type Mip, mipsOf } from '../tiles/tile-plan.ts';
import { type TileSet, tileSet } from '../tiles/tile-set.ts';
import type { Layouts } from '../format/mosaic-json.ts';
import type { Grid, Level, Names, Recipe, Size, TileOrigin } from '../types.ts';
import { pictureFile, picturesName } from '../format/site-paths.ts';

/** The data that determine all files of a pyramid; builds and verification both have them. */
export interface SiteShape {
  readonly grid: Grid;
  readonly recipe: Pick<Recipe, 'cell' | 'tileSize' | 'format' | 'subsampling'>;
  /** Number of pictures in use. */
  readonly pictures: number;
  readonly layouts: Layouts;
  /** Address of the site; documents of the layout iiif need it. */
  readonly baseUrl?: string | undefined;
  /** Which names of source files are published. */
  readonly names: Names;
}

/** Makes the tile set of a level of the mosaic. */
export function levelSet(
  { grid }: Pick<SiteShape, 'grid'>,
  { cell, width, height }: Level,
  parts: Pick<TileSet, 'name' | 'tile' | 'from' | 'pathsOf'>,
): TileSet {
  return tileSet({ shows: 'mosaic', grid, cell, width, height, ...parts });
}

/** Makes the tile set of all pictures' files at one size; its tiles are their pieces. */
export function pictureSet({ pictures, recipe }: Pick<SiteShape, 'pictures' | 'recipe'>, mip: Mip): TileSet {
  const files = { ...mip, cell: recipe.cell, extension: extensionOf(recipe.format) };
  const { width, height, down, piece, from } = mip;
  return tileSet({
    name: picturesName(width),
    shows: 'pictures',
    grid: { columns: 1, rows: pictures },
    cell: { width, height },
    width,
    height: height * pictures,
    tile: piece,
    from,
    pathsOf: (x, row) => [pictureFile(Math.floor(row / down), [x, row % down], files)],
  });
}

/**
 * Decides how tiles of a mosaic are made, for cells and tiles of given sizes (px). Tiles that equal a piece of a mip refer
 * to its file; mips that are stored for splicing are spliced. All others are painted, of px or, if necessary, of decoded
 * pieces.
 */
export function setOrigin(cell: Size, tile: Size, recipe: SiteShape['recipe']): TileOrigin {
  const mip = findMip(recipe, cell);
  if (!mip) return 'paint';
  if (mip.piece.width === tile.width && mip.piece.height === tile.height) return 'reference';
  return mip.from === 'splice' ? 'splice' : 'paint';
}

/**
 * Lists the mips of which every picture has files: those that `sets` refer to, and those that viewers of the compact layout
 * load.
 */
export function referredMips({ grid, recipe, layouts }: SiteShape, sets: readonly TileSet[]): Mip[] {
  const levels = levelsOf(grid, recipe.cell);
  const asked = layouts.compact?.levels.filter(({ from }) => from === 'reference') ?? [];
  const referred = sets.filter(({ from }) => from === 'reference').map(({ cell }) => cell);
  const widths = new Set([...referred, ...asked.map(({ level }) => levels[level]!.cell)].map(({ width }) => width));
  return mipsOf(recipe).filter(({ width }) => widths.has(width));
}
