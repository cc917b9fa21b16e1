import { describe, expect, test } from 'vitest';
import { FEATURE_LENGTH } from '../../src/colour/features.ts';
import { UserError } from '../../src/errors.ts';
import { placeRuled } from '../../src/match/assign/assign.ts';
import type { Rules } from '../../src/match/jobs.ts';
import { checkRules, type Demands, distancesFor } from '../../src/match/rules.ts';
import { writeCellVector } from '../../src/match/emphasis.ts';
import type { TargetCells } from '../../src/match/target-cells.ts';
import { seeded } from '../helpers/random.ts';
import { conflictsOf, countsOf, FREELY, idsOf, lookupOf, sceneOf } from '../helpers/scene.ts';

const [COLUMNS, ROWS, SOURCES] = [30, 20, 120];
const CELLS = COLUMNS * ROWS;
const random = seeded(5);
const px = Uint8Array.from({ length: CELLS * 48 }, (_, i) => 128 + 60 * Math.sin(i / 4000) + random() * 40);
const target: TargetCells = { grid: { columns: COLUMNS, rows: ROWS }, px };
const features = Float32Array.from({ length: SOURCES * FEATURE_LENGTH }, (_, i) => {
  const dimension = i % FEATURE_LENGTH;
  return (random() - 0.5) / (1 + dimension) + (dimension === 0 ? 3 : 0);
});

/** Squared distance of a cell and a source. */
function costOf(cell: number, id: number): number {
  const query = new Float32Array(FEATURE_LENGTH);
  writeCellVector(target, cell, query);
  return query.reduce((sum, value, i) => sum + (value - features[id * FEATURE_LENGTH + i]!) ** 2, 0);
}

function place(
  rules: Partial<Rules>,
  distances: number[],
  { quick = false, ...more }: Parameters<typeof sceneOf>[2] & { readonly quick?: boolean } = {},
) {
  const scene = sceneOf(target, features, more);
  const progress = new Int32Array(new SharedArrayBuffer(4));
  const { cells, ...result } = placeRuled(scene, lookupOf(scene), {
    kind: 'ruled',
    afar: 0,
    perSource: Infinity,
    rules: { ...FREELY, ...rules },
    distances,
    quick,
    progress,
  });
  const ids = idsOf(scene, cells);
  return { ...result, ids, cost: ids.reduce((sum, id, cell) => sum + costOf(cell, id), 0) };
}

describe('a quick placement', () => {
  test.each([
    [0, 0],
    [0, 3],
    [0.3, 0],
    [0.5, 2],
    [0.5, 4],
  ])('of variety %d keeps --min-distance %i, and costs little more', (variety, distance) => {
    const [soon, well] = [true, false].map((quick) => place({ variety }, [distance], { quick }));
    expect(soon!.minDistance).toBe(distance);
    if (distance) expect(conflictsOf(soon!.ids, COLUMNS, distance)).toBe(0);
    expect(soon!.cost).toBeLessThan(well!.cost * 1.15);
    // The price of uses is heeded: about as many uses as in the best placement.
    expect(countsOf(soon!.ids)[0]).toBeLessThan(countsOf(well!.ids)[0]! * 1.3 + 2);
    expect(place({ variety }, [distance], { quick: true }).ids).toEqual(soon!.ids);
  });

  test('keeps pins', () => {
    const pins = new Map([
      [0, 7],
      [33, 7],
      [599, 3],
    ]);
    const { ids } = place({ variety: 0.4 }, [2], { quick: true, pins });
    for (const [cell, id] of pins) expect(ids[cell]).toBe(id);
    expect(conflictsOf(ids, COLUMNS, 2)).toBe(0);
  });

  test.each<[string, Partial<Rules>, number]>([
    ['a limit of uses', { maxUses: 6 }, 2],
    ['great variety', { variety: 0.8 }, 1],
    ['all images', { useAll: true }, 0],
    ['a distance that leaves little choice', {}, 9],
  ])('takes its time for %s: the placement is the best one', (_, rules, distance) => {
    const [soon, well] = [true, false].map((quick) => place(rules, [distance], { quick }));
    expect(soon!.ids).toEqual(well!.ids);
  });
});

describe('a placement', () => {
  test('of no rule has the closest source everywhere', () => {
    const { ids, gap } = place({}, [0]);
    for (const [cell, id] of ids.entries()) {
      const least = Math.min(...Array.from({ length: SOURCES }, (_, other) => costOf(cell, other)));
      expect(costOf(cell, id)).toBeLessThan(least + 0.001);
    }
    expect(gap).toBeLessThan(1e-5);
    expect(countsOf(ids)[0]).toBeGreaterThan(20); // the rules below would be empty otherwise
    expect(conflictsOf(ids, COLUMNS, 2)).toBeGreaterThan(100);
  });

  test.each([
    [5, 0],
    [5, 2],
    [8, 3],
    [Infinity, 2],
    [Infinity, 4],
  ])('keeps --max-uses %d and --min-distance %i', (maxUses, distance) => {
    const { ids, gap, distanceCost, minDistance, stuck } = place({ maxUses }, [distance]);
    expect(stuck).toBeFalsy();
    expect(minDistance).toBe(distance);
    expect(countsOf(ids)[0]).toBeLessThanOrEqual(maxUses);
    if (distance) expect(conflictsOf(ids, COLUMNS, distance)).toBe(0);
    expect(gap).toBeGreaterThanOrEqual(0);
    expect(gap).toBeLessThan(0.01);
    expect(distanceCost >= 0).toBe(true);
  });

  test('tells what the distance cost', () => {
    const [near, apart] = [place({ maxUses: 6 }, [0]), place({ maxUses: 6 }, [3])];
    expect(apart.distanceCost).toBeGreaterThan(0);
    expect((apart.cost - near.cost) / near.cost).toBeCloseTo(apart.distanceCost, 2);
  });

  test('gives way to a lesser distance where it may, and says so where it may not', () => {
    expect(place({ maxUses: 5 }, [20]).stuck).toBe('proved');
    const { ids, stuck, minDistance } = place({ maxUses: 5 }, [20, 1, 0]);
    expect([stuck, minDistance]).toEqual([undefined, 1]);
    expect(conflictsOf(ids, COLUMNS, 1)).toBe(0);
  });

  test('is the same each time', () => {
    expect(place({ maxUses: 6 }, [2])).toEqual(place({ maxUses: 6 }, [2]));
  });

  test('of more variety repeats less and costs more, from the closest to even use', () => {
    const placed = [0, 0.2, 0.5, 0.8, 1].map((variety) => place({ variety }, [0]));
    for (const [i, { ids, cost, gap }] of placed.entries()) {
      expect(gap).toBeLessThan(0.01);
      if (i === 0) continue;
      expect(countsOf(ids)[0]).toBeLessThan(countsOf(placed[i - 1]!.ids)[0]!);
      expect(cost).toBeGreaterThan(placed[i - 1]!.cost);
    }
    // 600 cells, 120 sources: five each.
    expect(new Set(countsOf(placed.at(-1).ids))).toEqual(new Set([5]));
    expect(countsOf(placed.at(-1).ids)).toHaveLength(SOURCES);
  });

  test.each([
    [0, Infinity, 0],
    [0, Infinity, 2],
    [0.05, 12, 2],
  ])('uses all where asked to, at variety %d, max-uses %d, distance %i', (variety, maxUses, distance) => {
    expect(new Set(place({ variety, maxUses }, [distance]).ids).size).toBeLessThan(SOURCES);
    const { ids, stuck, gap } = place({ useAll: true, variety, maxUses }, [distance]);
    expect(stuck).toBeFalsy();
    expect(new Set(ids).size).toBe(SOURCES);
    expect(countsOf(ids)[0]).toBeLessThanOrEqual(maxUses);
    if (distance) expect(conflictsOf(ids, COLUMNS, distance)).toBe(0);
    expect(gap).toBeLessThan(0.01);
  });

  test('has near-duplicates share uses and distance', () => {
    // Pairs of neighbours look alike.
    const alike = Uint32Array.from({ length: SOURCES }, (_, id) => id - (id % 2));
    const { ids, stuck } = place({ maxUses: 12 }, [2], { alike });
    const shown = ids.map((id) => alike[id]!);
    expect(stuck).toBeFalsy();
    expect(countsOf(shown)[0]).toBeLessThanOrEqual(12);
    expect(conflictsOf(shown, COLUMNS, 2)).toBe(0);
    const apart = place({ maxUses: 12 }, [2]).ids.map((id) => alike[id]!);
    expect(countsOf(apart)[0]).toBeGreaterThan(12);
  });

  test('leaves pinned cells alone, counts them, and keeps others away from them', () => {
    const pins = new Map([
      [0, 7],
      [3, 7],
      [310, 7],
      [311, 8],
      [599, 9],
    ]);
    const { ids, stuck } = place({ maxUses: 6 }, [2], { pins });
    expect(stuck).toBeFalsy();
    for (const [cell, id] of pins) expect(ids[cell]).toBe(id);
    expect(conflictsOf(ids, COLUMNS, 2)).toBe(0);
    expect(countsOf(ids)[0]).toBeLessThanOrEqual(6);
    const full = place({ maxUses: 5 }, [0], { pins: new Map([0, 50, 100, 150, 200].map((cell) => [cell, 3])) });
    expect(full.ids.filter((id) => id === 3)).toHaveLength(5);
  });

  test.each([0, 0.3, 0.5, 0.75, 1])('ends where images are just what cells show, at variety %d', (variety) => {
    const [columns, rows] = [8, 6];
    const flat: TargetCells = { grid: { columns, rows }, px: new Uint8Array(columns * rows * 48).fill(120) };
    const own = new Float32Array(FEATURE_LENGTH);
    writeCellVector(flat, 0, own);
    const twelve = Float32Array.from({ length: 12 * FEATURE_LENGTH }, (_, i) => own[i % FEATURE_LENGTH]!);
    const scene = sceneOf(flat, twelve);
    const progress = new Int32Array(new SharedArrayBuffer(4));
    const rules = { ...FREELY, variety };
    const { cells, gap, distanceCost } = placeRuled(scene, lookupOf(scene), {
      kind: 'ruled',
      afar: 0,
      perSource: Infinity,
      rules,
      distances: [0],
      progress,
    });
    expect([gap, distanceCost]).toEqual([0, 0]);
    if (variety === 1) expect(countsOf(cells)).toEqual(Array.from({ length: 12 }, () => 4));
  });

  test('may be pinned as a whole', () => {
    const pins = new Map(Array.from({ length: CELLS }, (_, cell) => [cell, cell % SOURCES]));
    const { ids, gap, stuck } = place({}, [1], { pins });
    expect([...ids]).toEqual([...pins.values()]);
    expect([gap, stuck]).toEqual([0, undefined]);
  });

  test('is best where cells weigh most', () => {
    const heavy = (cell: number) => cell % COLUMNS < 10;
    const weights = Float32Array.from({ length: CELLS }, (_, cell) => (heavy(cell) ? 2.6 : 0.2));
    const costAt = (ids: Uint32Array) => ids.reduce((sum, id, cell) => sum + (heavy(cell) ? costOf(cell, id) : 0), 0);
    const [even, weighted] = [place({ maxUses: 5 }, [0]), place({ maxUses: 5 }, [0], { weights })];
    expect(costAt(weighted.ids)).toBeLessThan(costAt(even.ids) * 0.95);
    expect(weighted.cost).toBeGreaterThan(even.cost);
  });
});

describe('rules', () => {
  const grid = { columns: 64, rows: 95 };
  const own = (count: number) => Uint32Array.from({ length: count }, (_, id) => id);
  function demands(usable: number, more: Partial<Demands>): Demands {
    const alike = own(usable);
    return {
      grid,
      maxUses: Infinity,
      minDistance: undefined,
      usable,
      distinct: new Set(more.alike ?? alike).size,
      pins: new Map(),
      alike,
      sharing: more.alike ?? alike,
      ...more,
    };
  }
  const refusal = (usable: number, more: Partial<Demands>) => {
    try {
      checkRules(demands(usable, more));
    } catch (error) {
      return error instanceof UserError ? `${error.message}. ${error.remedy}` : error;
    }
    return undefined;
  };
  const pairs = own(1000).map((id) => id - (id % 2));

  test.each<[string, number, Partial<Demands>, string]>([
    [
      'too few for their uses',
      500,
      { maxUses: 8 },
      '6,080 cells need at least 760 images at --max-uses 8; usable images: 500. Add images, use --max-uses 13, or --columns 51, a grid that they can fill.',
    ],
    [
      'too few different ones',
      1000,
      { maxUses: 8, alike: pairs },
      '6,080 cells need at least 760 images at --max-uses 8; usable images: 1,000, 500 of them different. Add images, use --max-uses 13, use --near-duplicates keep, or --columns 51, a grid that they can fill.',
    ],
    [
      'too few for a distance',
      10,
      { minDistance: 3 },
      '--min-distance 3 needs at least 16 images; usable images: 10. Add images, or use --min-distance 2.',
    ],
    [
      'an image pinned too often',
      1000,
      {
        maxUses: 8,
        pins: new Map(Array.from({ length: 9 }, (_, i) => i).map((i) => [i * 100, 4] as const)),
      },
      'An image is pinned to 9 cells, more than --max-uses 8 allows. Pin it to fewer cells, or raise --max-uses.',
    ],
    [
      'an image pinned twice too near',
      1000,
      {
        minDistance: 2,
        pins: new Map([
          [70, 4],
          [136, 4],
        ]),
      },
      'The same image (or a near-duplicate) is pinned to cells 6,1 and 8,2, within --min-distance 2. Pin another image, or lower --min-distance.',
    ],
  ])('that cannot be kept are refused with the arithmetic: %s', (_, usable, more, message) => {
    expect(refusal(usable, more)).toBe(message);
  });

  test('that even files not yet read are too few for are refused', () => {
    expect(refusal(500, { maxUses: 8, found: true })).toMatch(
      /^6,080 cells .*; usable images: at most 500\. Add images/,
    );
  });

  test('that can be kept just so are not', () => {
    expect(refusal(760, { maxUses: 8 })).toBeUndefined();
    expect(refusal(16, { minDistance: 3 })).toBeUndefined();
    expect(
      refusal(1000, {
        minDistance: 2,
        pins: new Map([
          [70, 4],
          [137, 4],
        ]),
      }),
    ).toBeUndefined();
    expect(refusal(3, { grid: { columns: 3, rows: 1 }, minDistance: 9 })).toBeUndefined();
  });

  test('have a distance of 1 by default, none where images are few or pins stand nearer', () => {
    const distances = (usable: number, more: Partial<Demands> = {}) => distancesFor(demands(usable, more));
    expect(distances(9)).toEqual([1, 0]);
    expect(distances(8)).toEqual([0]);
    expect(distances(1000, { alike: pairs.map((id) => id % 16) })).toEqual([0]);
    expect(
      distances(1000, {
        pins: new Map([
          [70, 4],
          [135, 4],
        ]),
      }),
    ).toEqual([0]);
    expect(distances(1000, { minDistance: 5 })).toEqual([5]);
  });
});
