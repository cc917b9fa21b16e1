import { FEATURE_LENGTH, FEATURE_ORDER, FEATURE_SIDE } from '../colour/features.ts';
import { quantise } from '../kernels/priced-kernel.ts';
import { type TargetCells, writeCellFeatures } from './target-cells.ts';

/**
 * Factor of a cell's finer coefficients (frequency 2 and up, in either direction). They are not visible from afar. The
 * coarser ones hold the colours of a cell's four quarters and have factor 1.
 */
const FINE = 0.6;

const EMPHASIS = Float32Array.from({ length: FEATURE_LENGTH }, (_, i) => {
  const frequency = FEATURE_ORDER[Math.floor(i / 3)]!;
  return Math.max(Math.floor(frequency / FEATURE_SIDE), frequency % FEATURE_SIDE) > 1 ? FINE : 1;
});

/** Emphasises the feature vectors in `features`, in place. */
export function emphasise(features: Float32Array): void {
  for (let from = 0; from < features.length; from += FEATURE_LENGTH) {
    for (let i = 0; i < FEATURE_LENGTH; i++) features[from + i]! *= EMPHASIS[i]!;
  }
}

/** Writes the emphasised feature vector of a cell into `out`, {@link FEATURE_LENGTH} numbers. */
export function writeCellVector(target: TargetCells, cell: number, out: Float32Array): void {
  writeCellFeatures(target, cell, out);
  emphasise(out);
}

/** Writes the quantised features of cells `start..end` to their places in `out`, which has room for all cells. */
export function quantiseCells(
  target: TargetCells,
  out: Int16Array,
  { start, end }: { readonly start: number; readonly end: number },
): void {
  const vector = new Float32Array(FEATURE_LENGTH);
  for (let cell = start; cell < end; cell++) {
    writeCellFeatures(target, cell, vector);
    emphasise(vector);
    quantise(vector, out, cell * FEATURE_LENGTH);
  }
}
