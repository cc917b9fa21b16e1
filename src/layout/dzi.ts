import { UserError } from '../errors.ts';
import { count } from '../numbers.ts';
import { extensionOf } from '../tile-plan.ts';
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
  const longer = Math.max(grid.columns, grid.rows);
  const name = `A grid of ${count(grid.columns)} x ${count(grid.rows)} cells of ${cellSize} px`;
  const fit = (shrink: number) => `Use at most ${count(Math.max(1, Math.floor(grid.columns * shrink)))} columns`;
  if (longer * cellSize > SIDE_MAX) {
    throw new UserError(
      'grid-too-large',
      `${name} is ${count(longer * cellSize)} px long; Deep Zoom holds ${count(SIDE_MAX)}`,
      `${fit(SIDE_MAX / (longer * cellSize))}, or a smaller --cell-size.`,
    );
  }
  const tiles = (size: number) =>
    Math.ceil((grid.columns * size) / tileSize) * Math.ceil((grid.rows * size) / tileSize);
  if (tiles(cellSize) > FOLDER_FILES_MAX) {
    const sizes = [2048, 1024, 512, 256, 128, 64, 32, 16].filter((size) => size < cellSize);
    const smaller = sizes.find((size) => tiles(size) <= FOLDER_FILES_MAX);
    throw new UserError(
      'grid-too-large',
      `${name} has ${count(tiles(cellSize))} tiles in its deepest level's folder; expected at most ${count(FOLDER_FILES_MAX)}`,
      `${fit(Math.sqrt(FOLDER_FILES_MAX / tiles(cellSize)))}${smaller ? `, or --cell-size ${smaller}` : ''}.`,
    );
  }
}

/** Files of a whole Deep Zoom pyramid. */
export function dziTileCount(levels: readonly Level[]): number {
  return levels.reduce((sum, { columns, rows }) => sum + columns * rows, 0);
}
