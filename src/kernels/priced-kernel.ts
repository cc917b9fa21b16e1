import { FEATURE_LENGTH } from '../colour/features.ts';
import { joinKernel, sharedMemory } from './load.ts';
import { WASM } from './priced.wasm.ts';

// The function of priced.as.ts; numbers named `…At` are byte offsets into the kernel's memory.
interface PricedFunctions {
  // prettier-ignore
  cheapest(
    headsAt: number, tailsAt: number, headNormsAt: number, normsAt: number, leastsAt: number, greatestsAt: number,
    floorsAt: number, pricesAt: number, count: number,
    queryAt: number, headNorm: number, norm: number, weight: number, k: number, limit: number,
    known: number, keysAt: number, costsAt: number,
  ): number;
}

/** Whole numbers to one of OKLab: finer than what 8-bit pictures differ by, and no distance exceeds 31 bits. */
export const FEATURE_SCALE = 2048;
const HEAD = 12;
const TAIL = FEATURE_LENGTH - HEAD;
/** Sources of a group; its bounds rule most of it out at once. */
const GROUP = 16;
const FREE = 1024;

/** Features as whole numbers, {@link FEATURE_SCALE} to one: `out`, from `at` on. */
export function quantise(
  features: Float32Array,
  out: Int16Array = new Int16Array(features.length),
  at = 0,
): Int16Array {
  for (let i = 0; i < features.length; i++) out[at + i] = Math.round(features[i]! * FEATURE_SCALE);
  return out;
}

/** Sources and their prices in memory that threads share: plain data, for them to be sent. */
export interface SourcesMemory {
  readonly memory: WebAssembly.Memory;
  readonly count: number;
  /** How many may be asked for at once. */
  readonly most: number;
}

/** Where things stand in a {@link SourcesMemory}: byte offsets, multiples of 16. */
function layoutOf(count: number, most: number, seat: number) {
  const blocks = Math.ceil(count / 4);
  const bounds = Math.ceil(blocks / 16) * 16;
  let end = FREE;
  const take = (bytes: number) => (end += Math.ceil(bytes / 16) * 16) - Math.ceil(bytes / 16) * 16;
  const common = {
    heads: take(blocks * 4 * HEAD * 2),
    tails: take(blocks * 4 * TAIL * 2),
    headNorms: take(blocks * 16),
    norms: take(blocks * 16),
    leasts: take((bounds / 4) * HEAD * 2),
    greatests: take((bounds / 4) * HEAD * 2),
    floors: take(bounds),
    prices: take(blocks * 16),
  };
  // Each thread has a seat of its own: what it asks, and what it is told.
  const seatBytes = FEATURE_LENGTH * 8 + (2 * most + 8) * 8 + Math.ceil(((most + 4) * 4) / 16) * 16;
  end += seat * seatBytes;
  const own = { query: take(FEATURE_LENGTH * 8), keys: take((2 * most + 8) * 8), costs: take((most + 4) * 4) };
  return { ...common, ...own, end };
}

/**
 * Lays out sources, without prices.
 *
 * @param features quantised, of all sources; @param most how many are ever asked for; @param seats threads that ask.
 */
export function sourcesMemory(features: Int16Array, most: number, seats = 1): SourcesMemory {
  const count = features.length / FEATURE_LENGTH;
  const at = layoutOf(count, most, seats - 1);
  const memory = sharedMemory(at.end);
  const { buffer } = memory;
  const blocks = Math.ceil(count / 4);
  new Float32Array(buffer, at.prices, blocks * 4).fill(Infinity, count);
  const heads = new Int16Array(buffer, at.heads, blocks * 4 * HEAD);
  const tails = new Int16Array(buffer, at.tails, blocks * 4 * TAIL);
  const headNorms = new Int32Array(buffer, at.headNorms, count);
  const norms = new Int32Array(buffer, at.norms, count);
  const bounds = Math.ceil(blocks / 16) * 4 * HEAD;
  const leasts = new Int16Array(buffer, at.leasts, bounds).fill(32767);
  const greatests = new Int16Array(buffer, at.greatests, bounds).fill(-32768);
  for (let id = 0; id < count; id++) {
    const group = Math.floor(id / GROUP);
    for (let i = 0; i < HEAD; i++) {
      const to = (group >> 2) * 4 * HEAD + (group & 3) * 2 + (i >> 1) * 8 + (i & 1);
      const value = features[id * FEATURE_LENGTH + i]!;
      leasts[to] = Math.min(leasts[to]!, value);
      greatests[to] = Math.max(greatests[to]!, value);
    }
    const first = id * FEATURE_LENGTH;
    const [block, lane] = [(id >> 2) * 4, (id & 3) * 2];
    for (let i = 0; i < HEAD; i++) heads[block * HEAD + lane + (i >> 1) * 8 + (i & 1)] = features[first + i]!;
    for (let i = 0; i < TAIL; i++) tails[block * TAIL + lane + (i >> 1) * 8 + (i & 1)] = features[first + HEAD + i]!;
    headNorms[id] = norm(features, first, HEAD);
    norms[id] = norm(features, first, FEATURE_LENGTH);
  }
  return { memory, count, most };
}

/** Sources that have prices, and which of them a cell would choose: one thread's view of them. */
export class PricedSources {
  readonly count: number;
  /** How many may be asked for at once. */
  readonly most: number;
  /** Price of each source, in squared distances of quantised features; not negative. The same for all threads. */
  readonly prices: Float32Array;
  /** The least price of each group of sources. */
  private readonly floors: Float32Array;
  /** The ids that {@link cheapest} found, each at twice its rank. */
  readonly ids: Uint32Array;
  /** Their costs x weight + prices, each at twice its rank and one. */
  readonly values: Float32Array;
  /** Their costs alone, by rank. */
  readonly costs: Int32Array;
  /** So many were found last: for another cell, whose neighbour this one often is, which tells how dear those of this one are at most. */
  private known = 0;
  private readonly call: PricedFunctions;
  private readonly query: Int16Array;
  private readonly at: ReturnType<typeof layoutOf>;

  /** @param seat of this thread, 0 and up: no two threads share one. */
  constructor({ memory, count, most }: SourcesMemory, seat = 0) {
    this.count = count;
    this.most = most;
    this.at = layoutOf(count, most, seat);
    this.call = joinKernel(WASM, memory) as PricedFunctions;
    const { buffer } = memory;
    this.prices = new Float32Array(buffer, this.at.prices, count);
    this.floors = new Float32Array(buffer, this.at.floors, Math.ceil(count / GROUP));
    this.ids = new Uint32Array(buffer, this.at.keys, most * 2);
    this.values = new Float32Array(buffer, this.at.keys, most * 2);
    this.costs = new Int32Array(buffer, this.at.costs, most);
    this.query = new Int16Array(buffer, this.at.query, FEATURE_LENGTH * 4);
  }

  /** Sets the price of a source. */
  setPrice(id: number, price: number): void {
    const { prices, floors } = this;
    prices[id] = price;
    const first = id - (id % GROUP);
    const last = Math.min(this.count, first + GROUP);
    let least = Infinity;
    for (let i = first; i < last; i++) least = Math.min(least, prices[i]!);
    floors[first / GROUP] = least;
  }

  /**
   * Finds the `k` sources of least cost x weight + price for the quantised features at `features[from..]`, in rising order, ids
   * breaking ties; they stand in {@link ids}, {@link values} and {@link costs}.
   *
   * @param limit only sources below it are looked for, which is faster.
   * @param weight of the cell's costs; a 32-bit float.
   * @returns how many there are: `k`, or all below the limit.
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
      at.heads, at.tails, at.headNorms, at.norms, at.leasts, at.greatests, at.floors, at.prices, this.count, at.query, headNorm, whole, weight, k, limit,
      this.known, at.keys, at.costs,
    ));
  }
}

function norm(features: Int16Array, from: number, length: number): number {
  let sum = 0;
  for (let i = from; i < from + length; i++) sum += features[i]! ** 2;
  return sum;
}
