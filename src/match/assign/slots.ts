/**
 * Prices of each further use of a source: 0 for the first, then rising. So the prices of all uses are a convex sum, which
 * an auction minimises together with the costs of cells. Prices rise with the cube of the uses: hardly at first, so that a
 * source may be used where it fits, and steeply once it would fill a large part of the mosaic. (Of prices that rise with
 * the 1st to 4th power and keep the most used source at 2 % of the cells, the 3rd and 4th look most like the target.)
 */
export class Slots {
  /** Greatest number of uses of a group of sources. */
  readonly capacity: number;
  /** Base price of a second and any further use; with `useAll`, more than any image could be worth. */
  readonly again: number;
  /** Factor of u³ in the price of a use, where u is the number of uses before it. */
  private readonly rise: number;

  constructor({ capacity, rise, again }: { capacity: number; rise: number; again: number }) {
    this.capacity = capacity;
    this.rise = rise;
    this.again = again;
  }

  /** The same prices with another capacity. */
  withCapacity(capacity: number): Slots {
    const { rise, again } = this;
    return new Slots({ capacity, rise, again });
  }

  /** Price of a second use, whatever the capacity. */
  get rising(): number {
    return this.again + this.rise;
  }

  /** Prices for a part of the cells: that part of the uses has the price of the full number. */
  scaled(part: number): Slots {
    const { capacity, rise, again } = this;
    return new Slots({ capacity: Math.ceil(capacity * part), rise: rise / part ** 3, again });
  }

  /** Price of one more use when there are `uses`; Infinity at capacity. */
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

  /** Greatest gain of uses beyond the first `used` if each earns `price`: the sum of `price` minus their own prices. */
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

/** Sum of the cubes of 1 to `last`. */
function sumOfCubes(last: number): number {
  return ((last * (last + 1)) / 2) ** 2;
}
