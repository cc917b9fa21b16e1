import { FEATURE_SIDE } from '../colour/features.ts';
import { type Target, TargetPx } from '../image/target.ts';
import type { Grid, Size } from '../types.ts';
import { targetCellsOf, type TargetCells, type TargetColours } from './target-cells.ts';

/**
 * Bytes of a target that are resized at once. sharp returns memory that cannot be shared; strips avoid a second copy of the
 * whole.
 */
const STRIP_BYTES = 4 * 2 ** 20;

/**
 * Decodes a target and cuts it into cells of a shape; crops it evenly to the aspect ratio of the whole grid.
 */
export async function cutTarget(
  target: Target,
  { grid, cell }: { readonly grid: Grid; readonly cell: Size },
): Promise<TargetCells> {
  const shape = { width: grid.columns * cell.width, height: grid.rows * cell.height };
  return targetCellsOf(await coloursOf(await TargetPx.decode(target, shape), grid), grid);
}

/** Computes the colours of a target's cells, in memory that threads can share. */
export async function coloursOf(target: TargetPx, grid: Grid): Promise<TargetColours> {
  const [width, height] = [grid.columns * FEATURE_SIDE, grid.rows * FEATURE_SIDE];
  const shared = new Uint8Array(new SharedArrayBuffer(width * height * 3));
  const rows = Math.max(1, Math.floor(STRIP_BYTES / (width * 3)));
  for (let top = 0; top < height; top += rows) {
    const strip = await target.resized({ width, height }, top, Math.min(rows, height - top));
    shared.set(strip, top * width * 3);
  }
  return shared;
}
