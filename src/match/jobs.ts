/**
 * The protocol between the main thread and the matching threads. Each thread receives a {@link Shared} when it starts
 * (feature vectors, pins and weights in shared memory), then answers one {@link MatchJob} at a time.
 *
 * Without rules, threads answer `nearest` jobs for batches of cells. With rules, they answer `quantise` jobs (after `nearest`
 * ones, if the distance is the only rule); then one thread answers the `ruled` job and places all cells, while the others
 * answer `help` and serve its lookups (see lookup.ts). In the end, `costs` jobs compare the placement with the target.
 */
import type { MessagePort } from 'node:worker_threads';
import type { LookupMemory } from './lookup.ts';
import type { SearchTree } from './search-tree.ts';
import type { TargetCells } from './target-cells.ts';

/**
 * Data that matching threads share. A picture is a source in one variant (crop and orientation). While cells are matched, a
 * picture's index is its place in the search tree, where similar pictures are neighbours; `ids[picture]` is its id: variant
 * x number of sources + source.
 */
export interface Scene {
  readonly target: TargetCells;
  readonly tree: SearchTree;
  /** By picture: its id, and its source. */
  readonly ids: Uint32Array;
  readonly sources: Uint32Array;
  /**
   * By picture. `sharing` is equal for pictures that share their uses; `alike` is equal for near-duplicates, which keep
   * the distance.
   */
  readonly sharing: Uint32Array;
  readonly alike: Uint32Array;
  /** By picture: mean colour, linear RGB; only where the likeness from afar is improved. */
  readonly means?: Float32Array;
  /** By cell: factor of its costs. */
  readonly weights: Float32Array;
  /** By cell: the pinned picture; {@link FREE} where none is pinned. */
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
  | { readonly kind: 'costs'; readonly start: number; readonly pictures: Uint32Array }
  /** Helps with lookups until all cells are placed. */
  | { readonly kind: 'help'; readonly seat: number; readonly port?: MessagePort }
  /** Places all cells under the rules. */
  | {
      readonly kind: 'ruled';
      readonly rules: Rules;
      /** Pictures per source that is shown, on average; Infinity for no limit. */
      readonly perSource: number;
      /** Factor of the error of the blurred mosaic; 0 leaves it as it is. */
      readonly afar: number;
      /** Minimum distances, tried in this order. */
      readonly distances: readonly number[];
      /** A placement of nearly least cost will do; see `placeQuickly`. */
      readonly quick?: boolean;
      /** The closest picture of each cell; given if the distance is the only rule. */
      readonly nearest?: Uint32Array;
      /** Through these, helpers receive the memory of further lookups. */
      readonly ports?: readonly MessagePort[];
      /** Shared; receives the progress, 0..{@link PROGRESS_PARTS}. */
      readonly progress: Int32Array;
    };

/**
 * A placement: the picture of each cell. `stuck` if none was found: some cell has no picture left, or it is proved
 * that no placement keeps the rules.
 */
export interface MatchResult {
  readonly cells: Uint32Array;
  readonly stuck?: 'proved' | 'not found';
  /** As in {@link Placement}. */
  readonly gap: number;
  readonly distanceCost: number;
  readonly afarCost: number;
  readonly minDistance: number;
}

/** Share of a job's progress at which cells are placed and the separation of near-duplicates begins. */
export const PLACED_PART = 0.6;

/** Units of a long job's progress. */
export const PROGRESS_PARTS = 1000;
