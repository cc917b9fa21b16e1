import { setImmediate } from 'node:timers/promises';
import { linearToCielab } from '../colour/cielab.ts';
import { LINEAR } from '../colour/linear.ts';
import { TargetPx } from '../image/target.ts';
import { cellPainter } from '../tiles/cell-painter.ts';
import type { Size } from '../types.ts';
import { bandsOf } from './bands.ts';
import { ciede2000 } from './ciede2000.ts';
import { colourName } from './colour-names.ts';
import type { LikenessOptions } from './likeness.ts';

export type AfarMeasureOptions = Omit<LikenessOptions, 'onProgress'>;

/** Standard deviation of the blur, px; and px beyond which it is cut off. */
const SIGMA = 1;
const AFAR_REACH = 3;
const KERNEL = Float64Array.from({ length: 2 * AFAR_REACH + 1 }, (_, i) =>
  Math.exp(-((i - AFAR_REACH) ** 2) / (2 * SIGMA ** 2)),
);

/** Differences of the colours of cells. */
export interface CellDifferences {
  /** Mean CIEDE2000 after a blur with a standard deviation of one cell, in linear light. */
  readonly afar: number;
  /** CIEDE2000 that the mean colours of 5 % of the cells exceed, each cell by itself. */
  readonly worst: number;
  /** Colours of the target that the images cannot show, even from afar, and their shares of the cells; largest first. */
  readonly missing: readonly { readonly colour: string; readonly share: number }[];
}

/** A colour is missing where it differs by more than this from afar, CIEDE2000, in at least this share of the cells. */
const [MISSED, MISSED_SHARE] = [10, 0.02];
/** Steps per 1 of CIEDE2000 in which the worst cells are found, and its largest value. */
const [FINE, LARGEST] = [10, 150];
const WORST_SHARE = 0.05;

/**
 * Compares a mosaic with its target as an eye sees them that no longer tells the cells apart, and cell by cell. Of large
 * mosaics, evenly spread bands are measured.
 */
export async function measureAfar({
  target,
  cell,
  placement,
  sources,
  signal,
}: AfarMeasureOptions): Promise<CellDifferences> {
  const { columns, rows } = placement.grid;
  const px = await TargetPx.decode(target, { width: columns * cell.width, height: rows * cell.height });
  const paint = cellPainter(sources, placement, { width: 1, height: 1 });
  const missing = new Map<string, number>();
  const histogram = new Uint32Array(LARGEST * FINE + 1);
  let [sum, cells] = [0, 0];
  for (const { top, rows: own } of bandsOf(columns, rows, 1)) {
    // Rows above and below the band blur into it.
    const first = Math.min(top, AFAR_REACH);
    const height = Math.min(rows, top + own + AFAR_REACH) - top + first;
    const wanted = await px.resized({ width: columns, height: rows }, top - first, height);
    const shown = paint({ left: 0, top: top - first, width: columns, height });
    const size = { width: columns, height, first, count: own };
    eachAfar([wanted, shown], size, (difference, [l, a, b]) => {
      sum += difference;
      if (difference > MISSED) count(missing, colourName(l!, a!, b!));
    });
    eachDifference([linearOf(wanted), linearOf(shown)], size, (difference) => {
      histogram[Math.min(LARGEST * FINE, Math.floor(difference * FINE))]!++;
    });
    cells += own * columns;
    await setImmediate();
    signal.throwIfAborted();
  }
  return {
    afar: sum / cells,
    worst: exceededBy(histogram, WORST_SHARE * cells) / FINE,
    missing: [...missing]
      .map(([colour, times]) => ({ colour, share: times / cells }))
      .filter(({ share }) => share >= MISSED_SHARE)
      .toSorted((a, b) => b.share - a.share),
  };
}

function count(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

/** Returns the least bin above which there are at most `few`. */
function exceededBy(histogram: Uint32Array, few: number): number {
  let above = 0;
  for (let bin = histogram.length - 1; bin >= 0; bin--) {
    above += histogram[bin]!;
    if (above > few) return bin;
  }
  return 0;
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
export function sumAfar(a: Uint8Array, b: Uint8Array, size: Size & Rows): number {
  let sum = 0;
  eachAfar([a, b], size, (difference) => (sum += difference));
  return sum;
}

/** Two pictures that are compared. */
type Pair<Px> = readonly [one: Px, other: Px];

/** Receives the CIEDE2000 difference of a px, and the CIELAB colours of both, L, a, b each. */
type Visit = (difference: number, lab: Float64Array) => void;

function eachAfar([a, b]: Pair<Uint8Array>, size: Size & Rows, visit: Visit): void {
  eachDifference([blurred(a, size), blurred(b, size)], size, visit);
}

/** Visits the differences of two pictures, linear RGB, in the rows that are compared. */
function eachDifference(
  [one, other]: Pair<Float64Array>,
  { width, first, count: rows }: Size & Rows,
  visit: Visit,
): void {
  const lab = new Float64Array(6);
  for (let at = first * width * 3; at < (first + rows) * width * 3; at += 3) {
    linearToCielab(one[at]!, one[at + 1]!, one[at + 2]!, lab, 0);
    linearToCielab(other[at]!, other[at + 1]!, other[at + 2]!, lab, 3);
    visit(ciede2000(lab[0]!, lab[1]!, lab[2]!, lab[3]!, lab[4]!, lab[5]!), lab);
  }
}

function linearOf(px: Uint8Array): Float64Array {
  return Float64Array.from(px, (value) => LINEAR[value]!);
}

/** Blurs a picture; returns linear RGB. */
function blurred(px: Uint8Array, { width, height }: Size): Float64Array {
  const across = convolved(linearOf(px), { lines: height, line: width * 3, length: width, step: 3 });
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
