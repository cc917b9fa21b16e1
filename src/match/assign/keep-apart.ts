import { FREE } from '../jobs.ts';
import { nearTest, type NearTest } from '../near.ts';
import { costOf, type Draft, type Problem } from './problem.ts';

/** Number of cheapest pictures that are tried for a cell; all are tried if none of these will do. */
const TRIED = 16;
/**
 * Number of cells per picture that are tried for an exchange, if the picture may also be used once more, and if not; all
 * are tried if none of these will do.
 */
const [PARTNERS, PARTNERS_SCARCE] = [4, 16];
const PROGRESS_CELLS = 1024;

export interface KeepApartOptions {
  readonly minDistance: number;
  /** Called from time to time with the part of the work that is done, 0..1. */
  readonly onProgress?: (part: number) => void;
}

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
  { minDistance, onProgress = () => {} }: KeepApartOptions,
): boolean {
  const moves = new Moves(problem, draft, minDistance);
  const { pins } = problem.scene;
  for (let cell = 0; cell < draft.cells.length; cell++) {
    if (cell % PROGRESS_CELLS === 0) onProgress(cell / draft.cells.length);
    if (pins[cell] !== FREE || !moves.isNear(cell, draft.cells[cell]!)) continue;
    if (!moves.help(cell, TRIED) && !moves.help(cell, problem.lookup.priced.count)) return false;
  }
  return true;
}

class Moves {
  private readonly problem: Problem;
  private readonly draft: Draft;
  readonly isNear: NearTest;
  private readonly minDistance: number;
  /** By group: its cells that are not pinned; built when the first cell needs a move. */
  private known: number[][] | undefined;
  /** By source: its pictures; undefined if each source has one. */
  private readonly bySource: Map<number, number[]> | undefined;

  constructor(problem: Problem, draft: Draft, minDistance: number) {
    this.problem = problem;
    this.draft = draft;
    this.minDistance = minDistance;
    const { target, alike } = problem.scene;
    this.isNear = nearTest({ grid: target.grid, distance: minDistance }, draft.cells, alike);
    const bySource = new Map<number, number[]>();
    for (const [picture, source] of problem.scene.sources.entries()) {
      const known = bySource.get(source);
      if (known) known.push(picture);
      else bySource.set(source, [picture]);
    }
    if (bySource.size < problem.scene.sources.length) this.bySource = bySource;
  }

  private get holders(): number[][] {
    if (this.known) return this.known;
    const { groups, scene } = this.problem;
    this.known = Array.from({ length: groups.count }, () => []);
    for (const [cell, picture] of this.draft.cells.entries()) {
      if (scene.pins[cell] === FREE) this.known[groups.of[picture]!]!.push(cell);
    }
    return this.known;
  }

  /** Makes the best move with one of the `tried` cheapest pictures; returns false if there is none. */
  help(cell: number, tried: number): boolean {
    const { groups, rules, slots } = this.problem;
    const { cells, costs, uses } = this.draft;
    const mine = cells[cell]!;
    const myGroup = groups.of[mine]!;
    const spared = slots.price(uses[myGroup]! - 1);
    const last = rules.useAll && uses[myGroup] === 1;
    const all = tried >= this.problem.lookup.priced.count;
    let [least, chosen, partner, partners] = [Infinity, -1, -1, -1];
    for (const picture of this.candidates(cell, tried)) {
      const group = groups.of[picture]!;
      const gain = this.cost(cell, picture) - costs[cell]!;
      const moved = gain + slots.price(uses[group]!) - spared;
      if (moved < least && !last) [least, chosen, partner] = [moved, picture, -1];
      const holders = this.holders[group]!;
      const most = Number.isFinite(slots.price(uses[group]!)) ? PARTNERS : all ? holders.length : PARTNERS_SCARCE;
      const each = Math.max(1, Math.ceil(holders.length / most));
      // Exchanges are tried even if the picture may be used once more: the other cell may gain by it.
      for (let i = 0; i < holders.length; i += each) {
        const other = holders[i]!;
        if (gain - costs[other]! >= least) continue;
        const theirs = this.closestOf(other, mine);
        const change = gain + this.cost(other, theirs) - costs[other]!;
        if (change >= least || this.isNear(other, theirs, cell)) continue;
        [least, chosen, partner, partners] = [change, picture, other, theirs];
      }
    }
    if (chosen < 0) return false;
    if (partner >= 0) this.take(partner, partners);
    this.take(cell, chosen);
    return true;
  }

  /** Lists up to `tried` of the cheapest pictures without a near-duplicate within the distance of the cell. */
  private candidates(cell: number, tried: number): number[] {
    const { lookup, ways } = this.problem;
    const { count, most } = lookup.priced;
    const found: number[] = [];
    const add = (picture: number) => {
      if (!this.isNear(cell, picture)) found.push(picture);
    };
    if (tried >= count) for (let picture = 0; picture < count; picture++) add(picture);
    else {
      // Asks for more than that, since every picture within the distance is skipped, in all its orientations.
      const asked = Math.min(most, (tried + (2 * this.minDistance + 1) ** 2) * ways);
      const held = lookup.cheapestOf(cell, asked);
      for (let rank = 0; rank < held && found.length < tried; rank++) add(lookup.memory.pictures[rank]!);
    }
    return found;
  }

  /** Chooses the orientation of a picture's source that costs a cell least. */
  private closestOf(cell: number, picture: number): number {
    const all = this.bySource?.get(this.problem.scene.sources[picture]!);
    if (!all) return picture;
    return all.reduce((best, other) => (this.cost(cell, other) < this.cost(cell, best) ? other : best));
  }

  private take(cell: number, picture: number): void {
    const { of } = this.problem.groups;
    const { cells, costs, uses } = this.draft;
    const left = of[cells[cell]!]!;
    const held = this.holders[left]!;
    held.splice(held.indexOf(cell), 1);
    this.holders[of[picture]!]!.push(cell);
    uses[left]!--;
    uses[of[picture]!]!++;
    cells[cell] = picture;
    costs[cell] = this.cost(cell, picture);
  }

  private cost(cell: number, picture: number): number {
    return costOf(this.problem, cell, picture);
  }
}
