import { FEATURE_LENGTH } from '../colour/features.ts';
import type { PricedSources } from '../kernels/priced-kernel.ts';
import type { Groups } from './groups.ts';

/** Prices are looked up as 32-bit floats: a value may be this much less than it seems, relatively. */
export const ROUNDING = 1 - 2 ** -21;

/** A cell's choice: its source, what that costs without and with its price, and the next best's cost with price. */
export interface Choice {
  id: number;
  cost: number;
  value: number;
  second: number;
}

export interface CandidateOptions {
  /** Quantised features of all cells. */
  readonly features: Int16Array;
  /** What their costs are multiplied by. */
  readonly weights: Float32Array;
  readonly sources: PricedSources;
  readonly groups: Groups;
  /** Of a list. */
  readonly size: number;
}

/**
 * For each cell the sources that were below some limit when all were last looked at, with what they cost then; of each group
 * the likest. Since prices only rise, all others still are above it: only when that is not enough, all are looked at again.
 */
export class CandidateLists {
  private readonly features: Int16Array;
  private readonly weights: Float32Array;
  private readonly sources: PricedSources;
  private readonly groups: Groups;
  private readonly size: number;
  private readonly held: Uint16Array;
  private readonly ids: Uint16Array | Uint32Array;
  private readonly costs: Int32Array;
  private readonly values: Float32Array;
  private readonly limits: Float32Array;
  private readonly seen: Uint32Array;
  private fills = 0;
  private readonly choice: Choice = { id: 0, cost: 0, value: 0, second: 0 };

  constructor({ features, weights, sources, groups, size }: CandidateOptions) {
    const cells = weights.length;
    this.features = features;
    this.weights = weights;
    this.sources = sources;
    this.groups = groups;
    this.size = Math.min(size, sources.count);
    this.held = new Uint16Array(cells);
    this.ids = new (sources.count <= 2 ** 16 ? Uint16Array : Uint32Array)(cells * this.size);
    this.costs = new Int32Array(cells * this.size);
    this.values = new Float32Array(cells * this.size);
    this.limits = new Float32Array(cells).fill(Infinity);
    this.seen = new Uint32Array(groups.count);
  }

  /** The cheapest source of a cell, at its group's price; the same object each time. */
  best(cell: number, prices: Float64Array): Choice {
    if (this.held[cell]! > 0 && this.look(cell, prices)) return this.choice;
    // About as far above the second best known as the last list reached above its own.
    const first = cell * this.size;
    const reach = this.limits[cell]! - this.values[first + 1]!;
    this.fill(cell, this.held[cell]! > 1 ? this.choice.second + reach : Infinity);
    if (!this.look(cell, prices)) {
      this.fill(cell, Infinity);
      this.look(cell, prices);
    }
    return this.choice;
  }

  /** Chooses from the list; false if some other source might be as good. */
  private look(cell: number, prices: Float64Array): boolean {
    const { choice, size, groups } = this;
    choice.value = choice.second = Infinity;
    const first = cell * size;
    const end = first + this.held[cell]!;
    const weight = this.weights[cell]!;
    for (let i = first; i < end; i++) {
      // What it cost then, it costs at least.
      if (this.values[i]! * ROUNDING >= choice.second) return true;
      const id = this.ids[i]!;
      const cost = this.costs[i]! * weight;
      const value = cost + prices[groups.of[id]!]!;
      if (value < choice.value) {
        choice.second = choice.value;
        choice.value = value;
        choice.id = id;
        choice.cost = cost;
      } else if (value < choice.second) choice.second = value;
    }
    return choice.second <= this.limits[cell]! * ROUNDING;
  }

  /** Takes note that prices have fallen, by no more than `by`. */
  lower(by: number): void {
    for (const [i, value] of this.values.entries()) this.values[i] = Math.max(0, value - by) * ROUNDING;
    for (const [i, limit] of this.limits.entries()) this.limits[i] = Math.max(0, limit - by) * ROUNDING;
  }

  private fill(cell: number, limit: number): void {
    const { sources, size, groups, seen } = this;
    const found = sources.cheapest(this.features, cell * FEATURE_LENGTH, size, limit, this.weights[cell]);
    if (found === size && found < sources.count) this.limits[cell] = sources.values[2 * found - 1]!;
    else this.limits[cell] = limit;
    this.fills++;
    let to = cell * size;
    for (let rank = 0; rank < found; rank++) {
      const id = sources.ids[2 * rank]!;
      const group = groups.of[id]!;
      if (seen[group] === this.fills) continue;
      seen[group] = this.fills;
      this.ids[to] = id;
      this.values[to] = sources.values[2 * rank + 1]!;
      this.costs[to++] = sources.costs[rank]!;
    }
    this.held[cell] = to - cell * size;
  }
}
