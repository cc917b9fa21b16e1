import { UserError } from '../errors.ts';
import { shown } from '../messages.ts';
import type { ResolvedOptions } from './options.ts';
import { type PlacedImage, PLACEMENT } from './pins.ts';
import type { Grid, Size } from '../types.ts';

/**
 * Returns the grid: the requested one, else that of a given placement, else the requested columns and the rows that keep
 * the shape of the target.
 */
export function gridOf(
  { grid, columns }: ResolvedOptions,
  {
    cell,
    target,
    given,
  }: { readonly cell: Size; readonly target: Size; readonly given: readonly PlacedImage[] | undefined },
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
  const turned = cell.width === cell.height ? undefined : given?.find(({ turn }) => turn % 2);
  if (!turned) return;
  throw new UserError(
    'usage',
    `${PLACEMENT} (line ${turned.line}) turns ${shown(turned.image)} by a quarter, but cells are not square: ${cell.width} x ${cell.height} px`,
    'Use square cells (--cell-aspect 1:1), or the turns 0, 2, 4 and 6.',
  );
}
