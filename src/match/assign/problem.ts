import { FEATURE_LENGTH } from '../../colour/features.ts';
import type { PricedSources } from '../../kernels/priced-kernel.ts';
import { type Groups, groupBy } from './groups.ts';
import type { Rules, Scene } from '../jobs.ts';
import type { Lookup } from '../lookup.ts';
import { Slots } from './slots.ts';

/** Cells whose cheapest source tells what cells cost. */
const SAMPLED_CELLS = 1024;
/** What a second use costs where all images are to be used, in costs of strangers: more than any of them is worth. */
const AGAIN = 8;
/** And how much more than the last one each use costs where all are to be used equally often. */
const EVENLY = 4;
/** At a variety of 0.5, a source that has its even share of the cells costs so much of the likest's cost more; with 20 of them, 8. */
const GENTLY = 0.001;

/** All that an assignment is made of, in whole numbers. */
export interface Problem {
  readonly scene: Scene;
  /** Features of all cells, and of all pictures by position, quantised. */
  readonly cells: Int16Array;
  readonly points: Int16Array;
  readonly lookup: Lookup;
  readonly groups: Groups;
  readonly slots: Slots;
  readonly rules: Rules;
  /** What cells and pictures that are strangers to each other cost, on average. */
  readonly strangers: number;
  /** In which a source may stand. */
  readonly ways: number;
}

/** A placement in the making: pictures by position, their weighted costs, the uses of each group. */
export interface Draft {
  readonly cells: Uint32Array;
  readonly costs: Float64Array;
  readonly uses: Uint32Array;
}

/** What is to be solved: `lookup` has the scene's cells and pictures, as whole numbers. */
export function problemOf(scene: Scene, rules: Rules, lookup: Lookup): Problem {
  const { cells, points } = lookup.memory;
  const groups = groupBy(scene.sharing);
  const strangers = meanCost(scene.weights, cells, points);
  const slots = slotsFor(scene, rules, groups.count, strangers, likestCost(scene.weights, cells, lookup.sources));
  const ways = scene.sources.length / (scene.sources.reduce((last, id) => Math.max(last, id), 0) + 1);
  return { scene, cells, points, lookup, groups, slots, rules, strangers, ways };
}

/** What the rules make a further use cost. */
function slotsFor(scene: Scene, rules: Rules, groups: number, strangers: number, likest: number): Slots {
  const even = Math.max(1, scene.pins.length / groups);
  const { maxUses, variety, useAll } = rules;
  // Where images are just what cells show, or all the same, prices still have to rise: by the least whole numbers tell apart.
  const gentle = (GENTLY * Math.max(1, likest)) / even ** 3;
  const steep = (EVENLY * Math.max(1, strangers)) / ((even + 1) ** 3 - even ** 3);
  // From nothing to gentle by the square, so that little does little; then by equal factors to what makes all uses even.
  const factor = Math.max(1, steep / gentle);
  const rise = gentle * (variety < 0.5 ? (2 * variety) ** 2 : factor ** (2 * variety - 1));
  return new Slots({ capacity: maxUses, rise, again: useAll ? AGAIN * strangers : 0 });
}

/** Costs and uses of a placement. */
export function draftOf({ scene, cells, points, groups }: Problem, placed: Uint32Array): Draft {
  const costs = new Float64Array(placed.length);
  const uses = new Uint32Array(groups.count);
  for (const [cell, position] of placed.entries()) {
    costs[cell] = scene.weights[cell]! * distance(cells, cell, points, position);
    uses[groups.of[position]!]!++;
  }
  return { cells: placed.slice(), costs, uses };
}

/** Squared distance of a cell and a picture. */
export function distance(cells: Int16Array, cell: number, points: Int16Array, position: number): number {
  const [a, b] = [cell * FEATURE_LENGTH, position * FEATURE_LENGTH];
  let total = 0;
  for (let i = 0; i < FEATURE_LENGTH; i++) total += (cells[a + i]! - points[b + i]!) ** 2;
  return total;
}

/** What cells and pictures that are strangers to each other cost, from a thousand pairs. */
function meanCost(weights: Float32Array, cells: Int16Array, points: Int16Array): number {
  const count = points.length / FEATURE_LENGTH;
  let total = 0;
  for (let pair = 0; pair < 1000; pair++) {
    const cell = (pair * 7919) % weights.length;
    total += weights[cell]! * distance(cells, cell, points, (pair * 104729) % count);
  }
  return total / 1000;
}

/** What the likest pictures cost, from some cells. */
function likestCost(weights: Float32Array, cells: Int16Array, sources: PricedSources): number {
  const step = Math.max(1, Math.floor(weights.length / SAMPLED_CELLS));
  let [total, count] = [0, 0];
  for (let cell = 0; cell < weights.length; cell += step, count++) {
    sources.cheapest(cells, cell * FEATURE_LENGTH, 1, Infinity, weights[cell]);
    total += sources.values[1]!;
  }
  return total / count;
}
