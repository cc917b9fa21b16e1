/**
 * One min-heap of bids per group; a cell is in at most one. Skew heaps (D. D. Sleator, R. E. Tarjan, "Self-adjusting
 * heaps", 1986) with their links in flat arrays: memory depends on the number of cells, not on capacities.
 */
export class BidHeaps {
  private readonly offers: Float64Array;
  private readonly left: Int32Array;
  private readonly right: Int32Array;
  private readonly roots: Int32Array;

  constructor(cells: number, groups: number) {
    this.offers = new Float64Array(cells);
    this.left = new Int32Array(cells).fill(-1);
    this.right = new Int32Array(cells).fill(-1);
    this.roots = new Int32Array(groups).fill(-1);
  }

  /** Removes all cells. */
  clear(): void {
    this.roots.fill(-1);
  }

  /** Adds a cell to a group's heap; it must be in no heap. */
  add(group: number, cell: number, offer: number): void {
    this.offers[cell] = offer;
    this.left[cell] = this.right[cell] = -1;
    this.roots[group] = this.meld(this.roots[group]!, cell);
  }

  /** Least offer for a group; Infinity if it has none. */
  least(group: number): number {
    const root = this.roots[group]!;
    return root < 0 ? Infinity : this.offers[root]!;
  }

  /** Removes the cell of the least offer and returns it; among equal offers the lowest cell. */
  removeLeast(group: number): number {
    const cell = this.roots[group]!;
    this.roots[group] = this.meld(this.left[cell]!, this.right[cell]!);
    return cell;
  }

  private before(a: number, b: number): boolean {
    const [one, other] = [this.offers[a]!, this.offers[b]!];
    return one < other || (one === other && a < b);
  }

  /** Melds two heaps: walks down the right spines of both and swaps each node's children on the way. */
  private meld(a: number, b: number): number {
    if (a < 0) return b;
    if (b < 0) return a;
    const { left, right } = this;
    if (this.before(b, a)) [a, b] = [b, a];
    const root = a;
    while (b >= 0) {
      const next = right[a]!;
      right[a] = left[a]!;
      if (next < 0 || this.before(b, next)) [left[a], b] = [b, next];
      else left[a] = next;
      a = left[a]!;
    }
    return root;
  }
}
