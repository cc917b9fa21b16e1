import { describe, expect, test } from 'vitest';
import { FEATURE_LENGTH } from '../../src/colour/features.ts';
import { type Assignment, auction, type AuctionOptions } from '../../src/match/assign/auction.ts';
import { Demand } from '../../src/match/assign/demand.ts';
import { groupBy } from '../../src/match/assign/groups.ts';
import { auctionBySamples, hasSamples } from '../../src/match/assign/by-samples.ts';
import { Slots } from '../../src/match/assign/slots.ts';
import { cost, leastSum, type Market, offered, plain, vectors } from '../helpers/market.ts';
import { integer, seeded } from '../helpers/random.ts';

/** Sum of costs and prices of uses that the cells of an assignment have; throws where a capacity is exceeded. */
function sumOf({ cells, features, weights, groups, slots, used }: Market, placed: Uint32Array): number {
  const counted = used.slice();
  let sum = 0;
  for (const [cell, id] of placed.entries()) {
    const price = slots.price(counted[groups.of[id]!]!++);
    if (price === Infinity) throw new Error(`Expected at most ${slots.capacity} uses`);
    sum += weights[cell]! * cost(cells, cell, features, id) + price;
  }
  return sum;
}

/** The Lagrangian bound at the prices of an assignment, over all pairs. */
function boundAt({ cells, features, weights, groups, slots, used }: Market, { prices }: Assignment): number {
  let bound = 0;
  for (const [cell, weight] of weights.entries()) {
    let least = Infinity;
    for (let id = 0; id < groups.of.length; id++) {
      least = Math.min(least, weight * cost(cells, cell, features, id) + prices[groups.of[id]!]!);
    }
    bound += least;
  }
  return prices.reduce((sum, price, group) => sum - slots.gain(used[group]!, price), bound);
}

describe('what cells would pay', () => {
  test.each([1, 5, 40, 3000])('is what trying all of them finds, of %i', (count) => {
    const [cells, points] = [vectors(count, 1), vectors(50, 2)];
    const random = seeded(3);
    const demand = new Demand(
      { cells, weights: new Float32Array(count).fill(1) },
      Uint32Array.from({ length: count }, (_, i) => i),
    );
    const values = Float64Array.from({ length: count }, () => 1e6 + integer(random, 0, 1e6));
    demand.setValues(values.slice());
    for (let change = 0; change < count / 4; change++) {
      const cell = integer(random, 0, count - 1);
      values[cell]! -= integer(random, 0, 1e5);
      demand.setValue(cell, values[cell]!);
    }
    for (let picture = 0; picture < 50; picture++) {
      const prices = values.map((value, cell) => value - cost(cells, cell, points, picture));
      const ranked = [...prices.keys()].toSorted((a, b) => prices[b]! - prices[a]!);
      for (const rank of [1, 2, 4]) {
        expect(demand.price(points, picture * FEATURE_LENGTH, rank)).toBe(prices[ranked[Math.min(rank, count) - 1]!]);
      }
      const others = new Set(ranked.slice(0, picture % 3));
      const offer = demand.best(points, picture * FEATURE_LENGTH, others);
      const [first, second] = ranked.filter((cell) => !others.has(cell));
      if (first === undefined) {
        expect(offer.cell).toBe(-1);
        continue;
      }
      expect(offer).toMatchObject({ cell: first, price: prices[first], cost: cost(cells, first, points, picture) });
      expect(offer.second).toBe(second === undefined ? -Infinity : prices[second]);
    }
  });

  test('is never more than what is told, where it is paid by cells that do not count', () => {
    const [cells, points] = [vectors(40, 1), vectors(30, 2)];
    const demand = new Demand(
      { cells, weights: new Float32Array(40).fill(1) },
      Uint32Array.from({ length: 40 }, (_, i) => i),
    );
    demand.setValues(new Float64Array(40).fill(1e7));
    for (let picture = 0; picture < 30; picture++) {
      const ranked = Array.from({ length: 40 }, (_, cell) => ({
        cell,
        price: 1e7 - cost(cells, cell, points, picture),
      }));
      ranked.sort((a, b) => b.price - a.price);
      for (const left of [1, 14, 15, 16, 20]) {
        const others = new Set(ranked.slice(0, left).map(({ cell }) => cell));
        const offer = demand.best(points, picture * FEATURE_LENGTH, others);
        if (offer.cell < 0) continue;
        expect(offer.cell).toBe(ranked[left]!.cell);
        expect(offer.second).toBeGreaterThanOrEqual(ranked[left + 1]!.price);
        expect(offer.second).toBeLessThanOrEqual(offer.price);
      }
    }
  });
});

describe('what an auction leaves over', () => {
  test('is offered until it costs no more than a use of it: 300 cases against the Hungarian method', () => {
    const random = seeded(7);
    for (let seed = 0; seed < 300; seed++) {
      const market = anyMarket(random, seed);
      const n = market.weights.length;
      // Prices far too high: nobody wants most of the pictures.
      const prices = Float64Array.from({ length: market.groups.count }, () => integer(random, 0, 4e6));
      const steps = { firstStep: 1000, nextStep: (step: number) => (step > 100 ? step / 5 : 0) };
      const result = auction({ ...offered(market, 8), ...steps, candidates: 4, prices });
      const least = leastSum(market);
      const excess = 1e-3 * result.total + 200 * n;
      expect(sumOf(market, result.cells), `case ${seed}`).toBe(result.total);
      expect(result.bound, `case ${seed}`).toBeLessThanOrEqual(least);
      expect(result.bound, `case ${seed}`).toBeGreaterThan(result.total - excess);
      expect(result.uses).toEqual(usesOf(market, result.cells));
    }
  });

  function anyMarket(random: () => number, seed: number): Market {
    const [sources, capacity] = [integer(random, 4, 40), integer(random, 1, 3)];
    const groups = groupBy(
      Uint32Array.from({ length: sources }, (_, id) => (seed % 2 ? integer(random, 0, sources - 1) : id)),
    );
    const n = integer(random, 1, Math.min(14, groups.count * capacity));
    return {
      cells: vectors(n, seed),
      features: vectors(sources, seed + 5000),
      weights: Float32Array.from({ length: n }, () => (seed % 3 ? 1 : integer(random, 1, 3))),
      groups,
      slots: new Slots({ capacity, rise: 0, again: 0 }),
      used: new Uint32Array(groups.count),
    };
  }

  function usesOf({ groups, used }: Market, placed: Uint32Array): Uint32Array {
    const uses = used.slice();
    for (const id of placed) uses[groups.of[id]!]!++;
    return uses;
  }
});

describe('an auction by samples', () => {
  const steps: Pick<AuctionOptions, 'firstStep' | 'nextStep' | 'candidates'> = {
    firstStep: 60_000,
    nextStep: (step, mean) => (step <= 0.00408 * mean ? 0 : Math.max(step / 5, 0.004 * mean)),
    candidates: 32,
  };

  test.each([
    { name: 'as many sources as cells', sources: 400, capacity: 1 },
    { name: 'some sources more', sources: 420, capacity: 1 },
    { name: 'many more sources', sources: 2000, capacity: 1 },
    { name: 'several uses', sources: 390, capacity: 3 },
  ])('is near the least, and proves it: $name', ({ sources, capacity }) => {
    expectNearLeast(plain(vectors(400, 3), vectors(sources, 4), capacity));
  });

  test.each([
    { name: 'every use is needed, and samples have one less', cells: 1203, sources: 401, capacity: 3, pinned: 0 },
    { name: 'pins take nearly all uses of half of the sources', cells: 500, sources: 400, capacity: 2, pinned: 1 },
    { name: 'pins take all uses of the sources of a sample', cells: 540, sources: 400, capacity: 2, pinned: 2 },
  ])('ends where $name', ({ cells, sources, capacity, pinned }) => {
    const market = plain(vectors(cells, 8), vectors(sources, 9), capacity);
    // Samples have the sources 2, 6, 10 … and 8, 24, 40 …
    const used = market.used.map((_, source) => (source % 4 === 2 || source % 16 === 8 ? pinned : 0));
    const room = used.reduce((sum, uses) => sum + capacity - uses, 0);
    expect(room).toBeGreaterThanOrEqual(cells);
    expectNearLeast({ ...market, used });
  });

  test('is near the least where images share uses, cells have weights, and some are pinned', () => {
    const random = seeded(5);
    const groups = groupBy(Uint32Array.from({ length: 700 }, (_, id) => (id < 450 ? id : integer(random, 0, 449))));
    expectNearLeast({
      ...plain(vectors(400, 6), vectors(700, 7), 2),
      groups,
      weights: Float32Array.from({ length: 400 }, () => integer(random, 1, 3)),
      used: Uint32Array.from({ length: groups.count }, () => integer(random, 0, 4) >> 1),
    });
  });

  function expectNearLeast(market: Market): void {
    const told: number[] = [];
    const options = { ...offered(market, 64), ...steps, onProgress: (part: number) => void told.push(part) };
    const result = auctionBySamples(options, 20);
    expect(sumOf(market, result.cells)).toBeCloseTo(result.total, 0);
    const bound = boundAt(market, result);
    expect(result.bound).toBeLessThanOrEqual(bound);
    expect(result.bound).toBeGreaterThan(bound - 1e-5 * result.total);
    expect((result.total - result.bound) / result.total).toBeLessThan(0.004);
    expect(told).toEqual(told.toSorted((a, b) => a - b));
    expect(told.every((part) => part >= 0 && part <= 1)).toBe(true);
  }

  test('is not made of few cells, or of few sources', () => {
    expect(hasSamples(offered(plain(vectors(3999, 1), vectors(5000, 2), 1), 4))).toBe(false);
    expect(hasSamples(offered(plain(vectors(5000, 1), vectors(3999, 2), 1), 4))).toBe(false);
  });
});
