import { FEATURE_LENGTH } from '../../colour/features.ts';
import type { Rules, Scene } from '../jobs.ts';
import type { Lookup } from '../lookup.ts';
import { type Groups, groupBy } from './groups.ts';
import { Slots } from './slots.ts';

/** Cells whose cheapest source tells what cells cost. */
const SAMPLED_CELLS = 1024;
/** What a second use costs where all images are to be used, in costs of strangers: more than any of them is worth. */
const AGAIN = 8;
/** And how much more than the last one each use costs where all are to be used equally often. */
const EVENLY = 4;
/** At a variety of 0.5, a source that has its even share of the cells costs so much of the likest's cost more; with 20 of them, 8. */
const GENTLY = 0.001;

/** Above this variety prices rise steeply, so that few sources may be used more often than others. */
export const STEEP_ABOVE = 0.5;

/** All that an assignment is made of, in whole numbers. */
export interface Problem {
  readonly scene: Scene;
  /** Features of all cells and pictures, as whole numbers. */
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
  const groups = groupBy(scene.sharing);
  const strangers = meanCost(lookup);
  const even = Math.max(1, scene.pins.length / groups.count);
  const slots = slotsFor(rules, { even, strangers, likest: likestCost(lookup) });
  const ways = scene.sources.length / (scene.sources.reduce((last, id) => Math.max(last, id), 0) + 1);
  return { scene, lookup, groups, slots, rules, strangers, ways };
}

/**
 * What the rules make a further use cost, in the whole numbers of lookups: `even` is how many cells there are for each group,
 * `strangers` and `likest` what cells cost with any picture and with the likest one.
 */
export function slotsFor(
  rules: Rules,
  { even, strangers, likest }: { readonly even: number; readonly strangers: number; readonly likest: number },
): Slots {
  const { maxUses, variety, useAll } = rules;
  // Where images are just what cells show, or all the same, prices still have to rise: by the least whole numbers tell apart.
  const gentle = (GENTLY * Math.max(1, likest)) / even ** 3;
  const steep = (EVENLY * Math.max(1, strangers)) / ((even + 1) ** 3 - even ** 3);
  // From nothing to gentle by the square, so that little does little; then by equal factors to what makes all uses even.
  const factor = Math.max(1, steep / gentle);
  const rise = gentle * (variety < STEEP_ABOVE ? (2 * variety) ** 2 : factor ** (2 * variety - 1));
  return new Slots({ capacity: maxUses, rise, again: useAll ? AGAIN * strangers : 0 });
}

/** Costs and uses of a placement. */
export function draftOf(problem: Problem, placed: Uint32Array): Draft {
  const { groups } = problem;
  const costs = new Float64Array(placed.length);
  const uses = new Uint32Array(groups.count);
  for (const [cell, position] of placed.entries()) {
    costs[cell] = costOf(problem, cell, position);
    uses[groups.of[position]!]!++;
  }
  return { cells: placed.slice(), costs, uses };
}

/** Weighted squared distance of a cell and a picture. */
export function costOf({ lookup }: Pick<Problem, 'lookup'>, cell: number, position: number): number {
  const { cells, points, weights } = lookup.memory;
  const [a, b] = [cell * FEATURE_LENGTH, position * FEATURE_LENGTH];
  let total = 0;
  for (let i = 0; i < FEATURE_LENGTH; i++) total += (cells[a + i]! - points[b + i]!) ** 2;
  return weights[cell]! * total;
}

/** What cells and pictures that are strangers to each other cost, from a thousand pairs. */
function meanCost(lookup: Lookup): number {
  const { weights } = lookup.memory;
  let total = 0;
  for (let pair = 0; pair < 1000; pair++) {
    total += costOf({ lookup }, (pair * 7919) % weights.length, (pair * 104729) % lookup.sources.count);
  }
  return total / 1000;
}

/** What the likest pictures cost, from some cells. */
function likestCost(lookup: Lookup): number {
  const { weights, values } = lookup.memory;
  const step = Math.max(1, Math.floor(weights.length / SAMPLED_CELLS));
  let [total, count] = [0, 0];
  for (let cell = 0; cell < weights.length; cell += step, count++) {
    lookup.cheapestOf(cell, 1);
    total += values[0]!;
  }
  return total / count;
}
