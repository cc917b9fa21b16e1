import { describe, expect, test } from 'vitest';
import { searchKinds } from '../../src/match/assign/search-kinds.ts';
import { shortageOf } from '../../src/match/kinds.ts';
import {
  type Demand,
  expectKept,
  kindsOfDemand,
  place,
  plantedDemand,
  possible,
  refused,
  smallDemand,
} from '../helpers/demands.ts';
import { seeded } from '../helpers/random.ts';
import { conflictsOf } from '../helpers/scene.ts';

describe('a distance', () => {
  const own = (count: number) => Uint32Array.from({ length: count }, (_, id) => id);
  test.each<[string, Demand]>([
    [
      '36 images of 12 kinds, all to be used, in 8 cells',
      {
        grid: { columns: 4, rows: 2 },
        distance: 1,
        alike: own(36).map((id) => id % 12),
        pins: new Map(),
        rules: { maxUses: Infinity, useAll: true },
      },
    ],
    [
      '4 images, side by side never, in 10 x 10',
      {
        grid: { columns: 10, rows: 10 },
        distance: 1,
        alike: own(4),
        pins: new Map(),
        rules: { maxUses: Infinity, useAll: false },
      },
    ],
    [
      '4 images, each in a quarter of the cells',
      {
        grid: { columns: 10, rows: 10 },
        distance: 1,
        alike: own(4),
        pins: new Map([[37, 2]]),
        rules: { maxUses: 25, useAll: false },
      },
    ],
    [
      '9 images at a distance of 2',
      {
        grid: { columns: 11, rows: 10 },
        distance: 2,
        alike: own(9),
        pins: new Map([
          [55, 3],
          [58, 3],
        ]),
        rules: { maxUses: Infinity, useAll: false },
      },
    ],
    [
      '5 images, each in a fifth of the cells',
      {
        grid: { columns: 10, rows: 10 },
        distance: 1,
        alike: own(5),
        pins: new Map(),
        rules: { maxUses: 20, useAll: false },
      },
    ],
    [
      '100 images of 10 kinds, all of them once',
      {
        grid: { columns: 10, rows: 10 },
        distance: 2,
        alike: own(100).map((id) => id % 10),
        pins: new Map(),
        rules: { maxUses: 1, useAll: true },
      },
    ],
    [
      'as far as the grid is wide',
      {
        grid: { columns: 5, rows: 1 },
        distance: 9,
        alike: own(5),
        pins: new Map([[0, 4]]),
        rules: { maxUses: 1, useAll: true },
      },
    ],
  ])('is kept where it can be: %s', (_, demand) => {
    expect(refused(demand)).toBe(false);
    const ids = place(demand, seeded(1));
    expect(ids).toBeInstanceOf(Array);
    expectKept(demand, ids as number[]);
    expect(place(demand, seeded(1))).toEqual(ids);
  });

  test('is kept wherever trying all finds a way, and refused with a proof elsewhere: 400 demands', () => {
    const random = seeded(11);
    const tally = { placed: 0, proved: 0, counted: 0, undecided: 0 };
    for (let round = 0; round < 400; round++) {
      const demand = smallDemand(random);
      const told = JSON.stringify({ round, ...demand, alike: [...demand.alike], pins: [...demand.pins] });
      const truth = possible(demand);
      if (refused(demand)) {
        expect(truth, told).not.toBe(true);
        tally.counted++;
        continue;
      }
      const ids = place(demand, random, round % 3 === 0 ? 0.5 : 0);
      if (Array.isArray(ids)) {
        expectKept(demand, ids);
        expect(truth, told).not.toBe(false);
        tally.placed++;
      } else {
        expect([ids, truth], told).toEqual(['proved', truth === undefined ? undefined : false]);
        tally.proved++;
      }
      if (truth === undefined) tally.undecided++;
    }
    expect(tally.undecided).toBeLessThan(40);
    expect(tally.placed).toBeGreaterThan(100);
    expect(tally.counted).toBeGreaterThan(50);
    expect(tally.proved).toBeGreaterThan(2);
  });

  test.each([
    [{ columns: 10, rows: 10 }, 1, 0, 0],
    [{ columns: 13, rows: 11 }, 1, 1, 0.05],
    [{ columns: 13, rows: 11 }, 2, 1, 0],
    [{ columns: 17, rows: 12 }, 2, 3, 0.05],
    [{ columns: 14, rows: 14 }, 3, 2, 0],
    [{ columns: 20, rows: 16 }, 1, 9, 0.1],
  ])(
    'is kept where just one image, or one use, is there for each cell: %j, distance %i, %i more kinds, %d pinned',
    (grid, distance, more, pinned) => {
      const random = seeded(5);
      for (const useAll of [false, true]) {
        const demand = plantedDemand(random, { grid, distance, more, pinned, useAll });
        expect(refused(demand)).toBe(false);
        const ids = place(demand, random);
        expect(ids).toBeInstanceOf(Array);
        expectKept(demand, ids as number[]);
      }
    },
  );
});

describe('kinds', () => {
  test('are found by the search just where trying all finds some: 400 demands', () => {
    const random = seeded(12);
    let none = 0;
    for (let round = 0; round < 400; round++) {
      const demand = smallDemand(random);
      const truth = possible(demand);
      const kinds = kindsOfDemand(demand);
      const costOf = (cell: number, kind: number) => (cell * 7919 + kind * 104729) % 101;
      const found = shortageOf(kinds) ? 'none' : searchKinds(kinds, { costOf, steps: 1e5 });
      expect(found).toBeDefined();
      if (truth !== undefined) expect(found !== 'none').toBe(truth);
      if (found === 'none') none++;
      else {
        expect(conflictsOf(found!, demand.grid.columns, demand.distance)).toBe(0);
        const uses = new Uint32Array(kinds.pictures.count);
        for (const [cell, kind] of found!.entries()) if (!demand.pins.has(cell)) uses[kind]!++;
        for (const [kind, times] of uses.entries()) {
          expect(times).toBeGreaterThanOrEqual(kinds.least[kind]!);
          expect(times).toBeLessThanOrEqual(kinds.most[kind]!);
        }
      }
    }
    expect(none).toBeGreaterThan(80);
    expect(none).toBeLessThan(320);
  });
});
