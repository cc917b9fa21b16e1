import { describe, expect, test } from 'vitest';
import { FEATURE_LENGTH } from '../../src/colour/features.ts';
import { buildSearchTree, NearestSearch, squaredDistance } from '../../src/match/search-tree.ts';
import { integer, seeded } from '../helpers/random.ts';

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
    const distance = squaredDistance(query, features, id * FEATURE_LENGTH);
    if (distance < best.distance && allowed(id)) best = { id, distance };
  }
  return best;
}

describe('the search tree', () => {
  test.each([1, 2, 11, 12, 13, 100, 1000])('finds what brute force finds, among %i points', (count) => {
    const features = vectors(count, count);
    const search = new NearestSearch(buildSearchTree(features));
    const random = seeded(3);
    for (let round = 0; round < 150; round++) {
      const query = vectors(1, 1000 + round);
      if (round % 5 === 0) query.set(features.subarray(0, FEATURE_LENGTH)); // on a point that may stand twice
      search.nearest(query, 0, round % 2 ? { guess: integer(random, 0, count - 1) } : {});
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
      search.nearest(query, 0, { allowed: odd });
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
