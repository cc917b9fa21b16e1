import type { Grid } from '../types.ts';
import type { LookupMemory } from './lookup.ts';
import type { SearchTree } from './search-tree.ts';
import type { TargetCells } from './target-cells.ts';

/**
 * What matching threads share. A picture is a source that stands in one of its ways (upright, mirrored, …): its id is
 * way x sources + source id. Threads call pictures by their position in the tree, where alike ones are neighbours.
 */
export interface Scene {
  readonly target: TargetCells;
  readonly tree: SearchTree;
  /** By position, the source that it is a picture of. */
  readonly sources: Uint32Array;
  /** By position, what shares its uses with others has the same number; and what must not stand near others. */
  readonly sharing: Uint32Array;
  readonly alike: Uint32Array;
  /** What the costs of each cell are multiplied by. */
  readonly weights: Float32Array;
  /** Position of the picture that each cell has to show, {@link FREE} if any will do. */
  readonly pins: Uint32Array;
}

/** What every matching thread is given. */
export interface Shared {
  readonly scene: Scene;
  /** Where cells do not just take the likest. */
  readonly lookup?: LookupMemory;
}

/** A cell that no picture is pinned to. */
export const FREE = 0xffffffff;

/** What is asked of a placement as a whole. */
export interface Rules {
  /** Cells that pictures which share their uses may fill at most. */
  readonly maxUses: number;
  /** 0..1: how much a further use costs. */
  readonly variety: number;
  /** Every source at least once. */
  readonly useAll: boolean;
}

/** What a matching thread is asked. */
export type MatchJob =
  /** The likest pictures of cells `start..end`. */
  | { readonly kind: 'nearest'; readonly start: number; readonly end: number }
  /** To quantise what these cells show, for lookups. */
  | { readonly kind: 'quantise'; readonly start: number; readonly end: number }
  /** What cells `start..` cost with these pictures. */
  | { readonly kind: 'costs'; readonly start: number; readonly positions: Uint32Array }
  /** To help with lookups until all cells are placed. */
  | { readonly kind: 'help'; readonly seat: number }
  /** To place all cells under the rules. */
  | {
      readonly kind: 'ruled';
      readonly rules: Rules;
      /** Tried in this order. */
      readonly distances: readonly number[];
      /** If the rules are but distances: positions of the nearest pictures. */
      readonly nearest?: Uint32Array;
      /** Shared; receives the parts of {@link PROGRESS_PARTS} that are done. */
      readonly progress: Int32Array;
    };

/** Pictures of cells, by position; `stuck` if the rules left none for some cell, as is proved, or seems so. */
export interface MatchResult {
  readonly cells: Uint32Array;
  readonly stuck?: 'proved' | 'not found';
  /** As in {@link Placement}. */
  readonly gap: number;
  readonly distanceCost: number;
  readonly minDistance: number;
}

/** Of the time that placing takes, what has passed when equal sources begin to be parted. */
export const PLACED_PART = 0.6;

/** Parts of the whole in which a long job tells its progress. */
export const PROGRESS_PARTS = 1000;

/** Whether something like a picture stands within a distance of a cell, apart from that cell itself and `except`. */
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

/** Calls `visit` for every cell within a Chebyshev distance of one, itself included. */
export function eachNear(grid: Grid, cell: number, distance: number, visit: (other: number) => void): void {
  const [column, row] = [cell % grid.columns, Math.floor(cell / grid.columns)];
  const [left, right] = [Math.max(0, column - distance), Math.min(grid.columns - 1, column + distance)];
  const bottom = Math.min(grid.rows - 1, row + distance);
  for (let y = Math.max(0, row - distance); y <= bottom; y++) {
    for (let at = y * grid.columns + left; at <= y * grid.columns + right; at++) visit(at);
  }
}
