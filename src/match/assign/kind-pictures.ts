import { FREE } from '../jobs.ts';
import type { Kinds } from '../kinds.ts';
import { costOf, type Problem } from './problem.ts';

/**
 * Chooses pictures for cells whose kinds are known. Sources that have to be used come first, each in the cell of least
 * cost; then every other cell takes the closest picture of its kind that may still be used.
 *
 * @param chosen kinds of all cells, used as often as the rules want.
 * @returns pictures by position.
 */
export function picturesOfKinds(problem: Problem, kinds: Kinds, chosen: Uint32Array): Uint32Array {
  const { scene, groups, rules } = problem;
  const { pictures, pinned, once } = kinds;
  const placed = scene.pins.slice();
  const uses = new Uint32Array(groups.count);
  for (const position of scene.pins) if (position !== FREE) uses[groups.of[position]!]!++;
  const cellsOf: number[][] = Array.from({ length: pictures.count }, () => []);
  for (const [cell, kind] of chosen.entries()) if (pinned[cell] === FREE) cellsOf[kind]!.push(cell);
  for (const [kind, cells] of cellsOf.entries()) {
    const members = pictures.members.subarray(pictures.starts[kind], pictures.starts[kind + 1]);
    if (rules.useAll && !once) {
      for (const group of new Set(Array.from(members, (position) => groups.of[position]!))) {
        if (uses[group] === 0) place(group, cells);
      }
    }
    for (const cell of cells) {
      if (placed[cell] !== FREE) continue;
      const mayStand = (group: number) => uses[group]! < (once ? 1 : rules.maxUses);
      use(cell, closest(cell, members, mayStand));
    }
  }
  return placed;

  /** Gives a group the cell in which it costs least. */
  function place(group: number, cells: readonly number[]): void {
    let [least, best, picture] = [Infinity, -1, -1];
    for (const cell of cells) {
      if (placed[cell] !== FREE) continue;
      const position = closest(
        cell,
        groups.members.subarray(groups.starts[group], groups.starts[group + 1]),
        () => true,
      );
      const cost = costOf(problem, cell, position);
      if (cost < least) [least, best, picture] = [cost, cell, position];
    }
    if (best >= 0) use(best, picture);
  }

  function closest(cell: number, members: Uint32Array, mayStand: (group: number) => boolean): number {
    let [least, best] = [Infinity, -1];
    for (const position of members) {
      if (!mayStand(groups.of[position]!)) continue;
      const cost = costOf(problem, cell, position);
      if (cost < least) [least, best] = [cost, position];
    }
    return best;
  }

  function use(cell: number, position: number): void {
    placed[cell] = position;
    uses[groups.of[position]!]!++;
  }
}
