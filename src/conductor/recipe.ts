import {
  type Aspect,
  aspectChoices,
  type AspectChoice,
  CELL_MAX,
  cellSizeOf,
  commonestAspect,
  nativeCell,
  tileSideOf,
} from '../tiles/cell-shape.ts';
import { plural } from '../messages.ts';
import { sample } from '../scan/sample.ts';
import { type Survey, survey } from '../scan/survey.ts';
import type { Grid, Recipe, ScannedFile, Size } from '../types.ts';
import { type AutoFacts, type CellChoice, chooseAutoCell } from './auto-cell.ts';
import type { ResolvedOptions } from './options.ts';

/** Default sides of Deep Zoom tiles, px: 256, as every viewer expects; for cells that are not square, 512, for fewer files. */
const [TILE_OF_SQUARES, TILE_OF_OTHERS] = [256, 512];
/**
 * Number of images whose sizes are read for `--cell-size auto`: a part of them is then known to 2 or 3 %, and a disk has found
 * them within seconds.
 */
const SAMPLE = 250;

/** What the choice of a recipe needs besides options and images. */
export interface RecipeFacts extends Pick<AutoFacts, 'given'> {
  /** Returns the grid for cells of a size, px. */
  readonly gridOf: (cell: Size) => Grid;
  readonly onProgress: (done: number, total: number) => void;
}

/** A recipe, and facts about the images found on the way. */
export interface ChosenRecipe {
  readonly recipe: Recipe;
  /** With `--cell-aspect auto`: effect of each aspect on the images. */
  readonly aspects: readonly AspectChoice[];
  /** With `--cell-size auto`: the choice. */
  readonly cellChoice: CellChoice | undefined;
  readonly warnings: readonly string[];
}

/**
 * Completes a recipe with the shape and size of the cells. Reads sizes of images only if these depend on them: of all images, or of
 * a sample where it suffices.
 */
export async function chooseRecipe(
  options: ResolvedOptions,
  files: readonly ScannedFile[],
  { given, gridOf, onProgress }: RecipeFacts,
): Promise<ChosenRecipe> {
  const { cellSize, cellAspect, concurrency, signal } = options;
  const needsAll = cellAspect === 'auto' || cellSize === 'native';
  const read = needsAll ? files : cellSize === 'auto' ? sample(files, SAMPLE) : [];
  const surveyed: Survey =
    read.length > 0 ? await survey(read, { onProgress, signal, concurrency }) : { sizes: [], drawings: 0 };
  const { sizes } = surveyed;
  const aspects = cellAspect === 'auto' ? aspectChoices(sizes) : [];
  const aspect = cellAspect === 'auto' ? commonestAspect(aspects) : cellAspect;
  const recipeOf = (cell: Size) => completed(options, aspect, cell);
  const cellChoice =
    cellSize === 'auto'
      ? await chooseAutoCell(options, {
          ...surveyed,
          sampled: read.length < files.length,
          aspect,
          files,
          given,
          gridOf,
          recipeOf,
        })
      : undefined;
  const cell =
    cellSize === 'native'
      ? nativeCell(aspect, sizes, TILE_OF_SQUARES)
      : cellSizeOf(aspect, cellChoice?.side ?? (cellSize as number));
  const warnings = cellSize === 'native' ? beyond(sizes, cell) : [];
  return { recipe: recipeOf(cell), aspects, cellChoice, warnings };
}

/** Completes a recipe with cells of an aspect and a size, and with the side of tiles for them. */
function completed({ recipe, tileSize }: ResolvedOptions, aspect: Aspect, cell: Size): Recipe {
  const square = cell.width === cell.height;
  const side = tileSize ?? (square ? TILE_OF_SQUARES : TILE_OF_OTHERS);
  return { ...recipe, cell, tileSize: square ? side : tileSideOf(aspect, side) };
}

/** Returns a warning if images lose detail even in the largest cells. */
function beyond(sizes: readonly Size[], cell: Size): string[] {
  const larger = sizes.filter(({ width, height }) => Math.min(width / cell.width, height / cell.height) > 1).length;
  if (larger === 0) return [];
  return [`${plural(larger, 'image has', 'images have')} more detail than the largest cells (${CELL_MAX} px) can show`];
}
