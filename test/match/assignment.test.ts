import { describe, expect, test } from 'vitest';
import { FEATURE_LENGTH } from '../../src/colour/features.ts';
import { PricedPictures, quantise } from '../../src/kernels/priced-kernel.ts';
import { pricedMemory } from '../../src/kernels/priced-memory.ts';
import { auction } from '../../src/match/assign/auction.ts';
import { BidHeaps } from '../../src/match/assign/bid-heaps.ts';
import { groupBy } from '../../src/match/assign/groups.ts';
import { Slots } from '../../src/match/assign/slots.ts';
import { cost, leastSum, type Market, offered, plain, vectors } from '../helpers/market.ts';
import { integer, seeded } from '../helpers/random.ts';

describe('the cheapest sources of a cell', () => {
  test.each([1, 3, 4, 5, 63, 500, 3000])('are those of brute force, of %i', (count) => {
    const features = vectors(count, count);
    // Among their like, as a tree orders them: most groups are out of reach then, small and large ones.
    for (let id = 0; id < count; id++) features[id * FEATURE_LENGTH] = Math.round((id / count - 0.5) * 8000);
    const sources = new PricedPictures(pricedMemory(features, 64));
    const random = seeded(9);
    for (let round = 0; round < 60; round++) {
      for (let id = 0; id < count; id++) sources.setPrice(id, round % 3 === 0 ? 0 : Math.floor(random() * 2e6));
      const cells = vectors(2, 100 + round);
      const near = integer(random, 0, count - 1) * FEATURE_LENGTH;
      for (let i = 0; i < FEATURE_LENGTH; i++) cells[FEATURE_LENGTH + i] = features[near + i]! + (cells[i]! >> 3);
      const k = Math.min(64, integer(random, 1, count + 3));
      const all = Array.from({ length: count }, (_, id) => ({ id, cost: cost(cells, 1, features, id) }));
      const value = (one: { id: number; cost: number }) => Math.fround(Math.fround(one.cost) + sources.prices[one.id]!);
      all.sort((a, b) => value(a) - value(b) || a.id - b.id);
      const limit = round % 2 ? Infinity : value(all[Math.min(count - 1, 5)]!);
      const expected = all.filter((one) => value(one) < limit).slice(0, k);
      const held = sources.cheapest(cells, FEATURE_LENGTH, k, limit);
      const found = Array.from({ length: held }, (_, rank) => ({
        id: sources.pictures[2 * rank]!,
        cost: sources.costs[rank]!,
      }));
      expect(found).toEqual(expected);
      for (const [rank, one] of expected.entries()) expect(sources.values[2 * rank + 1]).toBe(value(one));
    }
  });

  test('quantise finely', () => {
    expect([...quantise(Float32Array.of(0, 1, -0.5, 3.99))]).toEqual([0, 2048, -1024, 8172]);
  });
});

test('bid heaps give the least offer first, whatever the order they came in', () => {
  const random = seeded(1);
  const heaps = new BidHeaps(400, 3);
  const offers = Array.from({ length: 400 }, () => integer(random, 0, 50));
  for (const [cell, offer] of offers.entries()) heaps.add(cell % 3, cell, offer);
  for (let source = 0; source < 3; source++) {
    const cells = [...offers.keys()].filter((cell) => cell % 3 === source);
    cells.sort((a, b) => offers[a]! - offers[b]! || a - b);
    for (const cell of cells) {
      expect(heaps.least(source)).toBe(offers[cell]);
      expect(heaps.removeLeast(source)).toBe(cell);
    }
  }
});

describe('the prices of uses', () => {
  test.each([
    { capacity: 5, rise: 0, again: 0 },
    { capacity: Infinity, rise: 3, again: 0 },
    { capacity: 7, rise: 0.5, again: 10 },
    { capacity: Infinity, rise: 0, again: 4 },
  ])('add up, and are what a price can gain: %o', (options) => {
    const slots = new Slots(options);
    for (let from = 0; from < 6; from++) {
      for (let to = from; to <= Math.min(options.capacity, 12); to++) {
        let sum = 0;
        for (let uses = from; uses < to; uses++) sum += slots.price(uses);
        expect(slots.sum(from, to)).toBeCloseTo(sum, 9);
      }
      if (options.capacity === Infinity && options.rise === 0) continue; // gains without end
      for (const price of [0, 0.2, 1, 3.5, 4, 11, 30]) {
        const gains = Array.from(
          { length: Math.min(options.capacity, 100) - from + 1 },
          (_, more) => more * price - slots.sum(from, from + more),
        );
        expect(slots.gain(from, price)).toBeCloseTo(Math.max(0, ...gains), 9);
      }
    }
  });
});

describe('an auction', () => {
  test('finds the least sum: 1,000 cases against the Hungarian method', () => {
    const random = seeded(2);
    for (let seed = 0; seed < 1000; seed++) {
      const market = anyMarket(random, seed);
      const { features, weights, groups, slots, used } = market;
      const n = weights.length;
      // Costs and prices are whole numbers, so a sum within less than 1 of the least is the least.
      const steps = { firstStep: 1 / (n + 1), nextStep: () => 0 };
      const candidates = integer(random, 2, 5);
      const { total, bound, cells: placed, uses } = auction({ ...offered(market, 8), ...steps, candidates });
      const least = leastSum(market);
      expect(total, `case ${seed}`).toBe(least);
      expect(bound).toBeLessThanOrEqual(least);
      expect(bound).toBeGreaterThan(least - 1 - 1e-5 * (1 + least));
      const counted = used.slice();
      let sum = 0;
      for (const [cell, id] of placed.entries()) {
        sum += weights[cell]! * cost(market.cells, cell, features, id) + slots.price(counted[groups.of[id]!]!++);
      }
      expect(uses).toEqual(counted);
      expect(sum).toBe(total);
    }
  });

  /** A third of them with capacities alone, the others with all that there is. */
  function anyMarket(random: () => number, seed: number): Market {
    const [sourceCount, capacity] = [integer(random, 1, 8), integer(random, 1, 3)];
    if (seed % 3 === 0) {
      const n = integer(random, 1, Math.min(14, sourceCount * capacity));
      return plain(vectors(n, seed, 60), vectors(sourceCount, seed + 5000, 60), capacity);
    }
    const groups = groupBy(Uint32Array.from({ length: sourceCount }, () => integer(random, 0, sourceCount - 1)));
    const used = Uint32Array.from({ length: groups.count }, () => integer(random, 0, 2));
    const limit = seed % 3 === 1 ? capacity + 2 : Infinity;
    const rise = limit === Infinity ? integer(random, 1, 10) : integer(random, 0, 10);
    const slots = new Slots({ capacity: limit, rise, again: seed % 2 ? integer(random, 0, 3000) : 0 });
    const room = used.reduce((sum, uses) => sum + Math.min(14, limit - uses), 0);
    const n = integer(random, 1, Math.min(14, room));
    return {
      cells: vectors(n, seed, 60),
      features: vectors(sourceCount, seed + 5000, 60),
      weights: Float32Array.from({ length: n }, () => integer(random, 1, 3)),
      groups,
      slots,
      used,
    };
  }

  test.each([
    [300, 40, 8],
    [300, 301, 1],
    [300, 300, 1],
    [300, 5, 100],
  ])('in falling steps certifies its gap: %i cells, %i sources, %i uses', (cellCount, sourceCount, capacity) => {
    const market = plain(vectors(cellCount, 3), vectors(sourceCount, 4), capacity);
    const steps = { firstStep: 40_000, nextStep: (step: number) => (step > 500 ? step / 5 : 0) };
    const told: number[] = [];
    const onProgress = (part: number) => void told.push(part);
    const { total, bound, uses } = auction({ ...offered(market, 16), ...steps, candidates: 16, onProgress });
    const least = leastSum(market);
    expect(bound).toBeLessThanOrEqual(least);
    expect(total).toBeGreaterThanOrEqual(least);
    expect((total - bound) / total).toBeLessThan(0.01);
    expect(Math.max(...uses)).toBeLessThanOrEqual(capacity);
    expect(told.every((part) => part >= 0 && part <= 1)).toBe(true);
  });

  test('in falling steps certifies its gap where further uses cost more', () => {
    const slots = new Slots({ capacity: Infinity, rise: 30, again: 0 });
    const market = { ...plain(vectors(200, 5), vectors(50, 6), 200), slots };
    const steps = { firstStep: 40_000, nextStep: (step: number) => (step > 200 ? step / 5 : 0) };
    const { total, bound } = auction({ ...offered(market, 16), ...steps, candidates: 16 });
    const least = leastSum(market);
    expect(bound).toBeLessThanOrEqual(least);
    expect(total).toBeGreaterThanOrEqual(least);
    expect((total - bound) / total).toBeLessThan(0.01);
  });
});
