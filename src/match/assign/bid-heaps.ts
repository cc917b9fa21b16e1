/**
 * A heap of bids for each source, least first; a cell is in one of them at most. Skew heaps (D. D. Sleator, R. E. Tarjan,
 * "Self-adjusting heaps", 1986), their links in flat arrays: memory goes with the cells, whatever the capacities.
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

  /** Takes all cells away. */
  clear(): void {
    this.roots.fill(-1);
  }

  /** Adds a cell, which is in no heap, to a source's. */
  add(source: number, cell: number, offer: number): void {
    this.offers[cell] = offer;
    this.left[cell] = this.right[cell] = -1;
    this.roots[source] = this.meld(this.roots[source]!, cell);
  }

  /** The least offer for a source; Infinity if it has none. */
  least(source: number): number {
    const root = this.roots[source]!;
    return root < 0 ? Infinity : this.offers[root]!;
  }

  /** Takes away the cell of the least offer; of equal ones, the lower cell. */
  removeLeast(source: number): number {
    const cell = this.roots[source]!;
    this.roots[source] = this.meld(this.left[cell]!, this.right[cell]!);
    return cell;
  }

  private before(a: number, b: number): boolean {
    const [one, other] = [this.offers[a]!, this.offers[b]!];
    return one < other || (one === other && a < b);
  }

  /** Melds two heaps: walks down the right of both and swaps each node's children on the way. */
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
