import { extensionOf, findMip, levelsOf, type Shape } from '../tiles/tile-plan.ts';
import { type TileSet, tileSet } from '../tiles/tile-set.ts';
import type { LayoutLevel, Layouts } from '../format/mosaic-json.ts';
import { PAINTED_PX_BYTES } from '../tiles/tile-plan.ts';
import type { Grid, Level, Size } from '../types.ts';
import { dziLevel, dziLevelSets } from './dzi.ts';
import { setOrigin, type SiteShape } from './site-shape.ts';
import { PYRAMIDS, sheetFile, sheetsName } from '../format/site-paths.ts';

/**
 * Levels with cells of at most this many px along the longer side are always mosaic tiles, which take fewer bytes there
 * than sheets.
 */
const OVERVIEW_CELL = 16;
/** Least side of the overview's tiles, px: a first view then needs few files. */
const OVERVIEW_TILE = 512;
/** Cells with a longer side above this, px, are files of their own; smaller ones are in sheets. */
const SHEET_CELL = 128;
/** Greatest number of pictures along a sheet's side; and greatest length of its longer side, px. */
const SHEET_SIDE = 8;
const SHEET_PX = 512;
/** Least length of the longer side of a tile that viewers assemble from sheets, px. */
const VIEW_TILE = 256;
/** Cost of a file besides its bytes: a block on a disk, the header of a request. */
const FILE_BYTES = 4096;

/** Costs of a level, for both ways to store it. */
export interface LevelCosts {
  readonly level: number;
  /** Number of files and their bytes: as tiles of the mosaic (`written`); as all pictures, once each (`shared`). */
  readonly written: { readonly files: number; readonly bytes: number };
  readonly shared: { readonly files: number; readonly bytes: number };
}

/** The facts on which a mosaic's compact layout is decided. */
export interface CompactFacts {
  readonly grid: Grid;
  readonly recipe: Shape;
  /** By picture: number of cells that show it. */
  readonly uses: Uint32Array;
  /** Bytes of a tile besides its pieces. */
  readonly headerBytes: number;
  /** Bytes of a picture at a level whose mip is not painted. */
  readonly bytesOf: (picture: number, level: Level) => number;
}

/** Side of the overview's tiles. */
export function overviewTile({ tileSize }: Pick<Shape, 'tileSize'>): number {
  let side = tileSize;
  while (side < OVERVIEW_TILE) side *= 2;
  return side;
}

/** Computes the costs of the levels that can be stored both ways, coarse to fine. */
export function levelCosts({ grid, recipe, uses, headerBytes, bytesOf }: CompactFacts): LevelCosts[] {
  const side = overviewTile(recipe);
  const tile = { width: side, height: side };
  return levelsOf(grid, recipe.cell)
    .filter(({ cell }) => longer(cell) > OVERVIEW_CELL && findMip(recipe, cell)!.from !== 'reference')
    .map((level) => {
      const { cell, width, height } = level;
      let [written, shared] = [0, 0];
      const painted =
        setOrigin(cell, tile, recipe) === 'paint' ? cell.width * cell.height * PAINTED_PX_BYTES : undefined;
      for (const [picture, times] of uses.entries()) {
        const bytes = painted ?? bytesOf(picture, level);
        shared += bytes;
        written += bytes * times;
      }
      const tiles = Math.ceil(width / side) * Math.ceil(height / side);
      const files = inSheets(cell) ? Math.ceil(uses.length / sheetSide(cell) ** 2) : uses.length;
      return {
        level: level.level,
        written: { files: tiles, bytes: Math.round(written + tiles * headerBytes) },
        shared: { files, bytes: Math.round(shared + files * headerBytes) },
      };
    });
}

/**
 * Chooses the first level that is stored as pictures, once each: small ones in sheets, others as files. The levels before
 * it are mosaic tiles. The choice has the least cost of all levels together.
 */
export function firstShared(
  { grid, recipe }: Pick<CompactFacts, 'grid' | 'recipe'>,
  costs: readonly LevelCosts[],
): number {
  const levels = levelsOf(grid, recipe.cell);
  const cost = ({ files, bytes }: LevelCosts['written']) => bytes + files * FILE_BYTES;
  // Levels finer than those with both options are always stored as files of pictures.
  let [first, least, sum] = [(costs.at(-1)?.level ?? coarse(levels)) + 1, 0, 0];
  for (const { level, written, shared } of costs.toReversed()) {
    sum += cost(shared) - cost(written);
    if (sum < least) [first, least] = [level, sum];
  }
  return first;
}

/** The finest level that is always stored as mosaic tiles. */
function coarse(levels: readonly Level[]): number {
  return levels.findLast(({ cell }) => longer(cell) <= OVERVIEW_CELL)!.level;
}

/** The compact layout: an overview of all levels before `shared`, and pictures from there on. */
export function compactLayout(grid: Grid, recipe: Shape, shared: number): NonNullable<Layouts['compact']> {
  const levels = levelsOf(grid, recipe.cell);
  const side = overviewTile(recipe);
  const overview = { width: side, height: side };
  const has = levels.map((level) =>
    level.level < shared ? dziLevel(level, overview, recipe) : sharedLevel(level, recipe),
  );
  const sheets = levels
    .filter(({ level, cell }) => level >= shared && inSheets(cell))
    .map(({ level, cell }) => ({ level, side: sheetSide(cell) }));
  return { levels: has, overview: shared - 1, sheets };
}

function sharedLevel({ level, cell }: Level, recipe: Shape): LayoutLevel {
  if (inSheets(cell)) {
    let cells = 1;
    while (cells * longer(cell) < VIEW_TILE) cells *= 2;
    return { level, tile: { width: cell.width * cells, height: cell.height * cells }, from: 'sheets' };
  }
  return { level, tile: findMip(recipe, cell)!.piece, from: 'reference' };
}

/** The tile sets of a site's overview and sheets. */
export function compactSets(shape: SiteShape): TileSet[] {
  const { compact } = shape.layouts;
  if (!compact) return [];
  const levels = levelsOf(shape.grid, shape.recipe.cell);
  const overview = compact.levels.filter(({ level }) => level <= compact.overview);
  return [
    ...compact.sheets.map(({ level, side }) => sheetSet(shape, levels[level]!.cell, side)),
    ...dziLevelSets(shape, PYRAMIDS.compact, overview),
  ];
}

/** The tile set of the sheets of all pictures at one size, in order. */
function sheetSet({ pictures, recipe }: SiteShape, cell: Size, side: number): TileSet {
  const rows = Math.ceil(pictures / side);
  const tile = { width: cell.width * side, height: cell.height * side };
  return tileSet({
    name: sheetsName(cell),
    shows: 'pictures',
    grid: { columns: side, rows },
    cell,
    width: tile.width,
    height: cell.height * rows,
    tile,
    from: setOrigin(cell, tile, recipe),
    pathsOf: (_, sheet) => [sheetFile(sheet, cell, extensionOf(recipe.format))],
  });
}

function longer({ width, height }: Size): number {
  return Math.max(width, height);
}

function inSheets(cell: Size): boolean {
  return longer(cell) <= SHEET_CELL;
}

function sheetSide(cell: Size): number {
  let side = SHEET_SIDE;
  while (side > 1 && side * longer(cell) > SHEET_PX) side /= 2;
  return side;
}
