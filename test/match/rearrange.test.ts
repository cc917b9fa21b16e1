import { describe, expect, test } from 'vitest';
import { FEATURE_LENGTH } from '../../src/colour/features.ts';
import { placeRuled } from '../../src/match/assign/assign.ts';
import { keepApart } from '../../src/match/assign/keep-apart.ts';
import type { Rules } from '../../src/match/jobs.ts';
import { solveLap } from '../../src/match/assign/lap.ts';
import { draftOf, type Problem, problemOf } from '../../src/match/assign/problem.ts';
import { separateBlocks, rearrange } from '../../src/match/assign/rearrange.ts';
import { integer, seeded } from '../helpers/random.ts';
import { conflictsOf, countsOf, FREELY, idsOf, lookupOf, sceneOf } from '../helpers/scene.ts';

/** The least sum over all ways to give each row a column of its own. */
function bruteForce(costs: Float64Array, rows: number, columns: number): number {
  const best = (row: number, taken: number): number => {
    if (row === rows) return 0;
    let least = Infinity;
    for (let k = 0; k < columns; k++) {
      if (taken & (1 << k)) continue;
      least = Math.min(least, costs[row * columns + k]! + best(row + 1, taken | (1 << k)));
    }
    return least;
  };
  return best(0, 0);
}

describe('the linear assignment problem', () => {
  test('is solved as trying all ways does: 1,000 cases', () => {
    const random = seeded(1);
    let impossible = 0;
    for (let round = 0; round < 1000; round++) {
      const rows = integer(random, 1, 5);
      const columns = integer(random, rows, 7);
      const never = random() * 0.7;
      const costs = Float64Array.from({ length: rows * columns }, () =>
        random() < never ? Infinity : integer(random, round % 2 ? -9 : 0, 9),
      );
      const chosen = solveLap(costs, rows, columns);
      const least = bruteForce(costs, rows, columns);
      if (!chosen) {
        impossible++;
        expect(least, `case ${round}`).toBe(Infinity);
        continue;
      }
      expect(new Set(chosen).size).toBe(rows);
      const sum = chosen.reduce((total, column, row) => total + costs[row * columns + column]!, 0);
      expect(sum, `case ${round}`).toBe(least);
    }
    expect(impossible).toBeGreaterThan(50);
    expect(impossible).toBeLessThan(500);
  });
});

describe('rearranging', () => {
  const random = seeded(3);
  const target = (columns: number, rows: number) => ({
    grid: { columns, rows },
    px: Uint8Array.from({ length: columns * rows * 48 }, () => 100 + random() * 80),
  });
  /** Sources about as far from each other as cells are. */
  const features = (count: number) =>
    Float32Array.from({ length: count * FEATURE_LENGTH }, (_, i) => {
      const dimension = i % FEATURE_LENGTH;
      return (random() - 0.5) * (dimension < 12 ? 0.4 : 0.05) + (dimension === 0 ? 2.3 : 0);
    });

  /** Costs and prices of uses; but for what second uses cost where all are to be used, which stays the same. */
  function priceOf({ slots }: Problem, { costs, uses }: ReturnType<typeof draftOf>): number {
    const again = uses.reduce((total, times) => total + slots.again * Math.max(0, times - 1), 0);
    const cost = costs.reduce((sum, one) => sum + one, 0);
    return uses.reduce((total, times) => total + slots.sum(0, times), cost) - again;
  }

  test.each<[string, Partial<Rules>, number]>([
    ['without capacities', {}, 2],
    ['with capacities', { maxUses: 4 }, 2],
    ['with capacities and a long distance', { maxUses: 3 }, 4],
    ['with prices', { variety: 0.7 }, 1],
    ['of all sources', { useAll: true, maxUses: 5 }, 2],
  ])('makes a placement cheaper and keeps its rules: %s', (_, rules, distance) => {
    const [columns, rows, count] = [18, 12, 90];
    const alike = Uint32Array.from({ length: count }, (__, id) => (id % 10 === 1 ? id - 1 : id));
    const sharing = rules.useAll ? Uint32Array.from({ length: count }, (__, id) => id) : alike;
    const pins = new Map([
      [40, 7],
      [100, 8],
    ]);
    const scene = sceneOf(target(columns, rows), features(count), { alike, sharing, pins });
    const problem = problemOf(scene, { ...FREELY, ...rules }, lookupOf(scene));
    // A rough placement that keeps all rules: sources in turn, apart by moves.
    const start = scene.pins.map((pin, cell) => (pin === 0xffffffff ? (cell * 37) % count : pin));
    const draft = draftOf(problem, start);
    expect(keepApart(problem, draft, { minDistance: distance })).toBe(true);
    const shown = (cells: Uint32Array) => [...idsOf(scene, cells)].map((id) => alike[id]!);
    const before = { price: priceOf(problem, draft), cells: draft.cells.slice() };
    expect(conflictsOf(shown(before.cells), columns, distance)).toBe(0);

    const told: number[] = [];
    const onProgress = (part: number) => void told.push(part);
    const wished = new Uint32Array(columns * rows).fill(0xffffffff);
    rearrange(problem, draft, { minDistance: distance, wished, onProgress });
    expect(told.every((part, i) => part >= (told[i - 1] ?? 0) && part < 1)).toBe(true);
    expect(priceOf(problem, draft)).toBeLessThan(0.9 * before.price);
    expect(conflictsOf(shown(draft.cells), columns, distance)).toBe(0);
    for (const [cell, id] of pins) expect(idsOf(scene, draft.cells)[cell]).toBe(id);
    if (rules.maxUses) expect(countsOf(shown(draft.cells))[0]).toBeLessThanOrEqual(rules.useAll ? 10 : rules.maxUses);
    if (rules.useAll) expect(new Set(idsOf(scene, draft.cells)).size).toBe(count);
    const fresh = draftOf(problem, draft.cells);
    expect(draft.uses).toEqual(fresh.uses);
    expect([...draft.costs]).toEqual([...fresh.costs]);
  });

  test('parts equal sources at less cost than moves do, wherever images are not short', () => {
    const [columns, rows, count, distance] = [30, 20, 120, 2];
    const alike = Uint32Array.from({ length: count }, (_, id) => (id % 10 === 1 ? id - 1 : id));
    const scene = sceneOf(target(columns, rows), features(count), { alike, pins: new Map([[100, 8]]) });
    const problem = problemOf(scene, FREELY, lookupOf(scene));
    const closest = scene.pins.map((pin, cell) => {
      problem.lookup.cheapestOf(cell, 1);
      return pin === 0xffffffff ? problem.lookup.memory.pictures[0]! : pin;
    });
    const shown = (cells: Uint32Array) => [...idsOf(scene, cells)].map((id) => alike[id]!);
    expect(conflictsOf(shown(closest), columns, distance)).toBeGreaterThan(50);
    const [separated, moved] = [draftOf(problem, closest), draftOf(problem, closest)];
    const looked = separateBlocks(problem, separated, { minDistance: distance });
    expect(looked).toBeGreaterThan(50);
    expect(looked).toBeLessThanOrEqual(columns * rows);
    expect(keepApart(problem, moved, { minDistance: distance })).toBe(true);
    for (const { cells } of [separated, moved]) {
      expect(conflictsOf(shown(cells), columns, distance)).toBe(0);
      expect(idsOf(scene, cells)[100]).toBe(8);
    }
    expect(priceOf(problem, separated)).toBeLessThan(priceOf(problem, moved));
    expect(separated).toEqual(draftOf(problem, separated.cells));
  });

  test.each<[string, Partial<Rules>, number, number]>([
    ['farther than blocks are wide', {}, 9, 400],
    ['and uses all', { useAll: true }, 2, 300],
    ['with capacities', { maxUses: 6 }, 3, 150],
  ])('parts equal sources %s', (_, rules, distance, count) => {
    const [columns, rows] = [30, 20];
    const alike = Uint32Array.from({ length: count }, (__, id) => (id % 5 === 1 ? id - 1 : id));
    const sharing = rules.useAll ? Uint32Array.from({ length: count }, (__, id) => id) : alike;
    const scene = sceneOf(target(columns, rows), features(count), { alike, sharing });
    const progress = new Int32Array(new SharedArrayBuffer(4));
    const job = {
      kind: 'ruled',
      afar: 0,
      perSource: Infinity,
      rules: { ...FREELY, ...rules },
      distances: [distance],
      progress,
    } as const;
    const { cells, stuck } = placeRuled(scene, lookupOf(scene), job);
    expect(stuck).toBeUndefined();
    const ids = [...idsOf(scene, cells)];
    const shown = ids.map((id) => alike[id]!);
    expect(conflictsOf(shown, columns, distance)).toBe(0);
    if (rules.useAll) expect(new Set(ids).size).toBe(count);
    if (rules.maxUses) expect(countsOf(shown)[0]).toBeLessThanOrEqual(rules.maxUses);
  });

  test('parts near-duplicates without giving up the last use of one', () => {
    const [columns, rows] = [20, 12];
    const count = columns * rows;
    const alike = Uint32Array.from({ length: count }, (_, id) => (id % 5 === 1 ? id - 1 : id));
    const sharing = Uint32Array.from({ length: count }, (_, id) => id);
    const scene = sceneOf(target(columns, rows), features(count), { alike, sharing });
    const problem = problemOf(scene, { ...FREELY, useAll: true }, lookupOf(scene));
    // Each once, near-duplicates side by side.
    const position = new Uint32Array(count);
    for (const [at, id] of scene.tree.ids.entries()) position[id] = at;
    const draft = draftOf(problem, position);
    const shown = () => [...idsOf(scene, draft.cells)];
    const conflicts = () =>
      conflictsOf(
        shown().map((id) => alike[id]!),
        columns,
        2,
      );
    const before = conflicts();
    expect(before).toBeGreaterThan(40);
    separateBlocks(problem, draft, { minDistance: 2 });
    expect(conflicts()).toBeLessThan(before);
    expect(new Set(shown()).size).toBe(count);
  });

  test('finds the best where one block is all there is', () => {
    for (let round = 0; round < 20; round++) {
      const scene = sceneOf(target(3, 2), features(7));
      const problem = problemOf(scene, FREELY, lookupOf(scene));
      const draft = draftOf(
        problem,
        Uint32Array.from({ length: 6 }, (_, cell) => cell),
      );
      rearrange(problem, draft, { minDistance: 2, wished: new Uint32Array(6).fill(0xffffffff) });
      const costs = Float64Array.from({ length: 42 }, (_, i) => {
        const one = new Uint32Array(6).fill(i % 7);
        return draftOf(problem, one).costs[Math.floor(i / 7)]!;
      });
      expect(draft.costs.reduce((sum, cost) => sum + cost, 0)).toBe(bruteForce(costs, 6, 7));
    }
  });

  test('leaves alone what shows what it would without a distance', () => {
    const scene = sceneOf(target(6, 4), features(40));
    const problem = problemOf(scene, FREELY, lookupOf(scene));
    const draft = draftOf(
      problem,
      Uint32Array.from({ length: 24 }, (_, cell) => cell),
    );
    const before = draft.cells.slice();
    rearrange(problem, draft, { minDistance: 1, wished: before });
    expect(draft.cells).toEqual(before);
  });
});
