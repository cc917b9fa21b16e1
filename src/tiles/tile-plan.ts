import type { Grid, Level, Recipe, Size, Subsampling, TileFormat, TileOrigin } from '../types.ts';

/** Side of a JPEG's MCU (minimum coded unit), px. */
export function mcuOf(subsampling: Subsampling): 8 | 16 {
  return subsampling === '4:2:0' ? 16 : 8;
}

/** File name extension of tiles, without the dot. */
export function extensionOf(format: TileFormat): string {
  return format === 'jpeg' ? 'jpg' : format;
}

/** Approximate bytes per px of a painted tile. */
export const PAINTED_PX_BYTES = 0.4;

type Coding = Pick<Recipe, 'format' | 'subsampling'>;
/** The part of a recipe that determines sizes and tiles. */
export type Shape = Coding & Pick<Recipe, 'cell' | 'tileSize'>;

/**
 * Decides how Deep Zoom tiles are made of cells, and so in which form sources are stored. Tiles that are one source, or a
 * part of one, refer to its file; JPEG cells of whole MCUs are spliced; all others are painted. Sizes in px.
 */
function originOf(cell: Size, tile: Size, { format, subsampling }: Coding): TileOrigin {
  if (isMultiple(cell.width, tile.width) && isMultiple(cell.height, tile.height)) return 'reference';
  const mcu = mcuOf(subsampling);
  return format === 'jpeg' && isMultiple(cell.width, mcu) && isMultiple(cell.height, mcu) ? 'splice' : 'paint';
}

function isMultiple(value: number, of: number): boolean {
  return value >= of && value % of === 0;
}

/** Divides a size by `by`. */
function shrunk({ width, height }: Size, by: number): Size {
  return { width: width / by, height: height / by };
}

/** A mip: a source at one size, which is that of the cell, halved zero or more times. */
export interface Mip extends Size {
  /** How Deep Zoom tiles of this size are made; determines the form in which the mip is stored. */
  readonly from: TileOrigin;
  /** Number of pieces that the mip is stored in; none is wider than a Deep Zoom tile. */
  readonly across: number;
  readonly down: number;
  /** Size of a piece. */
  readonly piece: Size;
}

/** Lists all mips of a recipe, largest (the cell) first, down to the last with whole px. */
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

/** Finds the mip of a size, if the recipe has one. */
export function findMip(recipe: Shape, { width, height }: Size): Mip | undefined {
  return mipsOf(recipe).find((mip) => mip.width === width && mip.height === height);
}

/** Greatest number of px per cell at which a mosaic is compared with its target. */
export const MEASURED_CELL = 8;

/**
 * Lists the sizes at which a recipe stores px, largest first: the mips that are painted; and squares of 8 px and below,
 * whatever the cell's shape, to measure the mosaic as it looks from afar.
 */
export function rastersOf(recipe: Shape): Size[] {
  const sizes = mipsOf(recipe)
    .filter(({ from, width, height }) => from === 'paint' && !(width === height && width <= MEASURED_CELL))
    .map(({ width, height }) => ({ width, height }));
  for (let side = MEASURED_CELL; side >= 1; side /= 2) sizes.push({ width: side, height: side });
  return sizes;
}

/**
 * Lists the levels of a mosaic's pyramid, coarsest (level 0, 1 x 1 px) first. Each level's size is half of the next one's,
 * rounded up.
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
