/**
 * The protocol between the main thread and the matching threads. Each thread receives a {@link Shared} when it starts
 * (feature vectors, pins and weights in shared memory), then answers one {@link MatchJob} at a time.
 *
 * Without rules, threads answer `nearest` jobs for batches of cells. With rules, they answer `quantise` jobs (after `nearest`
 * ones, if the distance is the only rule); then one thread answers the `ruled` job and places all cells, while the others
 * answer `help` and serve its lookups (see lookup.ts). In the end, `costs` jobs compare the placement with the target.
 */
import type { Grid } from '../types.ts';
import type { LookupMemory } from './lookup.ts';
import type { SearchTree } from './search-tree.ts';
import type { TargetCells } from './target-cells.ts';

/**
 * Data that matching threads share. A picture is a source in one orientation (upright, mirrored, …); its id is turn index x
 * number of sources + source id. Threads refer to pictures by position in the search tree, where similar pictures are
 * neighbours.
 */
export interface Scene {
  readonly target: TargetCells;
  readonly tree: SearchTree;
  /** By position: the picture's source. */
  readonly sources: Uint32Array;
  /**
   * By position. `sharing` is equal for pictures that share their uses; `alike` is equal for near-duplicates, which keep
   * the distance.
   */
  readonly sharing: Uint32Array;
  readonly alike: Uint32Array;
  /** By cell: factor of its costs. */
  readonly weights: Float32Array;
  /** By cell: position of the pinned picture; {@link FREE} where none is pinned. */
  readonly pins: Uint32Array;
}

/** Data that every matching thread receives when it starts. */
export interface Shared {
  readonly scene: Scene;
  /** Undefined if every cell simply takes the closest picture. */
  readonly lookup?: LookupMemory;
}

/** Marks a cell without a pinned picture. */
export const FREE = 0xffffffff;

/** Rules for a placement as a whole. */
export interface Rules {
  /** Greatest number of cells for pictures that share their uses. */
  readonly maxUses: number;
  /** 0..1: price of each further use. */
  readonly variety: number;
  /** Uses every source at least once. */
  readonly useAll: boolean;
}

/** Job of a matching thread. */
export type MatchJob =
  /** Finds the closest pictures of cells `start..end`. */
  | { readonly kind: 'nearest'; readonly start: number; readonly end: number }
  /** Quantises the features of these cells, for lookups. */
  | { readonly kind: 'quantise'; readonly start: number; readonly end: number }
  /** Computes the costs of cells `start..` with these pictures. */
  | { readonly kind: 'costs'; readonly start: number; readonly positions: Uint32Array }
  /** Helps with lookups until all cells are placed. */
  | { readonly kind: 'help'; readonly seat: number }
  /** Places all cells under the rules. */
  | {
      readonly kind: 'ruled';
      readonly rules: Rules;
      /** Minimum distances, tried in this order. */
      readonly distances: readonly number[];
      /** Positions of the closest pictures; given if the distance is the only rule. */
      readonly nearest?: Uint32Array;
      /** Shared; receives the progress, 0..{@link PROGRESS_PARTS}. */
      readonly progress: Int32Array;
    };

/**
 * A placement: pictures of cells, by position. `stuck` if none was found: some cell has no picture left, or it is proved
 * that no placement keeps the rules.
 */
export interface MatchResult {
  readonly cells: Uint32Array;
  readonly stuck?: 'proved' | 'not found';
  /** As in {@link Placement}. */
  readonly gap: number;
  readonly distanceCost: number;
  readonly minDistance: number;
}

/** Share of a job's progress at which cells are placed and the separation of near-duplicates begins. */
export const PLACED_PART = 0.6;

/** Units of a long job's progress. */
export const PROGRESS_PARTS = 1000;

/**
 * Tells whether a near-duplicate of a picture lies within `distance` cells of a cell (Chebyshev), other than in that cell
 * and in `except`.
 */
export function isNear(
  { target: { grid }, alike }: Scene,
  cells: Uint32Array,
  distance: number,
  cell: number,
  position: number,
  except = cell,
): boolean {
  const likeness = alike[position];
  const [column, row] = [cell % grid.columns, Math.floor(cell / grid.columns)];
  const [left, right] = [Math.max(0, column - distance), Math.min(grid.columns - 1, column + distance)];
  const bottom = Math.min(grid.rows - 1, row + distance);
  for (let y = Math.max(0, row - distance); y <= bottom; y++) {
    for (let other = y * grid.columns + left; other <= y * grid.columns + right; other++) {
      if (alike[cells[other]!] === likeness && other !== cell && other !== except) return true;
    }
  }
  return false;
}

/** Calls `visit` for every cell within a Chebyshev distance of a cell, itself included. */
export function eachNear(grid: Grid, cell: number, distance: number, visit: (other: number) => void): void {
  const [column, row] = [cell % grid.columns, Math.floor(cell / grid.columns)];
  const [left, right] = [Math.max(0, column - distance), Math.min(grid.columns - 1, column + distance)];
  const bottom = Math.min(grid.rows - 1, row + distance);
  for (let y = Math.max(0, row - distance); y <= bottom; y++) {
    for (let at = y * grid.columns + left; at <= y * grid.columns + right; at++) visit(at);
  }
}
