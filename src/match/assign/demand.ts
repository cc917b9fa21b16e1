import { FEATURE_LENGTH } from '../../colour/features.ts';
import { PricedPictures } from '../../kernels/priced-kernel.ts';
import { pricedMemory } from '../../kernels/priced-memory.ts';
import type { LookupMemory } from '../lookup.ts';

/** Number of cells that are found for a picture: those that would pay most for it. */
const FOUND = 16;

/** What a cell would pay for a picture, and its cost then; and the most that any other one might pay. */
export interface Offer {
  cell: number;
  cost: number;
  price: number;
  second: number;
}

/**
 * Finds what cells would pay for a picture: an auction seen from the pictures' side. A cell whose value (cost plus price of its
 * picture) is v would pay v - cost for another one; cf. the c-transform of optimal transport (C. Villani, "Topics in optimal
 * transportation", 2003). Where weights of cells differ, cells are found by value and cost per weight.
 */
export class Demand {
  /** Cells take the place of pictures here, and pictures that of cells. */
  private readonly priced: PricedPictures;
  private readonly weights: Float32Array;
  private values = new Float64Array(0);
  /** Greatest value per weight: prices are not negative. */
  private highest = 0;

  /**
   * @param memory features and weights of cells.
   * @param cells that bid, by their index in `memory`; similar ones should be neighbours.
   */
  constructor({ cells: features, weights }: Pick<LookupMemory, 'cells' | 'weights'>, cells: Uint32Array) {
    this.weights = Float32Array.from(cells, (cell) => weights[cell]!);
    this.priced = new PricedPictures(pricedMemory(picked(features, cells), Math.min(FOUND, cells.length)));
  }

  /** Sets the value of each cell, by its index among the cells that bid. */
  setValues(values: Float64Array<ArrayBuffer>): void {
    const { priced, weights } = this;
    this.values = values;
    this.highest = values.reduce((most, value, cell) => Math.max(most, value / weights[cell]!), 0);
    for (const [cell, value] of values.entries()) priced.setPrice(cell, this.highest - value / weights[cell]!);
  }

  /** Lowers the value of a cell. */
  setValue(cell: number, value: number): void {
    this.values[cell] = value;
    this.priced.setPrice(cell, Math.max(0, this.highest - value / this.weights[cell]!));
  }

  /**
   * Finds the cell that would pay most for the picture with the features `points[from..]`.
   *
   * @param others cells that do not count.
   * @returns cell -1 if only `others` were found; then `second` is the most that any cell might pay that was not.
   */
  best(points: Int16Array, from: number, others: ReadonlySet<number>): Offer {
    const offer: Offer = { cell: -1, cost: 0, price: -Infinity, second: -Infinity };
    const found = this.find(points, from);
    for (let rank = 0; rank < found; rank++) {
      const cell = this.cellAt(rank);
      if (others.has(cell)) continue;
      const price = this.priceAt(rank);
      if (price > offer.price) {
        offer.second = offer.price;
        [offer.cell, offer.cost, offer.price] = [cell, this.values[cell]! - price, price];
      } else if (price > offer.second) offer.second = price;
    }
    // A cell that was not found pays no more than the last one found.
    if (found < this.priced.count) offer.second = Math.max(offer.second, this.priceAt(found - 1));
    return offer;
  }

  /** Returns the `rank`th highest price, from 1, that a cell would pay for a picture; may be negative. */
  price(points: Int16Array, from: number, rank: number): number {
    const found = this.find(points, from);
    const prices = Float64Array.from({ length: found }, (_, at) => this.priceAt(at)).toSorted();
    return prices[Math.max(0, found - rank)]!;
  }

  private find(points: Int16Array, from: number): number {
    return this.priced.cheapest(points, from, this.priced.most);
  }

  private cellAt(rank: number): number {
    return this.priced.pictures[2 * rank]!;
  }

  private priceAt(rank: number): number {
    const cell = this.cellAt(rank);
    return this.values[cell]! - this.weights[cell]! * this.priced.costs[rank]!;
  }
}

/** Copies the feature vectors of some cells or pictures into memory that threads can share. */
export function picked(features: Int16Array, ids: Uint32Array): Int16Array {
  const out = new Int16Array(new SharedArrayBuffer(ids.length * FEATURE_LENGTH * 2));
  for (const [i, id] of ids.entries()) {
    out.set(features.subarray(id * FEATURE_LENGTH, (id + 1) * FEATURE_LENGTH), i * FEATURE_LENGTH);
  }
  return out;
}
