/**
 * A placement for previews: nearly as like the target as the best one, in a fraction of the time of an auction. Every cell looks up its
 * cheapest pictures once. Then cells choose among these one after the other, at the prices of the uses so far, and choose
 * again while that pays.
 */
import { FREE } from '../jobs.ts';
import { BATCH } from '../lookup.ts';
import { eachNear } from '../near.ts';
import { Stamps } from './block-lists.ts';
import { costOf, type Draft, type Problem } from './problem.ts';
import { STEEP_ABOVE } from './use-prices.ts';

/** Pictures that a cell chooses among, besides those that its surroundings may rule out; and memory for all of them, bytes. */
const CHOICES = 48;
const MEMORY = 96 * 2 ** 20;
/** Passes in which cells choose again. */
const PASSES = 3;
/** Cells that choose one after the other lie this far apart, as a part of all cells: no direction is preferred. */
const SPREAD = (Math.sqrt(5) - 1) / 2;

/**
 * Places all cells quickly. Uses have prices, but no limit.
 *
 * @param minDistance as in the rules; it is kept.
 * @returns undefined where it takes more than that: with limits of uses, for very many cells, and where a cell has no choice left.
 */
export function placeQuickly(problem: Problem, minDistance: number): Draft | undefined {
  const { rules, slots, scene } = problem;
  if (rules.useAll || Number.isFinite(slots.capacity) || rules.variety > STEEP_ABOVE) return undefined;
  const near = (2 * minDistance + 1) ** 2 - 1;
  const each = Math.min(problem.lookup.priced.most, (CHOICES + near) * problem.ways);
  if (scene.pins.length * each * 8 > MEMORY) return undefined;
  const choosing = new Choosing(problem, minDistance, each);
  for (let pass = 0; pass <= PASSES; pass++) {
    const changed = choosing.pass();
    if (changed === undefined) return undefined;
    if (changed === 0) break;
  }
  return choosing.draft;
}

class Choosing {
  readonly draft: Draft;
  private readonly problem: Problem;
  private readonly minDistance: number;
  private readonly each: number;
  private readonly order: Uint32Array;
  /** By cell: its cheapest pictures from cell x each on, in rising order of weighted costs; FREE beyond the last. */
  private readonly pictures: Uint32Array;
  private readonly costs: Float32Array;
  private readonly around: Stamps;

  constructor(problem: Problem, minDistance: number, each: number) {
    const { scene, groups } = problem;
    const cells = scene.pins.length;
    this.problem = problem;
    this.minDistance = minDistance;
    this.each = each;
    this.around = new Stamps(scene.alike.reduce((last, key) => Math.max(last, key), 0) + 1);
    this.order = spread(cells);
    this.draft = { cells: scene.pins.slice(), costs: new Float64Array(cells), uses: new Uint32Array(groups.count) };
    for (const [cell, picture] of scene.pins.entries()) {
      if (picture === FREE) continue;
      this.draft.costs[cell] = costOf(problem, cell, picture);
      this.draft.uses[groups.of[picture]!]!++;
    }
    this.pictures = new Uint32Array(cells * each).fill(FREE);
    this.costs = new Float32Array(cells * each);
    for (let first = 0; first < cells; first += BATCH) this.lookUp(first, Math.min(cells, first + BATCH));
  }

  private lookUp(first: number, end: number): void {
    const { each, problem } = this;
    const { lookup, scene } = problem;
    lookup.cheapest(
      Uint32Array.from({ length: end - first }, (_, i) => first + i),
      each,
    );
    const { held, pictures, costs } = lookup.memory;
    for (let cell = first; cell < end; cell++) {
      const from = (cell - first) * each;
      for (let i = 0; i < held[cell - first]!; i++) {
        this.pictures[cell * each + i] = pictures[from + i]!;
        this.costs[cell * each + i] = costs[from + i]! * scene.weights[cell]!;
      }
    }
  }

  /** Lets every cell choose its cheapest picture; returns how many changed, or undefined if one has no choice. */
  pass(): number | undefined {
    let changed = 0;
    for (const cell of this.order) {
      if (this.problem.scene.pins[cell] !== FREE) continue;
      const before = this.draft.cells[cell]!;
      if (!this.choose(cell)) return undefined;
      if (this.draft.cells[cell] !== before) changed++;
    }
    return changed;
  }

  private choose(cell: number): boolean {
    const { draft, problem, pictures, costs, around, each } = this;
    const { groups, slots, scene } = problem;
    const mine = draft.cells[cell]!;
    if (mine !== FREE) draft.uses[groups.of[mine]!]!--;
    this.lookAround(cell);
    let [least, chosen] = [Infinity, -1];
    for (let at = cell * each; at < (cell + 1) * each; at++) {
      const picture = pictures[at]!;
      // Prices are not negative, and costs rise.
      if (picture === FREE || costs[at]! >= least) break;
      if (around.has(scene.alike[picture]!)) continue;
      const value = costs[at]! + slots.price(draft.uses[groups.of[picture]!]!);
      if (value < least) [least, chosen] = [value, at];
    }
    if (chosen < 0) return false;
    draft.cells[cell] = pictures[chosen]!;
    draft.costs[cell] = costs[chosen]!;
    draft.uses[groups.of[pictures[chosen]!]!]!++;
    return true;
  }

  /** Records the near-duplicates around a cell. */
  private lookAround(cell: number): void {
    const { around, draft, problem, minDistance } = this;
    const { target, alike } = problem.scene;
    around.begin();
    if (minDistance === 0) return;
    eachNear({ grid: target.grid, distance: minDistance }, cell, (other) => {
      const picture = draft.cells[other]!;
      if (other !== cell && picture !== FREE) around.set(alike[picture]!, 0);
    });
  }
}

/** Lists the numbers below `count` in steps, modulo `count`, of about {@link SPREAD} of it: each once, neighbours in the list far apart. */
function spread(count: number): Uint32Array {
  let step = Math.max(1, Math.round(count * SPREAD));
  while (divisor(step, count) > 1) step++;
  return Uint32Array.from({ length: count }, (_, i) => (i * step) % count);
}

/** Greatest common divisor. */
function divisor(a: number, b: number): number {
  return b === 0 ? a : divisor(b, a % b);
}
