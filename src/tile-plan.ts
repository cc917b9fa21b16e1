import type { Grid, Level, Recipe, Subsampling, TileFormat, TileOrigin } from './types.ts';

/** Side of a JPEG's minimum coded unit, px. */
export function mcuOf(subsampling: Subsampling): 8 | 16 {
  return subsampling === '4:2:0' ? 16 : 8;
}

/** File name extension of tiles, without the dot. */
export function extensionOf(format: TileFormat): string {
  return format === 'jpeg' ? 'jpg' : format;
}

type TileRecipe = Pick<Recipe, 'tileSize' | 'format' | 'subsampling'>;

/**
 * The one rule for how tiles come to be at `cell` px per cell: whole tiles of one source are referred to, JPEG cells of
 * whole MCUs are spliced, the rest is painted.
 */
export function originOf(cell: number, { tileSize, format, subsampling }: TileRecipe): TileOrigin {
  if (cell >= tileSize) return 'reference';
  return format === 'jpeg' && cell >= mcuOf(subsampling) ? 'splice' : 'paint';
}

/** A source at one power-of-two size. */
export interface Mip {
  /** Side, px. */
  readonly size: number;
  readonly from: TileOrigin;
  /** Tiles along a side: more than 1 only for reference mips larger than a tile. */
  readonly tiles: number;
  /** Its px are kept: to paint with, or to measure what the mosaic looks like from afar. */
  readonly raster: boolean;
}

/** Px per cell, at most, at which a mosaic is compared with its target. */
export const MEASURED_CELL = 8;

/** All sizes at which a recipe keeps its sources, largest (the cell size) first, down to 1 px. */
export function mipsOf(recipe: Recipe): Mip[] {
  const mips: Mip[] = [];
  for (let size = recipe.cellSize; size >= 1; size /= 2) {
    const from = originOf(size, recipe);
    const raster = from === 'paint' || size <= MEASURED_CELL;
    mips.push({ size, from, tiles: Math.max(1, size / recipe.tileSize), raster });
  }
  return mips;
}

/**
 * The levels of a mosaic's Deep Zoom pyramid, coarsest (level 0, 1 x 1 px) first: each level's size is half of the
 * next's, rounded up.
 */
export function levelsOf(grid: Grid, cellSize: number, recipe: TileRecipe): Level[] {
  const [fullWidth, fullHeight] = [grid.columns * cellSize, grid.rows * cellSize];
  const deepest = Math.ceil(Math.log2(Math.max(fullWidth, fullHeight)));
  return Array.from({ length: deepest + 1 }, (_, level) => {
    const scale = 2 ** (deepest - level);
    const [width, height] = [Math.ceil(fullWidth / scale), Math.ceil(fullHeight / scale)];
    const [columns, rows] = [Math.ceil(width / recipe.tileSize), Math.ceil(height / recipe.tileSize)];
    const cell = cellSize / scale;
    return { level, cell, width, height, columns, rows, from: originOf(cell, recipe) };
  });
}

/** Path of a source's tile within a site; `x`, `y` tell the tiles of a mip apart that is larger than a tile. */
export function sourceTilePath(id: number, mip: Mip, x: number, y: number, extension: string): string {
  const name = mip.tiles === 1 ? `${id}` : `${id}_${mip.size}_${x}_${y}`;
  return `tiles/${id >> 10}/${name}.${extension}`;
}
