import { extensionOf, levelsOf, type Mip, mipsOf } from '../tile-plan.ts';
import { pictureFile, type TileSet, tileSet } from '../tile-set.ts';
import type { Layouts } from '../mosaic-json.ts';
import type { Grid, Level, Recipe, Size } from '../types.ts';

/** What all files of a pyramid follow from: builds and verification know it alike. */
export interface SiteShape {
  readonly grid: Grid;
  readonly recipe: Pick<Recipe, 'cell' | 'tileSize' | 'format' | 'subsampling'>;
  /** Pictures in use. */
  readonly pictures: number;
  readonly layouts: Layouts;
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
export function pictureSet({ pictures, recipe }: Omit<SiteShape, 'layouts'>, mip: Mip): TileSet {
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

/** A mip by its size. */
export function mipOf(recipe: SiteShape['recipe'], { width, height }: Size): Mip {
  return mipsOf(recipe).find((mip) => mip.width === width && mip.height === height)!;
}

/** Sizes of which every picture has files of its own: those that some layout refers to. */
export function referredMips({ grid, recipe, layouts }: SiteShape): Mip[] {
  const levels = levelsOf(grid, recipe.cell);
  const referred = new Set<number>();
  for (const layout of Object.values(layouts)) {
    for (const { level, from } of layout.levels) if (from === 'reference') referred.add(level);
  }
  return [...referred].toSorted((a, b) => b - a).map((level) => mipOf(recipe, levels[level]!.cell));
}
