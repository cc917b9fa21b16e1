import { UserError } from '../errors.ts';
import { extensionOf, mcuOf } from '../tile-plan.ts';
import type { Grid, Level, Recipe } from '../types.ts';

/** Sides of a Deep Zoom picture are read as 32-bit integers by many viewers. */
const SIDE_MAX = 2 ** 31 - 1;
/** ext4's folders hold some ten million names; other file systems become unusable earlier. */
const FOLDER_FILES_MAX = 10_000_000;

/** Where the tile (column, row) of a level lies in a site. */
export function dziTilePath(level: number, column: number, row: number, extension: string): string {
  return `mosaic_files/${level}/${column}_${row}.${extension}`;
}

/** The descriptor: Microsoft's Deep Zoom schema of 2008. */
export function dziDescriptor(width: number, height: number, { tileSize, format }: Recipe): string {
  return `<?xml version="1.0" encoding="UTF-8"?>
<Image xmlns="http://schemas.microsoft.com/deepzoom/2008" Format="${extensionOf(format)}" Overlap="0" TileSize="${tileSize}">
  <Size Width="${width}" Height="${height}"/>
</Image>
`;
}

/**
 * Refuses a grid that Deep Zoom cannot hold.
 *
 * @throws {UserError} `grid-too-large`.
 */
export function checkDziLimits(grid: Grid, recipe: Recipe): void {
  const { cellSize, tileSize } = recipe;
  const side = Math.max(grid.columns, grid.rows) * cellSize;
  const name = `A grid of ${grid.columns} x ${grid.rows} cells of ${cellSize} px`;
  if (side > SIDE_MAX) {
    throw new UserError(
      'grid-too-large',
      `${name} is ${side} px long; Deep Zoom holds ${SIDE_MAX}`,
      `Use at most ${Math.floor(SIDE_MAX / cellSize)} columns and rows, or a smaller --cell-size.`,
    );
  }
  const tiles = Math.ceil((grid.columns * cellSize) / tileSize) * Math.ceil((grid.rows * cellSize) / tileSize);
  if (tiles > FOLDER_FILES_MAX) {
    const smaller = Math.max(16, mcuOf(recipe.subsampling), 2 ** Math.floor(Math.log2(tileSize / 2)));
    throw new UserError(
      'grid-too-large',
      `${name} has ${tiles} tiles in its deepest level's folder; expected at most ${FOLDER_FILES_MAX}`,
      `Use fewer --columns, or --cell-size ${smaller}, which puts several cells into a tile.`,
    );
  }
}

/** Files of a whole Deep Zoom pyramid. */
export function dziTileCount(levels: readonly Level[]): number {
  return levels.reduce((sum, { columns, rows }) => sum + columns * rows, 0);
}
