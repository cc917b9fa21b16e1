import { describe, expect, test } from 'vitest';
import { type Sample, slotsFor } from '../../src/match/assign/use-prices.ts';
import { FEATURE_SCALE } from '../../src/kernels/priced-kernel.ts';
import { integer, seeded } from '../helpers/random.ts';

const SCALE = FEATURE_SCALE ** 2;

/** A sample in which every cell has `options` of the groups, at costs of `first` and, for the others, `more` times a random part. */
function sampleOf(seed: number, cells: number, { groups, options, first, more }: Record<string, number>): Sample {
  const random = seeded(seed);
  const lists = Array.from({ length: cells }, () => {
    const own = new Set(Array.from({ length: options! }, () => integer(random, 0, groups! - 1)));
    const costs = [...own].map((_, i) => (i === 0 ? first! : first! + more! * random()) * SCALE);
    return [...own].map((group, i) => ({ group, cost: costs[i]! })).toSorted((a, b) => a.cost - b.cost);
  });
  let end = 0;
  return {
    starts: Uint32Array.of(0, ...lists.map(({ length }) => (end += length))),
    groups: Uint32Array.from(lists.flat(), ({ group }) => group),
    costs: Float64Array.from(lists.flat(), ({ cost }) => cost),
  };
}

const rules = (variety: number, maxUses = Infinity) => ({ maxUses, variety, useAll: false });

describe('prices of uses', () => {
  // All cells want group 0 a little more than others.
  const liked = (more: number): Sample => ({
    starts: Uint32Array.from({ length: 401 }, (_, i) => 20 * i),
    groups: Uint32Array.from({ length: 8000 }, (_, i) => (i % 20 === 0 ? 0 : 1 + ((i * 7) % 99))),
    costs: Float64Array.from({ length: 8000 }, (_, i) => (0.03 + (i % 20 === 0 ? 0 : more)) * SCALE),
  });
  const facts = { cells: 10_000, groups: 100, randomPairs: SCALE };

  test('rise with variety; at 0 there are none, and above 0.5 there is a capacity', () => {
    const sample = sampleOf(3, 400, { groups: 100, options: 20, first: 0.03, more: 0.01 });
    let before = -1;
    for (const variety of [0, 0.05, 0.1, 0.25, 0.4, 0.5]) {
      const slots = slotsFor(rules(variety), { ...facts, sample });
      expect(slots.price(500)).toBeGreaterThan(before);
      expect(slots.capacity).toBe(Infinity);
      before = slots.price(500);
    }
    expect(slotsFor(rules(0), { ...facts, sample }).price(5000)).toBe(0);
    const capacities = [0.6, 0.7, 0.8, 0.9, 1].map(
      (variety) => slotsFor(rules(variety), { ...facts, sample: liked(0.01) }).capacity,
    );
    expect(capacities).toEqual(capacities.toSorted((a, b) => b - a));
    expect(new Set(capacities).size).toBe(5);
    // Geometric steps, down to even use.
    for (const i of [1, 2, 3, 4])
      expect(capacities[i]! / capacities[i - 1]!).toBeCloseTo(capacities[1]! / capacities[0]!, 1);
    expect(capacities[4]).toBe(100);
    expect(slotsFor(rules(1, 30), { ...facts, sample: liked(0.01) }).capacity).toBe(30);
  });

  test('are the same for the same share, whatever the number of cells', () => {
    const sample = sampleOf(4, 400, { groups: 100, options: 20, first: 0.03, more: 0.001 });
    const [few, many] = [1000, 100_000].map((cells) => slotsFor(rules(0.4), { ...facts, cells, sample }));
    expect(many!.price(10_000) / few!.price(100)).toBeCloseTo(1, 6);
  });

  test('are low where other images are much worse', () => {
    const price = (more: number) => slotsFor(rules(0.5), { ...facts, sample: liked(more) }).price(2000);
    expect(price(0.01)).toBe(price(0.012));
    expect(price(1)).toBeLessThan(price(0.01) / 100);
    // At that price, cells keep what they like: the mean cost may rise by 0.022 only.
    expect(price(1)).toBeLessThan(1 * SCALE);
  });

  test('a second use costs more than any gain where all images have to be used', () => {
    const sample = sampleOf(5, 100, { groups: 10, options: 5, first: 0.01, more: 0.1 });
    expect(slotsFor({ ...rules(0), useAll: true }, { ...facts, sample }).price(1)).toBe(8 * SCALE);
  });
});
