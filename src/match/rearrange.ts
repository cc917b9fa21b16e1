import { FEATURE_LENGTH } from '../colour/features.ts';
import { eachNear, FREE } from './jobs.ts';
import { solveLap } from './lap.ts';
import { distance, type Draft, type Problem } from './problem.ts';

/** Cells along a block's side at most, whatever the distance. */
const SIDE_MAX = 8;
/** Candidates of a cell. */
const TRIED = 24;
/** How often the grid is gone through at most; and cells, all in all, unless once is more. */
const PASSES = 8;
const CELLS_MAX = 2 ** 18;
/** It is gone through again as long as that saves this part of the costs. */
const WORTH = 0.004;

export interface RearrangeOptions {
  readonly minDistance: number;
  /** Pictures that cells would show if equal ones might stand together: blocks that show just these are passed over. */
  readonly wished: Uint32Array;
  /** Called now and then with the part of the work that is done, 0..1. */
  readonly onProgress?: (part: number) => void;
}

/**
 * Makes a placement in which equal sources stand apart cheaper, and keeps it so. Cells of a block as wide as the distance have
 * to show different sources; so which of them shows which, and what else might be there that does not stand around
 * the block, is an assignment problem, solved exactly, block by block; then with blocks that lie between the first.
 *
 * @param draft changed in place.
 */
export function rearrange(problem: Problem, draft: Draft, options: RearrangeOptions): void {
  const { minDistance, wished, onProgress } = options;
  const { columns, rows } = problem.scene.target.grid;
  const side = Math.min(minDistance + 1, SIDE_MAX, Math.max(columns, rows));
  const blocks = new Blocks(problem, draft, minDistance);
  let left = CELLS_MAX;
  for (let pass = 0; pass < PASSES && (pass === 0 || left > 0); pass++) {
    let saved = 0;
    // Four ways to lay blocks, each shifted by half of one.
    const [dx, dy] = [pass % 2, (pass >> 1) % 2].map((shift) => shift * ((side + 1) >> 1)) as [number, number];
    for (let top = -dy; top < rows; top += side) {
      onProgress?.((pass + (top + dy) / (rows + dy)) / PASSES);
      for (let x = -dx; x < columns; x += side) {
        const cells = blockCells(problem, { left: x, top, side });
        if (cells.every((cell) => draft.cells[cell] === wished[cell])) continue;
        saved += blocks.solve(cells);
        left -= cells.length;
      }
    }
    if (pass % 2 === 1 && saved < WORTH * draft.costs.reduce((sum, cost) => sum + cost, 0)) return;
  }
}

function blockCells({ scene }: Problem, block: { left: number; top: number; side: number }): number[] {
  const { columns, rows } = scene.target.grid;
  const cells: number[] = [];
  for (let y = Math.max(0, block.top); y < Math.min(rows, block.top + block.side); y++) {
    for (let x = Math.max(0, block.left); x < Math.min(columns, block.left + block.side); x++) {
      const cell = y * columns + x;
      if (scene.pins[cell] === FREE) cells.push(cell);
    }
  }
  return cells;
}

/** A picture that a cell of a block might show, and what that costs, the price of the use included. */
interface Candidate {
  readonly position: number;
  readonly cost: number;
}

class Blocks {
  private readonly problem: Problem;
  private readonly draft: Draft;
  private readonly minDistance: number;
  /** By what is alike: the latest look around a cell that found it there. */
  private readonly seen: Uint32Array;
  private looks = 0;

  constructor(problem: Problem, draft: Draft, minDistance: number) {
    this.problem = problem;
    this.draft = draft;
    this.minDistance = minDistance;
    this.seen = new Uint32Array(problem.scene.alike.reduce((most, key) => Math.max(most, key), 0) + 1);
  }

  /** Assigns the cells of a block anew; returns what that saves. */
  solve(cells: readonly number[]): number {
    const { draft, problem } = this;
    const { of } = problem.groups;
    // The block gives its uses back, for as long as it is being looked at.
    for (const cell of cells) draft.uses[of[draft.cells[cell]!]!]!--;
    const before = cells.reduce((sum, cell) => sum + this.costOf(cell, draft.cells[cell]!), 0);
    const chosen = this.assign(cells.map((cell) => this.candidates(cell, cells)));
    const after = chosen ? chosen.reduce((sum, { cost }) => sum + cost, 0) : Infinity;
    const better = chosen && after < before * (1 - 1e-9) && !this.losesOne(cells, chosen);
    for (const [i, cell] of cells.entries()) {
      if (better) {
        draft.cells[cell] = chosen[i]!.position;
        draft.costs[cell] = problem.scene.weights[cell]! * this.distance(cell, chosen[i]!.position);
      }
      draft.uses[of[draft.cells[cell]!]!]!++;
    }
    return better ? before - after : 0;
  }

  /** One candidate of each list, no two alike, at the least cost. */
  private assign(lists: readonly ReadonlyMap<number, Candidate>[]): Candidate[] | undefined {
    const columns = new Map<number, number>();
    for (const list of lists) for (const key of list.keys()) if (!columns.has(key)) columns.set(key, columns.size);
    const keys = [...columns.keys()];
    const costs = new Float64Array(lists.length * keys.length).fill(Infinity);
    for (const [row, list] of lists.entries()) {
      for (const [key, { cost }] of list) costs[row * keys.length + columns.get(key)!] = cost;
    }
    const chosen = solveLap(costs, lists.length, keys.length);
    return chosen && lists.map((list, row) => list.get(keys[chosen[row]!]!)!);
  }

  /** By what is alike: the cheapest pictures that may stand in a cell of a block, and those that stand in the block now. */
  private candidates(cell: number, block: readonly number[]): Map<number, Candidate> {
    const { cells, sources, scene } = this.problem;
    const found = new Map<number, Candidate>();
    const around = this.look(cell, block);
    const add = (position: number) => {
      const key = scene.alike[position]!;
      if (this.seen[key] === this.looks) return;
      const cost = this.costOf(cell, position);
      if (cost < (found.get(key)?.cost ?? Infinity)) found.set(key, { position, cost });
    };
    const asked = Math.min(sources.most, (TRIED + around) * this.problem.ways);
    const held = sources.cheapest(cells, cell * FEATURE_LENGTH, asked, Infinity, scene.weights[cell]);
    for (let rank = 0; rank < held && found.size < TRIED; rank++) add(sources.ids[2 * rank]!);
    for (const other of block) add(this.draft.cells[other]!);
    return found;
  }

  /** Takes note of what stands around a cell, outside of its block; returns how much that is. */
  private look(cell: number, block: readonly number[]): number {
    const { scene } = this.problem;
    const { cells } = this.draft;
    this.looks++;
    let around = 0;
    eachNear(scene.target.grid, cell, this.minDistance, (other) => {
      const key = scene.alike[cells[other]!]!;
      if (this.seen[key] === this.looks || block.includes(other)) return;
      this.seen[key] = this.looks;
      around++;
    });
    return around;
  }

  /** Whether a source that has to be used would be used no more. */
  private losesOne(cells: readonly number[], chosen: readonly Candidate[]): boolean {
    const { groups, rules } = this.problem;
    if (!rules.useAll) return false;
    const kept = new Set(chosen.map(({ position }) => groups.of[position]!));
    return cells.some((cell) => {
      const group = groups.of[this.draft.cells[cell]!]!;
      return this.draft.uses[group] === 0 && !kept.has(group);
    });
  }

  private costOf(cell: number, position: number): number {
    const { scene, slots, groups } = this.problem;
    return scene.weights[cell]! * this.distance(cell, position) + slots.price(this.draft.uses[groups.of[position]!]!);
  }

  private distance(cell: number, position: number): number {
    return distance(this.problem.cells, cell, this.problem.points, position);
  }
}
