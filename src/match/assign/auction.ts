/**
 * Assignment with capacities by an auction (D. P. Bertsekas, D. A. Castañon, "The auction algorithm for the transportation
 * problem", 1989). A picture's price is that of its next use, or its lowest bid if that is less. A cell bids for the picture of least
 * cost plus price. It offers that price, plus the margin to its second choice, plus a step. Prices only rise. When every cell has a
 * picture, the sum is within cells x step of the least, but for pictures that are left over; see {@link offerLeftOver}. Large steps
 * come first, to find the level of prices; before each smaller step, prices fall by what they may have overshot.
 *
 * The certificate is a Lagrangian lower bound: for any prices >= 0, no assignment costs less than
 * sum over cells of min (cost + price) - sum over pictures of the greatest gain of uses at that price.
 *
 * Pictures that share their uses (near-duplicates, one image and its mirror image) form a group; the group has the price.
 */
import { BATCH, type Lookup } from '../lookup.ts';
import { CandidateLists, ROUNDING } from './candidate-lists.ts';
import type { Groups } from './groups.ts';
import { offerLeftOver } from './left-over.ts';
import { Market } from './market.ts';
import type { Slots } from './slots.ts';

export interface AuctionOptions {
  /** Looks up the cheapest pictures of cells; its prices are updated along with the result's. */
  readonly lookup: Lookup;
  /** Cells of the lookup that bid. */
  readonly cells: Uint32Array;
  readonly groups: Groups;
  readonly slots: Slots;
  /** By group: number of uses before any cell bids. */
  readonly used: Uint32Array;
  /** By group: initial prices, where they are roughly known; by default the prices of the next uses. */
  readonly prices?: Float64Array;
  /** First step of bids, in squared distances of quantised features; above 0. */
  readonly firstStep: number;
  /** Computes the next step from the last one and the mean cost of a cell; 0 ends the auction. */
  readonly nextStep: (step: number, meanCost: number) => number;
  /** Number of candidates kept per cell, 2 or more; more candidates mean fewer lookups. */
  readonly candidates: number;
  /** Called from time to time with the part of the work that is done, 0..1. */
  readonly onProgress?: (part: number) => void;
}

export interface Assignment {
  /** Picture of each cell. */
  readonly cells: Uint32Array;
  /** Weighted squared distance of quantised features, by cell. */
  readonly costs: Float64Array;
  /** Number of uses, by group. */
  readonly uses: Uint32Array;
  /** Final prices, by group. */
  readonly prices: Float64Array;
  /** Sum of costs and use prices. */
  readonly total: number;
  /** Lower bound of that sum over all assignments. */
  readonly bound: number;
}

/** Number of steps by which prices may have overshot. With a smaller number, pictures are left unused that cells would want. */
export const OVERSHOT_STEPS = 3;

/** Assigns pictures to cells by an auction. The capacities have to suffice for all cells. */
export function auction(options: AuctionOptions): Assignment {
  const { cells, lookup, groups, slots, used, onProgress } = options;
  const count = cells.length;
  const lists = new CandidateLists({ lookup, cells, groups, size: options.candidates });
  const least = (group: number) => Math.min(Number.MAX_VALUE, slots.price(used[group]!));
  const market = new Market(options);
  for (let group = 0; group < groups.count; group++) {
    market.setPrice(group, Math.max(least(group), options.prices?.[group] ?? 0));
  }
  let fell = 0;
  for (let phase = 0, step = options.firstStep; step > 0; phase++) {
    // Estimate: each phase takes half of the remaining work.
    market.bid(lists, step, (placed) => onProgress?.(1 - 2 ** -(phase + placed / count)));
    fell = offerLeftOver(options, market, step);
    lists.lower(fell);
    const next = options.nextStep(step, market.meanCost);
    if (next > 0) {
      const by = OVERSHOT_STEPS * step;
      for (const [group, price] of market.prices.entries()) {
        market.setPrice(group, Math.max(least(group), price - by));
      }
      lists.lower(by);
    }
    step = next;
  }
  const { cells: placed, costs, uses, prices } = market;
  let total = costs.reduce((sum, cost) => sum + cost, 0);
  for (const [group, times] of uses.entries()) total += slots.sum(used[group]!, times);
  const values = fell > 0 ? leastValuesAnew(options, market) : leastValues(lists, market);
  return { cells: placed, costs, uses, prices, total, bound: boundOf(options, prices, values) };
}

/** Sums the least cost plus price of each cell: a bit less than it is, since look-ups round prices to 32 bits ({@link ROUNDING}). */
function leastValues(lists: CandidateLists, { cells, prices }: Market): number {
  let sum = 0;
  for (let cell = 0; cell < cells.length; cell++) sum += lists.best(cell, prices).value;
  return ROUNDING * sum;
}

/** The same where prices fell after the last look-ups: looks up all cells again, on all threads. */
function leastValuesAnew({ lookup, cells }: AuctionOptions, market: Market): number {
  const { values, held } = lookup.memory;
  const limits = new Float32Array(BATCH);
  let sum = 0;
  for (let first = 0; first < cells.length; first += BATCH) {
    const asked = cells.subarray(first, first + BATCH);
    for (let i = 0; i < asked.length; i++) limits[i] = market.valueOf(first + i);
    lookup.cheapest(asked, 1, limits);
    for (let i = 0; i < asked.length; i++) sum += Math.min(limits[i]!, held[i]! > 0 ? values[i]! : Infinity);
  }
  return ROUNDING * sum;
}

/** Computes the Lagrangian bound, from the prices and the sum of the least cost plus price of each cell. */
function boundOf({ groups, slots, used }: AuctionOptions, prices: Float64Array, values: number): number {
  let bound = values;
  for (let group = 0; group < groups.count; group++) {
    if (used[group]! < slots.capacity) bound -= slots.gain(used[group]!, prices[group]!);
  }
  return Math.max(0, bound);
}
