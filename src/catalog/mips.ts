import { FEATURE_SIDE } from '../colour/features.ts';
import { CELL_FREE, cellKernel } from '../kernels/cell-kernel.ts';

/** A cell at every power-of-two size. */
export interface MipPixels {
  /** RGB, 8-bit sRGB, by side in px; the largest is the cell itself. */
  readonly px: ReadonlyMap<number, Uint8Array>;
  /** Linear RGB means of the {@link FEATURE_SIDE} x {@link FEATURE_SIDE} parts. */
  readonly means: Float32Array;
}

/**
 * Halves a cell down to 1 px, in linear light throughout: only what is kept is rounded to 8 bits.
 *
 * @param cell `size` x `size` px, RGB, 8-bit sRGB; `size` a power of two, at least 8.
 */
export function halveCell(cell: Uint8Array, size: number): MipPixels {
  const { call } = cellKernel;
  // Linear px of the mip in hand and of the next one, in turn at the two ends of one buffer; then bytes.
  const linearAt = [CELL_FREE, CELL_FREE + (size / 2) ** 2 * 16];
  const bytesAt = linearAt[1]! + (size / 4) ** 2 * 16;
  const memory = cellKernel.reserve(bytesAt + cell.length);
  memory.set(cell, bytesAt);
  call.halveBytes(bytesAt, size, linearAt[0]!);
  const px = new Map([[size, cell]]);
  let means: Float32Array = new Float32Array();
  for (let side = size / 2, turn = 0; side >= 1; side /= 2, turn ^= 1) {
    const at = linearAt[turn]!;
    call.encode(at, side * side, bytesAt);
    px.set(side, memory.slice(bytesAt, bytesAt + side * side * 3));
    if (side === FEATURE_SIDE) means = packed(memory, at, side * side);
    if (side > 1) call.halve(at, side, linearAt[turn ^ 1]!);
  }
  return { px, means };
}

function packed(memory: Uint8Array, at: number, count: number): Float32Array {
  const px = new Float32Array(memory.buffer, at, count * 4);
  return Float32Array.from({ length: count * 3 }, (_, i) => px[Math.floor(i / 3) * 4 + (i % 3)]!);
}
