/**
 * Assignment with capacities: every cell gets a source, no source more than so many cells, and the sum of costs is as
 * small as can be, up to a gap that is certified.
 *
 * Cells bid for sources (D. P. Bertsekas, D. A. Castanon, "The auction algorithm for the transportation problem", 1989).
 * A source's price is 0 until it is full, then what its least bidder offered; a cell bids for what costs it least, prices
 * included, just as much more as makes its second choice as good, and a step on top. Prices only rise. When every cell
 * has a source, the sum is within cells x step of the least. Large steps come first, to find out what prices are like; what
 * they may have overshot is taken back before the next ones.
 *
 * The certificate is Lagrange's: for whatever prices >= 0, no assignment costs less than
 * sum over cells of min (cost + price) - capacity x sum of prices.
 */
import { FEATURE_LENGTH } from '../colour/features.ts';
import type { PricedSources } from '../kernels/priced-kernel.ts';
import { BidHeaps } from './bid-heaps.ts';
import { CandidateLists, ROUNDING } from './candidate-lists.ts';

export interface AuctionOptions {
  /** Quantised features of all cells. */
  readonly cells: Int16Array;
  /** Their prices are the result's, too. */
  readonly sources: PricedSources;
  /** Cells that a source may have; times sources no fewer than there are cells. */
  readonly capacity: number;
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
  /** Squared distance of quantised features, of each cell. */
  readonly costs: Int32Array;
  /** Cells of each source. */
  readonly uses: Uint32Array;
  /** Sum of costs. */
  readonly total: number;
  /** No assignment costs less. */
  readonly bound: number;
}

/** Prices may have been driven too high by so many steps; with fewer, sources are left over that would be wanted. */
const OVERSHOT_STEPS = 3;
const NONE = 0xffffffff;
const PROGRESS_BIDS = 1 << 14;

/** Assigns sources to cells by an auction. */
export function auction(options: AuctionOptions): Assignment {
  const { cells: features, sources, onProgress } = options;
  const count = features.length / FEATURE_LENGTH;
  const lists = new CandidateLists(features, sources, options.candidates);
  const market: Market = {
    cells: new Uint32Array(count),
    costs: new Int32Array(count),
    uses: new Uint32Array(sources.count),
    prices: new Float64Array(sources.count),
  };
  sources.prices.fill(0);
  let total = 0;
  for (let phase = 0, step = options.firstStep; step > 0; phase++) {
    // Each phase takes about half of what is left.
    bid(market, lists, options, step, (placed) => onProgress?.(1 - 2 ** -(phase + placed / count)));
    total = market.costs.reduce((sum, cost) => sum + cost, 0);
    const next = options.nextStep(step, total / count);
    if (next > 0) lower(market.prices, OVERSHOT_STEPS * step, sources, lists);
    step = next;
  }
  const { prices: _, ...assigned } = market;
  return { ...assigned, total, bound: boundOf(options) };
}

/** An assignment in the making. */
interface Market {
  readonly cells: Uint32Array;
  readonly costs: Int32Array;
  readonly uses: Uint32Array;
  readonly prices: Float64Array;
}

function lower(prices: Float64Array, by: number, sources: PricedSources, lists: CandidateLists): void {
  for (const [id, price] of prices.entries()) sources.prices[id] = prices[id] = Math.max(0, price - by);
  lists.lower(by);
}

/** Auctions all sources anew, from the prices that there are. */
function bid(
  { cells, costs, uses, prices }: Market,
  lists: CandidateLists,
  { sources, capacity }: AuctionOptions,
  step: number,
  onProgress: (placed: number) => void,
): void {
  const count = cells.length;
  const heaps = new BidHeaps(count, sources.count);
  cells.fill(NONE);
  uses.fill(0);
  // A stack: who has just been outbid bids next, while prices nearby are fresh.
  const waiting = Uint32Array.from({ length: count }, (_, i) => count - 1 - i);
  let length = count;
  for (let bids = 1; length > 0; bids++) {
    const cell = waiting[--length]!;
    const { id, cost, value, second } = lists.best(cell, prices);
    // One source alone has no second: any offer will do.
    const more = Number.isFinite(second) ? second - value : 0;
    cells[cell] = id;
    costs[cell] = cost;
    heaps.add(id, cell, prices[id]! + more + step);
    if (uses[id]! < capacity) uses[id]!++;
    else waiting[length++] = heaps.removeLeast(id);
    if (uses[id] === capacity) sources.prices[id] = prices[id] = heaps.least(id);
    if (bids % PROGRESS_BIDS === 0) onProgress(count - length);
  }
}

/** Lagrange's bound at the sources' prices, which are as good as exact here: they are what is subtracted, too. */
function boundOf({ cells, sources, capacity }: AuctionOptions): number {
  let bound = 0;
  for (let from = 0; from < cells.length; from += FEATURE_LENGTH) {
    sources.cheapest(cells, from, 1);
    bound += sources.values[1]! * ROUNDING;
  }
  for (const price of sources.prices) bound -= capacity * price;
  return Math.max(0, bound);
}
