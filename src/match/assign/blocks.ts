import { eachNear, isNear } from '../jobs.ts';
import { Lists, Stamps, TRIED } from './block-lists.ts';
import { solveLap } from './lap.ts';
import { costOf, type Draft, type Problem } from './problem.ts';

/** Blocks of cells, no two of which may show what is alike; each is assigned at the least cost, with what is around it fixed. */
export class Blocks {
  private readonly problem: Problem;
  private readonly draft: Draft;
  private readonly minDistance: number;
  /** By cell: 1 if it is of the block that is looked at. */
  private readonly inside: Uint8Array;
  /** By what is alike: the latest cell that has it around its block. */
  private readonly around: Stamps;
  /** And its column in the block's problem, and its place in a cell's list. */
  private readonly columns: Stamps;
  private readonly places: Stamps;
  private readonly lists: Lists;

  /** @param draft is changed in place; @param most cells of a block at most. */
  constructor(problem: Problem, draft: Draft, minDistance: number, most: number) {
    this.problem = problem;
    this.draft = draft;
    this.minDistance = minDistance;
    this.inside = new Uint8Array(draft.cells.length);
    const keys = problem.scene.alike.reduce((last, key) => Math.max(last, key), 0) + 1;
    [this.around, this.columns, this.places] = [new Stamps(keys), new Stamps(keys), new Stamps(keys)];
    this.lists = new Lists(most);
  }

  /** Whether some cell of a block shows what stands too near to it. */
  conflict(block: readonly number[]): boolean {
    const { cells } = this.draft;
    return block.some((cell) => isNear(this.problem.scene, cells, this.minDistance, cell, cells[cell]!));
  }

  /** Assigns blocks anew, one after the other; returns what that saves, but for parting what stood too near. */
  solve(blocks: readonly (readonly number[])[]): number {
    const { lookup, ways, scene } = this.problem;
    const { columns, rows } = scene.target.grid;
    const reach = 2 * this.minDistance + 1;
    const near = Math.min(reach, columns) * Math.min(reach, rows);
    const smallest = blocks.reduce((least, block) => Math.min(least, block.length), near);
    const asked = Math.min(lookup.sources.most, (TRIED + near - smallest) * ways);
    lookup.cheapest(blocks.flat(), asked);
    let [saved, first] = [0, 0];
    for (const block of blocks) {
      saved += this.solveOne(block, first, asked);
      first += block.length;
    }
    return saved;
  }

  /** @param first of the block's cells among those looked up; @param asked pictures were asked for. */
  private solveOne(block: readonly number[], first: number, asked: number): number {
    const { draft, problem, lists } = this;
    const { of } = problem.groups;
    const before = this.conflict(block) ? Infinity : 0;
    // The block gives its uses back, for as long as it is being looked at.
    for (const cell of block) {
      draft.uses[of[draft.cells[cell]!]!]!--;
      this.inside[cell] = 1;
    }
    this.columns.begin();
    for (const [row, cell] of block.entries()) this.list(row, cell, block, { at: first + row, asked });
    lists.begin(block.length);
    const stood = block.reduce((sum, cell) => sum + draft.costs[cell]! + this.priceOf(draft.cells[cell]!), before);
    const chosen = this.assign(block.length);
    const costs = chosen ? chosen.reduce((sum, place) => sum + lists.costs[place]!, 0) : Infinity;
    const better = chosen && costs < stood * (1 - 1e-9) && !this.losesOne(block, chosen);
    for (const [row, cell] of block.entries()) {
      if (better) {
        const picture = lists.pictures[chosen[row]!]!;
        draft.cells[cell] = picture;
        draft.costs[cell] = costOf(problem, cell, picture);
      }
      draft.uses[of[draft.cells[cell]!]!]!++;
      this.inside[cell] = 0;
    }
    return better && stood < Infinity ? stood - costs : 0;
  }

  /** Lists what a cell may show: the cheapest pictures that were looked up for it, and those that its block shows now. */
  private list(
    row: number,
    cell: number,
    block: readonly number[],
    { at, asked }: { at: number; asked: number },
  ): void {
    const { lists, places, problem, draft } = this;
    const { scene, lookup } = problem;
    const { held, ids, costs } = lookup.memory;
    const weight = scene.weights[cell]!;
    this.lookAround(cell);
    places.begin();
    lists.begin(row);
    for (let i = at * asked; i < at * asked + held[at]! && lists.length(row) < TRIED; i++) {
      this.add(ids[i]!, weight * costs[i]!);
    }
    for (const other of block) {
      const picture = draft.cells[other]!;
      // What is listed may be dearer: another way to stand, or a source of other uses.
      if (!places.has(scene.alike[picture]!) || problem.ways > 1 || problem.rules.useAll)
        this.add(picture, costOf(problem, cell, picture));
    }
  }

  /** Adds a picture to the list that is being made, if it may stand there and nothing alike is cheaper. */
  private add(picture: number, cost: number): void {
    const { lists, places, columns, problem } = this;
    const key = problem.scene.alike[picture]!;
    if (this.around.has(key)) return;
    const priced = cost + this.priceOf(picture);
    if (places.has(key)) {
      const place = places.get(key);
      if (priced < lists.costs[place]!) lists.put(place, picture, priced);
      return;
    }
    if (!columns.has(key)) columns.set(key, columns.count);
    places.set(key, lists.end);
    lists.columns[lists.end] = columns.get(key);
    lists.put(lists.end++, picture, priced);
  }

  /** Takes note of what stands around a cell, outside of its block. */
  private lookAround(cell: number): void {
    const { around, inside } = this;
    const { scene } = this.problem;
    const { cells } = this.draft;
    around.begin();
    eachNear(scene.target.grid, cell, this.minDistance, (other) => {
      if (inside[other] === 0) around.set(scene.alike[cells[other]!]!, 0);
    });
  }

  /** One place of each list, no two alike, at the least cost. */
  private assign(rows: number): number[] | undefined {
    const { lists, columns } = this;
    const costs = new Float64Array(rows * columns.count).fill(Infinity);
    const places = new Uint32Array(rows * columns.count);
    for (let row = 0; row < rows; row++) {
      for (let place = lists.starts[row]!; place < lists.starts[row + 1]!; place++) {
        const to = row * columns.count + lists.columns[place]!;
        costs[to] = lists.costs[place]!;
        places[to] = place;
      }
    }
    const chosen = solveLap(costs, rows, columns.count);
    return chosen && Array.from(chosen, (column, row) => places[row * columns.count + column]!);
  }

  /** Whether a source that has to be used would be used no more. */
  private losesOne(block: readonly number[], chosen: readonly number[]): boolean {
    const { groups, rules } = this.problem;
    if (!rules.useAll) return false;
    const kept = new Set(chosen.map((place) => groups.of[this.lists.pictures[place]!]!));
    return block.some((cell) => {
      const group = groups.of[this.draft.cells[cell]!]!;
      return this.draft.uses[group] === 0 && !kept.has(group);
    });
  }

  private priceOf(picture: number): number {
    const { slots, groups } = this.problem;
    return slots.price(this.draft.uses[groups.of[picture]!]!);
  }
}
