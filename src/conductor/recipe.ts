import {
  aspectChoices,
  type AspectChoice,
  CELL_MAX,
  cellSizeOf,
  commonestAspect,
  nativeCell,
  tileSideOf,
} from '../tiles/cell-shape.ts';
import { plural } from '../messages.ts';
import type { ResolvedOptions } from './options.ts';
import { survey } from '../scan/survey.ts';
import type { Recipe, ScannedFile, Size } from '../types.ts';

/** Default sides of Deep Zoom tiles, px: 256, as every viewer expects; for cells that are not square, 512, for fewer files. */
const [TILE_OF_SQUARES, TILE_OF_OTHERS] = [256, 512];

/** A recipe, and facts about the images found on the way. */
export interface ChosenRecipe {
  readonly recipe: Recipe;
  /** With `--cell-aspect auto`: effect of each aspect on the images. */
  readonly aspects: readonly AspectChoice[];
  readonly warnings: readonly string[];
}

/** Completes a recipe with the shape and size of the cells. Reads sizes of images only if these depend on them. */
export async function chooseRecipe(
  options: ResolvedOptions,
  files: readonly ScannedFile[],
  onProgress: (done: number, total: number) => void,
): Promise<ChosenRecipe> {
  const { cellSize, cellAspect, concurrency, signal } = options;
  const asked = cellAspect === 'auto' || cellSize === 'native';
  const sizes = asked ? await survey(files, { onProgress, signal, concurrency }) : [];
  const aspects = cellAspect === 'auto' ? aspectChoices(sizes) : [];
  const aspect = cellAspect === 'auto' ? commonestAspect(aspects) : cellAspect;
  const cell = cellSize === 'native' ? nativeCell(aspect, sizes, TILE_OF_SQUARES) : cellSizeOf(aspect, cellSize);
  const square = cell.width === cell.height;
  const side = options.tileSize ?? (square ? TILE_OF_SQUARES : TILE_OF_OTHERS);
  const recipe = { ...options.recipe, cell, tileSize: square ? side : tileSideOf(aspect, side) };
  return { recipe, aspects, warnings: cellSize === 'native' ? beyond(sizes, cell) : [] };
}

/** Returns a warning if images lose detail even in the largest cells. */
function beyond(sizes: readonly Size[], cell: Size): string[] {
  const larger = sizes.filter(({ width, height }) => Math.min(width / cell.width, height / cell.height) > 1).length;
  if (larger === 0) return [];
  return [`${plural(larger, 'image has', 'images have')} more detail than the largest cells (${CELL_MAX} px) can show`];
}
