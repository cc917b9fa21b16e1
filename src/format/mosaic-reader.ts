/**
 * Reads `mosaic.json`, for the commands and the viewer alike. The file is not trusted: each field is checked before anything
 * is computed from it. So sizes, numbers of files and paths follow from a grid that a build can have. No memory is allocated
 * in proportion to a number in the file.
 */
import { ASPECT_MAX, CELL_MAX } from '../tiles/cell-shape.ts';
import { UserError } from '../errors.ts';
import { extensionOf, levelsOf } from '../tiles/tile-plan.ts';
import type { Crop, Grid, Level, Names, Size, Subsampling, TileFormat } from '../types.ts';
import { baseUrlOf } from './base-url.ts';
import { BLOCK_SIDES } from './cell-blocks.ts';
import { exactly, type Fields, isDeep, isWhole, list, malformed, object, oneOf, whole } from './fields.ts';
import { DIRECTORY_BLOCKS } from './directory.ts';
import { checkLayouts, TILE_SIDES } from './layouts-reader.ts';
import {
  CELLS_MAX,
  CLOSEUP_SIDES,
  LANGUAGES,
  MOSAIC_BYTES_MAX,
  MOSAIC_VERSION,
  type MosaicJson,
  SIDE_MAX,
  TITLE_MAX,
  TOUR_MAX,
} from './mosaic-json.ts';
import { INDEX_BLOCKS, ORIGINAL_LEVELS_MAX } from './original-index.ts';
import { checkQuality } from './quality-reader.ts';

const FORMATS: readonly TileFormat[] = ['jpeg', 'webp', 'avif', 'png'];
const SUBSAMPLINGS: readonly Subsampling[] = ['4:2:0', '4:4:4'];
const NAMES: readonly Names[] = ['all', 'none'];
const CROPS: readonly Crop[] = ['centre', 'attention', 'entropy'];
/** Largest number of pictures whose numbers fit 16 bits. */
const PICTURES_U16 = 2 ** 16;

/** Where a `mosaic.json` was found: the file, or its copy in the page, which has no address. */
export type Found = 'file' | 'page';

/**
 * Parses and checks the text of a `mosaic.json`.
 *
 * @throws {UserError} `not-a-site` if it is no JSON, too long, nested too deep, of another version, or has a wrong field.
 */
export function parseMosaic(text: string, found: Found = 'file'): MosaicJson {
  if (text.length > MOSAIC_BYTES_MAX) throw tooLong(text.length);
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new UserError('not-a-site', 'mosaic.json is damaged: it is no JSON', 'Build the site again.', {
      cause: error,
    });
  }
  if (isDeep(json)) {
    throw new UserError('not-a-site', 'mosaic.json is damaged: it is nested too deep', 'Build the site again.');
  }
  return checkMosaic(json, found);
}

/** Makes the error for a `mosaic.json` that is too long. */
export function tooLong(bytes: number): UserError {
  const most = `at most ${MOSAIC_BYTES_MAX} bytes`;
  return new UserError('not-a-site', `Expected ${most} in mosaic.json but received ${bytes}`, 'Build the site again.');
}

/**
 * Checks all fields of a `mosaic.json`, and returns it. Ignores fields that this version does not know.
 *
 * @throws {UserError} `not-a-site`.
 */
export function checkMosaic(json: unknown, found: Found = 'file'): MosaicJson {
  const mosaic = object('the whole', json);
  if (mosaic['format'] !== 'zoomosaic') throw malformed('format', 'zoomosaic', mosaic['format']);
  if (mosaic['version'] !== MOSAIC_VERSION) throw otherVersion(mosaic['version']);
  const title = mosaic['title'];
  if (typeof title !== 'string') throw malformed('title', 'a text', title);
  if (title.length > TITLE_MAX) throw malformed('title', `at most ${TITLE_MAX} characters`, title.length);
  const grid = checkGrid(object('grid', mosaic['grid']));
  const cell = checkCell(object('cell', mosaic['cell']));
  const tileSize = checkTileSize(mosaic['tileSize'], cell);
  exactly('width', mosaic['width'], side(grid.columns * cell.width, 'grid.columns'));
  exactly('height', mosaic['height'], side(grid.rows * cell.height, 'grid.rows'));
  const format = checkTile(object('tile', mosaic['tile']));
  oneOf('crop', mosaic['crop'], CROPS);
  oneOf('names', mosaic['names'], NAMES);
  checkBackground(mosaic['background']);
  const levels = levelsOf(grid, cell);
  checkLevels(list('levels', mosaic['levels']), levels);
  const pictures = whole('pictures', mosaic['pictures'], [1, grid.columns * grid.rows]);
  const layouts = object('layouts', mosaic['layouts']);
  checkLayouts(layouts, { levels, tileSize, format });
  checkAddress(mosaic['baseUrl'], found === 'file' && layouts['iiif'] !== undefined);
  checkSources(object('sources', mosaic['sources']));
  checkPlacement(object('placement', mosaic['placement']), pictures);
  oneOf('language', mosaic['language'], LANGUAGES);
  truth('compare', mosaic['compare']);
  truth('offline', mosaic['offline']);
  if (mosaic['tour'] !== undefined) checkTour(list('tour', mosaic['tour']), grid);
  checkDirectory(object('directory', mosaic['directory']));
  if (mosaic['closeup'] !== undefined) whole('closeup', mosaic['closeup'], CLOSEUP_SIDES);
  if (mosaic['originals'] !== undefined) checkOriginals(object('originals', mosaic['originals']));
  checkQuality(object('quality', mosaic['quality']));
  return mosaic as unknown as MosaicJson;
}

/** Checks the address of the site, which documents of the layout iiif need. */
function checkAddress(value: unknown, isNeeded: boolean): void {
  if (value === undefined && !isNeeded) return;
  if (typeof value === 'string' && baseUrlOf(value) === value) return;
  throw malformed('baseUrl', 'an http or https URL', value);
}

function otherVersion(version: unknown): UserError {
  const has = isWhole(version, 0, 2 ** 31) ? version : 'none that is known';
  return new UserError(
    'not-a-site',
    `Expected version ${MOSAIC_VERSION} of mosaic.json but received ${has}`,
    'Build the site again, or use the zoomosaic that made it.',
  );
}

function checkGrid({ columns, rows }: Fields): Grid {
  const grid = {
    columns: whole('grid.columns', columns, [1, CELLS_MAX]),
    rows: whole('grid.rows', rows, [1, CELLS_MAX]),
  };
  whole('grid.columns x grid.rows', grid.columns * grid.rows, [1, CELLS_MAX]);
  return grid;
}

/**
 * Checks the cell: square with a power of two as its side, or two whole numbers up to {@link ASPECT_MAX} times a power of
 * two.
 */
function checkCell({ width, height }: Fields): Size {
  const cell = {
    width: whole('cell.width', width, [1, CELL_MAX]),
    height: whole('cell.height', height, [1, CELL_MAX]),
  };
  let shape = cell;
  while (shape.width % 2 === 0 && shape.height % 2 === 0) shape = { width: shape.width / 2, height: shape.height / 2 };
  const most = cell.width === cell.height ? 1 : ASPECT_MAX;
  if (Math.max(shape.width, shape.height) <= most) return cell;
  const what = `whole numbers up to ${ASPECT_MAX} (1 for a square) times a power of two`;
  throw malformed('cell', what, `${cell.width} x ${cell.height}`);
}

/** Checks the tile size: the cell's width, times or divided by a power of two. */
function checkTileSize(value: unknown, cell: Size): number {
  const tileSize = whole('tileSize', value, TILE_SIDES);
  if (Number.isInteger(Math.log2(tileSize / cell.width))) return tileSize;
  throw malformed('tileSize', `a power of two times the cell's width, ${cell.width},`, tileSize);
}

function side(px: number, field: string): number {
  return whole(`${field} in px`, px, [1, SIDE_MAX]);
}

function checkTile({ format, extension, quality, subsampling }: Fields): TileFormat {
  const known = oneOf('tile.format', format, FORMATS);
  exactly('tile.extension', extension, extensionOf(known));
  whole('tile.quality', quality, [1, 100]);
  oneOf('tile.subsampling', subsampling, SUBSAMPLINGS);
  return known;
}

function checkBackground(value: unknown): void {
  if (typeof value !== 'string' || !/^#[0-9a-f]{6}$/.test(value)) throw malformed('background', '#rrggbb', value);
}

/** Checks the levels against those computed from the grid. */
function checkLevels(levels: readonly unknown[], expected: readonly Level[]): void {
  exactly('the number of levels', levels.length, expected.length);
  for (const [i, { level, cell, width, height }] of expected.entries()) {
    const name = `levels[${i}]`;
    const told = object(name, levels[i]);
    const own = object(`${name}.cell`, told['cell']);
    exactly(`${name}.level`, told['level'], level);
    exactly(`${name}.width`, told['width'], width);
    exactly(`${name}.height`, told['height'], height);
    exactly(`${name}.cell.width`, own['width'], cell.width);
    exactly(`${name}.cell.height`, own['height'], cell.height);
  }
}

function checkSources(sources: Fields): void {
  const counts = [
    'found',
    'usable',
    'used',
    'skipped',
    'duplicates',
    'pairs',
    'nearDuplicates',
    'enlarged',
    'verbatim',
  ];
  for (const name of counts) whole(`sources.${name}`, sources[name], [0, Number.MAX_SAFE_INTEGER]);
  for (const [kind, count] of Object.entries(object('sources.leftOut', sources['leftOut']))) {
    whole(`sources.leftOut.${kind.slice(0, 40)}`, count, [0, Number.MAX_SAFE_INTEGER]);
  }
}

function checkPlacement({ block, type }: Fields, pictures: number): void {
  whole('placement.block', block, BLOCK_SIDES);
  oneOf('placement.type', type, pictures > PICTURES_U16 ? ['u32'] : ['u16', 'u32']);
}

function checkDirectory({ block, named }: Fields): void {
  whole('directory.block', block, DIRECTORY_BLOCKS);
  truth('directory.named', named);
}

function truth(field: string, value: unknown): void {
  if (typeof value !== 'boolean') throw malformed(field, 'true or false', value);
}

function checkTour(tour: readonly unknown[], { columns, rows }: Grid): void {
  whole('the length of tour', tour.length, [1, TOUR_MAX]);
  for (const [i, cell] of tour.entries()) whole(`tour[${i}]`, cell, [0, columns * rows - 1]);
}

function checkOriginals({ mode, block, levels }: Fields): void {
  oneOf('originals.mode', mode, ['link', 'copy']);
  whole('originals.block', block, INDEX_BLOCKS);
  whole('originals.levels', levels, [0, ORIGINAL_LEVELS_MAX]);
}
