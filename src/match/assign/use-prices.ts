/**
 * The prices of uses that `--variety` asks for.
 *
 * People notice how large a part of the mosaic one image fills. So the dial chooses the share that the most used image may
 * have, from 40 % at 0 to an even share of all images at 1, in geometric steps: equal steps change equally much, whatever the
 * number of images. Up to 0.5 this is a price, of {@link AT_SHARE} at that share. It is lower where it would cost too much
 * likeness: where only few images have the target's colours, these are used more often. Above 0.5, uses have a capacity.
 */
import type { Rules } from '../jobs.ts';
import type { Lookup } from '../lookup.ts';
import { FEATURE_SCALE } from '../../kernels/priced-kernel.ts';
import type { Groups } from './groups.ts';
import { Slots } from './slots.ts';

/** Above this variety, uses have a capacity. */
export const STEEP_ABOVE = 0.5;
/** Share of the cells that one image may fill at variety 0. */
const SHARE_AT_0 = 0.4;
/** Price of one more use of a source that has the share of the dial, in mean costs of the closest pictures. */
const AT_SHARE = 8;
/** Greatest rise of the mean cost at variety 0.5; it grows with the square of the variety. */
const LOSS = 0.022 * FEATURE_SCALE ** 2;
/** Price of a second use with `useAll`, in mean costs of random pairs: more than any cell gains by a second use. */
const AGAIN = 8;
/** Cells of a sample, and the pictures that are looked up for each. */
const [SAMPLED_CELLS, SAMPLED_PICTURES] = [512, 128];
/** Rounds in which the cells of a sample choose again; steps of the search for a price. */
const [ROUNDS, STEPS] = [3, 12];
/** Least price of the search, relative to that of the share. */
const LEAST = 1e-6;

/** The cheapest groups of some cells, evenly spread: by cell, from `starts[i]` on, in rising order of costs. */
export interface Sample {
  readonly starts: Uint32Array;
  readonly groups: Uint32Array;
  readonly costs: Float64Array;
}

/** Facts that prices depend on. */
interface PriceFacts {
  readonly cells: number;
  /** Number of groups of sources that share their uses. */
  readonly groups: number;
  /** Mean cost of random pairs of a cell and a picture. */
  readonly randomPairs: number;
  readonly sample: Sample;
}

/** Computes the prices of uses that the rules ask for, in costs of quantised features. */
export function slotsFor(rules: Rules, facts: PriceFacts): Slots {
  const { maxUses, variety, useAll } = rules;
  const { cells, groups, sample } = facts;
  const again = useAll ? AGAIN * facts.randomPairs : 0;
  const even = Math.max(1, cells / groups);
  const priced = Math.min(variety, STEEP_ABOVE);
  const share = Math.max(1 / groups, SHARE_AT_0 ** (1 - priced) * groups ** -priced);
  // At least 1, the smallest quantised cost: prices have to rise even if pictures match exactly or are all the same.
  const most = (AT_SHARE * Math.max(1, closestOf(sample))) / Math.max(1, share * cells) ** 3;
  const limit = LOSS * (priced / STEEP_ABOVE) ** 2;
  const rise = variety === 0 ? 0 : affordable(sample, { most, limit, cells });
  if (variety <= STEEP_ABOVE) return new Slots({ capacity: maxUses, rise, again });
  const { mostUses } = settled(sample, rise, cells);
  const uses = even * Math.max(1, mostUses / even) ** (2 * (1 - variety));
  return new Slots({ capacity: Math.min(maxUses, Math.ceil(uses)), rise, again });
}

/** Looks up a sample of cells. */
export function sampleOf(lookup: Lookup, { of }: Groups): Sample {
  const { weights, pictures, values } = lookup.memory;
  const step = Math.max(1, Math.floor(weights.length / SAMPLED_CELLS));
  const [starts, groups, costs]: [number[], number[], number[]] = [[0], [], []];
  const k = Math.min(lookup.priced.most, SAMPLED_PICTURES);
  for (let cell = 0; cell < weights.length; cell += step) {
    const held = lookup.cheapestOf(cell, k);
    const seen = new Set<number>();
    for (let rank = 0; rank < held; rank++) {
      const group = of[pictures[rank]!]!;
      if (seen.has(group)) continue;
      seen.add(group);
      groups.push(group);
      costs.push(values[rank]!);
    }
    starts.push(groups.length);
  }
  return { starts: Uint32Array.from(starts), groups: Uint32Array.from(groups), costs: Float64Array.from(costs) };
}

/** Mean cost of the closest pictures. */
function closestOf({ starts, costs }: Sample): number {
  let total = 0;
  for (let i = 0; i + 1 < starts.length; i++) total += costs[starts[i]!] ?? 0;
  return total / Math.max(1, starts.length - 1);
}

/** Returns the greatest rise of the price, up to `most`, that costs no more than `limit` on average. */
function affordable(
  sample: Sample,
  { most, limit, cells }: { readonly most: number; readonly limit: number; readonly cells: number },
): number {
  if (settled(sample, most, cells).loss <= limit) return most;
  let [low, high] = [LEAST, 1];
  for (let step = 0; step < STEPS; step++) {
    const middle = Math.sqrt(low * high);
    if (settled(sample, middle * most, cells).loss <= limit) low = middle;
    else high = middle;
  }
  return low * most;
}

/** Lets the cells of a sample choose at a rise of the price; returns what that costs them on average, and the most uses. */
function settled(sample: Sample, rise: number, cells: number): { readonly loss: number; readonly mostUses: number } {
  const { starts, groups, costs } = sample;
  const count = starts.length - 1;
  const each = cells / Math.max(1, count);
  const slots = new Slots({ capacity: Infinity, rise, again: 0 });
  const uses = new Map<number, number>();
  const add = (group: number, by: number) => void uses.set(group, (uses.get(group) ?? 0) + by);
  const chosen = starts.slice(0, count);
  for (const at of chosen) add(groups[at]!, each);
  let loss = 0;
  for (let round = 0; round < ROUNDS; round++) {
    loss = 0;
    for (let i = 0; i < count; i++) {
      add(groups[chosen[i]!]!, -each);
      let [best, least] = [starts[i]!, Infinity];
      for (let at = starts[i]!; at < starts[i + 1]! && costs[at]! < least; at++) {
        const price = costs[at]! + slots.price((uses.get(groups[at]!) ?? 0) + each / 2);
        if (price < least) [best, least] = [at, price];
      }
      chosen[i] = best;
      add(groups[best]!, each);
      loss += costs[best]! - costs[starts[i]!]!;
    }
  }
  return { loss: loss / Math.max(1, count), mostUses: Math.max(0, ...uses.values()) };
}
