/**
 * Assignment where each further use of a source costs more: every cell gets a source, and the sum of costs and of the
 * prices of uses is as small as can be, up to a gap that is certified. A capacity is a price without end.
 *
 * Cells bid for sources (D. P. Bertsekas, D. A. Castanon, "The auction algorithm for the transportation problem", 1989).
 * A source's price is what its next use costs, or its least bidder offered, if that is less; a cell bids for what costs it
 * least, prices included, just as much more as makes its second choice as good, and a step on top. Prices only rise. When
 * every cell has a source, the sum is within cells x step of the least. Large steps come first, to find out what prices are like;
 * what they may have overshot is taken back before the next ones.
 *
 * The certificate is Lagrange's: for whatever prices >= 0, no assignment costs less than
 * sum over cells of min (cost + price) - sum over sources of the most that uses could gain at that price.
 *
 * Sources that share their uses (near-duplicates, one image and its mirror image) are a group: the group has the price.
 */
import type { Lookup } from '../lookup.ts';
import { BidHeaps } from './bid-heaps.ts';
import { CandidateLists, ROUNDING } from './candidate-lists.ts';
import type { Groups } from './groups.ts';
import type { Slots } from './slots.ts';

export interface AuctionOptions {
  /** Where cells look for what is cheapest; its prices are the result's, too. */
  readonly lookup: Lookup;
  /** The cells there that bid. */
  readonly cells: Uint32Array;
  readonly groups: Groups;
  readonly slots: Slots;
  /** Uses that each group has before any cell bids. */
  readonly used: Uint32Array;
  /** Prices to begin with, of each group, where they are about known; by default what uses cost. */
  readonly prices?: Float64Array;
  /** What each bid adds at first, in squared distances of quantised features; above 0. */
  readonly firstStep: number;
  /** What it adds next, given what it added and the mean cost of a cell then; 0 to be content. */
  readonly nextStep: (step: number, meanCost: number) => number;
  /** Candidates kept for each cell, 2 or more: more are fewer looks at all sources. */
  readonly candidates: number;
  /** Called now and then with the part of the work that is done, 0..1. */
  readonly onProgress?: (part: number) => void;
}

export interface Assignment {
  /** Source of each cell. */
  readonly cells: Uint32Array;
  /** Weighted squared distance of quantised features, of each cell. */
  readonly costs: Float64Array;
  /** Uses of each group. */
  readonly uses: Uint32Array;
  /** Of each group, when the last cell had its source. */
  readonly prices: Float64Array;
  /** Sum of costs, and of the prices of uses. */
  readonly total: number;
  /** No assignment has a smaller sum. */
  readonly bound: number;
}

/** Prices may have been driven too high by so many steps; with fewer, sources are left over that would be wanted. */
export const OVERSHOT_STEPS = 3;
const NONE = 0xffffffff;
const PROGRESS_BIDS = 1 << 14;

/** Assigns sources to cells by an auction; there have to be uses for all of them. */
export function auction(options: AuctionOptions): Assignment {
  const { cells, lookup, groups, slots, used, onProgress } = options;
  const count = cells.length;
  const lists = new CandidateLists({ lookup, cells, groups, size: options.candidates });
  const least = (group: number) => Math.min(Number.MAX_VALUE, slots.price(used[group]!));
  const market: Market = {
    cells: new Uint32Array(count),
    costs: new Float64Array(count),
    uses: used.slice(),
    prices: Float64Array.from(used, (_, group) => Math.max(least(group), options.prices?.[group] ?? 0)),
    heaps: new BidHeaps(count, groups.count),
  };
  for (let group = 0; group < groups.count; group++) setPrice(market, options, group, market.prices[group]!);
  for (let phase = 0, step = options.firstStep; step > 0; phase++) {
    // Each phase takes about half of what is left.
    bid(market, lists, options, step, (placed) => onProgress?.(1 - 2 ** -(phase + placed / count)));
    const mean = market.costs.reduce((sum, cost) => sum + cost, 0) / count;
    const next = options.nextStep(step, mean);
    if (next > 0) {
      const by = OVERSHOT_STEPS * step;
      for (const [group, price] of market.prices.entries()) {
        setPrice(market, options, group, Math.max(least(group), price - by));
      }
      lists.lower(by);
    }
    step = next;
  }
  let total = market.costs.reduce((sum, cost) => sum + cost, 0);
  for (const [group, uses] of market.uses.entries()) total += slots.sum(used[group]!, uses);
  const { heaps: _, ...assigned } = market;
  return { ...assigned, total, bound: boundOf(options, market.prices, lists) };
}

/** An assignment in the making. */
interface Market extends Pick<Assignment, 'cells' | 'costs' | 'uses' | 'prices'> {
  readonly heaps: BidHeaps;
}

function setPrice({ prices }: Market, { groups, lookup }: AuctionOptions, group: number, price: number): void {
  prices[group] = price;
  for (let i = groups.starts[group]!; i < groups.starts[group + 1]!; i++)
    lookup.sources.setPrice(groups.members[i]!, price);
}

/** Auctions all sources anew, from the prices that there are. */
function bid(
  market: Market,
  lists: CandidateLists,
  options: AuctionOptions,
  step: number,
  onProgress: (placed: number) => void,
): void {
  const { cells, costs, uses, prices, heaps } = market;
  const { groups, slots } = options;
  const count = cells.length;
  heaps.clear();
  cells.fill(NONE);
  uses.set(options.used);
  // A stack: who has just been outbid bids next, while prices nearby are fresh.
  const waiting = Uint32Array.from({ length: count }, (_, i) => count - 1 - i);
  let length = count;
  for (let bids = 1; length > 0; bids++) {
    const cell = waiting[--length]!;
    const { id, cost, value, second } = lists.best(cell, prices);
    // One source alone has no second: any offer will do.
    const more = Number.isFinite(second) ? second - value : 0;
    const group = groups.of[id]!;
    const opens = slots.price(uses[group]!) <= heaps.least(group);
    cells[cell] = id;
    costs[cell] = cost;
    heaps.add(group, cell, prices[group]! + more + step);
    if (opens) uses[group]!++;
    else waiting[length++] = heaps.removeLeast(group);
    const price = Math.min(heaps.least(group), slots.price(uses[group]!));
    if (price > prices[group]!) setPrice(market, options, group, price);
    if (bids % PROGRESS_BIDS === 0) onProgress(count - length);
  }
}

/** Lagrange's bound. That candidates were found at prices rounded to 32 bits, {@link ROUNDING} makes up for. */
function boundOf({ cells, groups, slots, used }: AuctionOptions, prices: Float64Array, lists: CandidateLists): number {
  let bound = 0;
  for (let cell = 0; cell < cells.length; cell++) bound += lists.best(cell, prices).value * ROUNDING;
  for (let group = 0; group < groups.count; group++) {
    if (used[group]! < slots.capacity) bound -= slots.gain(used[group]!, prices[group]!);
  }
  return Math.max(0, bound);
}
