import { FEATURE_LENGTH } from '../colour/features.ts';
import { joinKernel } from './load.ts';
import { GROUP, HEAD, LARGE, memoryMapOf, norm, type PricedMemory } from './priced-memory.ts';
import { WASM } from './priced.wasm.ts';

// The function of priced.as.ts; arguments named `…At` are byte offsets into the kernel's memory.
interface PricedFunctions {
  // prettier-ignore
  cheapest(
    headsAt: number, tailsAt: number, headNormsAt: number, normsAt: number, leastsAt: number, greatestsAt: number,
    floorsAt: number, largeLeastsAt: number, largeGreatestsAt: number, largeFloorsAt: number, pricesAt: number, count: number,
    queryAt: number, headNorm: number, norm: number, weight: number, k: number, limit: number,
    known: number, keysAt: number, costsAt: number,
  ): number;
}

/** Quantisation steps per unit of OKLab: finer than the differences of 8-bit images; distances fit into 31 bits. */
export const FEATURE_SCALE = 2048;

/** Quantises features with {@link FEATURE_SCALE} steps per unit, into `out` from `at` on. */
export function quantise(
  features: Float32Array,
  out: Int16Array = new Int16Array(features.length),
  at = 0,
): Int16Array {
  for (let i = 0; i < features.length; i++) out[at + i] = Math.round(features[i]! * FEATURE_SCALE);
  return out;
}

/** Pictures with prices, searched for the cheapest ones of a cell; one thread's view of the shared memory. */
export class PricedPictures {
  readonly count: number;
  /** Greatest `k` that may be asked for. */
  readonly most: number;
  /** Price of each picture, in squared distances of quantised features; not negative. All threads share them. */
  readonly prices: Float32Array;
  /** Least price of each group, and of each large group. */
  private readonly floors: Float32Array;
  private readonly largeFloors: Float32Array;
  /** Ids that {@link cheapest} found, at index 2 x rank. */
  readonly pictures: Uint32Array;
  /** Their costs x weight + prices, at index 2 x rank + 1. */
  readonly values: Float32Array;
  /** Their unweighted costs, by rank. */
  readonly costs: Int32Array;
  /**
   * Number of results left from the previous query. That cell is usually a neighbour, so they bound this query's values
   * (warm start).
   */
  private known = 0;
  private readonly call: PricedFunctions;
  private readonly query: Int16Array;
  private readonly at: ReturnType<typeof memoryMapOf>;

  /** @param seat of this thread, 0 and up; no two threads share one. */
  constructor({ memory, count, most }: PricedMemory, seat = 0) {
    this.count = count;
    this.most = most;
    this.at = memoryMapOf(count, most, seat);
    this.call = joinKernel(WASM, memory) as PricedFunctions;
    const { buffer } = memory;
    this.prices = new Float32Array(buffer, this.at.prices, count);
    this.floors = new Float32Array(buffer, this.at.floors, Math.ceil(count / GROUP));
    this.largeFloors = new Float32Array(buffer, this.at.largeFloors, Math.ceil(count / (GROUP * LARGE)));
    this.pictures = new Uint32Array(buffer, this.at.keys, most * 2);
    this.values = new Float32Array(buffer, this.at.keys, most * 2);
    this.costs = new Int32Array(buffer, this.at.costs, most);
    this.query = new Int16Array(buffer, this.at.query, FEATURE_LENGTH * 4);
  }

  /** Sets the price of a picture; updates the least prices of its groups. */
  setPrice(picture: number, price: number): void {
    this.prices[picture] = price;
    const group = Math.floor(picture / GROUP);
    const floor = leastOf(this.prices, group * GROUP, GROUP);
    if (floor === this.floors[group]) return;
    this.floors[group] = floor;
    const large = Math.floor(group / LARGE);
    this.largeFloors[large] = leastOf(this.floors, large * LARGE, LARGE);
  }

  /**
   * Finds the `k` pictures of least cost x weight + price for the quantised features at `features[from..]`, in rising order;
   * lower indexes win ties. The results are in {@link pictures}, {@link values} and {@link costs}.
   *
   * @param limit finds only pictures below it, which is faster.
   * @param weight of the cell's costs; a 32-bit float.
   * @returns the number of results: `k`, or fewer if no more are below the limit.
   */
  cheapest(features: Int16Array, from: number, k: number, limit = Infinity, weight = 1): number {
    const { at, query } = this;
    for (let i = 0; i < FEATURE_LENGTH; i++) {
      const value = features[from + i]!;
      const to = (i >> 1) * 8 + (i & 1);
      query[to] = query[to + 2] = query[to + 4] = query[to + 6] = value;
    }
    const [headNorm, whole] = [norm(features, from, HEAD), norm(features, from, FEATURE_LENGTH)];
    // prettier-ignore
    return (this.known = this.call.cheapest(
      at.heads, at.tails, at.headNorms, at.norms, at.leasts, at.greatests, at.floors,
      at.largeLeasts, at.largeGreatests, at.largeFloors, at.prices, this.count,
      at.query, headNorm, whole, weight, k, limit, this.known, at.keys, at.costs,
    ));
  }
}

/** Finds the least of `length` numbers from `from` on, or of those that exist. */
function leastOf(values: Float32Array, from: number, length: number): number {
  let least = Infinity;
  for (let i = from; i < Math.min(values.length, from + length); i++) least = Math.min(least, values[i]!);
  return least;
}
