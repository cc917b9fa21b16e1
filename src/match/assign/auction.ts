/**
 * Assignment in which each further use of a picture costs more: every cell gets a picture, and the sum of costs and use
 * prices is least, up to a certified gap. A capacity is an infinite price.
 *
 * Cells bid for pictures (D. P. Bertsekas, D. A. Castanon, "The auction algorithm for the transportation problem", 1989). A
 * picture's price is that of its next use, or its lowest bid if that is less. A cell bids for the picture of least cost plus
 * price. It offers that price, plus the margin to its second choice, plus a step. Prices only rise. When every cell has a
 * picture, the sum is within cells x step of the least. Large steps come first, to find the level of prices; before each
 * smaller step, prices fall by what they may have overshot.
 *
 * The certificate is a Lagrangian lower bound: for any prices >= 0, no assignment costs less than
 * sum over cells of min (cost + price) - sum over pictures of the greatest gain of uses at that price.
 *
 * Pictures that share their uses (near-duplicates, one image and its mirror image) form a group; the group has the price.
 */
import type { Lookup } from '../lookup.ts';
import { BidHeaps } from './bid-heaps.ts';
import { CandidateLists, ROUNDING } from './candidate-lists.ts';
import type { Groups } from './groups.ts';
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
const NONE = 0xffffffff;
const PROGRESS_BIDS = 1 << 14;

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
  for (let phase = 0, step = options.firstStep; step > 0; phase++) {
    // Estimate: each phase takes half of the remaining work.
    market.bid(lists, step, (placed) => onProgress?.(1 - 2 ** -(phase + placed / count)));
    const mean = market.costs.reduce((sum, cost) => sum + cost, 0) / count;
    const next = options.nextStep(step, mean);
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
  return { cells: placed, costs, uses, prices, total, bound: boundOf(options, prices, lists) };
}

/** An assignment while it is being made. */
class Market {
  readonly cells: Uint32Array;
  readonly costs: Float64Array;
  readonly uses: Uint32Array;
  readonly prices: Float64Array;
  private readonly options: AuctionOptions;
  private readonly heaps: BidHeaps;

  constructor(options: AuctionOptions) {
    const { cells, groups, used } = options;
    this.options = options;
    this.cells = new Uint32Array(cells.length);
    this.costs = new Float64Array(cells.length);
    this.uses = used.slice();
    this.prices = new Float64Array(groups.count);
    this.heaps = new BidHeaps(cells.length, groups.count);
  }

  /** Sets the price of a group, and of all its pictures in the lookup. */
  setPrice(group: number, price: number): void {
    const { groups, lookup } = this.options;
    this.prices[group] = price;
    for (let i = groups.starts[group]!; i < groups.starts[group + 1]!; i++) {
      lookup.priced.setPrice(groups.members[i]!, price);
    }
  }

  /** Auctions all pictures anew, from the current prices. */
  bid(lists: CandidateLists, step: number, onProgress: (placed: number) => void): void {
    const { cells, costs, uses, prices, heaps, options } = this;
    const { groups, slots } = options;
    const count = cells.length;
    heaps.clear();
    cells.fill(NONE);
    uses.set(options.used);
    // A stack: a cell that has just been outbid bids next, while prices near it are up to date.
    const waiting = Uint32Array.from({ length: count }, (_, i) => count - 1 - i);
    let length = count;
    for (let bids = 1; length > 0; bids++) {
      const cell = waiting[--length]!;
      const { picture, cost, value, second } = lists.best(cell, prices);
      // With one picture alone there is no second choice; any bid will do.
      const more = Number.isFinite(second) ? second - value : 0;
      const group = groups.of[picture]!;
      const opens = slots.price(uses[group]!) <= heaps.least(group);
      cells[cell] = picture;
      costs[cell] = cost;
      heaps.add(group, cell, prices[group]! + more + step);
      if (opens) uses[group]!++;
      else waiting[length++] = heaps.removeLeast(group);
      const price = Math.min(heaps.least(group), slots.price(uses[group]!));
      if (price > prices[group]!) this.setPrice(group, price);
      if (bids % PROGRESS_BIDS === 0) onProgress(count - length);
    }
  }
}

/** Computes the Lagrangian bound. {@link ROUNDING} allows for candidates being found at prices rounded to 32 bits. */
function boundOf({ cells, groups, slots, used }: AuctionOptions, prices: Float64Array, lists: CandidateLists): number {
  let bound = 0;
  for (let cell = 0; cell < cells.length; cell++) bound += lists.best(cell, prices).value * ROUNDING;
  for (let group = 0; group < groups.count; group++) {
    if (used[group]! < slots.capacity) bound -= slots.gain(used[group]!, prices[group]!);
  }
  return Math.max(0, bound);
}
