import { FEATURE_LENGTH } from '../../colour/features.ts';
import type { Rules, Scene } from '../jobs.ts';
import type { Lookup } from '../lookup.ts';
import { type Groups, groupBy } from './groups.ts';
import { Slots } from './slots.ts';

/** Number of cells that are sampled for the mean cost of the closest picture. */
const SAMPLED_CELLS = 1024;
/** Price of a second use with `useAll`, in mean costs of random pairs: more than any cell gains by a second use. */
const AGAIN = 8;
/** More pictures of one source are seldom among the cheapest ones of a cell: 2 place as well as all. */
const WAYS_MAX = 2;
/** Rise of the price per use when all sources are to be used equally often, in mean costs of random pairs. */
const EVENLY = 4;
/**
 * Price of one more use at variety 0.5, for a source that has its even share of the cells, in mean costs of the closest
 * pictures. With 20 even shares, the price is 8 of them.
 */
const GENTLY = 0.001;

/** Above this variety, prices rise steeply and few sources may be used more often than others. */
export const STEEP_ABOVE = 0.5;

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
  const even = Math.max(1, scene.pins.length / groups.count);
  const slots = slotsFor(rules, { even, randomPairs, closest: closestCost(lookup) });
  const variants = mostOf(scene.sources);
  return { scene, lookup, groups, slots, rules, randomPairs, variants, ways: Math.min(variants, WAYS_MAX) };
}

/** Returns how often the commonest value occurs. */
function mostOf(values: Uint32Array): number {
  const counts = new Uint32Array(values.reduce((most, value) => Math.max(most, value), 0) + 1);
  for (const value of values) counts[value]!++;
  return counts.reduce((most, count) => Math.max(most, count), 0);
}

/**
 * Computes the prices of uses that the rules ask for, in costs of quantised features: `even` is the number of cells per
 * group, `randomPairs` the mean cost of random pairs, `closest` that of the closest pictures.
 */
export function slotsFor(
  rules: Rules,
  { even, randomPairs, closest }: { readonly even: number; readonly randomPairs: number; readonly closest: number },
): Slots {
  const { maxUses, variety, useAll } = rules;
  // At least 1, the smallest quantised cost: prices have to rise even if pictures match exactly or are all the same.
  const gentle = (GENTLY * Math.max(1, closest)) / even ** 3;
  const steep = (EVENLY * Math.max(1, randomPairs)) / ((even + 1) ** 3 - even ** 3);
  // Up to variety 0.5, the rise grows with the square of the variety, so that small values do little; then exponentially.
  const factor = Math.max(1, steep / gentle);
  const rise = gentle * (variety < STEEP_ABOVE ? (2 * variety) ** 2 : factor ** (2 * variety - 1));
  return new Slots({ capacity: maxUses, rise, again: useAll ? AGAIN * randomPairs : 0 });
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

/** Mean cost of the closest pictures, for a sample of cells. */
function closestCost(lookup: Lookup): number {
  const { weights, values } = lookup.memory;
  const step = Math.max(1, Math.floor(weights.length / SAMPLED_CELLS));
  let [total, count] = [0, 0];
  for (let cell = 0; cell < weights.length; cell += step, count++) {
    lookup.cheapestOf(cell, 1);
    total += values[0]!;
  }
  return total / count;
}
