import { FEATURE_SIDE, type SourceFeatures, writeFeatures } from '../colour/features.ts';
import { LINEAR } from '../colour/linear.ts';
import type { Grid } from '../types.ts';
import { adapt, type Adaptation, adaptationOf } from './adapt.ts';
import { reachOf } from './reach.ts';

/** A target cut into cells, in memory that threads can share. */
export interface TargetCells {
  readonly grid: Grid;
  /** 4 x 4 means per cell, RGB, 8-bit sRGB; row-major over the whole picture. */
  readonly px: Uint8Array;
  /** Shifts of its colours, applied before they are compared. */
  readonly adaptation?: Adaptation;
}

/** What a target's colours are moved towards. */
export interface Towards {
  readonly features: SourceFeatures;
  /** By source: bit c tells whether it may be shown in crop c. */
  readonly crops: Uint32Array;
  /** 0..1: how far. */
  readonly part: number;
}

/** Cell colours of a target as they are stored with a mosaic: {@link TargetCells.px}. */
export type TargetColours = Uint8Array;

/**
 * Makes cells of a target's stored colours alone.
 *
 * @param towards the pictures that may be shown, and how far (0..1) colours are moved into what they can show.
 */
export function targetCellsOf(px: TargetColours, grid: Grid, towards?: Towards): TargetCells {
  if (!towards?.part) return { grid, px };
  const { features, crops, part } = towards;
  return { grid, px, adaptation: adaptationOf({ grid, px }, reachOf(features, crops), part) };
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
  const shift = adaptation?.subarray(cell * 3, cell * 3 + 3);
  const move = shift && ((lab: Float64Array, part: number) => adapt(shift, lab, part));
  writeFeatures(means, 0, line, out, 0, move);
}
