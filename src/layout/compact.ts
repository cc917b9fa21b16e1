import { extensionOf, findMip, levelsOf, type Shape } from '../tiles/tile-plan.ts';
import { sheetFile, type TileSet, tileSet } from '../tiles/tile-set.ts';
import type { LayoutLevel, Layouts } from '../format/mosaic-json.ts';
import { PAINTED_PX_BYTES } from '../image/encode.ts';
import type { Grid, Level, Size } from '../types.ts';
import { dziLevel, dziLevelSets } from './dzi.ts';
import { setOrigin, type SiteShape } from './site-shape.ts';

/** Cells of at most so many px along their longer side are always written: there are fewer bytes in them than in sheets. */
const OVERVIEW_CELL = 16;
/** Tiles of the overview have at least this side: what a first view needs is then in few files. */
const OVERVIEW_TILE = 512;
/** Cells longer than this are files of their own, smaller ones are in sheets. */
const SHEET_CELL = 128;
/** Pictures across and down in a sheet, at most; and px along its longer side. */
const SHEET_SIDE = 8;
const SHEET_PX = 512;
/** Viewers put together tiles of at least this many px from sheets. */
const VIEW_TILE = 256;
/** What a file costs beside its bytes: a block on a disk, the head of a request. */
const FILE_BYTES = 4096;

/** What a level costs, in two ways to have it. */
export interface LevelCosts {
  readonly level: number;
  /** Files, and their bytes: as tiles of the mosaic; and of all pictures, once each. */
  readonly written: { readonly files: number; readonly bytes: number };
  readonly shared: { readonly files: number; readonly bytes: number };
}

/** What is known of a mosaic when its compact layout is decided on. */
export interface CompactFacts {
  readonly grid: Grid;
  readonly recipe: Shape;
  /** How often each picture stands. */
  readonly uses: Uint32Array;
  /** Bytes of a tile beside its pieces. */
  readonly headerBytes: number;
  /** Bytes of a picture at a size that is not painted. */
  readonly bytesOf: (picture: number, level: Level) => number;
}

/** The side of the overview's tiles. */
export function overviewTile({ tileSize }: Pick<Shape, 'tileSize'>): number {
  let side = tileSize;
  while (side < OVERVIEW_TILE) side *= 2;
  return side;
}

/** Costs of the levels that can be had in both ways, coarse to fine. */
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
 * The first level that is had as pictures, once each, alone or, where they are small, in sheets; those before are tiles of the
 * mosaic: as it costs least, all levels together.
 */
export function firstShared(
  { grid, recipe }: Pick<CompactFacts, 'grid' | 'recipe'>,
  costs: readonly LevelCosts[],
): number {
  const levels = levelsOf(grid, recipe.cell);
  const cost = ({ files, bytes }: LevelCosts['written']) => bytes + files * FILE_BYTES;
  // Beyond the levels that can be had in both ways, cells are files of their own.
  let [first, least, sum] = [(costs.at(-1)?.level ?? coarse(levels)) + 1, 0, 0];
  for (const { level, written, shared } of costs.toReversed()) {
    sum += cost(shared) - cost(written);
    if (sum < least) [first, least] = [level, sum];
  }
  return first;
}

/** The finest level that is always written. */
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

/** Overview and sheets of a site. */
export function compactSets(shape: SiteShape): TileSet[] {
  const { compact } = shape.layouts;
  if (!compact) return [];
  const levels = levelsOf(shape.grid, shape.recipe.cell);
  const overview = compact.levels.filter(({ level }) => level <= compact.overview);
  return [
    ...compact.sheets.map(({ level, side }) => sheetSet(shape, levels[level]!.cell, side)),
    ...dziLevelSets(shape, 'overview', overview, levels),
  ];
}

/** Sheets of all pictures at one size, in order. */
function sheetSet({ pictures, recipe }: SiteShape, cell: Size, side: number): TileSet {
  const rows = Math.ceil(pictures / side);
  const tile = { width: cell.width * side, height: cell.height * side };
  return tileSet({
    name: `sheets/${cell.width}`,
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
