import { FREE, isNear } from '../jobs.ts';
import { costOf, type Draft, type Problem } from './problem.ts';

/** Number of cheapest pictures that are tried for a cell; all are tried if none of these will do. */
const TRIED = 16;
/** Number of cells per picture that are tried for an exchange, if the picture may also be used once more. */
const PARTNERS = 4;
const PROGRESS_CELLS = 1024;

/**
 * Separates near-duplicates by local moves that keep the capacities. A cell takes a picture that may be used once more, or
 * exchanges pictures with another cell. Of all moves that keep the distance, it makes the cheapest.
 *
 * @param draft changed in place.
 * @returns false if no move helps some cell; then near-duplicates are still too near each other.
 */
export function keepApart(
  problem: Problem,
  draft: Draft,
  minDistance: number,
  onProgress: (part: number) => void = () => {},
): boolean {
  const moves = new Moves(problem, draft, minDistance);
  const { pins } = problem.scene;
  for (let cell = 0; cell < draft.cells.length; cell++) {
    if (cell % PROGRESS_CELLS === 0) onProgress(cell / draft.cells.length);
    if (pins[cell] !== FREE || !moves.isNear(cell, draft.cells[cell]!)) continue;
    if (!moves.help(cell, TRIED) && !moves.help(cell, problem.lookup.sources.count)) return false;
  }
  return true;
}

class Moves {
  private readonly problem: Problem;
  private readonly draft: Draft;
  private readonly minDistance: number;
  /** By group: its cells that are not pinned; built when the first cell needs a move. */
  private known: number[][] | undefined;
  /** By source: its pictures, by position; undefined if each source has one. */
  private readonly pictures: Map<number, number[]> | undefined;

  constructor(problem: Problem, draft: Draft, minDistance: number) {
    this.problem = problem;
    this.draft = draft;
    this.minDistance = minDistance;
    const pictures = new Map<number, number[]>();
    for (const [position, source] of problem.scene.sources.entries()) {
      const known = pictures.get(source);
      if (known) known.push(position);
      else pictures.set(source, [position]);
    }
    if (pictures.size < problem.scene.sources.length) this.pictures = pictures;
  }

  private get holders(): number[][] {
    if (this.known) return this.known;
    const { groups, scene } = this.problem;
    this.known = Array.from({ length: groups.count }, () => []);
    for (const [cell, position] of this.draft.cells.entries()) {
      if (scene.pins[cell] === FREE) this.known[groups.of[position]!]!.push(cell);
    }
    return this.known;
  }

  /**
   * Tells whether a near-duplicate of a picture lies within the distance of a cell, other than in that cell and in
   * `except`.
   */
  isNear(cell: number, position: number, except = cell): boolean {
    return isNear(this.problem.scene, this.draft.cells, this.minDistance, cell, position, except);
  }

  /** Makes the best move with one of the `tried` cheapest pictures; returns false if there is none. */
  help(cell: number, tried: number): boolean {
    const { groups, rules, slots } = this.problem;
    const { cells, costs, uses } = this.draft;
    const mine = cells[cell]!;
    const myGroup = groups.of[mine]!;
    const spared = slots.price(uses[myGroup]! - 1);
    const last = rules.useAll && uses[myGroup] === 1;
    let [least, picture, partner, partners] = [Infinity, -1, -1, -1];
    for (const position of this.candidates(cell, tried)) {
      const group = groups.of[position]!;
      const gain = this.cost(cell, position) - costs[cell]!;
      const moved = gain + slots.price(uses[group]!) - spared;
      if (moved < least && !last) [least, picture, partner] = [moved, position, -1];
      const holders = this.holders[group]!;
      const each = Number.isFinite(slots.price(uses[group]!)) ? Math.ceil(holders.length / PARTNERS) : 1;
      // Exchanges are tried even if the picture may be used once more: the other cell may gain by it.
      for (let i = 0; i < holders.length; i += each) {
        const other = holders[i]!;
        if (gain - costs[other]! >= least) continue;
        const theirs = this.closestOf(other, mine);
        const change = gain + this.cost(other, theirs) - costs[other]!;
        if (change >= least || this.isNear(other, theirs, cell)) continue;
        [least, picture, partner, partners] = [change, position, other, theirs];
      }
    }
    if (picture < 0) return false;
    if (partner >= 0) this.take(partner, partners);
    this.take(cell, picture);
    return true;
  }

  /** Lists up to `tried` of the cheapest pictures without a near-duplicate within the distance of the cell. */
  private candidates(cell: number, tried: number): number[] {
    const { lookup, ways } = this.problem;
    const { count, most } = lookup.sources;
    const found: number[] = [];
    const add = (position: number) => {
      if (!this.isNear(cell, position)) found.push(position);
    };
    if (tried >= count) for (let position = 0; position < count; position++) add(position);
    else {
      // Asks for more than that, since every picture within the distance is skipped, in all its orientations.
      const asked = Math.min(most, (tried + (2 * this.minDistance + 1) ** 2) * ways);
      const held = lookup.cheapestOf(cell, asked);
      for (let rank = 0; rank < held && found.length < tried; rank++) add(lookup.memory.ids[rank]!);
    }
    return found;
  }

  /** Chooses the orientation of a picture's source that costs a cell least. */
  private closestOf(cell: number, position: number): number {
    const all = this.pictures?.get(this.problem.scene.sources[position]!);
    if (!all) return position;
    return all.reduce((best, other) => (this.cost(cell, other) < this.cost(cell, best) ? other : best));
  }

  private take(cell: number, position: number): void {
    const { of } = this.problem.groups;
    const { cells, costs, uses } = this.draft;
    const left = of[cells[cell]!]!;
    const held = this.holders[left]!;
    held.splice(held.indexOf(cell), 1);
    this.holders[of[position]!]!.push(cell);
    uses[left]!--;
    uses[of[position]!]!++;
    cells[cell] = position;
    costs[cell] = this.cost(cell, position);
  }

  private cost(cell: number, position: number): number {
    return costOf(this.problem, cell, position);
  }
}
