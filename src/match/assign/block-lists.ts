/** Number of pictures that are tried for a cell, besides those that its block shows. */
export const TRIED = 24;

/** A map of keys to numbers that `begin` clears in constant time. */
export class Stamps {
  /** Number of keys present. */
  count = 0;
  private readonly numbers: Uint32Array;
  private readonly stamps: Uint32Array;
  private now = 0;

  constructor(keys: number) {
    this.numbers = new Uint32Array(keys);
    this.stamps = new Uint32Array(keys);
  }

  begin(): void {
    this.now++;
    this.count = 0;
  }

  has(key: number): boolean {
    return this.stamps[key] === this.now;
  }

  get(key: number): number {
    return this.numbers[key]!;
  }

  set(key: number, number: number): void {
    if (!this.has(key)) this.count++;
    this.stamps[key] = this.now;
    this.numbers[key] = number;
  }
}

/**
 * Candidates of each cell (row) of a block, one list after the other: pictures, their columns, and their costs plus use
 * prices.
 */
export class Lists {
  readonly costs: Float64Array;
  readonly pictures: Uint32Array;
  readonly columns: Uint32Array;
  readonly starts: Uint32Array;
  end = 0;

  constructor(cells: number) {
    const room = cells * (TRIED + cells);
    this.costs = new Float64Array(room);
    this.pictures = new Uint32Array(room);
    this.columns = new Uint32Array(room);
    this.starts = new Uint32Array(cells + 1);
  }

  /** Begins a row's list, where the previous one ends. */
  begin(row: number): void {
    if (row === 0) this.end = 0;
    this.starts[row] = this.end;
  }

  /** Length of a row's list so far. */
  length(row: number): number {
    return this.end - this.starts[row]!;
  }

  put(place: number, picture: number, cost: number): void {
    this.pictures[place] = picture;
    this.costs[place] = cost;
  }
}
