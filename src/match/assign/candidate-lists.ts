import { BATCH, type Lookup } from '../lookup.ts';
import type { Groups } from './groups.ts';

/** Lookups use prices as 32-bit floats: true values are at least the found ones times this. */
export const ROUNDING = 1 - 2 ** -21;

/** A cell's choice: its picture, the cost without and with price, and the second best's cost with price. */
export interface Choice {
  picture: number;
  cost: number;
  value: number;
  second: number;
}

export interface CandidateOptions {
  readonly lookup: Lookup;
  /** By list: its cell in the lookup. */
  readonly cells: Uint32Array;
  readonly groups: Groups;
  /** Length of a list. */
  readonly size: number;
}

/**
 * Lists each cell's cheapest pictures at the time of its last lookup: all below some limit, with their costs at that time,
 * and of each group only the cheapest. Prices only rise, so all other pictures stay above the limit. Only if the list does
 * not decide the choice, all pictures are looked up again. The first lists are made in batches, on all threads.
 */
export class CandidateLists {
  private readonly lookup: Lookup;
  private readonly cells: Uint32Array;
  private readonly groups: Groups;
  private readonly size: number;
  private readonly held: Uint16Array;
  private readonly pictures: Uint16Array | Uint32Array;
  private readonly costs: Int32Array;
  private readonly values: Float32Array;
  private readonly limits: Float32Array;
  private readonly listed: Uint32Array;
  private fills = 0;
  /** Lists to be looked up together, their cells in the lookup, and the limits of their values. */
  private readonly stale = new Uint32Array(BATCH);
  private readonly asked = new Uint32Array(BATCH);
  private readonly reach = new Float32Array(BATCH);
  private readonly choice: Choice = { picture: 0, cost: 0, value: 0, second: 0 };

  constructor({ lookup, cells, groups, size }: CandidateOptions) {
    const { count, most } = lookup.priced;
    this.lookup = lookup;
    this.cells = cells;
    this.groups = groups;
    this.size = Math.min(size, most);
    this.held = new Uint16Array(cells.length);
    this.pictures = new (count <= 2 ** 16 ? Uint16Array : Uint32Array)(cells.length * this.size);
    this.costs = new Int32Array(cells.length * this.size);
    this.values = new Float32Array(cells.length * this.size);
    this.limits = new Float32Array(cells.length).fill(Infinity);
    this.listed = new Uint32Array(groups.count);
  }

  /** Finds the cheapest picture of a cell, at its group's price. Returns the same object each time. */
  best(cell: number, prices: Float64Array): Choice {
    if (this.held[cell] === 0) this.fillFirst(cell);
    if (this.choose(cell, prices)) return this.choice;
    this.fill(cell, this.nextLimit(cell));
    if (!this.choose(cell, prices)) {
      this.fill(cell, Infinity);
      this.choose(cell, prices);
    }
    return this.choice;
  }

  /** Looks up those of some cells whose lists do not decide the choice, on all threads. There are at most {@link BATCH}. */
  prepare(cells: Uint32Array, prices: Float64Array): void {
    const { stale, asked, reach } = this;
    let count = 0;
    for (const cell of cells) {
      if (this.held[cell] === 0) this.fillFirst(cell);
      if (this.choose(cell, prices)) continue;
      stale[count] = cell;
      asked[count] = this.cells[cell]!;
      reach[count++] = this.nextLimit(cell);
    }
    if (count === 0) return;
    this.lookup.cheapest(asked.subarray(0, count), this.size, reach);
    for (let i = 0; i < count; i++) this.keep(stale[i]!, i, reach[i]!);
  }

  /** After {@link choose}: the limit of a new list, as far above the second best as the last list reached above its own second. */
  private nextLimit(cell: number): number {
    const reach = this.limits[cell]! - this.values[cell * this.size + 1]!;
    return this.held[cell]! > 1 ? this.choice.second + reach : Infinity;
  }

  /** Chooses from the list; returns false if a picture that is not listed might be as good. */
  private choose(cell: number, prices: Float64Array): boolean {
    const { choice, size, groups } = this;
    choice.value = choice.second = Infinity;
    const first = cell * size;
    const end = first + this.held[cell]!;
    const weight = this.lookup.memory.weights[this.cells[cell]!]!;
    for (let i = first; i < end; i++) {
      // Prices only rise: the value at the time of the lookup is a lower bound.
      if (this.values[i]! * ROUNDING >= choice.second) return true;
      const picture = this.pictures[i]!;
      const cost = this.costs[i]! * weight;
      const value = cost + prices[groups.of[picture]!]!;
      if (value < choice.value) {
        choice.second = choice.value;
        choice.value = value;
        choice.picture = picture;
        choice.cost = cost;
      } else if (value < choice.second) choice.second = value;
    }
    return choice.second <= this.limits[cell]! * ROUNDING;
  }

  /** Adjusts all bounds to prices that fell by at most `by`. */
  lower(by: number): void {
    if (by <= 0) return;
    for (const [i, value] of this.values.entries()) this.values[i] = Math.max(0, value - by) * ROUNDING;
    for (const [i, limit] of this.limits.entries()) this.limits[i] = Math.max(0, limit - by) * ROUNDING;
  }

  /** Fills the first lists of a cell and of the cells after it that have none, in one batch. */
  private fillFirst(cell: number): void {
    const { lookup, cells, held, size } = this;
    let end = cell + 1;
    while (end < Math.min(cells.length, cell + BATCH) && held[end] === 0) end++;
    lookup.cheapest(cells.subarray(cell, end), size);
    for (let i = 0; i < end - cell; i++) this.keep(cell + i, i, Infinity);
  }

  private fill(cell: number, limit: number): void {
    this.lookup.cheapestOf(this.cells[cell]!, this.size, limit);
    this.keep(cell, 0, limit);
  }

  /** Makes a cell's list from the results of the `asked`th cell of the lookup, which reach up to a limit. */
  private keep(cell: number, asked: number, limit: number): void {
    const { size, groups, listed } = this;
    const { held, pictures, costs, values } = this.lookup.memory;
    const found = held[asked]!;
    const from = asked * size;
    this.limits[cell] = found === size && found < this.lookup.priced.count ? values[from + found - 1]! : limit;
    this.fills++;
    let to = cell * size;
    for (let at = from; at < from + found; at++) {
      const picture = pictures[at]!;
      const group = groups.of[picture]!;
      if (listed[group] === this.fills) continue;
      listed[group] = this.fills;
      this.pictures[to] = picture;
      this.values[to] = values[at]!;
      this.costs[to++] = costs[at]!;
    }
    this.held[cell] = to - cell * size;
  }
}
