import {
  aspectChoices,
  type AspectChoice,
  CELL_MAX,
  cellOf,
  commonestAspect,
  nativeCell,
  tileSideOf,
} from '../tiles/cell-shape.ts';
import { count } from '../messages.ts';
import type { ResolvedOptions } from './options.ts';
import { survey } from '../scan/survey.ts';
import type { Recipe, ScannedFile, Size } from '../types.ts';

/** Sides of Deep Zoom tiles, px: what every viewer expects; where none can be shared, fewer files. */
const [TILE_OF_SQUARES, TILE_OF_OTHERS] = [256, 512];

/** A recipe, and what was learned of images on the way. */
export interface ChosenRecipe {
  readonly recipe: Recipe;
  /** With `--cell-aspect auto`: what each aspect would do to the images. */
  readonly aspects: readonly AspectChoice[];
  readonly warnings: readonly string[];
}

/** Completes a recipe by what follows from the images: shape and size of the cells. Reads sizes of images only if it has to. */
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
  const cell = cellSize === 'native' ? nativeCell(aspect, sizes, TILE_OF_SQUARES) : cellOf(aspect, cellSize);
  const square = cell.width === cell.height;
  const side = options.tileSize ?? (square ? TILE_OF_SQUARES : TILE_OF_OTHERS);
  const recipe = { ...options.recipe, cell, tileSize: square ? side : tileSideOf(aspect, side) };
  return { recipe, aspects, warnings: cellSize === 'native' ? beyond(sizes, cell) : [] };
}

/** Images that lose detail even in the largest cells. */
function beyond(sizes: readonly Size[], cell: Size): string[] {
  const larger = sizes.filter(({ width, height }) => Math.min(width / cell.width, height / cell.height) > 1).length;
  if (larger === 0) return [];
  return [`${count(larger)} images have more detail than cells of ${CELL_MAX} px, the largest that there are`];
}
