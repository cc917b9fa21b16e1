/**
 * Offers what an auction left over: a reverse auction (D. P. Bertsekas, D. A. Castañon, "A forward/reverse auction algorithm for
 * asymmetric assignment problems", 1992). Prices rise in an auction. So the price of a group that has uses left may be higher than
 * that of its next use: cells have gone elsewhere. One after the other, each such group lowers its price until one more cell would
 * rather have it. It takes that cell from another group, which then has a use left; or its price ends at that of its next use.
 */
import { FEATURE_LENGTH } from '../../colour/features.ts';
import type { AuctionOptions } from './auction.ts';
import { Demand, type Offer } from './demand.ts';
import type { Market } from './market.ts';

/** Groups are offered if their prices are too high by more than this part of all costs, together. */
const TOO_HIGH = 0.0002;

/**
 * Lowers the prices of groups that have uses left.
 *
 * @param step by which the price of a group falls below what a second cell would pay.
 * @returns the greatest difference by which a price fell.
 */
export function offerLeftOver(options: AuctionOptions, market: Market, step: number): number {
  const { groups, slots } = options;
  const { prices, uses, costs } = market;
  const waiting: number[] = [];
  let excess = 0;
  for (let group = 0; group < groups.count; group++) {
    const over = prices[group]! - slots.price(uses[group]!);
    if (over <= 0) continue;
    excess += over;
    waiting.push(group);
  }
  if (excess <= TOO_HIGH * costs.length * market.meanCost) return 0;
  const before = prices.slice();
  const reverse = new ReverseMarket(options, market);
  for (let group; (group = waiting.pop()) !== undefined;) waiting.push(...reverse.offer(group, step));
  return before.reduce((most, price, group) => Math.max(most, price - prices[group]!), 0);
}

/** A market in which groups look for cells. */
class ReverseMarket {
  private readonly options: AuctionOptions;
  private readonly market: Market;
  private readonly demand: Demand;
  /** By group: its cells. */
  private readonly members = new Map<number, Set<number>>();

  constructor(options: AuctionOptions, market: Market) {
    this.options = options;
    this.market = market;
    this.demand = new Demand(options.lookup.memory, options.cells);
    for (const [cell, picture] of market.cells.entries()) this.membersOf(options.groups.of[picture]!).add(cell);
    this.demand.setValues(Float64Array.from(market.cells, (_, cell) => market.valueOf(cell)));
  }

  /** Offers one use of a group. Returns the groups that have a use left then. */
  offer(group: number, step: number): number[] {
    const { market, options } = this;
    const { groups, slots } = options;
    const { uses, prices, cells, costs } = market;
    const least = slots.price(uses[group]!);
    if (prices[group]! <= least) return [];
    const { picture, offer } = this.bestOffer(group);
    if (offer.price <= least) {
      // No other cell was found that pays as much: the price falls to what the others might pay.
      const price = Math.max(least, offer.second);
      const falls = price <= prices[group]! - step || price === least;
      if (falls) this.setPrice(group, price);
      return falls && price > least ? [group] : [];
    }
    const { cell } = offer;
    const from = groups.of[cells[cell]!]!;
    this.membersOf(from).delete(cell);
    uses[from]!--;
    cells[cell] = picture;
    costs[cell] = offer.cost;
    uses[group]!++;
    this.membersOf(group).add(cell);
    this.setPrice(group, Math.min(prices[group]!, Math.max(least, offer.second - step)));
    return uses[group]! < slots.capacity ? [from, group] : [from];
  }

  /** Finds the best offer of a cell that has none of a group's pictures yet, for any of them; see {@link Demand.best}. */
  private bestOffer(group: number): { readonly picture: number; readonly offer: Offer } {
    const { groups, lookup } = this.options;
    const { points } = lookup.memory;
    const own = this.membersOf(group);
    let best = { picture: -1, offer: { cell: -1, cost: 0, price: -Infinity, second: -Infinity } };
    for (let i = groups.starts[group]!; i < groups.starts[group + 1]!; i++) {
      const picture = groups.members[i]!;
      const offer = this.demand.best(points, picture * FEATURE_LENGTH, own);
      const [better, worse] = offer.price > best.offer.price ? [{ picture, offer }, best.offer] : [best, offer];
      const other = worse.cell === better.offer.cell ? worse.second : Math.max(worse.price, worse.second);
      better.offer.second = Math.max(better.offer.second, other);
      best = better;
    }
    return best;
  }

  private setPrice(group: number, price: number): void {
    const { market, demand } = this;
    market.setPrice(group, price);
    for (const cell of this.membersOf(group)) demand.setValue(cell, market.costs[cell]! + price);
  }

  private membersOf(group: number): Set<number> {
    let cells = this.members.get(group);
    if (!cells) this.members.set(group, (cells = new Set()));
    return cells;
  }
}
