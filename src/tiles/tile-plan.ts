import type { Grid, Level, Recipe, Size, Subsampling, TileFormat, TileOrigin } from '../types.ts';

/** Side of a JPEG's minimum coded unit, px. */
export function mcuOf(subsampling: Subsampling): 8 | 16 {
  return subsampling === '4:2:0' ? 16 : 8;
}

/** File name extension of tiles, without the dot. */
export function extensionOf(format: TileFormat): string {
  return format === 'jpeg' ? 'jpg' : format;
}

type Coding = Pick<Recipe, 'format' | 'subsampling'>;
/** What sizes and tiles follow from. */
export type Shape = Coding & Pick<Recipe, 'cell' | 'tileSize'>;

/**
 * The rule for how Deep Zoom tiles come to be, and so for what is kept of sources, of cells and tiles of so many px: tiles that
 * are (parts of) one source are referred to, JPEG cells of whole MCUs are spliced, the rest is painted.
 */
function originOf(cell: Size, tile: Size, { format, subsampling }: Coding): TileOrigin {
  if (isMultiple(cell.width, tile.width) && isMultiple(cell.height, tile.height)) return 'reference';
  const mcu = mcuOf(subsampling);
  return format === 'jpeg' && isMultiple(cell.width, mcu) && isMultiple(cell.height, mcu) ? 'splice' : 'paint';
}

function isMultiple(value: number, of: number): boolean {
  return value >= of && value % of === 0;
}

/** `size` divided by `by`. */
function shrunk({ width, height }: Size, by: number): Size {
  return { width: width / by, height: height / by };
}

/** A source at one size: the cell's, halved some times. */
export interface Mip extends Size {
  /** How Deep Zoom tiles of this size come to be; what is kept of a source follows from that. */
  readonly from: TileOrigin;
  /** Pieces that it is kept in: none is wider than a Deep Zoom tile. */
  readonly across: number;
  readonly down: number;
  /** A piece. */
  readonly piece: Size;
}

/** All sizes at which a recipe keeps its sources, largest (the cell) first, down to the last of whole px. */
export function mipsOf(recipe: Shape): Mip[] {
  const mips: Mip[] = [];
  const tile = { width: recipe.tileSize, height: recipe.tileSize };
  for (let { width, height } = recipe.cell; Number.isInteger(width) && Number.isInteger(height);) {
    const from = originOf({ width, height }, tile, recipe);
    const across = Math.max(1, width / recipe.tileSize);
    const down = from === 'reference' ? height / recipe.tileSize : across;
    mips.push({ width, height, from, across, down, piece: { width: width / across, height: height / down } });
    [width, height] = [width / 2, height / 2];
  }
  return mips;
}

/** The mip of a size, if a recipe has one. */
export function findMip(recipe: Shape, { width, height }: Size): Mip | undefined {
  return mipsOf(recipe).find((mip) => mip.width === width && mip.height === height);
}

/** Px per cell, at most, at which a mosaic is compared with its target. */
export const MEASURED_CELL = 8;

/**
 * Sizes at which a recipe keeps px, largest first: of mips that are painted; and squares of 8 px and below, whatever the
 * cell's shape, to tell what a mosaic looks like from afar.
 */
export function rastersOf(recipe: Shape): Size[] {
  const sizes = mipsOf(recipe)
    .filter(({ from, width, height }) => from === 'paint' && !(width === height && width <= MEASURED_CELL))
    .map(({ width, height }) => ({ width, height }));
  for (let side = MEASURED_CELL; side >= 1; side /= 2) sizes.push({ width: side, height: side });
  return sizes;
}

/**
 * The levels of a mosaic's pyramid, coarsest (level 0, 1 x 1 px) first: each level's size is half of the next's, rounded up.
 */
export function levelsOf(grid: Grid, cell: Size): Level[] {
  const [fullWidth, fullHeight] = [grid.columns * cell.width, grid.rows * cell.height];
  const deepest = Math.ceil(Math.log2(Math.max(fullWidth, fullHeight)));
  return Array.from({ length: deepest + 1 }, (_, level) => {
    const shrink = 2 ** (deepest - level);
    const [width, height] = [Math.ceil(fullWidth / shrink), Math.ceil(fullHeight / shrink)];
    return { level, cell: shrunk(cell, shrink), width, height };
  });
}
