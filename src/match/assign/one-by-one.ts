import { FEATURE_LENGTH } from '../../colour/features.ts';
import { writeCellVector } from '../emphasis.ts';
import { FREE } from '../jobs.ts';
import { eachNear } from '../near.ts';
import { NearestSearch } from '../search-tree.ts';
import type { Draft, Problem } from './problem.ts';

/**
 * Places cells row by row: each gets its picture of the draft, or the closest one that capacities and distance still allow.
 * This succeeds with fewer sources than local moves, which start with all cells taken.
 *
 * @returns the picture of each cell; undefined if a cell was left without one.
 */
export function placeOneByOne(problem: Problem, draft: Draft, minDistance: number): Uint32Array | undefined {
  const { scene, groups, rules } = problem;
  const { target, tree, alike, pins } = scene;
  const pictureOf = new Uint32Array(tree.ids.length);
  for (const [picture, id] of tree.ids.entries()) pictureOf[id] = picture;
  const search = new NearestSearch(tree);
  const query = new Float32Array(FEATURE_LENGTH);
  const cells = pins.slice();
  const uses = new Uint32Array(groups.count);
  const near = new Set<number>();
  const use = (picture: number) => {
    const group = groups.of[picture]!;
    if (++uses[group]! !== rules.maxUses) return;
    for (let i = groups.starts[group]!; i < groups.starts[group + 1]!; i++)
      search.remove(tree.ids[groups.members[i]!]!);
  };
  for (const picture of pins) if (picture !== FREE) use(picture);
  for (let cell = 0; cell < cells.length; cell++) {
    if (pins[cell] !== FREE) continue;
    near.clear();
    eachNear({ grid: target.grid, distance: minDistance }, cell, (other) => {
      if (cells[other] !== FREE) near.add(alike[cells[other]!]!);
    });
    let picture = draft.cells[cell]!;
    if (uses[groups.of[picture]!]! >= rules.maxUses || near.has(alike[picture]!)) {
      writeCellVector(target, cell, query);
      search.nearest(query, 0, { allowed: (id) => !near.has(alike[pictureOf[id]!]!) });
      if (search.id < 0) return undefined;
      picture = pictureOf[search.id]!;
    }
    cells[cell] = picture;
    use(picture);
  }
  return cells;
}
