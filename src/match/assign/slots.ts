/**
 * What each further use of a source costs: 0 for the first, and rising, so that prices for the uses of all sources are a
 * convex sum, which an auction minimises together with the costs of cells. They rise with the cube of the uses: hardly at
 * first, so that a source may stand where it suits, and much where it would fill a good part of the picture. (Of prices
 * that rise with the 1st to 4th power and keep the most used source at 2 % of the cells, those look most like the target from the 3rd on.)
 */
export class Slots {
  /** Uses that a group of sources may have. */
  readonly capacity: number;
  /** What a second use costs at least: more than any image could be worth, where all are to be used. */
  readonly again: number;
  /** And what is added for u uses before it, over u³. */
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
    return new Slots({ capacity: Math.ceil(capacity * part), rise: rise / part ** 3, again });
  }

  /** Price of one more use, where there are `uses`; Infinity if there can be none. */
  price(uses: number): number {
    if (uses >= this.capacity) return Infinity;
    return uses > 0 ? this.again + this.rise * uses * uses * uses : 0;
  }

  /** Sum of the prices of uses `from..to` (exclusive). */
  sum(from: number, to: number): number {
    const first = Math.max(1, from);
    const count = Math.max(0, to - first);
    return count > 0 ? count * this.again + this.rise * (sumOfCubes(to - 1) - sumOfCubes(first - 1)) : 0;
  }

  /** The most that uses beyond the first `used` can gain at a price for each: the sum of what it exceeds theirs by. */
  gain(used: number, price: number): number {
    if (price <= 0) return 0;
    let to = used;
    if (to === 0 && to < this.capacity) to = 1;
    const over = price - this.again;
    if (over > 0) {
      const reached = this.rise > 0 ? Math.ceil(Math.cbrt(over / this.rise)) : Infinity;
      to = Math.max(to, Math.min(this.capacity, reached));
    }
    return to > used ? (to - used) * price - this.sum(used, to) : 0;
  }
}

/** Of 1 to `last`. */
function sumOfCubes(last: number): number {
  return ((last * (last + 1)) / 2) ** 2;
}
