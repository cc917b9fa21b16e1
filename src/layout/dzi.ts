import { UserError } from '../errors.ts';
import { countText } from '../messages.ts';
import { extensionOf, levelsOf, type Shape } from '../tiles/tile-plan.ts';
import type { TileSet } from '../tiles/tile-set.ts';
import { type LayoutLevel, type Layouts, SIDE_MAX } from '../format/mosaic-json.ts';
import type { FullLevel, Grid, Level, Size } from '../types.ts';
import { levelSet, setOrigin, type SiteShape } from './site-shape.ts';
import { PYRAMIDS, dziTilePath } from '../format/site-paths.ts';

/** Greatest number of files in a folder: ext4 holds about ten million; other file systems become unusable earlier. */
const FOLDER_FILES_MAX = 10_000_000;

/** The Deep Zoom layout of a mosaic: every level, in square tiles. */
export function dziLayout(grid: Grid, recipe: Shape, fullLevel: FullLevel): NonNullable<Layouts['dzi']> {
  const tile = { width: recipe.tileSize, height: recipe.tileSize };
  return { levels: levelsOf(grid, recipe.cell).map((level) => dziLevel(level, tile, recipe)), fullLevel };
}

/** Describes a level of a Deep Zoom pyramid with tiles of the given size. */
export function dziLevel({ level, cell }: Level, tile: Size, recipe: Shape): LayoutLevel {
  return { level, tile, from: setOrigin(cell, tile, recipe) };
}

/** The tile sets of a site's `mosaic.dzi`. */
export function dziSets(shape: SiteShape): TileSet[] {
  return dziLevelSets(shape, PYRAMIDS.dzi, shape.layouts.dzi?.levels ?? []);
}

/** The tile sets of a Deep Zoom image `NAME.dzi` that has some levels of the mosaic. */
export function dziLevelSets(shape: SiteShape, name: string, has: readonly LayoutLevel[]): TileSet[] {
  const { grid, recipe } = shape;
  const levels = levelsOf(grid, recipe.cell);
  const extension = extensionOf(recipe.format);
  return has.map(({ level, tile, from }) => {
    if (from === 'sheets') throw new Error('Deep Zoom has no sheets');
    const pathsOf = (column: number, row: number) => [dziTilePath(name, { level, column, row }, extension)];
    return levelSet(shape, levels[level]!, { name: `${name}/${level}`, tile, from, pathsOf });
  });
}

/** Text of a descriptor, after Microsoft's Deep Zoom schema of 2008. */
export function dziDescriptor({ width, height }: Size, tileSize: number, format: Shape['format']): string {
  return `<?xml version="1.0" encoding="UTF-8"?>
<Image xmlns="http://schemas.microsoft.com/deepzoom/2008" Format="${extensionOf(format)}" Overlap="0" TileSize="${tileSize}">
  <Size Width="${width}" Height="${height}"/>
</Image>
`;
}

/**
 * Refuses a grid that Deep Zoom, or any viewer, cannot hold.
 *
 * @param files true if each tile is a file.
 * @throws {UserError} `grid-too-large`.
 */
export function checkLimits(grid: Grid, recipe: Shape, files: boolean): void {
  const limit = limitOf(grid, recipe, files);
  if (limit) throw limit;
}

/** The error that {@link checkLimits} throws, if there is one. */
export function limitOf(grid: Grid, { cell, tileSize }: Shape, files: boolean): UserError | undefined {
  const [width, height] = [grid.columns * cell.width, grid.rows * cell.height];
  const name = `A grid of ${countText(grid.columns)} x ${countText(grid.rows)} cells of ${sizeText(cell)} px`;
  const fit = (shrink: number) => `Use at most ${countText(Math.max(1, Math.floor(grid.columns * shrink)))} columns`;
  const longer = Math.max(width, height);
  if (longer > SIDE_MAX) {
    return new UserError(
      'grid-too-large',
      `${name} is ${countText(longer)} px long; Deep Zoom holds ${countText(SIDE_MAX)}`,
      `${fit(SIDE_MAX / longer)}, or a smaller --cell-size.`,
    );
  }
  const tiles = (shrink: number) => Math.ceil(width / shrink / tileSize) * Math.ceil(height / shrink / tileSize);
  if (files && tiles(1) > FOLDER_FILES_MAX) {
    const shrink = [2, 4, 8, 16, 32, 64].find((by) => cell.width / by >= 16 && tiles(by) <= FOLDER_FILES_MAX);
    const smaller = shrink ? `, --cell-size ${cell.width / shrink}` : '';
    return new UserError(
      'grid-too-large',
      `${name} has ${countText(tiles(1))} tiles in its deepest level's folder; expected at most ${countText(FOLDER_FILES_MAX)}`,
      `${fit(Math.sqrt(FOLDER_FILES_MAX / tiles(1)))}${smaller}, or --layout compact.`,
    );
  }
  return undefined;
}

/** Formats a size: `256`, or `256 x 192` if it is not square. */
export function sizeText({ width, height }: Size): string {
  return width === height ? `${width}` : `${width} x ${height}`;
}
