import { readFile } from 'node:fs/promises';
import { readCsv } from '../format/csv.ts';
import { UserError } from '../errors.ts';
import { shown } from '../messages.ts';
import { explain } from '../image/reasons.ts';
import type { SourceNames } from './source-names.ts';
import type { Grid, Pin, Turn } from '../types.ts';

/** Name of a given placement in messages. */
export const PLACEMENT = '--placement';

/**
 * Reads pins of the command line: `12,34=photo.jpg`, or the path of a CSV with the columns column, row, source (like the
 * report placement.csv).
 *
 * @throws {UserError} `usage`.
 */
export async function readPins(texts: readonly string[]): Promise<Pin[]> {
  const pins: Pin[] = [];
  for (const text of texts) {
    const [, column, row, image] = /^(\d+)\s*,\s*(\d+)\s*=(.*)$/.exec(text.trim()) ?? [];
    if (image?.trim()) pins.push({ column: Number(column), row: Number(row), image: image.trim() });
    else if (text === '' || text.includes('=')) throw malformed(text);
    else for (const pin of await readPlacementFile(text, `--pin ${text}`)) pins.push({ ...pin, file: text });
  }
  return pins;
}

function malformed(text: string): UserError {
  return new UserError(
    'usage',
    `Expected column,row=image, as in 12,34=photo.jpg, or the path of a CSV for --pin but received ${shown(text)}`,
    'See `zoomosaic build --help`.',
  );
}

/** A cell of a placement file. */
export interface PlacedImage extends Pin {
  readonly turn: Turn;
  /** Line number in the file. */
  readonly line: number;
}

/** Reads a CSV with the columns column, row, source, and optionally turn. */
export async function readPlacementFile(path: string, what: string): Promise<PlacedImage[]> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    throw new UserError(
      'usage',
      `Cannot read ${shown(what === PLACEMENT ? `${what} ${path}` : what)}: ${explain(error)}`,
      'Name a CSV file.',
      { cause: error },
    );
  }
  return readCsv(text, ['column', 'row', 'source'], what).map((fields, i) => {
    // The first line holds the names of the columns; each cell has one line.
    const line = i + 2;
    const [column, row, source, turn] = ['column', 'row', 'source', 'turn'].map((name) => fields[name]);
    const bad = [column, row].find((value) => !/^\d+$/.test(value ?? ''));
    if (bad === undefined && source && /^[0-7]?$/.test(turn ?? '')) {
      return { column: Number(column), row: Number(row), image: source, turn: Number(turn ?? 0) as Turn, line };
    }
    throw new UserError(
      'usage',
      `Expected column, row, source in line ${line} of ${shown(what)} but received ${shown([column, row, source, turn].filter((value) => value !== undefined).join(', '))}`,
      'Columns and rows are whole numbers from 0; a turn is 0 to 7.',
    );
  });
}

/**
 * Maps cells to the sources pinned to them.
 *
 * @throws {UserError} `usage` if a pin lies outside the grid or names no usable image, or if a cell has two images.
 */
export function pinnedCells(pins: readonly Pin[], grid: Grid, names: SourceNames): Map<number, number> {
  const cells = new Map<number, number>();
  for (const { column, row, image } of pins) {
    const pin = shown(`--pin ${column},${row}=${image}`);
    const id = names.find(image, pin);
    const cell = cellOf(grid, column, row, pin);
    if (cells.has(cell) && cells.get(cell) !== id) {
      throw new UserError('usage', `${pin} is the second image for that cell`, 'Pin one image to a cell.');
    }
    cells.set(cell, id);
  }
  return cells;
}

/**
 * Returns the picture of each cell of a placement file.
 *
 * @throws {UserError} `usage` unless the file names one usable image for every cell of the grid.
 */
export function givenCells(
  placed: readonly PlacedImage[],
  grid: Grid,
  names: SourceNames,
  usable: number,
  what: string,
): Uint32Array {
  const cells = new Uint32Array(grid.columns * grid.rows);
  const given = new Uint8Array(cells.length);
  const known = new Map<string, number>();
  for (const { column, row, image, turn, line } of placed) {
    const cell = cellOf(grid, column, row, `${what} (line ${line})`);
    let id = known.get(image);
    if (id === undefined) known.set(image, (id = names.find(image, `${what} (line ${line}, cell ${column},${row})`)));
    if (given[cell] && cells[cell] !== turn * usable + id) {
      throw new UserError(
        'usage',
        `${what} has two images for cell ${column},${row}, the second in line ${line}`,
        'Name one image for every cell.',
      );
    }
    cells[cell] = turn * usable + id;
    given[cell] = 1;
  }
  const missing = given.indexOf(0);
  if (missing < 0) return cells;
  throw new UserError(
    'usage',
    `${what} has no image for cell ${missing % grid.columns},${Math.floor(missing / grid.columns)} of ${grid.columns} x ${grid.rows}`,
    'Name an image for every cell, or fix some with --pin and let the rest be matched.',
  );
}

function cellOf({ columns, rows }: Grid, column: number, row: number, what: string): number {
  if (column < columns && row < rows) return row * columns + column;
  throw new UserError(
    'usage',
    `${what} names cell ${column},${row}, outside the grid of ${columns} x ${rows}`,
    `Columns are 0 to ${columns - 1}, rows 0 to ${rows - 1}.`,
  );
}
