import { FEATURE_LENGTH } from '../../colour/features.ts';
import type { Rules, Scene } from '../jobs.ts';
import type { Lookup } from '../lookup.ts';
import { type Groups, groupBy } from './groups.ts';
import type { Slots } from './slots.ts';
import { sampleOf, slotsFor } from './use-prices.ts';

/** More pictures of one source are seldom among the cheapest ones of a cell: 2 place as well as all. */
const WAYS_MAX = 2;

/** All data of an assignment; costs are in whole numbers, of quantised features. */
export interface Problem {
  readonly scene: Scene;
  /** Quantised features of all cells and pictures. */
  readonly lookup: Lookup;
  readonly groups: Groups;
  readonly slots: Slots;
  readonly rules: Rules;
  /** Mean cost of random pairs of a cell and a picture. */
  readonly randomPairs: number;
  /** Greatest number of pictures of one source. */
  readonly variants: number;
  /** Number of these that are asked for, where a search goes by the number of sources. */
  readonly ways: number;
}

/** A placement while it is being made: the picture of each cell, its weighted cost, and the uses of each group. */
export interface Draft {
  readonly cells: Uint32Array;
  readonly costs: Float64Array;
  readonly uses: Uint32Array;
}

/** Sets up an assignment problem; `lookup` has the quantised features of the scene's cells and pictures. */
export function problemOf(scene: Scene, rules: Rules, lookup: Lookup): Problem {
  const groups = groupBy(scene.sharing);
  const randomPairs = meanCost(lookup);
  const cells = scene.pins.length;
  const slots = slotsFor(rules, { cells, groups: groups.count, randomPairs, sample: sampleOf(lookup, groups) });
  const variants = mostOf(scene.sources);
  return { scene, lookup, groups, slots, rules, randomPairs, variants, ways: Math.min(variants, WAYS_MAX) };
}

/** Returns how often the commonest value occurs. */
function mostOf(values: Uint32Array): number {
  const counts = new Uint32Array(values.reduce((most, value) => Math.max(most, value), 0) + 1);
  for (const value of values) counts[value]!++;
  return counts.reduce((most, count) => Math.max(most, count), 0);
}

/** Computes the costs and uses of a placement. */
export function draftOf(problem: Problem, placed: Uint32Array): Draft {
  const { groups } = problem;
  const costs = new Float64Array(placed.length);
  const uses = new Uint32Array(groups.count);
  for (const [cell, picture] of placed.entries()) {
    costs[cell] = costOf(problem, cell, picture);
    uses[groups.of[picture]!]!++;
  }
  return { cells: placed.slice(), costs, uses };
}

/** Weighted squared distance of a cell and a picture. */
export function costOf({ lookup }: Pick<Problem, 'lookup'>, cell: number, picture: number): number {
  const { cells, points, weights } = lookup.memory;
  const [a, b] = [cell * FEATURE_LENGTH, picture * FEATURE_LENGTH];
  let total = 0;
  for (let i = 0; i < FEATURE_LENGTH; i++) total += (cells[a + i]! - points[b + i]!) ** 2;
  return weights[cell]! * total;
}

/** Mean cost of a thousand random pairs of a cell and a picture. */
function meanCost(lookup: Lookup): number {
  const { weights } = lookup.memory;
  let total = 0;
  for (let pair = 0; pair < 1000; pair++) {
    total += costOf({ lookup }, (pair * 7919) % weights.length, (pair * 104729) % lookup.priced.count);
  }
  return total / 1000;
}
