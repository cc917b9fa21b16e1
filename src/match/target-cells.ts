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
export type TargetColours = Uint8Array;

/**
 * Makes cells of a target's stored colours alone.
 *
 * @param towards features of the sources, and how far (0..1) colours are moved towards theirs.
 */
export function targetCellsOf(
  px: TargetColours,
  grid: Grid,
  towards?: { readonly features: Float32Array; readonly part: number },
): TargetCells {
  const cells: TargetCells = { grid, px };
  if (!towards?.part) return cells;
  const { features, part } = towards;
  const ofCells = sample(grid.columns * grid.rows, (cell, out) => writeCellFeatures(cells, cell, out));
  const ofSources = sample(features.length / FEATURE_LENGTH, (source, out) => {
    out.set(features.subarray(source * FEATURE_LENGTH, (source + 1) * FEATURE_LENGTH));
  });
  return { ...cells, adaptation: adaptationOf(ofCells, ofSources, part) };
}

/** Samples the vectors of evenly spread items. */
function sample(count: number, write: (item: number, out: Float32Array) => void): Float32Array {
  const taken = Math.min(count, SAMPLED);
  const out = new Float32Array(taken * FEATURE_LENGTH);
  for (let i = 0; i < taken; i++) {
    write(Math.floor((i * count) / taken), out.subarray(i * FEATURE_LENGTH, (i + 1) * FEATURE_LENGTH));
  }
  return out;
}

const means = new Float32Array(FEATURE_SIDE ** 2 * 3);

/** Writes the feature vector of a cell into `out`, {@link FEATURE_LENGTH} numbers. */
export function writeCellFeatures({ grid, px, adaptation }: TargetCells, cell: number, out: Float32Array): void {
  const stride = grid.columns * FEATURE_SIDE * 3;
  const line = FEATURE_SIDE * 3;
  const first = Math.floor(cell / grid.columns) * FEATURE_SIDE * stride + (cell % grid.columns) * line;
  for (let y = 0; y < FEATURE_SIDE; y++) {
    for (let i = 0; i < line; i++) means[y * line + i] = LINEAR[px[first + y * stride + i]!]!;
  }
  const move = adaptation && ((lab: Float64Array, part: number) => adapt(adaptation, lab, part));
  writeFeatures(means, 0, line, out, 0, move);
}
