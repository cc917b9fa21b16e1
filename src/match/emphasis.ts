import { FEATURE_LENGTH, FEATURE_ORDER, FEATURE_SIDE } from '../colour/features.ts';
import { type TargetCells, writeCellFeatures } from './target.ts';

/**
 * How much differences of a cell's finer half count, where those of its four quarters' colours count 1: less, since from afar
 * they are not seen.
 */
const FINE = 0.6;

const EMPHASIS = Float32Array.from({ length: FEATURE_LENGTH }, (_, i) => {
  const frequency = FEATURE_ORDER[Math.floor(i / 3)]!;
  return Math.max(Math.floor(frequency / FEATURE_SIDE), frequency % FEATURE_SIDE) > 1 ? FINE : 1;
});

/** Emphasises the feature vectors of `features`, in place. */
export function emphasise(features: Float32Array): void {
  for (let i = 0; i < features.length; i++) features[i]! *= EMPHASIS[i % FEATURE_LENGTH]!;
}

const vector = new Float32Array(FEATURE_LENGTH);

/** Writes the emphasised feature vector of a cell into `out` from `at` on. */
export function writeCellLook(target: TargetCells, cell: number, out: Float32Array, at: number): void {
  writeCellFeatures(target, cell, vector, 0);
  emphasise(vector);
  out.set(vector, at);
}
