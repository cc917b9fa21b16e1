import { BidHeaps } from './bid-heaps.ts';
import type { AuctionOptions } from './auction.ts';
import type { CandidateLists } from './candidate-lists.ts';

/** Marks a cell without a picture. */
const NONE = 0xffffffff;
/** Number of cells that are looked up together, on all threads, before they bid one after the other. */
const BIDDERS = 64;
/** Number of bids after which progress is told. */
const PROGRESS_BIDS = 1 << 14;

/** An assignment while it is being made. */
export class Market {
  /** By cell: its picture, and its cost. */
  readonly cells: Uint32Array;
  readonly costs: Float64Array;
  /** By group: number of uses, and price. */
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

  /** Mean cost of a cell. */
  get meanCost(): number {
    return this.costs.reduce((sum, cost) => sum + cost, 0) / this.costs.length;
  }

  /** Returns the cost of a cell plus the price of its picture. */
  valueOf(cell: number): number {
    return this.costs[cell]! + this.prices[this.options.groups.of[this.cells[cell]!]!]!;
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
    // A stack: cells that have just been outbid bid next, while prices near them are up to date.
    const waiting = Uint32Array.from({ length: count }, (_, i) => count - 1 - i);
    const bidders = new Uint32Array(BIDDERS);
    let [length, bidding] = [count, 0];
    for (let bids = 1; length + bidding > 0; bids++) {
      if (bidding === 0) {
        while (length > 0 && bidding < BIDDERS) bidders[bidding++] = waiting[--length]!;
        lists.prepare(bidders.subarray(0, bidding), prices);
      }
      const cell = bidders[--bidding]!;
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
      if (bids % PROGRESS_BIDS === 0) onProgress(count - length - bidding);
    }
  }
}
