import { FEATURE_LENGTH } from '../colour/features.ts';
import { sharedMemory } from './load.ts';

/** Number of features that are compared first (the head), and of the others (the tail). */
export const HEAD = 12;
const TAIL = FEATURE_LENGTH - HEAD;
/** Number of pictures of a group, and of groups of a large group; their bounds rule out most of them at once. */
export const GROUP = 16;
export const LARGE = 16;
/** First byte of the kernel's memory that is free. */
const FREE = 1024;

/** Pictures and their prices in memory that threads share; plain data, so that it can be sent. */
export interface PricedMemory {
  readonly memory: WebAssembly.Memory;
  readonly count: number;
  /** Greatest number of pictures that may be asked for at once. */
  readonly most: number;
}

/** Returns the byte offsets of the areas of a {@link PricedMemory}, multiples of 16; `seat` is the thread that asks. */
export function memoryMapOf(count: number, most: number, seat: number) {
  const blocks = Math.ceil(count / 4);
  const groups = Math.ceil(count / GROUP);
  const larges = Math.ceil(groups / LARGE);
  /** Bytes of one bound of each group: 16 bits per feature of the head, in blocks of four groups. */
  const bounds = (of: number) => Math.ceil(of / 4) * 4 * HEAD * 2;
  let end = FREE;
  const take = (bytes: number) => (end += Math.ceil(bytes / 16) * 16) - Math.ceil(bytes / 16) * 16;
  const common = {
    heads: take(blocks * 4 * HEAD * 2),
    tails: take(blocks * 4 * TAIL * 2),
    headNorms: take(blocks * 16),
    norms: take(blocks * 16),
    leasts: take(bounds(groups)),
    greatests: take(bounds(groups)),
    floors: take(groups * 4),
    largeLeasts: take(bounds(larges)),
    largeGreatests: take(bounds(larges)),
    largeFloors: take(larges * 4),
    prices: take(blocks * 16),
  };
  // Each thread (seat) has its own area, one after the other: query, keys and costs.
  const next = () => ({ query: take(FEATURE_LENGTH * 8), keys: take((2 * most + 8) * 8), costs: take((most + 4) * 4) });
  for (let other = 0; other < seat; other++) next();
  return { ...common, ...next(), end };
}

/**
 * Lays out pictures in shared memory, without prices.
 *
 * @param features quantised, of all pictures.
 * @param most greatest number of pictures that will be asked for at once.
 * @param seats number of threads.
 */
export function pricedMemory(features: Int16Array, most: number, seats = 1): PricedMemory {
  const count = features.length / FEATURE_LENGTH;
  const at = memoryMapOf(count, most, seats - 1);
  const memory = sharedMemory(at.end);
  const { buffer } = memory;
  const blocks = Math.ceil(count / 4);
  new Float32Array(buffer, at.prices, blocks * 4).fill(Infinity, count);
  const heads = new Int16Array(buffer, at.heads, blocks * 4 * HEAD);
  const tails = new Int16Array(buffer, at.tails, blocks * 4 * TAIL);
  const headNorms = new Int32Array(buffer, at.headNorms, count);
  const norms = new Int32Array(buffer, at.norms, count);
  writeBounds(memory, { leasts: at.leasts, greatests: at.greatests }, features, GROUP);
  writeBounds(memory, { leasts: at.largeLeasts, greatests: at.largeGreatests }, features, GROUP * LARGE);
  for (let picture = 0; picture < count; picture++) {
    const first = picture * FEATURE_LENGTH;
    const [block, lane] = [(picture >> 2) * 4, (picture & 3) * 2];
    for (let i = 0; i < HEAD; i++) heads[block * HEAD + lane + (i >> 1) * 8 + (i & 1)] = features[first + i]!;
    for (let i = 0; i < TAIL; i++) tails[block * TAIL + lane + (i >> 1) * 8 + (i & 1)] = features[first + HEAD + i]!;
    headNorms[picture] = norm(features, first, HEAD);
    norms[picture] = norm(features, first, FEATURE_LENGTH);
  }
  return { memory, count, most };
}

/** Writes the least and greatest head features of every `size` pictures; those of four groups side by side. */
function writeBounds(
  { buffer }: WebAssembly.Memory,
  at: { readonly leasts: number; readonly greatests: number },
  features: Int16Array,
  size: number,
): void {
  const count = features.length / FEATURE_LENGTH;
  const room = Math.ceil(count / size / 4) * 4 * HEAD;
  const leasts = new Int16Array(buffer, at.leasts, room).fill(32767);
  const greatests = new Int16Array(buffer, at.greatests, room).fill(-32768);
  for (let picture = 0; picture < count; picture++) {
    const group = Math.floor(picture / size);
    for (let i = 0; i < HEAD; i++) {
      const to = (group >> 2) * 4 * HEAD + (group & 3) * 2 + (i >> 1) * 8 + (i & 1);
      const value = features[picture * FEATURE_LENGTH + i]!;
      leasts[to] = Math.min(leasts[to]!, value);
      greatests[to] = Math.max(greatests[to]!, value);
    }
  }
}

/** Sums the squares of `length` features. */
export function norm(features: Int16Array, from: number, length: number): number {
  let sum = 0;
  for (let i = from; i < from + length; i++) sum += features[i]! ** 2;
  return sum;
}
