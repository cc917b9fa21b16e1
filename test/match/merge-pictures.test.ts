import { expect, test } from 'vitest';
import { FEATURE_LENGTH } from '../../src/colour/features.ts';
import { mergePictures } from '../../src/match/assign/merge-pictures.ts';
import { costOf, draftOf, problemOf } from '../../src/match/assign/problem.ts';
import { FREE } from '../../src/match/jobs.ts';
import { targetCellsOf } from '../../src/match/target-cells.ts';
import { integer, seeded } from '../helpers/random.ts';
import { lookupOf, sceneOf } from '../helpers/scene.ts';

const FREELY = { maxUses: Infinity, variety: 0, useAll: false };

/** A problem in which every three pictures are of one source, and a random placement of it. */
function problem(seed: number) {
  const random = seeded(seed);
  const grid = { columns: integer(random, 3, 9), rows: integer(random, 3, 9) };
  const count = grid.columns * grid.rows;
  const sources = integer(random, 2, 6);
  const features = Float32Array.from({ length: sources * 3 * FEATURE_LENGTH }, () => random() - 0.5);
  const px = Uint8Array.from({ length: count * 48 }, () => integer(random, 0, 255));
  const pins = new Map(seed % 2 ? [[integer(random, 0, count - 1), integer(random, 0, sources * 3 - 1)]] : []);
  const own = sceneOf(targetCellsOf(px, grid), features, { pins });
  const source = (picture: number) => Math.floor(own.tree.ids[picture]! / 3);
  const scene = { ...own, sources: own.sources.map((_, picture) => source(picture)) };
  const made = problemOf(scene, FREELY, lookupOf(scene));
  const cells = Uint32Array.from({ length: count }, (_, cell) => {
    return scene.pins[cell] === FREE ? integer(random, 0, sources * 3 - 1) : scene.pins[cell]!;
  });
  return { made, scene, draft: draftOf(made, cells), random };
}

test('merged pictures are as few as asked for; their cells keep their source, and all else stays', () => {
  let merged = 0;
  for (let seed = 1; seed <= 200; seed++) {
    const { made, scene, draft, random } = problem(seed);
    const before = draft.cells.slice();
    const sources = new Set(before.map((picture) => scene.sources[picture]!)).size;
    const perSource = 1 + 2 * random();
    const shown = new Set(before).size;
    mergePictures(made, draft, { perSource, free: 0 });
    const left = new Set(draft.cells);
    expect(left.size).toBe(Math.min(shown, Math.ceil(perSource * sources)));
    for (const [cell, picture] of draft.cells.entries()) {
      expect(scene.sources[picture]).toBe(scene.sources[before[cell]!]);
      expect(draft.costs[cell]).toBe(costOf(made, cell, picture));
      if (scene.pins[cell] !== FREE) expect(picture).toBe(scene.pins[cell]);
      // A cell whose picture stays keeps it; another takes the closest one of its source.
      const others = [...left].filter((other) => scene.sources[other] === scene.sources[picture]);
      if (left.has(before[cell]!)) expect(picture).toBe(before[cell]);
      else expect(draft.costs[cell]).toBe(Math.min(...others.map((other) => costOf(made, cell, other))));
    }
    if (left.size < shown) merged++;
  }
  expect(merged).toBeGreaterThan(100);
});

test('the pictures that go are those that cost least to do without', () => {
  for (let seed = 2; seed <= 60; seed += 2) {
    const { made, scene, draft } = problem(seed);
    const before = draft.cells.slice();
    const pictures = [...new Set(before)];
    const sources = new Set(before.map((picture) => scene.sources[picture]!)).size;
    if (pictures.length === sources) continue;
    // One less: the best of all possibilities, by trying each.
    const added = pictures.map((gone) => {
      const others = pictures.filter((other) => other !== gone && scene.sources[other] === scene.sources[gone]);
      let sum = 0;
      for (const [cell, picture] of before.entries()) {
        if (picture !== gone) continue;
        sum += Math.min(...others.map((other) => costOf(made, cell, other))) - costOf(made, cell, picture);
      }
      return sum;
    });
    const total = draft.costs.reduce((sum, cost) => sum + cost, 0);
    mergePictures(made, draft, { perSource: (pictures.length - 1) / sources, free: 0 });
    const now = draft.costs.reduce((sum, cost) => sum + cost, 0);
    expect(now - total).toBeCloseTo(Math.min(...added), 3);
  }
});

test('few pictures are left as they are', () => {
  const { made, draft } = problem(3);
  const before = draft.cells.slice();
  mergePictures(made, draft, { perSource: 1 });
  expect(draft.cells).toEqual(before);
});
