import { describe, expect, test } from 'vitest';
import { FEATURE_LENGTH } from '../src/colour/features.ts';
import { UserError } from '../src/errors.ts';
import { checkRules } from '../src/match/match.ts';
import { placeRuled } from '../src/match/ruled.ts';
import { buildSearchTree, NearestSearch, squaredDistance } from '../src/match/search-tree.ts';
import { type TargetCells, writeCellFeatures } from '../src/match/target.ts';
import { integer, seeded } from './random.ts';

/** Vectors whose first dimensions vary most, as those of pictures; some stand twice. */
function vectors(count: number, seed: number): Float32Array {
  const random = seeded(seed);
  const all = new Float32Array(count * FEATURE_LENGTH);
  for (let i = 0; i < count; i++) {
    const copy = i > 0 && random() < 0.1 ? integer(random, 0, i - 1) : -1;
    for (let d = 0; d < FEATURE_LENGTH; d++) {
      all[i * FEATURE_LENGTH + d] = copy < 0 ? (random() - 0.5) / (1 + d) : all[copy * FEATURE_LENGTH + d]!;
    }
  }
  return all;
}

function bruteForce(features: Float32Array, query: Float32Array, allowed: (id: number) => boolean = () => true) {
  let best = { id: -1, distance: Infinity };
  for (let id = 0; id < features.length / FEATURE_LENGTH; id++) {
    const distance = squaredDistance(query, 0, features, id * FEATURE_LENGTH);
    if (distance < best.distance && allowed(id)) best = { id, distance };
  }
  return best;
}

function target(columns: number, rows: number, seed: number): TargetCells {
  const random = seeded(seed);
  const px = Uint8Array.from({ length: columns * rows * 48 }, () => random() * 256);
  return { grid: { columns, rows }, px };
}

describe('the search tree', () => {
  test.each([1, 2, 11, 12, 13, 100, 1000])('finds what brute force finds, among %i points', (count) => {
    const features = vectors(count, count);
    const search = new NearestSearch(buildSearchTree(features));
    const random = seeded(3);
    for (let round = 0; round < 150; round++) {
      const query = vectors(1, 1000 + round);
      if (round % 5 === 0) query.set(features.subarray(0, FEATURE_LENGTH)); // on a point that may stand twice
      search.nearest(query, 0, round % 2 ? integer(random, 0, count - 1) : -1);
      expect({ id: search.id, distance: search.distance }).toEqual(bruteForce(features, query));
    }
  });

  test('passes over what is not allowed, and forgets what was removed', () => {
    const features = vectors(300, 8);
    const search = new NearestSearch(buildSearchTree(features));
    const random = seeded(4);
    const removed = new Set<number>();
    for (let round = 0; round < 300; round++) {
      const query = vectors(1, 2000 + round);
      const odd = (id: number) => id % 2 === 1;
      search.nearest(query, 0, -1, odd);
      expect(search.id).toBe(bruteForce(features, query, (id) => odd(id) && !removed.has(id)).id);
      search.nearest(query, 0);
      expect(search.id).toBe(bruteForce(features, query, (id) => !removed.has(id)).id);
      let id = integer(random, 0, 299);
      while (removed.has(id)) id = (id + 1) % 300;
      removed.add(id);
      search.remove(id);
    }
    search.nearest(vectors(1, 1), 0);
    expect(search.id).toBe(-1);
  });
});

describe('rules', () => {
  function place(columns: number, rows: number, sources: number, maxUses: number, minDistance: number) {
    const cells = target(columns, rows, 5);
    const features = vectors(sources, 6);
    const tree = buildSearchTree(features);
    const search = new NearestSearch(tree);
    const nearest = { cells: new Uint32Array(columns * rows), costs: new Float32Array(columns * rows) };
    const query = new Float32Array(FEATURE_LENGTH);
    for (let i = 0; i < columns * rows; i++) {
      writeCellFeatures(cells, i, query, 0);
      search.nearest(query, 0);
      nearest.cells[i] = search.id;
      nearest.costs[i] = search.distance;
    }
    return { nearest, ...placeRuled(cells, tree, { maxUses, minDistance, nearest }) };
  }

  test.each([
    [20, 15, 40, 8, 0],
    [20, 15, 300, 1, 0],
    [20, 15, 100, 5, 2],
    [16, 16, 60, Infinity, 3],
  ])(
    'are kept: %i x %i cells, %i sources, max-uses %d, min-distance %i',
    (columns, rows, sources, maxUses, minDistance) => {
      const { cells, stuck, nearest } = place(columns, rows, sources, maxUses, minDistance);
      expect(stuck).toBeUndefined();
      const uses = new Map<number, number>();
      for (const id of cells) uses.set(id, (uses.get(id) ?? 0) + 1);
      expect(Math.max(...uses.values())).toBeLessThanOrEqual(maxUses);
      for (const [i, id] of cells.entries()) {
        expect(id).toBeLessThan(sources);
        for (const [j, other] of cells.entries()) {
          const far = Math.max(
            Math.abs((i % columns) - (j % columns)),
            Math.abs(Math.floor(i / columns) - Math.floor(j / columns)),
          );
          if (i !== j && far <= minDistance) expect(other).not.toBe(id);
        }
      }
      // The rules would be empty if the nearest sources already kept them.
      expect([...nearest.cells]).not.toEqual([...cells]);
    },
  );

  test('say so when a cell is left without a source', () => {
    expect(place(10, 10, 9, Infinity, 3).stuck).toBe(true);
  });

  test('that cannot be kept are refused with the arithmetic', () => {
    const grid = { columns: 64, rows: 95 };
    expect(() => checkRules(760, { grid, maxUses: 8, minDistance: 0 })).not.toThrow();
    const refusal = (run: () => void) => {
      try {
        run();
      } catch (error) {
        return error instanceof UserError ? `${error.message}. ${error.remedy}` : error;
      }
      return undefined;
    };
    expect(refusal(() => checkRules(500, { grid, maxUses: 8, minDistance: 0 }))).toBe(
      '6,080 cells at --max-uses 8 need at least 760 images; 500 are usable. Add images, use --max-uses 13, or fewer --columns.',
    );
    expect(refusal(() => checkRules(10, { grid, maxUses: Infinity, minDistance: 3 }))).toBe(
      '--min-distance 3 needs at least 16 images; 10 are usable. Add images, or use --min-distance 2.',
    );
  });
});
