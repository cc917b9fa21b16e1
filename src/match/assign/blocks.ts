import { eachNear, nearTest, type NearTest } from '../near.ts';
import { Lists, Stamps, TRIED } from './block-lists.ts';
import { solveLap } from './lap.ts';
import { costOf, type Draft, type Problem } from './problem.ts';

/**
 * Solves blocks of cells in which no two may show near-duplicates: assigns pictures at the least cost, while the cells
 * around the block stay fixed.
 */
export class Blocks {
  private readonly problem: Problem;
  private readonly draft: Draft;
  private readonly minDistance: number;
  private readonly isNear: NearTest;
  /** By cell: 1 if it is in the current block. */
  private readonly inside: Uint8Array;
  /** By `alike`: present if a near-duplicate lies around the current cell, outside its block. */
  private readonly around: Stamps;
  /** By `alike`: column in the block's assignment problem; and place in the current cell's list. */
  private readonly columns: Stamps;
  private readonly places: Stamps;
  private readonly lists: Lists;

  /**
   * @param draft changed in place.
   * @param most greatest number of cells of a block.
   */
  constructor(
    problem: Problem,
    draft: Draft,
    { minDistance, most }: { readonly minDistance: number; readonly most: number },
  ) {
    this.problem = problem;
    this.draft = draft;
    this.minDistance = minDistance;
    const { target, alike } = problem.scene;
    this.isNear = nearTest({ grid: target.grid, distance: minDistance }, draft.cells, alike);
    this.inside = new Uint8Array(draft.cells.length);
    const keys = alike.reduce((last, key) => Math.max(last, key), 0) + 1;
    [this.around, this.columns, this.places] = [new Stamps(keys), new Stamps(keys), new Stamps(keys)];
    this.lists = new Lists(most);
  }

  /** Tells whether a cell of a block has a near-duplicate within the distance. */
  conflict(block: readonly number[]): boolean {
    const { cells } = this.draft;
    return block.some((cell) => this.isNear(cell, cells[cell]!));
  }

  /** Assigns blocks anew, one after the other; returns the saved cost. Blocks that broke the distance before do not count. */
  solve(blocks: readonly (readonly number[])[]): number {
    const { lookup, ways, scene } = this.problem;
    const { columns, rows } = scene.target.grid;
    const reach = 2 * this.minDistance + 1;
    const near = Math.min(reach, columns) * Math.min(reach, rows);
    const smallest = blocks.reduce((least, block) => Math.min(least, block.length), near);
    const asked = Math.min(lookup.priced.most, (TRIED + near - smallest) * ways);
    lookup.cheapest(blocks.flat(), asked);
    let [saved, first] = [0, 0];
    for (const block of blocks) {
      saved += this.solveOne(block, first, asked);
      first += block.length;
    }
    return saved;
  }

  /**
   * Assigns one block anew.
   *
   * @param first index of the block's first cell in the lookup.
   * @param asked number of pictures per cell in the lookup.
   */
  private solveOne(block: readonly number[], first: number, asked: number): number {
    const { draft, problem, lists } = this;
    const { of } = problem.groups;
    const penalty = this.conflict(block) ? Infinity : 0;
    // While the block is being solved, its uses do not count.
    for (const cell of block) {
      draft.uses[of[draft.cells[cell]!]!]!--;
      this.inside[cell] = 1;
    }
    this.columns.begin();
    for (const [row, cell] of block.entries()) this.list(cell, block, { row, at: first + row, asked });
    lists.begin(block.length);
    const standing = block.reduce((sum, cell) => sum + draft.costs[cell]! + this.priceOf(draft.cells[cell]!), penalty);
    const chosen = this.assign(block.length);
    const costs = chosen ? chosen.reduce((sum, place) => sum + lists.costs[place]!, 0) : Infinity;
    const better = chosen && costs < standing * (1 - 1e-9) && !this.losesOne(block, chosen);
    for (const [row, cell] of block.entries()) {
      if (better) {
        const picture = lists.pictures[chosen[row]!]!;
        draft.cells[cell] = picture;
        draft.costs[cell] = costOf(problem, cell, picture);
      }
      draft.uses[of[draft.cells[cell]!]!]!++;
      this.inside[cell] = 0;
    }
    return better && standing < Infinity ? standing - costs : 0;
  }

  /** Lists the candidates of a cell: the cheapest pictures of the lookup, and those that the block shows now. */
  private list(
    cell: number,
    block: readonly number[],
    { row, at, asked }: { readonly row: number; readonly at: number; readonly asked: number },
  ): void {
    const { lists, places, problem, draft } = this;
    const { scene, lookup } = problem;
    const { held, pictures, costs } = lookup.memory;
    const weight = scene.weights[cell]!;
    this.lookAround(cell);
    places.begin();
    lists.begin(row);
    for (let i = at * asked; i < at * asked + held[at]! && lists.length(row) < TRIED; i++) {
      this.add(pictures[i]!, weight * costs[i]!);
    }
    for (const other of block) {
      const picture = draft.cells[other]!;
      // The listed near-duplicate may cost more than this picture: its orientation differs, or its source has other uses.
      if (!places.has(scene.alike[picture]!) || problem.variants > 1 || problem.rules.useAll)
        this.add(picture, costOf(problem, cell, picture));
    }
  }

  /** Adds a picture to the current list, unless a near-duplicate is around the cell or is listed at a lower price. */
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

  /** Records the pictures around a cell, outside its block. */
  private lookAround(cell: number): void {
    const { around, inside } = this;
    const { scene } = this.problem;
    const { cells } = this.draft;
    around.begin();
    eachNear({ grid: scene.target.grid, distance: this.minDistance }, cell, (other) => {
      if (inside[other] === 0) around.set(scene.alike[cells[other]!]!, 0);
    });
  }

  /** Chooses one place of each list, no two near-duplicates, at the least cost. */
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

  /** Tells whether the choice drops the last use of a source that has to be used. */
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
