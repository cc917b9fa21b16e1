/**
 * Auctions from coarse to fine (cf. B. Schmitzer, "A sparse multiscale algorithm for dense optimal transport", 2016): first a small
 * sample of the cells and groups, then larger ones, then all. A sample has every fourth cell and group of the next one, in the order
 * of a search tree, so it looks like the whole. What the cells of a sample would pay for the pictures of the next one is where prices
 * begin there, so that its steps can be small from the start.
 */
import { FEATURE_LENGTH } from '../../colour/features.ts';
import { buildSearchTree } from '../search-tree.ts';
import { type Assignment, auction, type AuctionOptions } from './auction.ts';
import { Demand, picked } from './demand.ts';
import { groupBy } from './groups.ts';

/** A sample has one of so many cells and groups of the next. */
const RATIO = 4;
/** Least number of cells, and of groups, of a sample. */
const SMALLEST = 1000;
/** Number of candidates per cell of a sample. */
const CANDIDATES = 64;
/** First step in all but the smallest sample, relative to the mean cost of a cell in the one before. */
const FIRST_STEP = 0.05;
/**
 * A group begins with the price that so many cells would pay. If it cost too much, all others would have to rise before it is taken;
 * if too little, only this one.
 */
const RANK = 4;
/** Share of the progress for all samples. */
const SAMPLES_DONE = 0.2;

/** Tells whether an auction is large enough for samples. */
export function hasSamples({ cells, groups }: Pick<AuctionOptions, 'cells' | 'groups'>): boolean {
  return Math.min(cells.length, groups.count) >= RATIO * SMALLEST;
}

/**
 * Assigns pictures to cells by auctions from coarse to fine. Capacities have to be finite.
 *
 * @param smallest least number of cells, and of groups, of a sample.
 */
export function auctionBySamples(options: AuctionOptions, smallest: number = SMALLEST): Assignment {
  const { groups, lookup, onProgress } = options;
  const order = orderOf(lookup.memory.cells, options.cells);
  const cells = order.map((i) => options.cells[i]!);
  let every = 1;
  while (Math.min(cells.length, groups.count) >= RATIO * every * smallest) every *= RATIO;
  let known: Known | undefined;
  for (; every > 1; every /= RATIO) {
    // Each sample takes about four times as long as those before it together.
    const [from, to] = [SAMPLES_DONE / every, (SAMPLES_DONE * RATIO) / every];
    const tell = (part: number) => onProgress?.(from + (to - from) * part);
    const sample = sampleOf({ ...options, cells }, every);
    if (sample.cells.length > 0) known = settle({ ...sample, onProgress: tell }, known);
  }
  const whole = {
    ...options,
    cells,
    onProgress: (part: number) => onProgress?.(SAMPLES_DONE + (1 - SAMPLES_DONE) * part),
  };
  const result = auction({ ...whole, ...startOf(whole, known) });
  return { ...result, cells: inPlace(result.cells, order), costs: inPlace(result.costs, order) };
}

/** What the auction of a sample has found: what its cells would pay, and their mean cost. */
interface Known {
  readonly demand: Demand;
  readonly meanCost: number;
}

/** Auctions a sample. */
function settle(sample: AuctionOptions, known: Known | undefined): Known {
  const { cells: placed, costs, prices } = auction({ ...sample, ...startOf(sample, known) });
  const demand = new Demand(sample.lookup.memory, sample.cells);
  demand.setValues(Float64Array.from(costs, (cost, i) => cost + prices[sample.groups.of[placed[i]!]!]!));
  return { demand, meanCost: costs.reduce((sum, cost) => sum + cost, 0) / costs.length };
}

/** Orders cells so that similar ones are neighbours; returns their indices. */
function orderOf(features: Int16Array, cells: Uint32Array): Uint32Array {
  return buildSearchTree(Float32Array.from(picked(features, cells))).ids;
}

/** Puts the values of ordered cells back into their places. */
function inPlace<Values extends Uint32Array | Float64Array>(values: Values, order: Uint32Array): Values {
  const out = values.slice() as Values;
  for (const [i, at] of order.entries()) out[at] = values[i]!;
  return out;
}

/**
 * Makes an auction of one of `every` so many cells and groups, with a lookup of its own. There are fewer cells where the groups of
 * the sample have not as many uses left.
 */
function sampleOf(options: AuctionOptions, every: number): AuctionOptions {
  const { groups, lookup, used, slots } = options;
  const { memory } = lookup;
  const isIn = (_: unknown, i: number) => i % every === every >> 1;
  const usedIn = used.filter(isIn);
  const room = usedIn.reduce((sum, uses) => sum + Math.max(0, slots.capacity - uses), 0);
  const cells = evenly(options.cells.filter(isIn), room);
  const pictures = Uint32Array.from(groups.of.keys()).filter((picture) => isIn(0, groups.of[picture]!));
  const weights = new Float32Array(new SharedArrayBuffer(cells.length * 4));
  for (const [i, cell] of cells.entries()) weights[i] = memory.weights[cell]!;
  const own = { cells: picked(memory.cells, cells), points: picked(memory.points, pictures), weights };
  return {
    ...options,
    cells: Uint32Array.from(cells.keys()),
    groups: groupBy(pictures.map((picture) => groups.of[picture]!)),
    used: usedIn,
    lookup: lookup.other(own, CANDIDATES),
    candidates: CANDIDATES,
  };
}

/** Takes at most `most` of some cells, evenly. */
function evenly(cells: Uint32Array, most: number): Uint32Array {
  if (cells.length <= most) return cells;
  const share = most / cells.length;
  return cells.filter((_, i) => Math.floor((i + 1) * share) > Math.floor(i * share));
}

/** Initial prices and first step of an auction, by what a smaller sample has found. */
function startOf(options: AuctionOptions, known: Known | undefined): Partial<AuctionOptions> {
  if (!known) return {};
  const { cells, slots, lookup, groups } = options;
  const prices = new Float64Array(groups.count).fill(-Infinity);
  for (const [picture, group] of groups.of.entries()) {
    const price = known.demand.price(lookup.memory.points, picture * FEATURE_LENGTH, RANK);
    prices[group] = Math.max(prices[group]!, price);
  }
  // Only as many groups begin with the price 0 as need not be used.
  const spare = Math.floor(groups.count - cells.length / slots.capacity);
  const zero = prices.toSorted()[Math.max(0, Math.min(groups.count - 1, spare))]!;
  return {
    prices: prices.map((price) => Math.max(0, price - zero)),
    firstStep: Math.max(1, FIRST_STEP * known.meanCost),
  };
}
