import { FEATURE_SIDE } from '../colour/features.ts';
import { CELL_FREE, cellKernel } from '../kernels/cell-kernel.ts';
import type { Size } from '../types.ts';

/** A cell at its full size and at each half of it, as long as both sides are even. */
export interface MipPixels {
  /** RGB px, 8-bit sRGB, by {@link sizeKey}; the largest is the cell itself. */
  readonly px: ReadonlyMap<string, Uint8Array>;
  /** Linear RGB means of the {@link FEATURE_SIDE} x {@link FEATURE_SIDE} parts of a square cell. */
  readonly means: Float32Array;
}

/** Bytes of a cell that are copied to the kernel's memory at a time, so that a large cell is not held twice. */
const BAND_BYTES = 2 ** 20;

/** Returns a size as a key of maps, as `64x32`. */
export function sizeKey({ width, height }: Size): string {
  return `${width}x${height}`;
}

/**
 * Halves a cell as long as both sides are even, in linear light throughout. Only the returned px are rounded to 8 bits.
 *
 * @param cell RGB, 8-bit sRGB; both sides of `size` are even. There are means only if a half of the cell has
 *   {@link FEATURE_SIDE} px along both sides.
 */
export function halveCell(cell: Uint8Array, size: Size): MipPixels {
  const { call } = cellKernel;
  let { width, height } = size;
  // Layout of the kernel's memory: two buffers of linear px, which successive mips use in turn, then a buffer of bytes.
  const linearAt = [CELL_FREE, CELL_FREE + width * height * 4];
  const bytesAt = linearAt[1]! + width * height;
  const bandRows = Math.min(height, Math.max(2, 2 * Math.floor(BAND_BYTES / (width * 6))));
  const memory = cellKernel.reserve(bytesAt + Math.max(bandRows * width * 3, (width * height * 3) / 4));
  for (let top = 0; top < height; top += bandRows) {
    const rows = Math.min(bandRows, height - top);
    memory.set(cell.subarray(top * width * 3, (top + rows) * width * 3), bytesAt);
    call.halveBytes(bytesAt, width, rows, linearAt[0]! + (top / 2) * (width / 2) * 16);
  }
  const px = new Map([[sizeKey(size), cell]]);
  let means: Float32Array = new Float32Array();
  for (let turn = 0; width % 2 === 0 && height % 2 === 0; turn ^= 1) {
    [width, height] = [width / 2, height / 2];
    const at = linearAt[turn]!;
    call.encode(at, width * height, bytesAt);
    px.set(sizeKey({ width, height }), memory.slice(bytesAt, bytesAt + width * height * 3));
    if (width === FEATURE_SIDE && height === FEATURE_SIDE) means = packed(memory, at, width * height);
    if (width % 2 === 0 && height % 2 === 0) call.halve(at, width, height, linearAt[turn ^ 1]!);
  }
  return { px, means };
}

function packed(memory: Uint8Array, at: number, px: number): Float32Array {
  const values = new Float32Array(memory.buffer, at, px * 4);
  return Float32Array.from({ length: px * 3 }, (_, i) => values[Math.floor(i / 3) * 4 + (i % 3)]!);
}
