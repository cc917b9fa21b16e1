import { expect } from 'vitest';
import { FEATURE_LENGTH } from '../../src/colour/features.ts';
import { UserError } from '../../src/errors.ts';
import { placeRuled } from '../../src/match/assign/assign.ts';
import { FREE, type Rules } from '../../src/match/jobs.ts';
import { type KindFacts, kindsOf } from '../../src/match/kinds.ts';
import { checkRules } from '../../src/match/rules.ts';
import type { Grid } from '../../src/types.ts';
import { integer } from './random.ts';
import { conflictsOf, countsOf, FREELY, idsOf, lookupOf, sceneOf } from './scene.ts';

/** What a placement is asked for: images by what they look like, and rules. */
export interface Demand {
  readonly grid: Grid;
  readonly distance: number;
  /** Of each image, the first that looks like it. */
  readonly alike: Uint32Array;
  readonly pins: ReadonlyMap<number, number>;
  readonly rules: Pick<Rules, 'maxUses' | 'useAll'>;
}

const sharingOf = ({ alike, rules }: Demand) => (rules.useAll ? alike.map((_, id) => id) : alike);

function near({ grid: { columns }, distance }: Demand, a: number, b: number): boolean {
  const [across, down] = [(a % columns) - (b % columns), Math.floor(a / columns) - Math.floor(b / columns)];
  return a !== b && Math.max(Math.abs(across), Math.abs(down)) <= distance;
}

/** How often each kind has to stand in cells without a pin, and may. */
function boundsOf({ alike, pins, rules, grid }: Demand) {
  const free = grid.columns * grid.rows - pins.size;
  const times = alike.map(
    (_, id) => [...pins.values()].filter((pinned) => sharingOf({ alike, rules } as Demand)[pinned] === id).length,
  );
  const unused = times.filter((uses) => uses === 0).length;
  const bounds = new Map<number, { least: number; most: number }>();
  for (const [id, kind] of alike.entries()) {
    const known = bounds.get(kind) ?? { least: 0, most: 0 };
    if (!rules.useAll && id !== kind) continue;
    // If there are more images than cells, each stands once; otherwise all do.
    if (rules.useAll && unused > free) known.most += times[id] === 0 ? 1 : 0;
    else {
      known.most += Math.max(0, Math.min(free, rules.maxUses - times[id]!));
      if (rules.useAll && times[id] === 0) known.least++;
    }
    bounds.set(kind, known);
  }
  return { free, bounds };
}

/** Whether there is a placement, by trying all, cell by cell; undefined if that takes too long. */
export function possible(demand: Demand): boolean | undefined {
  const { alike, pins, grid } = demand;
  const { free, bounds } = boundsOf(demand);
  const kinds = [...bounds.keys()];
  const shown = new Map([...pins].map(([cell, id]) => [cell, alike[id]!]));
  const used = new Map(kinds.map((kind) => [kind, 0]));
  const stands = (cell: number, kind: number) =>
    [...shown].some(([other, its]) => its === kind && near(demand, cell, other));
  if ([...shown].some(([cell, kind]) => stands(cell, kind))) return false;
  let tries = 40_000;
  const tryFrom = (cell: number, left: number): boolean | undefined => {
    if (--tries < 0) return undefined;
    if (kinds.reduce((sum, kind) => sum + Math.max(0, bounds.get(kind)!.least - used.get(kind)!), 0) > left)
      return false;
    if (cell === grid.columns * grid.rows) return true;
    if (shown.has(cell)) return tryFrom(cell + 1, left);
    for (const kind of kinds) {
      if (used.get(kind)! >= bounds.get(kind)!.most || stands(cell, kind)) continue;
      shown.set(cell, kind);
      used.set(kind, used.get(kind)! + 1);
      const found = tryFrom(cell + 1, left - 1);
      shown.delete(cell);
      used.set(kind, used.get(kind)! - 1);
      if (found !== false) return found;
    }
    return false;
  };
  return tryFrom(0, free);
}

/** Places what is demanded, the images drawn at random; the images of cells, or why there are none. */
export function place(demand: Demand, random: () => number, variety = 0): number[] | 'proved' | 'not found' {
  const { grid, alike, pins, rules, distance } = demand;
  const px = Uint8Array.from({ length: grid.columns * grid.rows * 48 }, () => 100 + random() * 80);
  const features = Float32Array.from({ length: alike.length * FEATURE_LENGTH }, (_, i) => {
    const dimension = i % FEATURE_LENGTH;
    return (random() - 0.5) * (dimension < 12 ? 0.4 : 0.05) + (dimension === 0 ? 2.3 : 0);
  });
  const scene = sceneOf({ grid, px }, features, { alike, sharing: sharingOf(demand), pins });
  const progress = new Int32Array(new SharedArrayBuffer(4));
  const job = {
    kind: 'ruled',
    afar: 0,
    perSource: Infinity,
    rules: { ...FREELY, ...rules, variety },
    distances: [distance],
    progress,
  } as const;
  const { cells, stuck } = placeRuled(scene, lookupOf(scene), job);
  return stuck ?? [...idsOf(scene, cells)];
}

export function expectKept(demand: Demand, ids: readonly number[]): void {
  const { grid, alike, pins, rules, distance } = demand;
  const sharing = sharingOf(demand);
  expect(
    conflictsOf(
      ids.map((id) => alike[id]!),
      grid.columns,
      distance,
    ),
  ).toBe(0);
  expect(countsOf(ids.map((id) => sharing[id]!))[0]).toBeLessThanOrEqual(rules.maxUses);
  for (const [cell, id] of pins) expect(ids[cell]).toBe(id);
  if (!rules.useAll) return;
  const pinned = new Set(pins.values()).size;
  expect(new Set(ids).size).toBe(Math.min(alike.length, ids.length - pins.size + pinned));
}

/** Whether rules are refused before anything is placed. */
export function refused({ grid, alike, pins, rules, distance: minDistance, ...demand }: Demand): boolean {
  const sharing = sharingOf({ ...demand, grid, alike, pins, rules, distance: minDistance });
  const counts = { usable: alike.length, distinct: new Set(sharing).size };
  try {
    checkRules({ ...rules, ...counts, grid, minDistance, pins, alike, sharing });
    return false;
  } catch (error) {
    if (error instanceof UserError) return true;
    throw error;
  }
}

export function kindsOfDemand(demand: Demand) {
  const { grid, alike, pins, rules, distance } = demand;
  const pinned = Uint32Array.from({ length: grid.columns * grid.rows }, (_, cell) => pins.get(cell) ?? FREE);
  const facts: KindFacts = { grid, alike, sharing: sharingOf(demand), pins: pinned, rules };
  return kindsOf(facts, distance);
}

/** Few cells, and about as many images as they need. */
export function smallDemand(random: () => number): Demand {
  for (;;) {
    const grid = { columns: integer(random, 1, 5), rows: integer(random, 1, 5) };
    const cells = grid.columns * grid.rows;
    if (cells > 16) continue;
    const distance = integer(random, 1, 2);
    const kinds = Math.min(distance + 1, grid.columns) * Math.min(distance + 1, grid.rows) + integer(random, -1, 3);
    const images = kinds + (random() < 0.6 ? integer(random, 0, cells) : 0);
    if (kinds < 1) continue;
    // Each kind has its first image; further ones look like any of them.
    const alike = Uint32Array.from({ length: images }, (_, id) => (id < kinds ? id : integer(random, 0, kinds - 1)));
    const useAll = random() < 0.5;
    const fewest = Math.max(1, Math.ceil(cells / (useAll ? images : kinds)));
    const maxUses = random() < 0.3 ? Infinity : fewest + (random() < 0.6 ? 0 : 1);
    const pins = new Map<number, number>();
    for (let i = random() < 0.4 ? integer(random, 1, 3) : 0; i > 0; i--)
      pins.set(integer(random, 0, cells - 1), integer(random, 0, images - 1));
    const pinned = countsOf([...pins.values()].map((id) => (useAll ? id : alike[id]!)));
    if ((pinned[0] ?? 0) > maxUses) continue;
    return { grid, distance, alike, pins, rules: { maxUses, useAll } };
  }
}

/** More cells; kinds and uses are those of a placement that was made up first, and nothing is left over. */
export function plantedDemand(
  random: () => number,
  {
    grid,
    distance,
    more,
    pinned,
    useAll,
  }: { grid: Grid; distance: number; more: number; pinned: number; useAll: boolean },
): Demand {
  const side = distance + 1;
  const kinds = side * side + more;
  const sets = Array.from({ length: side }, (_, band) =>
    Array.from({ length: kinds }, (__, kind) => kind).filter((kind) => kind % side === band),
  );
  const shown: number[] = [];
  for (let y = 0; y < grid.rows; y++) {
    const line = sets[y % side]!.toSorted(() => random() - 0.5).slice(0, side);
    for (let x = 0; x < grid.columns; x++) shown.push(line[x % side]!);
  }
  const demand = { grid, distance } as Demand;
  const clash = (cell: number, kind: number) => shown.some((other, at) => other === kind && near(demand, cell, at));
  for (let i = 0; i < 8 * shown.length; i++) {
    const [cell, kind] = [integer(random, 0, shown.length - 1), integer(random, 0, kinds - 1)];
    if (!clash(cell, kind)) shown[cell] = kind;
  }
  const pinnedCells = shown.map((_, cell) => cell).filter(() => random() < pinned);
  if (!useAll) {
    const maxUses = countsOf(shown)[0]!;
    const alike = Uint32Array.from({ length: kinds }, (_, kind) => kind);
    return {
      grid,
      distance,
      alike,
      pins: new Map(pinnedCells.map((cell) => [cell, shown[cell]!])),
      rules: { maxUses, useAll },
    };
  }
  // An image for every cell: each has to stand just once.
  const leaders = new Map<number, number>();
  const alike = Uint32Array.from(shown, (kind, cell) => {
    if (!leaders.has(kind)) leaders.set(kind, cell);
    return leaders.get(kind)!;
  });
  return {
    grid,
    distance,
    alike,
    pins: new Map(pinnedCells.map((cell) => [cell, cell])),
    rules: { maxUses: 1, useAll },
  };
}
