/**
 * The last resort, where blocks and moves cannot separate near-duplicates. It first decides which kind is in which cell (a
 * graph colouring with a least and a greatest number of cells per colour), then chooses a picture of the kind. The result
 * is improved afterwards, as any placement is.
 */
import { type Kinds, kindsOf, shortageOf } from '../kinds.ts';
import { balanceUses } from './balance-kinds.ts';
import { patternOf } from './kind-patterns.ts';
import { picturesOfKinds } from './kind-pictures.ts';
import { mendKinds } from './mend-kinds.ts';
import { costOf, type Draft, draftOf, type Problem } from './problem.ts';
import { seededRandom } from './random.ts';
import { searchKinds } from './search-kinds.ts';

/** Steps of the first search, and of the last attempt; searched only if cells x kinds is at most the limit. */
const [FEW_STEPS, MANY_STEPS] = [2_000, 200_000];
const SEARCHED_MAX = 2 ** 22;
/** Greatest work of a search: steps x (cells + kinds). */
const SEARCH_WORK = 2 ** 29;
/** Ratios of kinds to cells of a block: up to the first, patterns come first; above the second, they are not tried. */
const [TIGHT, PATTERNED_MAX] = [1.3, 4];
const BALANCE_STEPS = 30_000;
const SEED = 1;

/**
 * Places pictures so that near-duplicates keep the distance.
 *
 * @returns `none` if it is proved that there is no such placement; undefined if none was found.
 */
export function placeKinds(problem: Problem, draft: Draft, minDistance: number): Draft | 'none' | undefined {
  const { scene, rules } = problem;
  const kinds = kindsOf({ ...scene, grid: scene.target.grid, rules }, minDistance);
  if (shortageOf(kinds)) return 'none';
  const chosen = chooseKinds(problem, kinds, draft);
  return chosen instanceof Uint32Array ? draftOf(problem, picturesOfKinds(problem, kinds, chosen)) : chosen;
}

function chooseKinds(problem: Problem, kinds: Kinds, draft: Draft): Uint32Array | 'none' | undefined {
  const cost = kindCostOf(problem, kinds);
  const size = kinds.pinned.length * kinds.pictures.count;
  const search = (steps: number) => {
    const affordable = Math.min(steps, Math.floor(SEARCH_WORK / (kinds.pinned.length + kinds.pictures.count)));
    return size <= SEARCHED_MAX ? searchKinds(kinds, { costOf: cost, steps: affordable }) : undefined;
  };
  const found = search(FEW_STEPS);
  if (found === 'none') return found;
  const mended = () => {
    const chosen = draft.cells.map((picture) => kinds.pictures.of[picture]!);
    return mendKinds(kinds, chosen, { costOf: cost, random: seededRandom(SEED) }) ? chosen : undefined;
  };
  const patterned = () => cheaper(cost, patterns(kinds, cost));
  const ratio = kinds.pictures.count / blockOf(kinds);
  const attempts = ratio <= TIGHT ? [patterned, mended] : ratio <= PATTERNED_MAX ? [mended, patterned] : [mended];
  for (const attempt of attempts) {
    const chosen = attempt();
    if (chosen) return chosen;
  }
  return found ?? search(MANY_STEPS);
}

/** Number of cells of a block, all of which show different kinds. */
function blockOf({ grid, distance }: Kinds): number {
  return Math.min(distance + 1, grid.columns) * Math.min(distance + 1, grid.rows);
}

/** Computes patterns, removes the conflicts that pins cause, then balances the uses; returns those that succeed. */
function patterns(kinds: Kinds, cost: (cell: number, kind: number) => number): Uint32Array[] {
  // The numbers of uses do not matter until all conflicts are removed.
  const loose = { ...kinds, least: kinds.least.map(() => 0), most: kinds.most.map(() => kinds.pinned.length) };
  return (['rows', 'columns'] as const)
    .map((along) => patternOf(kinds, cost, along))
    .filter((chosen) => {
      const random = seededRandom(SEED);
      return (
        mendKinds(loose, chosen, { costOf: cost, random }) &&
        balanceUses(kinds, chosen, { steps: BALANCE_STEPS, random })
      );
    });
}

function cheaper(cost: (cell: number, kind: number) => number, all: readonly Uint32Array[]): Uint32Array | undefined {
  if (all.length < 2) return all[0];
  const sums = all.map((chosen) => chosen.reduce((sum, kind, cell) => sum + cost(cell, kind), 0));
  return all[sums.indexOf(Math.min(...sums))];
}

/** Makes a function for the cost of a kind's closest picture in a cell. */
function kindCostOf(problem: Problem, { pictures }: Kinds): (cell: number, kind: number) => number {
  return (cell, kind) => {
    let least = Infinity;
    for (let i = pictures.starts[kind]!; i < pictures.starts[kind + 1]!; i++) {
      least = Math.min(least, costOf(problem, cell, pictures.members[i]!));
    }
    return least;
  };
}
