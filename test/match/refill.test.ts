import { describe, expect, test } from 'vitest';
import { FEATURE_LENGTH } from '../../src/colour/features.ts';
import { FREE } from '../../src/match/jobs.ts';
import { refill, type RefillOptions } from '../../src/match/refill.ts';
import { renumber } from '../../src/remove/renumber.ts';
import { seeded } from '../helpers/random.ts';

/** A random placement that keeps its rules, with holes. */
function scene(seed: number) {
  const random = seeded(seed);
  const whole = (most: number) => Math.floor(random() * most);
  const grid = { columns: 3 + whole(8), rows: 3 + whole(8) };
  const usable = 30 + whole(20);
  const turns = seed % 2 ? ([0] as const) : ([0, 4] as const);
  const minDistance = whole(3);
  const maxUses = 2 + whole(6);
  const alike = Uint32Array.from({ length: usable }, (_, id) => (id % 5 === 4 ? id - 1 : id));
  const count = grid.columns * grid.rows;
  const cells = new Uint32Array(count).fill(FREE);
  const near = (cell: number) => {
    const [x, y] = [cell % grid.columns, Math.floor(cell / grid.columns)];
    return [...cells.keys()].filter((at) => {
      const [across, down] = [Math.abs((at % grid.columns) - x), Math.abs(Math.floor(at / grid.columns) - y)];
      return at !== cell && Math.max(across, down) <= minDistance && cells[at] !== FREE;
    });
  };
  const groupOf = (picture: number) => alike[picture % usable]!;
  const usesOf = (group: number) => cells.filter((picture) => picture !== FREE && groupOf(picture) === group).length;
  const may = (cell: number, picture: number) =>
    usesOf(groupOf(picture)) < maxUses && near(cell).every((at) => groupOf(cells[at]!) !== groupOf(picture));
  for (let cell = 0; cell < count; cell++) {
    const pictures = Array.from(
      { length: usable * turns.length },
      (_, i) => turns[Math.floor(i / usable)]! * usable + (i % usable),
    );
    const allowed = pictures.filter((picture) => may(cell, picture));
    cells[cell] = allowed[whole(allowed.length)] ?? FREE;
  }
  const gone = whole(usable);
  for (const [cell, picture] of cells.entries()) if (picture % usable === gone) cells[cell] = FREE;
  const features = Float32Array.from({ length: usable * FEATURE_LENGTH }, () => random() - 0.5);
  const target = Uint8Array.from({ length: count * 48 }, () => whole(256));
  const rules = { maxUses, variety: random(), useAll: false };
  return {
    grid,
    usable,
    turns,
    minDistance,
    alike,
    cells,
    gone,
    features: { whole: features },
    crops: new Uint32Array(usable).fill(1),
    target,
    rules,
    may,
    adapt: seed % 3 ? 0 : 0.5,
    weights: seed % 4 ? undefined : Float32Array.from({ length: count }, () => 0.1 + random()),
  };
}

/** A placement of 2 x 2 cells, in which every source is shown whole. */
function small({
  features,
  alike,
  ...others
}: Pick<RefillOptions, 'cells' | 'target' | 'alike' | 'rules'> & { readonly features: Float32Array }) {
  const crops = alike.map(() => 1);
  return { grid: { columns: 2, rows: 2 }, features: { whole: features }, crops, alike, sharing: alike, ...others };
}

describe('holes of a placement', () => {
  test('are filled by the rules, and nothing else changes; 200 random ones', () => {
    let filled = 0;
    for (let seed = 1; seed <= 200; seed++) {
      const { gone, may, usable, ...options } = scene(seed);
      const before = options.cells.slice();
      const holes = [...before.keys()].filter((cell) => before[cell] === FREE);
      let costs: Map<number, number>;
      try {
        costs = refill({ ...options, sharing: options.alike, isAllowed: (id) => id !== gone });
      } catch (error) {
        // Whatever is refused, could not have been filled as it stands.
        expect(error).toMatchObject({ code: 'no-placement' });
        const stuck = [...options.cells.keys()].filter((cell) => options.cells[cell] === FREE);
        for (const cell of stuck) {
          for (let id = 0; id < usable; id++) if (id !== gone) expect(may(cell, id)).toBe(false);
        }
        continue;
      }
      filled += holes.length;
      expect([...costs.keys()]).toEqual(holes);
      for (const [cell, picture] of options.cells.entries()) {
        if (!holes.includes(cell)) expect(picture).toBe(before[cell]);
        else {
          expect(picture % usable).not.toBe(gone);
          options.cells[cell] = FREE;
          expect(may(cell, picture), `seed ${seed}, cell ${cell}`).toBe(true);
          options.cells[cell] = picture;
        }
      }
    }
    expect(filled).toBeGreaterThan(150);
  });

  test('get the closest picture where nothing forbids it', () => {
    const target = new Uint8Array(4 * 48).fill(255);
    const features = new Float32Array(3 * FEATURE_LENGTH);
    for (const id of [0, 1, 2]) features[id * FEATURE_LENGTH] = [0.1, 3.9, 2][id]!; // lightness, white is 4
    const cells = Uint32Array.of(0, FREE, 0, 2);
    const alike = Uint32Array.of(0, 1, 2);
    const rules = { maxUses: Infinity, variety: 0, useAll: false };
    const options = small({ cells, target, features, alike, rules });
    refill({ ...options, weights: undefined, turns: [0], adapt: 0, minDistance: 0, isAllowed: () => true });
    expect([...cells]).toEqual([0, 1, 0, 2]);
  });
});

test.each([
  [undefined, [1, 2]],
  [
    [0.4, 1.6, 1, 1],
    [2, 1],
  ],
])('holes whose cells matter more get the closest picture: weights %j', (weights, expected) => {
  const target = new Uint8Array(4 * 48).fill(255);
  const features = new Float32Array(4 * FEATURE_LENGTH);
  for (const id of [0, 1, 2, 3]) features[id * FEATURE_LENGTH] = [0.1, 3.9, 2, 0.5][id]!; // lightness, white is 4
  const cells = Uint32Array.of(FREE, FREE, 0, 3);
  const alike = Uint32Array.of(0, 1, 2, 3);
  const rules = { maxUses: 1, variety: 0, useAll: false };
  const options = small({ cells, target, features, alike, rules });
  const given = weights && Float32Array.from(weights);
  refill({ ...options, weights: given, turns: [0], adapt: 0, minDistance: 0, isAllowed: () => true });
  expect([...cells.subarray(0, 2)]).toEqual(expected);
});

test('holes of a dark target get light images in its order, as far as it is adapted', () => {
  // Levels of 0.1 to 0.4; sources of 0.5 to 0.9, of which the darkest may not fill holes.
  const target = Uint8Array.from(
    { length: 4 * 48 },
    (_, i) => [10, 25, 42, 60][2 * Math.floor(i / 96) + (Math.floor(i / 12) % 2)]!,
  );
  const features = new Float32Array(41 * FEATURE_LENGTH);
  for (let id = 0; id < 41; id++) features[id * FEATURE_LENGTH] = 2 + id * 0.04;
  const alike = Uint32Array.from({ length: 41 }, (_, id) => id);
  const rules = { maxUses: Infinity, variety: 0, useAll: false };
  const filled = (adapt: number) => {
    const cells = new Uint32Array(4).fill(FREE);
    const options = {
      weights: undefined,
      turns: [0],
      adapt,
      minDistance: 0,
      isAllowed: (id: number) => id > 0,
    } as const;
    refill({ ...small({ cells, target, features, alike, rules }), ...options });
    return [...cells];
  };
  expect(filled(0)).toEqual([1, 1, 1, 1]);
  const all = filled(1);
  for (let cell = 1; cell < 4; cell++) expect(all[cell]).toBeGreaterThanOrEqual(all[cell - 1]!);
  expect(all[2]).toBeGreaterThan(all[1]! + 2);
  expect(all[3]).toBeGreaterThan(all[2]! + 2);
  expect(all[0]).toBe(1);
});

describe('numbers of pictures', () => {
  test('stay, go to new pictures, or are spare', () => {
    // Pictures 10, 11 (gone), 12 (gone), 13; now 14 and 10, 13 are shown.
    const { ids, spare, changed, cells } = renumber([10, undefined, undefined, 13], Uint32Array.of(10, 14, 13, 14));
    expect(ids).toEqual([10, 14, 10, 13]);
    expect(spare).toEqual([false, false, true, false]);
    expect([...changed]).toEqual([1, 2]);
    expect([...cells]).toEqual([0, 1, 3, 1]);
  });

  test('are added where more pictures come than go', () => {
    const { ids, spare, cells } = renumber([10, undefined], Uint32Array.of(10, 14, 15));
    expect(ids).toEqual([10, 14, 15]);
    expect(spare).toEqual([false, false, false]);
    expect([...cells]).toEqual([0, 1, 2]);
  });

  test('of 500 random changes: every cell has the number of its picture', () => {
    const random = seeded(3);
    for (let round = 0; round < 500; round++) {
      const before = Array.from({ length: 1 + Math.floor(random() * 12) }, (_, i) =>
        random() < 0.3 ? undefined : i * 2,
      );
      const shown = Uint32Array.from({ length: 30 }, () => Math.floor(random() * 24));
      const { ids, spare, changed, cells } = renumber(before, shown);
      expect([...cells].map((number) => ids[number])).toEqual([...shown]);
      for (const [number, id] of ids.entries()) {
        expect(spare[number]).toBe(!cells.includes(number));
        if (!changed.has(number)) expect(id).toBe(before[number]);
      }
    }
  });
});
