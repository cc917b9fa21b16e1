import { FREE } from '../jobs.ts';
import type { Kinds } from '../kinds.ts';
import { eachNear } from '../near.ts';

/** Options of a backtracking search for the kinds of all cells. */
export interface SearchOptions {
  /** Cost of a kind in a cell; cheap kinds are tried first. */
  readonly costOf: (cell: number, kind: number) => number;
  /** Greatest number of steps. */
  readonly steps: number;
}

/**
 * Searches for kinds of all cells by backtracking; the cell with the fewest choices comes first.
 *
 * @returns the kind of each cell; `none` if all possibilities were tried; undefined if the steps ran out.
 */
export function searchKinds(kinds: Kinds, options: SearchOptions): Uint32Array | 'none' | undefined {
  return new Search(kinds, options).run();
}

class Search {
  private readonly kinds: Kinds;
  private readonly options: SearchOptions;
  private readonly count: number;
  private readonly cells: number;
  private readonly chosen: Uint32Array;
  /** By cell and kind: number of cells within the distance that show it. */
  private readonly near: Uint16Array;
  /** By cell: number of kinds that no cell within the distance shows and that have uses left. */
  private readonly choices: Uint32Array;
  private readonly used: Uint32Array;
  private readonly touched: Uint8Array;
  /**
   * Blocks, in which no two cells may show the same kind: block of each cell, number of blocks; by kind and block, number
   * of empty cells that may show it; by kind, number of blocks with such cells.
   */
  private readonly blockOf: Uint32Array;
  private readonly blocks: number;
  private readonly room: Uint32Array;
  private readonly reach: Uint32Array;
  private left = 0;
  private steps = 0;

  constructor(kinds: Kinds, options: SearchOptions) {
    this.kinds = kinds;
    this.options = options;
    const { grid, distance, pinned, pictures } = kinds;
    this.count = pictures.count;
    this.cells = pinned.length;
    this.chosen = new Uint32Array(this.cells).fill(FREE);
    this.near = new Uint16Array(this.cells * this.count);
    this.choices = new Uint32Array(this.cells).fill(this.count);
    this.used = new Uint32Array(this.count);
    this.touched = new Uint8Array(this.count);
    const across = Math.ceil(grid.columns / (distance + 1));
    this.blocks = across * Math.ceil(grid.rows / (distance + 1));
    this.blockOf = Uint32Array.from({ length: this.cells }, (_, cell) => {
      const [x, y] = [cell % grid.columns, Math.floor(cell / grid.columns)];
      return Math.floor(y / (distance + 1)) * across + Math.floor(x / (distance + 1));
    });
    this.room = new Uint32Array(this.count * this.blocks);
    this.reach = new Uint32Array(this.count).fill(this.blocks);
    for (let kind = 0; kind < this.count; kind++) {
      for (const block of this.blockOf) this.room[kind * this.blocks + block]!++;
    }
    this.left = this.cells;
  }

  run(): Uint32Array | 'none' | undefined {
    for (let kind = 0; kind < this.count; kind++) if (this.kinds.most[kind] === 0) this.offer(kind, -1);
    for (const [cell, kind] of this.kinds.pinned.entries()) {
      if (kind === FREE) continue;
      if (this.near[cell * this.count + kind]! > 0) return 'none';
      this.put(cell, kind);
      // Pinned cells do not count as uses of their kind.
      if (this.used[kind]!-- === this.kinds.most[kind]) this.offer(kind, 1);
      this.touched[kind] = 1;
    }
    const found = this.place();
    return found === undefined ? undefined : found ? this.chosen : 'none';
  }

  private place(): boolean | undefined {
    if (this.hopeless()) return false;
    if (this.left === 0) return true;
    if (++this.steps > this.options.steps) return undefined;
    const cell = this.narrowest();
    for (const kind of this.kindsFor(cell)) {
      this.put(cell, kind);
      const found = this.place();
      if (found !== false) return found;
      this.take(cell, kind);
    }
    return false;
  }

  /** Tells whether the remaining cells can no longer meet the numbers of uses. */
  private hopeless(): boolean {
    const { least, most } = this.kinds;
    let [fill, owed] = [0, 0];
    for (let kind = 0; kind < this.count; kind++) {
      const due = Math.max(0, least[kind]! - this.used[kind]!);
      if (due > this.reach[kind]!) return true;
      owed += due;
      fill += Math.min(most[kind]! - this.used[kind]!, this.reach[kind]!);
    }
    return owed > this.left || fill < this.left;
  }

  private narrowest(): number {
    let [fewest, chosen] = [Infinity, -1];
    for (let cell = 0; cell < this.cells; cell++) {
      if (this.chosen[cell] !== FREE || this.choices[cell]! >= fewest) continue;
      [fewest, chosen] = [this.choices[cell]!, cell];
    }
    return chosen;
  }

  /** Lists the kinds that a cell may show, in the order of trials; of unused kinds that are interchangeable, only one. */
  private kindsFor(cell: number): number[] {
    const { least, most } = this.kinds;
    let owed = 0;
    for (let kind = 0; kind < this.count; kind++) owed += Math.max(0, least[kind]! - this.used[kind]!);
    const fresh = new Set<string>();
    const found: { kind: number; cost: number }[] = [];
    for (let kind = 0; kind < this.count; kind++) {
      if (this.near[cell * this.count + kind]! > 0 || this.used[kind]! >= most[kind]!) continue;
      if (owed === this.left && this.used[kind]! >= least[kind]!) continue;
      found.push({ kind, cost: this.options.costOf(cell, kind) });
    }
    found.sort((a, b) => a.cost - b.cost);
    return found.flatMap(({ kind }) => {
      if (this.used[kind] === 0 && !this.touched[kind]) {
        const key = `${least[kind]} ${most[kind]}`;
        if (fresh.has(key)) return [];
        fresh.add(key);
      }
      return [kind];
    });
  }

  private put(cell: number, kind: number): void {
    this.chosen[cell] = kind;
    this.left--;
    if (++this.used[kind]! === this.kinds.most[kind]) this.offer(kind, -1);
    for (let other = 0; other < this.count; other++) {
      if (this.near[cell * this.count + other] === 0) this.lose(other, cell);
    }
    eachNear(this.kinds, cell, (at) => {
      if (at === cell || this.near[at * this.count + kind]!++ > 0) return;
      if (this.used[kind]! < this.kinds.most[kind]!) this.choices[at]!--;
      if (this.chosen[at] === FREE) this.lose(kind, at);
    });
  }

  private take(cell: number, kind: number): void {
    this.chosen[cell] = FREE;
    this.left++;
    eachNear(this.kinds, cell, (at) => {
      if (at === cell || --this.near[at * this.count + kind]! > 0) return;
      if (this.used[kind]! < this.kinds.most[kind]!) this.choices[at]!++;
      if (this.chosen[at] === FREE) this.regain(kind, at);
    });
    for (let other = 0; other < this.count; other++) {
      if (this.near[cell * this.count + other] === 0) this.regain(other, cell);
    }
    if (this.used[kind]!-- === this.kinds.most[kind]) this.offer(kind, 1);
  }

  /** Adds `by` to the choices of all cells that a kind is free for: its last use was taken, or given back. */
  private offer(kind: number, by: number): void {
    for (let cell = 0; cell < this.cells; cell++) {
      if (this.near[cell * this.count + kind] === 0) this.choices[cell]! += by;
    }
  }

  private lose(kind: number, cell: number): void {
    if (--this.room[kind * this.blocks + this.blockOf[cell]!]! === 0) this.reach[kind]!--;
  }

  private regain(kind: number, cell: number): void {
    if (this.room[kind * this.blocks + this.blockOf[cell]!]!++ === 0) this.reach[kind]!++;
  }
}
