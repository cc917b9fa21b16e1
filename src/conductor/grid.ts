import { UserError } from '../errors.ts';
import type { ResolvedOptions } from './options.ts';
import { type PlacedImage, PLACEMENT } from './pins.ts';
import type { Grid, Size } from '../types.ts';

/**
 * Returns the grid: the requested one, else that of a given placement, else the requested columns and the rows that keep
 * the shape of the target.
 */
export function gridOf(
  { grid, columns }: ResolvedOptions,
  cell: Size,
  target: Size,
  given: readonly PlacedImage[] | undefined,
): Grid {
  if (grid) return grid;
  if (!given) {
    const rows = (columns * cell.width * target.height) / (target.width * cell.height);
    return { columns, rows: Math.max(1, Math.round(rows)) };
  }
  if (given.length === 0) {
    throw new UserError(
      'usage',
      `${PLACEMENT} names no cell`,
      'Name an image for every cell, as placement.csv of the reports does.',
    );
  }
  const most = (values: Iterable<number>) => {
    let value = 0;
    for (const one of values) value = Math.max(value, one + 1);
    return value;
  };
  return { columns: most(given.map(({ column }) => column)), rows: most(given.map(({ row }) => row)) };
}

/** @throws {UserError} `usage` if a given placement turns images by a quarter, and cells are not square. */
export function refuseQuarterTurns(given: readonly PlacedImage[] | undefined, cell: Size): void {
  if (cell.width === cell.height || !given?.some(({ turn }) => turn % 2)) return;
  throw new UserError(
    'usage',
    `${PLACEMENT} turns images by a quarter, and cells are ${cell.width} x ${cell.height} px`,
    'Use square cells, or turns 0, 2, 4 and 6.',
  );
}
