/**
 * What each further use of a source costs: 0 for the first, and rising, so that prices for the uses of all sources are a
 * convex sum, which an auction minimises together with the costs of cells.
 */
export class Slots {
  /** Uses that a group of sources may have. */
  readonly capacity: number;
  /** What a second use costs at least: more than any image could be worth, where all are to be used. */
  readonly again: number;
  /** And how much more each further use costs. */
  private readonly rise: number;

  constructor({ capacity, rise, again }: { capacity: number; rise: number; again: number }) {
    this.capacity = capacity;
    this.rise = rise;
    this.again = again;
  }

  /** What a second use costs, whether it may be or not. */
  get rising(): number {
    return this.again + this.rise;
  }

  /** Those of a part of the cells: as many uses cost as much as the same part of all did. */
  scaled(part: number): Slots {
    const { capacity, rise, again } = this;
    return new Slots({ capacity: Math.ceil(capacity * part), rise: rise / part, again });
  }

  /** Price of one more use, where there are `uses`; Infinity if there can be none. */
  price(uses: number): number {
    if (uses >= this.capacity) return Infinity;
    return uses > 0 ? this.again + this.rise * uses : 0;
  }

  /** Sum of the prices of uses `from..to` (exclusive). */
  sum(from: number, to: number): number {
    const first = Math.max(1, from);
    const count = Math.max(0, to - first);
    return count * this.again + (this.rise * count * (first + to - 1)) / 2;
  }

  /** The most that uses beyond the first `used` can gain at a price for each: the sum of what it exceeds theirs by. */
  gain(used: number, price: number): number {
    if (price <= 0) return 0;
    let to = used;
    if (to === 0 && to < this.capacity) to = 1;
    const over = price - this.again;
    if (over > 0) {
      const reached = this.rise > 0 ? Math.ceil(over / this.rise) : Infinity;
      to = Math.max(to, Math.min(this.capacity, reached));
    }
    return to > used ? (to - used) * price - this.sum(used, to) : 0;
  }
}
