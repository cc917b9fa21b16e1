import { setImmediate } from 'node:timers/promises';
import { linearToCielab } from '../colour/cielab.ts';
import { LINEAR } from '../colour/linear.ts';
import { TargetPx } from '../image/target.ts';
import { cellPainter } from '../tiles/cell-painter.ts';
import type { Size } from '../types.ts';
import { bandsOf } from './bands.ts';
import { ciede2000 } from './ciede2000.ts';
import type { LikenessOptions } from './likeness.ts';

export type AfarMeasureOptions = Omit<LikenessOptions, 'onProgress'>;

/** Standard deviation of the blur, px; and px beyond which it is cut off. */
const SIGMA = 1;
const AFAR_REACH = 3;
const KERNEL = Float64Array.from({ length: 2 * AFAR_REACH + 1 }, (_, i) =>
  Math.exp(-((i - AFAR_REACH) ** 2) / (2 * SIGMA ** 2)),
);

/**
 * Compares a mosaic with its target as an eye sees them that no longer tells the cells apart: mean CIEDE2000 after a blur with
 * a standard deviation of one cell, in linear light. Of large mosaics, evenly spread bands are measured.
 */
export async function measureAfar({ target, cell, placement, sources, signal }: AfarMeasureOptions): Promise<number> {
  const { columns, rows } = placement.grid;
  const px = await TargetPx.decode(target, { width: columns * cell.width, height: rows * cell.height });
  const paint = cellPainter(sources, placement, { width: 1, height: 1 });
  let [sum, cells] = [0, 0];
  for (const { top, rows: own } of bandsOf(columns, rows, 1)) {
    // Rows above and below the band blur into it.
    const first = Math.min(top, AFAR_REACH);
    const height = Math.min(rows, top + own + AFAR_REACH) - top + first;
    const wanted = await px.resized({ width: columns, height: rows }, top - first, height);
    const shown = paint({ left: 0, top: top - first, width: columns, height });
    sum += sumAfar(wanted, shown, { width: columns, height, first, count: own });
    cells += own * columns;
    await setImmediate();
    signal.throwIfAborted();
  }
  return sum / cells;
}

/** Rows of a picture that are compared, without those that only blur into them. */
interface Rows {
  readonly first: number;
  readonly count: number;
}

/**
 * Sums the CIEDE2000 differences of two pictures that are blurred in linear light. At the edges, the blur averages the px that there are.
 *
 * @param a, b RGB, 8-bit sRGB, row-major, 1 px per cell.
 */
export function sumAfar(a: Uint8Array, b: Uint8Array, { width, height, first, count }: Size & Rows): number {
  const size = { width, height };
  const [one, other] = [blurred(a, size), blurred(b, size)];
  const lab = new Float64Array(6);
  let sum = 0;
  for (let at = first * width * 3; at < (first + count) * width * 3; at += 3) {
    linearToCielab(one[at]!, one[at + 1]!, one[at + 2]!, lab, 0);
    linearToCielab(other[at]!, other[at + 1]!, other[at + 2]!, lab, 3);
    sum += ciede2000(lab[0]!, lab[1]!, lab[2]!, lab[3]!, lab[4]!, lab[5]!);
  }
  return sum;
}

/** Blurs a picture; returns linear RGB. */
function blurred(px: Uint8Array, { width, height }: Size): Float64Array {
  const linear = Float64Array.from(px, (value) => LINEAR[value]!);
  const across = convolved(linear, { lines: height, line: width * 3, length: width, step: 3 });
  return convolved(across, { lines: width, line: 3, length: height, step: width * 3 });
}

/** Convolves lines of px with the kernel: px of a line are `step` samples apart, lines `line` samples. */
function convolved(
  input: Float64Array,
  { lines, line, length, step }: { lines: number; line: number; length: number; step: number },
): Float64Array {
  const out = new Float64Array(input.length);
  for (let i = 0; i < length; i++) {
    const [from, to] = [Math.max(0, i - AFAR_REACH), Math.min(length - 1, i + AFAR_REACH)];
    let total = 0;
    for (let k = from; k <= to; k++) total += KERNEL[k - i + AFAR_REACH]!;
    for (let k = from; k <= to; k++) {
      const factor = KERNEL[k - i + AFAR_REACH]! / total;
      for (let at = 0; at < lines; at++) {
        for (let c = 0; c < 3; c++) out[at * line + i * step + c]! += factor * input[at * line + k * step + c]!;
      }
    }
  }
  return out;
}
