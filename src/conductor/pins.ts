import { readFile } from 'node:fs/promises';
import { readCsv } from '../format/csv.ts';
import { UserError } from '../errors.ts';
import { expected, shown } from '../messages.ts';
import { explain } from '../image/reasons.ts';
import type { SourceNames } from './source-names.ts';
import { CROP_NAMES, cropNamed } from '../tiles/crops.ts';
import { pictureId, variantOf } from '../tiles/variants.ts';
import type { Grid, Pin, Turn } from '../types.ts';

/** Name of a given placement in messages. */
export const PLACEMENT = '--placement';
/** What is expected of a pin of the command line. */
const PIN = 'column,row=image, as in 12,34=photo.jpg, or the path of a CSV';

/** Fields of a line of a placement file, what is expected of each, and its pattern. */
const FIELDS: readonly (readonly [name: string, what: string, pattern: RegExp])[] = [
  ['column', 'a whole number', /^\d+$/],
  ['row', 'a whole number', /^\d+$/],
  ['source', 'the name of an image', /./s],
  ['turn', 'a number from 0 to 7', /^[0-7]?$/],
  [
    'crop',
    `the name of a crop (${CROP_NAMES.slice(1).join(', ')}) or nothing`,
    new RegExp(`^(?:${CROP_NAMES.join('|')})$`),
  ],
];

/**
 * Reads pins of the command line: `12,34=photo.jpg`, or the path of a CSV with the columns column, row, source (like the
 * report placement.csv).
 *
 * @throws {UserError} `usage`.
 */
export async function readPins(texts: readonly string[]): Promise<GivenPin[]> {
  const pins: GivenPin[] = [];
  for (const text of texts) {
    const [, column, row, image] = /^(\d+)\s*,\s*(\d+)\s*=(.*)$/.exec(text.trim()) ?? [];
    if (image?.trim()) pins.push({ column: Number(column), row: Number(row), image: image.trim() });
    else if (text === '' || text.includes('=')) throw expected('pin', PIN, text);
    else for (const pin of await readPlacementFile(text, `--pin ${text}`)) pins.push({ ...pin, file: text });
  }
  return pins;
}

/** A pin, and its line number if it comes from a file. */
interface GivenPin extends Pin {
  readonly line?: number;
}

/** A cell of a placement file. */
export interface PlacedImage extends Pin {
  readonly turn: Turn;
  /** Number of its crop. */
  readonly crop: number;
  /** Line number in the file. */
  readonly line: number;
}

/** Reads a CSV with the columns column, row, source, and optionally turn and crop. */
export async function readPlacementFile(path: string, what: string): Promise<PlacedImage[]> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    throw new UserError(
      'usage',
      `Cannot read ${shown(what === PLACEMENT ? `${what} ${path}` : what)}: ${explain(error)}`,
      what === PLACEMENT ? 'Name a CSV file.' : `Expected ${PIN}.`,
      { cause: error },
    );
  }
  return readCsv(text, ['column', 'row', 'source'], what).map(({ fields, line }) => {
    for (const [name, wanted, pattern] of FIELDS) {
      const value = fields[name] ?? '';
      if (pattern.test(value)) continue;
      throw new UserError(
        'usage',
        `Expected ${wanted} as ${name} in line ${line} of ${shown(what)} but received ${value === '' ? 'nothing' : shown(value)}`,
        'A line has a column and a row, whole numbers from 0, and the name of an image; it may have a turn from 0 to 7 and the name of a crop.',
      );
    }
    const [column, row, turn] = ['column', 'row', 'turn'].map((name) => Number(fields[name] ?? 0));
    return {
      column: column!,
      row: row!,
      image: fields['source']!,
      turn: turn as Turn,
      crop: cropNamed(fields['crop'] ?? '')!,
      line,
    };
  });
}

/**
 * Maps cells to the sources pinned to them.
 *
 * @throws {UserError} `usage` if a pin lies outside the grid or names no usable image, or if a cell has two images.
 */
export function pinnedCells(pins: readonly GivenPin[], grid: Grid, names: SourceNames): Map<number, number> {
  const cells = new Map<number, number>();
  for (const pin of pins) {
    const { column, row, image } = pin;
    const what = pinText(pin);
    const id = names.find(image, what);
    const cell = cellIndex(grid, pin, what);
    if (cells.has(cell) && cells.get(cell) !== id) {
      throw new UserError(
        'usage',
        `${what} pins a second image to cell ${column},${row}`,
        'Pin only one image to a cell.',
      );
    }
    cells.set(cell, id);
  }
  return cells;
}

/** Names a pin for messages: as typed, or by its file and line. */
function pinText({ column, row, image, file, line }: GivenPin): string {
  if (file === undefined) return shown(`--pin ${column},${row}=${image}`);
  return `${shown(`--pin ${file}`)} (${line === undefined ? '' : `line ${line}, `}cell ${column},${row})`;
}

/**
 * Returns the picture of each cell of a placement file.
 *
 * @throws {UserError} `usage` unless the file names one usable image for every cell of the grid.
 */
export function givenCells(
  placed: readonly PlacedImage[],
  {
    grid,
    names,
    usable,
    what,
  }: { readonly grid: Grid; readonly names: SourceNames; readonly usable: number; readonly what: string },
): Uint32Array {
  const cells = new Uint32Array(grid.columns * grid.rows);
  const given = new Uint8Array(cells.length);
  const known = new Map<string, number>();
  for (const one of placed) {
    const { column, row, image, line } = one;
    const variant = variantOf(one);
    const cell = cellIndex(grid, one, `${what} (line ${line})`);
    let id = known.get(image);
    if (id === undefined) known.set(image, (id = names.find(image, `${what} (line ${line}, cell ${column},${row})`)));
    if (given[cell] && cells[cell] !== pictureId(id, variant, usable)) {
      throw new UserError(
        'usage',
        `${what} has two images for cell ${column},${row}, the second in line ${line}`,
        'Name one image for every cell.',
      );
    }
    cells[cell] = pictureId(id, variant, usable);
    given[cell] = 1;
  }
  const missing = given.indexOf(0);
  if (missing < 0) return cells;
  throw new UserError(
    'usage',
    `${what} has no image for cell ${missing % grid.columns},${Math.floor(missing / grid.columns)} of the grid of ${grid.columns} x ${grid.rows}`,
    'Name an image for every cell; or pin some images with --pin, and leave the other cells to the matching.',
  );
}

/** @throws {UserError} `usage` if a cell lies outside the grid. */
function cellIndex({ columns, rows }: Grid, { column, row }: Pick<Pin, 'column' | 'row'>, what: string): number {
  if (column < columns && row < rows) return row * columns + column;
  const upTo = (count: number) => (count === 1 ? '0' : `0 to ${count - 1}`);
  throw new UserError(
    'usage',
    `${what} names cell ${column},${row}, outside the grid of ${columns} x ${rows}`,
    `Columns count from 0, as rows do: name column ${upTo(columns)} and row ${upTo(rows)}.`,
  );
}
