import { FEATURE_LENGTH } from '../../colour/features.ts';
import { writeCellLook } from '../emphasis.ts';
import { eachNear, FREE } from '../jobs.ts';
import { NearestSearch } from '../search-tree.ts';
import type { Draft, Problem } from './problem.ts';

/**
 * Places cells row by row: each gets its picture of the draft, or the closest one that capacities and distance still allow.
 * This succeeds with fewer sources than local moves, which start with all cells taken.
 *
 * @returns pictures by position; undefined if a cell was left without one.
 */
export function placeOneByOne(problem: Problem, draft: Draft, minDistance: number): Uint32Array | undefined {
  const { scene, groups, rules } = problem;
  const { target, tree, alike, pins } = scene;
  const positions = new Uint32Array(tree.ids.length);
  for (const [position, id] of tree.ids.entries()) positions[id] = position;
  const search = new NearestSearch(tree);
  const query = new Float32Array(FEATURE_LENGTH);
  const cells = pins.slice();
  const uses = new Uint32Array(groups.count);
  const near = new Set<number>();
  const use = (position: number) => {
    const group = groups.of[position]!;
    if (++uses[group]! !== rules.maxUses) return;
    for (let i = groups.starts[group]!; i < groups.starts[group + 1]!; i++)
      search.remove(tree.ids[groups.members[i]!]!);
  };
  for (const position of pins) if (position !== FREE) use(position);
  for (let cell = 0; cell < cells.length; cell++) {
    if (pins[cell] !== FREE) continue;
    near.clear();
    eachNear(target.grid, cell, minDistance, (other) => {
      if (cells[other] !== FREE) near.add(alike[cells[other]!]!);
    });
    let position = draft.cells[cell]!;
    if (uses[groups.of[position]!]! >= rules.maxUses || near.has(alike[position]!)) {
      writeCellLook(target, cell, query, 0);
      search.nearest(query, 0, -1, (id) => !near.has(alike[positions[id]!]!));
      if (search.id < 0) return undefined;
      position = positions[search.id]!;
    }
    cells[cell] = position;
    use(position);
  }
  return cells;
}
