import { FEATURE_LENGTH, FEATURE_SIDE, writeFeatures } from '../colour/features.ts';
import { LINEAR } from '../colour/linear.ts';
import type { Grid } from '../types.ts';
import { adapt, type Adaptation, adaptationOf } from './adapt.ts';

/** A target cut into cells, in memory that threads can share. */
export interface TargetCells {
  readonly grid: Grid;
  /** 4 x 4 means per cell, RGB, 8-bit sRGB; row-major over the whole picture. */
  readonly px: Uint8Array;
  /** Map of its colours, applied before they are compared. */
  readonly adaptation?: Adaptation;
}

/** Greatest number of cells, and of sources, that are sampled for the distribution of colours. */
const SAMPLED = 4096;

/** Cell colours of a target as they are stored with a mosaic: {@link TargetCells.px}. */
export type SeenTarget = Uint8Array;

/**
 * Makes cells of a target's stored colours alone.
 *
 * @param towards features of the sources, and how far (0..1) colours are moved towards theirs.
 */
export function seenCells(
  px: SeenTarget,
  grid: Grid,
  towards?: { readonly features: Float32Array; readonly part: number },
): TargetCells {
  const cells: TargetCells = { grid, px };
  if (!towards?.part) return cells;
  const { features, part } = towards;
  const seen = sample(grid.columns * grid.rows, (index, out, at) => writeCellFeatures(cells, index, out, at));
  const shown = sample(features.length / FEATURE_LENGTH, (id, out, at) => {
    out.set(features.subarray(id * FEATURE_LENGTH, (id + 1) * FEATURE_LENGTH), at);
  });
  return { ...cells, adaptation: adaptationOf(seen, shown, part) };
}

/** Samples the vectors of evenly spread items. */
function sample(count: number, write: (item: number, out: Float32Array, at: number) => void): Float32Array {
  const taken = Math.min(count, SAMPLED);
  const out = new Float32Array(taken * FEATURE_LENGTH);
  for (let i = 0; i < taken; i++) write(Math.floor((i * count) / taken), out, i * FEATURE_LENGTH);
  return out;
}

const means = new Float32Array(FEATURE_SIDE ** 2 * 3);

/** Writes the feature vector of cell `index` (row-major) into `out`, from `at` on. */
export function writeCellFeatures(
  { grid, px, adaptation }: TargetCells,
  index: number,
  out: Float32Array,
  at: number,
): void {
  const stride = grid.columns * FEATURE_SIDE * 3;
  const line = FEATURE_SIDE * 3;
  const first = Math.floor(index / grid.columns) * FEATURE_SIDE * stride + (index % grid.columns) * line;
  for (let y = 0; y < FEATURE_SIDE; y++) {
    for (let i = 0; i < line; i++) means[y * line + i] = LINEAR[px[first + y * stride + i]!]!;
  }
  const move = adaptation && ((lab: Float64Array, part: number) => adapt(adaptation, lab, part));
  writeFeatures(means, 0, line, out, at, move);
}
