import { UserError } from '../errors.ts';
import { openTarget } from '../image/target.ts';
import { checkLimits } from '../layout/dzi.ts';
import { checkCells, checkRules } from '../match/rules.ts';
import { ban } from '../scan/ban.ts';
import { scan } from '../scan/scan.ts';
import { plural } from '../messages.ts';
import type { AspectChoice } from '../tiles/cell-shape.ts';
import type { Grid, Recipe, Rgb, ScannedFile, Size } from '../types.ts';
import { gridOf, refuseQuarterTurns } from './grid.ts';
import type { ResolvedOptions } from './options.ts';
import { PLACEMENT, type PlacedImage, readPlacementFile } from './pins.ts';
import type { CellChoice } from './auto-cell.ts';
import { chooseRecipe } from './recipe.ts';
import type { Clock } from './stage-clock.ts';

/** Plan of a build; no image has been decoded yet. */
export interface Plan {
  readonly target: Awaited<ReturnType<typeof openTarget>>;
  /** Placement to render, with `--placement`. */
  readonly given: readonly PlacedImage[] | undefined;
  /** Colour behind transparent images. */
  readonly background: Rgb;
  /** Image files found. */
  readonly found: readonly ScannedFile[];
  /** Image files found that are not banned. */
  readonly files: readonly ScannedFile[];
  /** Globs of `--ban` that match no image. */
  readonly idleBans: readonly string[];
  readonly recipe: Recipe;
  /** With `cellAspect` `auto`: effect of each aspect on the images. */
  readonly aspects: readonly AspectChoice[];
  /** With `cellSize` `auto`: the choice. */
  readonly cellChoice: CellChoice | undefined;
  readonly grid: Grid;
  readonly warnings: readonly string[];
}

/**
 * Reads the target, finds the images, and chooses cell and grid. Refuses builds that cannot succeed, before images are read.
 *
 * @throws {UserError} if the user can mend the cause.
 */
export async function planBuild(options: ResolvedOptions, clock: Clock<'scan'>): Promise<Plan> {
  const { signal } = options;
  const target = await openTarget(options.target);
  const given = options.placement === undefined ? undefined : await readPlacementFile(options.placement, PLACEMENT);
  const background = options.background ?? target.mean;
  const found = await clock.time('scan', (onProgress) => scan(options.images, { onProgress, signal }));
  const { kept: files, idle: idleBans } = ban(found, options.ban);
  if (files.length === 0) throw allBanned(found.length);
  const gridFor = (cell: Size) => gridOf(options, { cell, target, given });
  const { recipe, ...chosen } = await clock.time('scan', (onProgress) =>
    chooseRecipe(options, files, { given, gridOf: gridFor, onProgress }),
  );
  const grid = planGrid(options, { target, given, files, recipe });
  refuseQuarterTurns(given, recipe.cell);
  return { target, given, background, found, files, idleBans, recipe, grid, ...chosen };
}

/**
 * Chooses the grid of a plan.
 *
 * @throws {UserError} if it is too large, or if even all files together cannot meet the rules.
 */
export function planGrid(
  options: ResolvedOptions,
  { target, given, files, recipe }: Pick<Plan, 'target' | 'given' | 'files' | 'recipe'>,
): Grid {
  const grid = gridOf(options, { cell: recipe.cell, target, given });
  checkLimits(grid, recipe, options.layout !== 'auto' && options.layout.includes('dzi'));
  checkCells(grid);
  if (!given) checkRules({ ...options, ...asIfUsable(files.length), grid });
  return grid;
}

/** Lists the files and folders that the site must not overwrite. */
export function* inputsOf(options: ResolvedOptions, found: readonly ScannedFile[]): Generator<string> {
  const { target, catalog, placement, weights, pins, captions, tour } = options;
  yield target;
  yield catalog;
  if (placement !== undefined) yield placement;
  if (weights !== undefined && weights !== 'auto') yield weights;
  if (captions !== undefined && captions !== 'exif') yield captions;
  if (tour !== undefined) yield tour;
  yield* new Set(pins.flatMap(({ file }) => file ?? []));
  for (const { path } of found) yield path;
}

/** Returns facts for {@link checkRules} as if all files were usable and no two were alike. */
function asIfUsable(files: number) {
  const own = Uint32Array.from({ length: files }, (_, id) => id);
  return { usable: files, distinct: files, alike: own, sharing: own, pins: new Map<number, number>(), found: true };
}

function allBanned(found: number): UserError {
  return new UserError(
    'no-images',
    `--ban leaves no image: ${plural(found, 'image is', 'images are')} banned`,
    'Ban fewer images: --ban takes globs of images to leave out.',
  );
}
