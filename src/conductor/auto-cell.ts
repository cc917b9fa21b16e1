import { spliceHeader } from '../catalog/recipe-key.ts';
import { tilePxBytes, type KnownPictures } from '../fit/estimate.ts';
import { type Host, hostOf } from '../fit/hosts.ts';
import { judgeFit } from '../fit/judge.ts';
import type { Usage } from '../fit/usage.ts';
import { limitOf } from '../layout/dzi.ts';
import { turnsOf } from '../match/variants.ts';
import type { Survey } from '../scan/survey.ts';
import { AUTO_SIDES, type AutoSide, autoSide, fillOf } from '../tiles/auto-cell.ts';
import { type Aspect, cellSizeOf } from '../tiles/cell-shape.ts';
import type { Grid, Recipe, ScannedFile, Size } from '../types.ts';
import { cropsForeseen, smallestCrop } from './crops-in-use.ts';
import { closeupsOf, possibleLayouts } from './estimate-layouts.ts';
import type { ResolvedOptions } from './options.ts';
import type { PlacedImage } from './pins.ts';

/** Choice of the size of the cells, with `cellSize` `auto`. */
export interface CellChoice {
  /** Side of a square cell of about the same area, px: a power of two, 32..512. */
  readonly side: number;
  /**
   * Reason: `exact`, more than half of the images are exactly as large; `filled`, the largest cell that most images fill without
   * being enlarged, with every crop in use; `least`, the images fill none, and this is the smallest; `host`, the largest with
   * which the site is expected to fit on `--host`; `grid`, the largest that a viewer can show in so many columns and rows.
   */
  readonly because: AutoSide['because'] | 'host' | 'grid';
  /** Side that the images alone ask for, px. */
  readonly imagesSide: number;
  /** Number of images whose sizes decided. */
  readonly images: number;
  /** They are a sample of more. */
  readonly sampled: boolean;
  /** Part of these images that fill the cell without being enlarged, 0..1. */
  readonly filled: number;
  /** Part of these images of which every crop in use fills the cell, 0..1. */
  readonly cropsFilled: number;
  /** Host whose limits were heeded, if one was given. */
  readonly host?: Host;
}

/** Facts of a build that decide on the size of its cells. */
export interface AutoFacts extends Survey {
  /** The sizes are those of a sample. */
  readonly sampled: boolean;
  readonly aspect: Aspect;
  readonly files: readonly ScannedFile[];
  /** Placement to render, if there is one. */
  readonly given: readonly PlacedImage[] | undefined;
  /** Returns the grid for cells of a size, px. */
  readonly gridOf: (cell: Size) => Grid;
  /** Returns the recipe for cells of a size, px. */
  readonly recipeOf: (cell: Size) => Recipe;
}

/**
 * Chooses the size of the cells: what the images fill (see `autoSide`); smaller where Deep Zoom cannot hold the grid, or where the
 * site is not expected to fit on the host. Where no size fits on the host, its limits do not count.
 */
export async function chooseAutoCell(options: ResolvedOptions, facts: AutoFacts): Promise<CellChoice> {
  const { aspect, files, given, sizes, drawings, sampled } = facts;
  const host = options.host === undefined ? undefined : hostOf(options.host);
  const turns = turnsOf(options, aspect).length;
  const crops = cropsForeseen(options, { images: files.length, turns });
  const images = { sizes, drawings, smallest: smallestCrop(crops, given) };
  const wish = autoSide(aspect, images);
  const isHeld = (side: number) => {
    const cell = cellSizeOf(aspect, side);
    const hasDzi = options.layout !== 'auto' && options.layout.includes('dzi');
    return limitOf(facts.gridOf(cell), facts.recipeOf(cell), hasDzi) === undefined;
  };
  const sides = AUTO_SIDES.filter((each) => each <= wish.side);
  const held = sides.filter(isHeld);
  const largest = held[0] ?? wish.side;
  const side = (host && (await firstFitting(host))) ?? largest;
  const because = side < largest ? 'host' : side < wish.side ? 'grid' : wish.because;
  const { filled, cropsFilled } = fillOf(cellSizeOf(aspect, side), images);
  const counts = { images: sizes.length + drawings, sampled };
  return { side, because, imagesSide: wish.side, ...counts, filled, cropsFilled, ...(host && { host }) };

  async function firstFitting(on: Host): Promise<number | undefined> {
    const pictures = files.length * turns * crops;
    for (const each of held) {
      if (await isFitting(options, cellSizeOf(aspect, each), { ...facts, host: on, pictures })) return each;
    }
    return undefined;
  }
}

/**
 * Tells whether a site is expected to fit on the host. Nothing is matched yet, so the estimate is on the safe side: as many
 * pictures as images, turns and crops allow, and somewhat more bytes than photographs take.
 *
 * @param facts.pictures greatest number of pictures.
 */
async function isFitting(
  options: ResolvedOptions,
  cell: Size,
  { files, given, host, pictures, gridOf, recipeOf }: AutoFacts & { readonly host: Host; readonly pictures: number },
): Promise<boolean> {
  const [grid, recipe] = [gridOf(cell), recipeOf(cell)];
  const cells = grid.columns * grid.rows;
  const distinct = given
    ? new Set(given.map(({ image, turn, crop }) => `${turn} ${crop} ${image}`)).size
    : Math.min(cells, pictures);
  const pxBytes = tilePxBytes(recipe);
  const known: KnownPictures = {
    uses: Uint32Array.from({ length: distinct }, (_, i) => Math.ceil((cells - i) / distinct)),
    bytesOf: (_, { width, height }) => width * height * pxBytes,
    headerBytes: (await spliceHeader(recipe)).bytes.length,
    closeups: closeupsOf(options, Math.min(cells, files.length)),
  };
  return possibleLayouts({ options, grid, recipe, known }).some(({ layouts, usage }) => {
    // A tile of IIIF has three folders of its own.
    const folders = layouts.iiif ? 3 * usage.files : 0;
    return judgeFit({ ...withOriginals(options, usage, { files, cells }), folders }, host).fits;
  });
}

/** Adds the originals to the estimated size of a site: of all images, or of as many as there are cells. */
function withOriginals(
  { originals }: ResolvedOptions,
  usage: Usage,
  { files, cells }: { readonly files: readonly ScannedFile[]; readonly cells: number },
): Usage {
  if (originals === 'none') return usage;
  const shown = Math.min(1, cells / files.length);
  const bytes = files.reduce((sum, { size }) => sum + size, 0) * shown;
  return { ...usage, files: usage.files + Math.round(files.length * shown), bytes: usage.bytes + Math.round(bytes) };
}
