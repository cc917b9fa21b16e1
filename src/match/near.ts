import type { Grid } from '../types.ts';

/** A grid, and the distance of cells that counts as near (Chebyshev). */
export interface Nearness {
  readonly grid: Grid;
  readonly distance: number;
}

/** Calls `visit` for every cell within the distance of a cell, itself included. */
export function eachNear({ grid, distance }: Nearness, cell: number, visit: (other: number) => void): void {
  const [column, row] = [cell % grid.columns, Math.floor(cell / grid.columns)];
  const [left, right] = [Math.max(0, column - distance), Math.min(grid.columns - 1, column + distance)];
  const bottom = Math.min(grid.rows - 1, row + distance);
  for (let y = Math.max(0, row - distance); y <= bottom; y++) {
    for (let other = y * grid.columns + left; other <= y * grid.columns + right; other++) visit(other);
  }
}

/** Tells whether a near-duplicate of a picture is near a cell, other than in that cell and in `except`. */
export type NearTest = (cell: number, picture: number, except?: number) => boolean;

/**
 * Makes a test for near-duplicates in a placement.
 *
 * @param cells the picture of each cell; the test sees later changes.
 * @param alike by picture: equal for near-duplicates.
 */
export function nearTest({ grid, distance }: Nearness, cells: Uint32Array, alike: Uint32Array): NearTest {
  return (cell, picture, except = cell) => {
    const likeness = alike[picture];
    const [column, row] = [cell % grid.columns, Math.floor(cell / grid.columns)];
    const [left, right] = [Math.max(0, column - distance), Math.min(grid.columns - 1, column + distance)];
    const bottom = Math.min(grid.rows - 1, row + distance);
    for (let y = Math.max(0, row - distance); y <= bottom; y++) {
      for (let other = y * grid.columns + left; other <= y * grid.columns + right; other++) {
        if (alike[cells[other]!] === likeness && other !== cell && other !== except) return true;
      }
    }
    return false;
  };
}
