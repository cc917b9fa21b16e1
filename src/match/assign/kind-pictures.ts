import { FREE } from '../jobs.ts';
import type { Kinds } from '../kinds.ts';
import { costOf, type Problem } from './problem.ts';

/**
 * Chooses pictures for cells whose kinds are known. Sources that have to be used come first, each in the cell of least
 * cost; then every other cell takes the closest picture of its kind that may still be used.
 *
 * @param chosen kinds of all cells, used as often as the rules want.
 * @returns the picture of each cell.
 */
export function picturesOfKinds(problem: Problem, kinds: Kinds, chosen: Uint32Array): Uint32Array {
  const { scene, groups, rules } = problem;
  const { pictures, pinned, once } = kinds;
  const placed = scene.pins.slice();
  const uses = new Uint32Array(groups.count);
  for (const picture of scene.pins) if (picture !== FREE) uses[groups.of[picture]!]!++;
  const cellsOf: number[][] = Array.from({ length: pictures.count }, () => []);
  for (const [cell, kind] of chosen.entries()) if (pinned[cell] === FREE) cellsOf[kind]!.push(cell);
  for (const [kind, cells] of cellsOf.entries()) {
    const members = pictures.members.subarray(pictures.starts[kind], pictures.starts[kind + 1]);
    if (rules.useAll && !once) {
      for (const group of new Set(Array.from(members, (picture) => groups.of[picture]!))) {
        if (uses[group] === 0) place(group, cells);
      }
    }
    for (const cell of cells) {
      if (placed[cell] !== FREE) continue;
      const mayUse = (group: number) => uses[group]! < (once ? 1 : rules.maxUses);
      use(cell, closest(cell, members, mayUse));
    }
  }
  return placed;

  /** Gives a group the cell in which it costs least. */
  function place(group: number, cells: readonly number[]): void {
    let [least, best, chosenPicture] = [Infinity, -1, -1];
    for (const cell of cells) {
      if (placed[cell] !== FREE) continue;
      const picture = closest(
        cell,
        groups.members.subarray(groups.starts[group], groups.starts[group + 1]),
        () => true,
      );
      const cost = costOf(problem, cell, picture);
      if (cost < least) [least, best, chosenPicture] = [cost, cell, picture];
    }
    if (best >= 0) use(best, chosenPicture);
  }

  function closest(cell: number, members: Uint32Array, mayUse: (group: number) => boolean): number {
    let [least, best] = [Infinity, -1];
    for (const picture of members) {
      if (!mayUse(groups.of[picture]!)) continue;
      const cost = costOf(problem, cell, picture);
      if (cost < least) [least, best] = [cost, picture];
    }
    return best;
  }

  function use(cell: number, picture: number): void {
    placed[cell] = picture;
    uses[groups.of[picture]!]!++;
  }
}
