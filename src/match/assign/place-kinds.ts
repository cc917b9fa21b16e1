/**
 * The last resort where equal sources cannot be parted by blocks and moves: which kind stands where is settled first, on its own
 * (it is the colouring of a graph, with a least and a most number of cells for each colour), and which picture of a kind
 * only then. What is found is made cheaper afterwards, as any placement is.
 */
import { type Kinds, kindsOf, shortageOf } from '../kinds.ts';
import { balanceUses } from './balance-kinds.ts';
import { patternOf } from './kind-patterns.ts';
import { picturesOfKinds } from './kind-pictures.ts';
import { mendKinds } from './mend-kinds.ts';
import { costOf, type Draft, draftOf, type Problem } from './problem.ts';
import { seededRandom } from './random.ts';
import { searchKinds } from './search-kinds.ts';

/** Steps of a search at first, and as the last thing that is tried; where cells times kinds are no more than this. */
const [FEW_STEPS, MANY_STEPS] = [2_000, 200_000];
const SEARCHED_MAX = 2 ** 22;
/** Work that a search may be: its steps times cells and kinds. */
const SEARCH_WORK = 2 ** 29;
/** Patterns come first where kinds are hardly more than a block has cells, and not at all where they are so many times more. */
const [TIGHT, PATTERNED_MAX] = [1.3, 4];
const BALANCE_STEPS = 30_000;
const SEED = 1;

/**
 * Places sources so that equal ones stand apart.
 *
 * @returns `none` if there is no such placement, for certain; undefined if none was found.
 */
export function placeKinds(problem: Problem, draft: Draft, minDistance: number): Draft | 'none' | undefined {
  const { scene, rules } = problem;
  const kinds = kindsOf({ ...scene, grid: scene.target.grid, rules }, minDistance);
  if (shortageOf(kinds)) return 'none';
  const chosen = chooseKinds(problem, kinds, draft);
  return chosen instanceof Uint32Array ? draftOf(problem, picturesOfKinds(problem, kinds, chosen)) : chosen;
}

function chooseKinds(problem: Problem, kinds: Kinds, draft: Draft): Uint32Array | 'none' | undefined {
  const cost = (cell: number, kind: number) => kindCost(problem, kinds, cell, kind);
  const size = kinds.pinned.length * kinds.pictures.count;
  const search = (steps: number) => {
    const affordable = Math.min(steps, Math.floor(SEARCH_WORK / (kinds.pinned.length + kinds.pictures.count)));
    return size <= SEARCHED_MAX ? searchKinds(kinds, { costOf: cost, steps: affordable }) : undefined;
  };
  const found = search(FEW_STEPS);
  if (found === 'none') return found;
  const mended = () => {
    const chosen = draft.cells.map((position) => kinds.pictures.of[position]!);
    return mendKinds(kinds, chosen, { costOf: cost, random: seededRandom(SEED) }) ? chosen : undefined;
  };
  const patterned = () => cheaper(cost, patterns(kinds, cost));
  const ratio = kinds.pictures.count / blockOf(kinds);
  const ways = ratio <= TIGHT ? [patterned, mended] : ratio <= PATTERNED_MAX ? [mended, patterned] : [mended];
  for (const way of ways) {
    const chosen = way();
    if (chosen) return chosen;
  }
  return found ?? search(MANY_STEPS);
}

/** Cells that show different kinds, whichever they are. */
function blockOf({ grid, distance }: Kinds): number {
  return Math.min(distance + 1, grid.columns) * Math.min(distance + 1, grid.rows);
}

/** Patterns, freed of what pins break in them, and then of what is used too often or too rarely; those that succeed. */
function patterns(kinds: Kinds, cost: (cell: number, kind: number) => number): Uint32Array[] {
  // Any number of uses will do, until nothing stands too near any more.
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

/** What the likest picture of a kind costs a cell. */
function kindCost(problem: Problem, { pictures }: Kinds, cell: number, kind: number): number {
  let least = Infinity;
  for (let i = pictures.starts[kind]!; i < pictures.starts[kind + 1]!; i++) {
    least = Math.min(least, costOf(problem, cell, pictures.members[i]!));
  }
  return least;
}
