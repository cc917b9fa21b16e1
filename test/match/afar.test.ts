import { describe, expect, test } from 'vitest';
import { FEATURE_LENGTH, writeFeatures, writeMeanColour } from '../../src/colour/features.ts';
import { linearToOklab, oklabToLinear } from '../../src/colour/oklab.ts';
import { improveAfar } from '../../src/match/assign/afar.ts';
import { AfarField } from '../../src/match/assign/afar-field.ts';
import { draftOf, type Draft, type Problem, problemOf } from '../../src/match/assign/problem.ts';
import type { Rules } from '../../src/match/jobs.ts';
import type { Grid } from '../../src/types.ts';
import { integer, seeded } from '../helpers/random.ts';
import { conflictsOf, countsOf, FREELY, idsOf, lookupOf, sceneOf } from '../helpers/scene.ts';

/** Colours of cells, blurred by the definition: a Gaussian of one cell, cut off at three, its factors of sum 1. */
function blurred(colours: ArrayLike<number>, { columns, rows }: Grid): number[] {
  const factor = (offset: number) => {
    const all = [-3, -2, -1, 0, 1, 2, 3].map((at) => Math.exp(-(at ** 2) / 2));
    return Math.abs(offset) > 3 ? 0 : Math.exp(-(offset ** 2) / 2) / all.reduce((sum, value) => sum + value, 0);
  };
  return Array.from({ length: columns * rows * 3 }, (_, i) => {
    const [cell, c] = [Math.floor(i / 3), i % 3];
    let sum = 0;
    for (let other = 0; other < columns * rows; other++) {
      const across = factor((other % columns) - (cell % columns));
      const down = factor(Math.floor(other / columns) - Math.floor(cell / columns));
      sum += across * down * colours[other * 3 + c]!;
    }
    return sum;
  });
}

/** Sum of squared OKLab differences of two pictures, seen from afar. */
function energyOf(a: ArrayLike<number>, b: ArrayLike<number>, grid: Grid, weights: ArrayLike<number>): number {
  const [one, other] = [blurred(a, grid), blurred(b, grid)];
  const lab = new Float64Array(6);
  let sum = 0;
  for (let cell = 0; cell < weights.length; cell++) {
    linearToOklab(one[cell * 3]!, one[cell * 3 + 1]!, one[cell * 3 + 2]!, lab, 0);
    linearToOklab(other[cell * 3]!, other[cell * 3 + 1]!, other[cell * 3 + 2]!, lab, 3);
    for (let c = 0; c < 3; c++) sum += weights[cell]! * (lab[c]! - lab[c + 3]!) ** 2;
  }
  return sum;
}

describe('the field of the blurred error', () => {
  const random = seeded(5);
  const grid = { columns: 9, rows: 7 };
  const colours = () => Float32Array.from({ length: grid.columns * grid.rows * 3 }, () => 0.05 + 0.9 * random());
  const weights = Float32Array.from({ length: grid.columns * grid.rows }, () => 0.5 + random());

  test('its energy is the sum of squared OKLab differences of the blurred pictures', () => {
    for (let round = 0; round < 20; round++) {
      const [target, shown] = [colours(), colours()];
      const field = new AfarField({ grid, target, shown, weights });
      const expected = energyOf(target, shown, grid, weights);
      expect(field.energy() / expected).toBeCloseTo(1, 5);
    }
  });

  test('a change of a cell changes it as told, and as a new field has it', () => {
    for (let round = 0; round < 50; round++) {
      const [target, shown] = [colours(), colours()];
      const field = new AfarField({ grid, target, shown, weights });
      const cell = integer(random, 0, weights.length - 1);
      const change = [0, 1, 2].map(() => 0.1 * (random() - 0.5)) as [number, number, number];
      const before = field.energy();
      field.at(cell);
      const told = field.change(...change);
      field.move(cell, change);
      expect(field.energy() - before, `case ${round}`).toBeCloseTo(told, 9);
      for (let c = 0; c < 3; c++) shown[cell * 3 + c]! += change[c]!;
      field.linearise();
      expect(field.energy() / energyOf(target, shown, grid, weights)).toBeCloseTo(1, 5);
    }
  });
});

test('the mean colour of a feature vector is the mean of the linear colours it was made of', () => {
  const random = seeded(7);
  const features = new Float32Array(FEATURE_LENGTH + 3);
  for (let round = 0; round < 200; round++) {
    const means = Float32Array.from({ length: 48 }, () => random() ** 2);
    writeFeatures(means, 0, 12, features, 3);
    const out = new Float32Array(4);
    writeMeanColour(features, 3, out, 1);
    for (let c = 0; c < 3; c++) {
      const expected = means.reduce((sum, value, i) => sum + (i % 3 === c ? value / 16 : 0), 0);
      expect(out[1 + c], `case ${round}`).toBeCloseTo(expected, 5);
    }
  }
  const lab = new Float64Array(3);
  linearToOklab(0.2, 0.5, 0.7, lab, 0);
  const rgb = new Float64Array(3);
  oklabToLinear(lab[0]!, lab[1]!, lab[2]!, rgb, 0);
  for (const [c, value] of [0.2, 0.5, 0.7].entries()) expect(rgb[c]).toBeCloseTo(value, 6);
});

/** Feature vectors of plain colours, grey by default. */
function plain(greys: readonly number[]): Float32Array {
  const features = new Float32Array(greys.length * FEATURE_LENGTH);
  for (const [i, grey] of greys.entries()) {
    writeFeatures(new Float32Array(48).fill(grey), 0, 12, features, i * FEATURE_LENGTH);
  }
  return features;
}

function meansOf(features: Float32Array): Float32Array {
  const count = features.length / FEATURE_LENGTH;
  const means = new Float32Array(count * 3);
  for (let source = 0; source < count; source++) writeMeanColour(features, source * FEATURE_LENGTH, means, source * 3);
  return means;
}

describe('improving the likeness from afar', () => {
  const onProgress = () => {};

  test('a grey that no image has is shown as a mixture of darker and brighter ones', () => {
    // sRGB 188 is linear 0.5; the images are linear 0.3 and 0.75, of which the brighter is closer in OKLab.
    const grid = { columns: 16, rows: 16 };
    const features = plain([0.3, 0.75]);
    const scene = sceneOf({ grid, px: new Uint8Array(16 * 16 * 48).fill(188) }, features);
    const problem = problemOf(scene, FREELY, lookupOf(scene));
    const draft = draftOf(problem, new Uint32Array(256).fill(scene.tree.ids.indexOf(1)));
    const means = meansOf(features);
    improveAfar(problem, draft, { minDistance: 0, strength: 8, means, onProgress });
    const dark = [...idsOf(scene, draft.cells)].filter((id) => id === 0).length;
    const mean = (dark * 0.3 + (256 - dark) * 0.75) / 256;
    expect(mean).toBeGreaterThan(0.45);
    expect(mean).toBeLessThan(0.6);
  });

  test('the sum of costs, prices and energy never rises, and all rules are kept: 60 cases', () => {
    const random = seeded(11);
    let moved = 0;
    for (let round = 0; round < 60; round++) {
      const grid = { columns: integer(random, 3, 14), rows: integer(random, 3, 14) };
      const cells = grid.columns * grid.rows;
      const minDistance = round % 3;
      const count = integer(random, (2 * minDistance + 1) ** 2 + 8, 60);
      const features = Float32Array.from({ length: count * FEATURE_LENGTH }, (_, i) => {
        const dimension = i % FEATURE_LENGTH;
        return (random() - 0.5) * (dimension < 12 ? 0.5 : 0.05) + (dimension === 0 ? 2.3 : 0);
      });
      const maxUses = round % 2 ? Math.ceil((2 * cells) / count) : Infinity;
      const rules: Rules = { maxUses, variety: round % 4 ? 0.5 : 0, useAll: round % 5 === 0 };
      const alike = Uint32Array.from({ length: count }, (_, id) => (id < 4 ? id & ~1 : id));
      const sharing = rules.useAll ? alike.map((_, id) => id) : alike;
      const pins = new Map([[integer(random, 0, cells - 1), integer(random, 4, count - 1)]]);
      const px = Uint8Array.from({ length: cells * 48 }, () => 90 + random() * 90);
      const weights = Float32Array.from({ length: cells }, () => 0.5 + random());
      const scene = sceneOf({ grid, px }, features, { alike, sharing, pins, weights });
      const problem = problemOf(scene, rules, lookupOf(scene));
      const draft = draftOf(problem, kept(problem, grid, minDistance, random));
      const means = meansOf(features);
      const strength = 0.5 + 4 * random();
      const before = { total: totalOf(problem, draft, { strength, means }), cells: draft.cells.slice() };
      improveAfar(problem, draft, { minDistance, strength, means, onProgress });
      const after = totalOf(problem, draft, { strength, means });
      // Slopes are kept during a sweep, so that a sum may rise by less than they are off.
      expect(after, `case ${round}`).toBeLessThan(before.total * 1.001);
      const ids = idsOf(scene, draft.cells);
      moved += draft.cells.filter((picture, cell) => picture !== before.cells[cell]).length;
      expect(
        conflictsOf(
          [...ids].map((id) => alike[id]!),
          grid.columns,
          minDistance,
        ),
      ).toBe(0);
      const most = countsOf([...idsOf(scene, before.cells)].map((id) => sharing[id]!))[0]!;
      expect(countsOf([...ids].map((id) => sharing[id]!))[0]).toBeLessThanOrEqual(Math.min(maxUses, most));
      for (const [cell, id] of pins) expect(ids[cell]).toBe(id);
      const usedBefore = new Set(idsOf(scene, before.cells)).size;
      if (rules.useAll) expect(new Set(ids).size).toBeGreaterThanOrEqual(usedBefore);
      const again = draftOf(problem, draft.cells);
      expect([...again.uses]).toEqual([...draft.uses]);
      for (const [cell, cost] of again.costs.entries()) expect(draft.costs[cell]).toBeCloseTo(cost, 6);
    }
    expect(moved).toBeGreaterThan(200);
  });
});

/** A placement at random that keeps capacities, distance and pins. */
function kept({ scene, rules }: Problem, grid: Grid, distance: number, random: () => number): Uint32Array {
  for (let attempt = 0; attempt < 1000; attempt++) {
    const cells = scene.pins.slice();
    const uses = new Map<number, number>();
    for (const picture of cells) {
      if (picture === 0xffffffff) continue;
      uses.set(scene.sharing[picture]!, (uses.get(scene.sharing[picture]!) ?? 0) + 1);
    }
    const done = cells.every((pinned, cell) => {
      if (pinned !== 0xffffffff) return true;
      const order = [...scene.sources.keys()].toSorted(() => random() - 0.5);
      const found = order.find((picture) => {
        if ((uses.get(scene.sharing[picture]!) ?? 0) >= rules.maxUses) return false;
        return cells.every((other, at) => {
          const across = Math.abs((at % grid.columns) - (cell % grid.columns));
          const down = Math.abs(Math.floor(at / grid.columns) - Math.floor(cell / grid.columns));
          return (
            at === cell ||
            other === 0xffffffff ||
            Math.max(across, down) > distance ||
            scene.alike[other] !== scene.alike[picture]
          );
        });
      });
      if (found === undefined) return false;
      cells[cell] = found;
      uses.set(scene.sharing[found]!, (uses.get(scene.sharing[found]!) ?? 0) + 1);
      return true;
    });
    if (done) return cells;
  }
  throw new Error('no placement at random');
}

/** Sum of costs, prices of uses and energy, in costs. */
function totalOf(
  { scene, slots }: Problem,
  { cells, costs, uses }: Draft,
  { strength, means }: { readonly strength: number; readonly means: Float32Array },
): number {
  const { grid, px } = scene.target;
  const linear = Float32Array.from(px, (value) => {
    const s = value / 255;
    return s <= 0.04045 ? s / 12.92 : ((s + 0.055) / 1.055) ** 2.4;
  });
  const stride = grid.columns * 12;
  const target = Float64Array.from({ length: cells.length * 3 }, (_, i) => {
    const [cell, c] = [Math.floor(i / 3), i % 3];
    const first = Math.floor(cell / grid.columns) * 4 * stride + (cell % grid.columns) * 12 + c;
    let sum = 0;
    for (let part = 0; part < 16; part++) sum += linear[first + (part >> 2) * stride + (part & 3) * 3]! / 16;
    return sum;
  });
  const shown = Float64Array.from({ length: cells.length * 3 }, (_, i) => {
    return means[scene.sources[cells[Math.floor(i / 3)]!]! * 3 + (i % 3)]!;
  });
  const prices = uses.reduce((sum, times) => sum + slots.sum(0, times), 0);
  const energy = energyOf(target, shown, grid, scene.weights);
  return costs.reduce((sum, cost) => sum + cost, prices) + strength * (4 * 2048) ** 2 * energy;
}
