import { FEATURE_LENGTH } from '../../src/colour/features.ts';
import { quantise } from '../../src/kernels/priced-kernel.ts';
import { quantiseCells } from '../../src/match/emphasis.ts';
import { FREE, type Rules, type Scene } from '../../src/match/jobs.ts';
import { ASKED_MAX, Lookup, lookupMemory } from '../../src/match/lookup.ts';
import { buildSearchTree } from '../../src/match/search-tree.ts';
import type { TargetCells } from '../../src/match/target-cells.ts';

/** No rule at all. */
export const FREELY: Rules = { maxUses: Infinity, variety: 0, useAll: false };

/** What matching threads share, of sources that stand upright; by default all are different, and no cell is pinned. */
export function sceneOf(
  target: TargetCells,
  features: Float32Array,
  more: {
    /** By source. */
    readonly sharing?: Uint32Array;
    readonly alike?: Uint32Array;
    /** By cell. */
    readonly weights?: Float32Array;
    /** Cell -> source. */
    readonly pins?: ReadonlyMap<number, number>;
  } = {},
): Scene {
  const cells = target.grid.columns * target.grid.rows;
  const tree = buildSearchTree(features);
  const own = Uint32Array.from({ length: features.length / FEATURE_LENGTH }, (_, id) => id);
  const byPosition = (values: Uint32Array) => Uint32Array.from(tree.ids, (id) => values[id]!);
  const alike = more.alike ?? own;
  const { pins = new Map<number, number>() } = more;
  return {
    target,
    tree,
    ids: Uint32Array.from(tree.ids),
    sources: byPosition(own),
    sharing: byPosition(more.sharing ?? alike),
    alike: byPosition(alike),
    weights: more.weights ?? new Float32Array(cells).fill(1),
    pins: Uint32Array.from({ length: cells }, (_, cell) => {
      const id = pins.get(cell);
      return id === undefined ? FREE : tree.ids.indexOf(id);
    }),
  };
}

/** Where a scene's cells look up what is cheapest. */
export function lookupOf({ target, tree, weights }: Scene): Lookup {
  const cells = new Int16Array(weights.length * FEATURE_LENGTH);
  quantiseCells(target, cells, { start: 0, end: weights.length });
  return new Lookup(lookupMemory({ cells, points: quantise(tree.points), weights }, ASKED_MAX));
}

/** Source of each cell. */
export function idsOf({ tree }: Scene, positions: Uint32Array): Uint32Array {
  return Uint32Array.from(positions, (position) => tree.ids[position]!);
}

/** Pairs of cells within a Chebyshev distance that show the same, each pair compared. */
export function conflictsOf(shown: ArrayLike<number>, columns: number, distance: number): number {
  let found = 0;
  for (let a = 0; a < shown.length; a++) {
    for (let b = a + 1; b < shown.length; b++) {
      const across = Math.abs((a % columns) - (b % columns));
      const down = Math.abs(Math.floor(a / columns) - Math.floor(b / columns));
      if (shown[a] === shown[b] && Math.max(across, down) <= distance) found++;
    }
  }
  return found;
}

/** How often each value is there, most first. */
export function countsOf(values: Iterable<number>): number[] {
  const counts = new Map<number, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts.values()].toSorted((a, b) => b - a);
}
