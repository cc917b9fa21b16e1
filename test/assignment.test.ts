import { describe, expect, test } from 'vitest';
import { FEATURE_LENGTH } from '../src/colour/features.ts';
import { PricedSources, quantise } from '../src/kernels/priced-kernel.ts';
import { auction } from '../src/match/auction.ts';
import { BidHeaps } from '../src/match/bid-heaps.ts';
import { placeWithin } from '../src/match/capacity.ts';
import { buildSearchTree, NearestSearch } from '../src/match/search-tree.ts';
import { type TargetCells, writeCellFeatures } from '../src/match/target.ts';
import { integer, seeded } from './random.ts';

/** Quantised vectors, coarse dimensions varying most; `range` of the first. */
function vectors(count: number, seed: number, range = 4000): Int16Array {
  const random = seeded(seed);
  return Int16Array.from({ length: count * FEATURE_LENGTH }, (_, i) =>
    Math.round(((random() - 0.5) * range) / (1 + (i % FEATURE_LENGTH))),
  );
}

function cost(a: Int16Array, i: number, b: Int16Array, j: number): number {
  let sum = 0;
  for (let d = 0; d < FEATURE_LENGTH; d++) sum += (a[i * FEATURE_LENGTH + d]! - b[j * FEATURE_LENGTH + d]!) ** 2;
  return sum;
}

function filled<Value>(length: number, value: Value): Value[] {
  return Array.from({ length }, () => value);
}

/** The least sum of costs, by the Hungarian method (Kuhn, Munkres; potentials and augmenting paths) on copies of sources. */
function leastSum(cells: Int16Array, sources: Int16Array, capacity: number): number {
  const n = cells.length / FEATURE_LENGTH;
  const columns = (sources.length / FEATURE_LENGTH) * capacity;
  const costs = Array.from({ length: n }, (_, i) =>
    Array.from({ length: columns / capacity }, (__, j) => cost(cells, i, sources, j)),
  );
  const price = (i: number, j: number) => costs[i - 1]![Math.floor((j - 1) / capacity)]!;
  const [u, v, owner] = [filled(n + 1, 0), filled(columns + 1, 0), filled(columns + 1, 0)];
  for (let i = 1; i <= n; i++) {
    const [least, seen] = [filled(columns + 1, Infinity), filled(columns + 1, false)];
    const way = filled(columns + 1, 0);
    owner[0] = i;
    let j = 0;
    do {
      seen[j] = true;
      let [delta, next] = [Infinity, 0];
      for (let k = 1; k <= columns; k++) {
        if (seen[k]) continue;
        const reduced = price(owner[j]!, k) - u[owner[j]!]! - v[k]!;
        if (reduced < least[k]!) [least[k], way[k]] = [reduced, j];
        if (least[k]! < delta) [delta, next] = [least[k]!, k];
      }
      for (let k = 0; k <= columns; k++) {
        if (seen[k]) {
          u[owner[k]!]! += delta;
          v[k]! -= delta;
        } else least[k]! -= delta;
      }
      j = next;
    } while (owner[j] !== 0);
    for (; j > 0; j = way[j]!) owner[j] = owner[way[j]!]!;
  }
  let sum = 0;
  for (let k = 1; k <= columns; k++) if (owner[k]! > 0) sum += price(owner[k]!, k);
  return sum;
}

describe('the cheapest sources of a cell', () => {
  test.each([1, 3, 4, 5, 63, 500])('are those of brute force, of %i', (count) => {
    const features = vectors(count, count);
    const sources = new PricedSources(features, 64);
    const random = seeded(9);
    for (let round = 0; round < 60; round++) {
      for (let id = 0; id < count; id++) sources.prices[id] = round % 3 === 0 ? 0 : Math.floor(random() * 2e6);
      const cells = vectors(2, 100 + round);
      const k = Math.min(64, integer(random, 1, count + 3));
      const all = Array.from({ length: count }, (_, id) => ({ id, cost: cost(cells, 1, features, id) }));
      const value = (one: { id: number; cost: number }) => Math.fround(Math.fround(one.cost) + sources.prices[one.id]!);
      all.sort((a, b) => value(a) - value(b) || a.id - b.id);
      const limit = round % 2 ? Infinity : value(all[Math.min(count - 1, 5)]!);
      const expected = all.filter((one) => value(one) < limit).slice(0, k);
      const held = sources.cheapest(cells, FEATURE_LENGTH, k, limit);
      const found = Array.from({ length: held }, (_, rank) => ({
        id: sources.ids[2 * rank]!,
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

describe('an auction', () => {
  test('finds the least sum of costs: 1,000 cases against the Hungarian method', () => {
    const random = seeded(2);
    for (let seed = 0; seed < 1000; seed++) {
      const [sourceCount, capacity] = [integer(random, 1, 8), integer(random, 1, 3)];
      const cellCount = integer(random, 1, Math.min(14, sourceCount * capacity));
      const [cells, features] = [vectors(cellCount, seed, 60), vectors(sourceCount, seed + 5000, 60)];
      // Costs are whole numbers, so a sum within less than 1 of the least is the least.
      const steps = { firstStep: 1 / (cellCount + 1), nextStep: () => 0 };
      const candidates = integer(random, 2, 5);
      const sources = new PricedSources(features, 8);
      const { total, bound, cells: placed, uses } = auction({ cells, sources, capacity, ...steps, candidates });
      const least = leastSum(cells, features, capacity);
      expect(total, `case ${seed}`).toBe(least);
      expect(bound).toBeLessThanOrEqual(least);
      expect(bound).toBeGreaterThan(least - 1 - 1e-5 * (1 + least));
      expect(Math.max(...uses)).toBeLessThanOrEqual(capacity);
      expect([...placed].reduce((sum, id, cell) => sum + cost(cells, cell, features, id), 0)).toBe(total);
    }
  });

  test.each([
    [300, 40, 8],
    [300, 301, 1],
    [300, 300, 1],
    [300, 5, 100],
  ])('in falling steps certifies its gap: %i cells, %i sources, %i uses', (cellCount, sourceCount, capacity) => {
    const [cells, features] = [vectors(cellCount, 3), vectors(sourceCount, 4)];
    const steps = { firstStep: 40_000, nextStep: (step: number) => (step > 500 ? step / 5 : 0) };
    const sources = new PricedSources(features, 16);
    const told: number[] = [];
    const { total, bound, uses } = auction({
      cells,
      sources,
      capacity,
      ...steps,
      candidates: 16,
      onProgress: (part) => told.push(part),
    });
    const least = leastSum(cells, features, capacity);
    expect(bound).toBeLessThanOrEqual(least);
    expect(total).toBeGreaterThanOrEqual(least);
    expect((total - bound) / total).toBeLessThan(0.01);
    expect(Math.max(...uses)).toBeLessThanOrEqual(capacity);
    expect(told.every((part) => part >= 0 && part <= 1)).toBe(true);
  });
});

describe('placement with capacities', () => {
  const [columns, rows, sourceCount] = [30, 20, 120];
  const random = seeded(5);
  const px = Uint8Array.from({ length: columns * rows * 48 }, (_, i) => 128 + 60 * Math.sin(i / 4000) + random() * 40);
  const target: TargetCells = { grid: { columns, rows }, px };
  const features = Float32Array.from(
    vectors(sourceCount, 6, 2048),
    (value, i) => value / 2048 + (i % FEATURE_LENGTH === 0 ? 3 : 0),
  );
  const tree = buildSearchTree(features);
  const nearest = { cells: new Uint32Array(columns * rows), costs: new Float32Array(columns * rows) };
  const search = new NearestSearch(tree);
  const query = new Float32Array(FEATURE_LENGTH);
  for (let cell = 0; cell < columns * rows; cell++) {
    writeCellFeatures(target, cell, query, 0);
    search.nearest(query, 0);
    [nearest.cells[cell], nearest.costs[cell]] = [search.id, search.distance];
  }
  const place = (maxUses: number, distances: number[]) => {
    const progress = new Int32Array(new SharedArrayBuffer(4));
    return placeWithin(target, tree, { kind: 'capacity', maxUses, distances, nearest, progress });
  };

  /** Cells that have the same source within a distance. */
  function conflicts(cells: Uint32Array, distance: number): number {
    let found = 0;
    for (let a = 0; a < cells.length; a++) {
      for (let b = a + 1; b < cells.length; b++) {
        const across = Math.abs((a % columns) - (b % columns));
        const down = Math.abs(Math.floor(a / columns) - Math.floor(b / columns));
        if (cells[a] === cells[b] && Math.max(across, down) <= distance) found++;
      }
    }
    return found;
  }
  const most = (cells: Uint32Array) => {
    const uses = new Uint32Array(sourceCount);
    for (const id of cells) uses[id]!++;
    return Math.max(...uses);
  };

  test.each([
    [5, 0],
    [5, 2],
    [8, 3],
    [600, 2],
  ])('keeps --max-uses %i and --min-distance %i', (maxUses, distance) => {
    expect(most(nearest.cells)).toBeGreaterThan(maxUses === 600 ? 8 : maxUses);
    expect(conflicts(nearest.cells, distance)).toBeGreaterThan(distance ? 0 : -1);
    const { cells, costs, gap, distanceCost, stuck } = place(maxUses, [distance]);
    expect(stuck).toBeFalsy();
    expect(most(cells)).toBeLessThanOrEqual(maxUses);
    if (distance) expect(conflicts(cells, distance)).toBe(0);
    expect(gap).toBeGreaterThanOrEqual(0);
    expect(gap).toBeLessThan(0.01);
    expect(distanceCost! >= 0).toBe(true);
    for (const [cell, id] of cells.entries()) {
      writeCellFeatures(target, cell, query, 0);
      const difference = query.reduce((sum, value, i) => sum + (value - features[id * FEATURE_LENGTH + i]!) ** 2, 0);
      expect(costs[cell]).toBeCloseTo(difference, 3);
    }
  });

  test('gives way to a lesser distance where it may, and says so where it may not', () => {
    expect(place(5, [20]).stuck).toBe(true);
    const { cells, stuck } = place(5, [20, 1, 0]);
    expect(stuck).toBeFalsy();
    expect(conflicts(cells, 1)).toBe(0);
  });

  test('is the same each time', () => {
    expect(place(6, [2])).toEqual(place(6, [2]));
  });
});
