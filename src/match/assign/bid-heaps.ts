/**
 * One min-heap of bids per source; a cell is in at most one. Skew heaps (D. D. Sleator, R. E. Tarjan, "Self-adjusting
 * heaps", 1986) with their links in flat arrays: memory depends on the number of cells, not on capacities.
 */
export class BidHeaps {
  private readonly offers: Float64Array;
  private readonly left: Int32Array;
  private readonly right: Int32Array;
  private readonly roots: Int32Array;

  constructor(cells: number, sources: number) {
    this.offers = new Float64Array(cells);
    this.left = new Int32Array(cells).fill(-1);
    this.right = new Int32Array(cells).fill(-1);
    this.roots = new Int32Array(sources).fill(-1);
  }

  /** Removes all cells. */
  clear(): void {
    this.roots.fill(-1);
  }

  /** Adds a cell to a source's heap; it must be in no heap. */
  add(source: number, cell: number, offer: number): void {
    this.offers[cell] = offer;
    this.left[cell] = this.right[cell] = -1;
    this.roots[source] = this.meld(this.roots[source]!, cell);
  }

  /** Least offer for a source; Infinity if it has none. */
  least(source: number): number {
    const root = this.roots[source]!;
    return root < 0 ? Infinity : this.offers[root]!;
  }

  /** Removes the cell of the least offer and returns it; among equal offers the lowest cell. */
  removeLeast(source: number): number {
    const cell = this.roots[source]!;
    this.roots[source] = this.meld(this.left[cell]!, this.right[cell]!);
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
