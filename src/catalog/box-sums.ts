import { LINEAR } from '../colour/linear.ts';
import { CELL_FREE, cellKernel } from '../kernels/cell-kernel.ts';
import type { Rgb, Size } from '../types.ts';
import type { Pixels } from './resample.ts';

/** Numbers of a corner of the table: linear r, g, b and 0. */
export const CORNER_LENGTH = 4;

/**
 * Averages px into a small raster, in linear light, and sums that up to a summed-area table; transparency is laid over
 * `background` first. A px counts for the box that its first edge lies in. Takes memory for the px of one row of boxes.
 *
 * @param raster size of the raster, at most that of the image.
 * @returns {@link CORNER_LENGTH} numbers per corner, (width + 1) x (height + 1) corners, row-major: the sum of all raster px
 *   above and left of it. They lie in the kernel's memory, and are valid until its next use.
 */
export function boxSums({ data, width, height, channels }: Pixels, raster: Size, background: Rgb): Float64Array {
  const { call } = cellKernel;
  const edge = (i: number, length: number, boxes: number) => Math.ceil((i * length) / boxes);
  const starts = Int32Array.from({ length: raster.width + 1 }, (_, i) => edge(i, width, raster.width));
  const band = Math.ceil(height / raster.height);
  const corners = CORNER_LENGTH * (raster.width + 1);
  // Layout of the kernel's memory: the table, linear px of a band, a row of sums, where boxes start, and bytes.
  const linearAt = CELL_FREE + corners * 8 * (raster.height + 1);
  const rowAt = linearAt + band * width * 16;
  const startsAt = rowAt + width * 16;
  const bytesAt = startsAt + Math.ceil(starts.byteLength / 16) * 16;
  const memory = cellKernel.reserve(bytesAt + band * width * channels);
  memory.set(new Uint8Array(starts.buffer), startsAt);
  const sums = new Float64Array(memory.buffer, CELL_FREE, corners * (raster.height + 1));
  sums.fill(0, 0, corners);
  const [r, g, b] = [LINEAR[background.r]!, LINEAR[background.g]!, LINEAR[background.b]!];
  for (let row = 0; row < raster.height; row++) {
    const [top, bottom] = [edge(row, height, raster.height), edge(row + 1, height, raster.height)];
    memory.set(data.subarray(top * width * channels, bottom * width * channels), bytesAt);
    call.linearise(bytesAt, (bottom - top) * width, channels, r, g, b, linearAt);
    const toAt = CELL_FREE + corners * 8 * (row + 1);
    call.sumBoxes(linearAt, width, bottom - top, startsAt, raster.width, rowAt, toAt);
  }
  return sums;
}
