import { FREE } from '../jobs.ts';
import type { Kinds } from '../kinds.ts';
import { eachNear } from '../near.ts';

/** Number of cells that are tried for an exchange of kinds. */
const PARTNERS = 256;
/**
 * Number of steps in which a cell does not take up again the kind that it gave up (up to twice as many, at random); and how
 * much each cell in conflict adds to it.
 */
const [TABU, TABU_MORE] = [8, 0.5];
/** Greatest number of visits to cells and kinds: a few seconds. */
const WORK = 2 ** 27;

export interface MendOptions {
  /** Cost of a kind in a cell; decides among moves that leave equally few conflicts. */
  readonly costOf: (cell: number, kind: number) => number;
  readonly random: () => number;
}

/**
 * Separates cells of one kind by the moves that leave the fewest conflicts (pairs of one kind within the distance). A cell
 * takes a kind that has uses left, or exchanges kinds with another cell. A tabu list keeps moves from being undone at once
 * (A. Hertz, D. de Werra, "Using tabu search techniques for graph coloring", 1987).
 *
 * @param chosen kinds of all cells, used as often as the rules want; changed in place, and still used so afterwards.
 * @returns true if no conflict is left.
 */
export function mendKinds(kinds: Kinds, chosen: Uint32Array, options: MendOptions): boolean {
  return new Mending(kinds, chosen, options).run();
}

/** A possible move of a cell. */
interface Move {
  /** Change in the number of conflicts. */
  pairs: number;
  cost: number;
  /** The new kind, and the cell it exchanges with; -1 for none. */
  kind: number;
  partner: number;
}

class Mending {
  private readonly kinds: Kinds;
  private readonly chosen: Uint32Array;
  private readonly options: MendOptions;
  private readonly used: Uint32Array;
  private readonly free: Uint32Array;
  /** By cell: number of its conflicts. */
  private readonly rivals: Uint32Array;
  /** Cells in conflict, in any order; and by cell its index there, -1 for none. */
  private readonly wrong: number[] = [];
  private readonly places: Int32Array;
  /** By kind, for the current cell: number of cells within the distance that show it. */
  private readonly around: Uint32Array;
  /** By cell and kind: last step in which the kind is tabu. */
  private readonly until = new Map<number, number>();
  private now = 0;
  private work = 0;

  constructor(kinds: Kinds, chosen: Uint32Array, options: MendOptions) {
    this.kinds = kinds;
    this.chosen = chosen;
    this.options = options;
    this.used = new Uint32Array(kinds.pictures.count);
    this.around = new Uint32Array(kinds.pictures.count);
    for (const [cell, kind] of chosen.entries()) if (kinds.pinned[cell] === FREE) this.used[kind]!++;
    this.free = Uint32Array.from(chosen.keys()).filter((cell) => kinds.pinned[cell] === FREE);
    this.rivals = chosen.map((kind, cell) => this.countNear(cell, kind));
    this.places = new Int32Array(chosen.length).fill(-1);
    for (let cell = 0; cell < chosen.length; cell++) this.note(cell);
  }

  run(): boolean {
    while (this.wrong.length > 0 && this.work < WORK) {
      this.now++;
      const cell = this.pick();
      if (cell < 0) return false;
      const { kind, partner } = this.bestMove(cell);
      if (kind < 0) continue;
      const mine = this.chosen[cell]!;
      const until = this.now + TABU * (1 + this.options.random()) + TABU_MORE * this.wrong.length;
      this.until.set(this.key(cell, mine), until);
      if (partner >= 0) {
        this.until.set(this.key(partner, kind), until);
        this.put(partner, mine);
      } else {
        this.used[mine]!--;
        this.used[kind]!++;
      }
      this.put(cell, kind);
    }
    return this.wrong.length === 0;
  }

  /** Picks a cell in conflict at random; for a pinned one, a free cell that it conflicts with. Returns -1 if there is none. */
  private pick(): number {
    const { random } = this.options;
    const { pinned } = this.kinds;
    const cell = this.wrong[Math.floor(random() * this.wrong.length)]!;
    if (pinned[cell] === FREE) return cell;
    const others: number[] = [];
    eachNear(this.kinds, cell, (at) => {
      if (pinned[at] === FREE && this.chosen[at] === this.chosen[cell]) others.push(at);
    });
    return others[Math.floor(random() * others.length)] ?? -1;
  }

  private bestMove(cell: number): Move {
    const { chosen, around, used, kinds } = this;
    const { distance, least, most, pictures } = kinds;
    const mine = chosen[cell]!;
    around.fill(0);
    eachNear(this.kinds, cell, (at) => void around[chosen[at]!]!++);
    around[mine]!--;
    this.work += (2 * distance + 1) ** 2 + pictures.count;
    const best: Move = { pairs: Infinity, cost: Infinity, kind: -1, partner: -1 };
    if (used[mine]! > least[mine]!) {
      for (let kind = 0; kind < pictures.count; kind++) {
        if (kind === mine || used[kind]! >= most[kind]! || this.isTabu(cell, kind)) continue;
        this.offer(best, cell, { kind, partner: -1, pairs: around[kind]! - around[mine]! });
      }
    }
    // If a single move resolves all conflicts of the cell, exchanges are not tried.
    if (best.kind >= 0 && best.pairs === -this.rivals[cell]!) return best;
    const few = this.free.length <= PARTNERS;
    for (let i = 0; i < (few ? this.free.length : PARTNERS); i++) {
      const other = this.free[few ? i : Math.floor(this.options.random() * this.free.length)]!;
      const kind = chosen[other]!;
      if (kind === mine || this.isTabu(cell, kind)) continue;
      const gone = around[mine]! + this.rivals[other]!;
      if (around[kind]! - 2 - gone > best.pairs) continue;
      // The pair itself is no conflict, before or after the exchange.
      const beside = this.isNear(cell, other) ? 2 : 0;
      const pairs = around[kind]! + this.countNear(other, mine) - beside - gone;
      this.offer(best, cell, { kind, partner: other, pairs });
    }
    return best;
  }

  /** Records a move if it is better than the best so far. */
  private offer(best: Move, cell: number, { kind, partner, pairs }: Omit<Move, 'cost'>): void {
    if (pairs > best.pairs) return;
    const { costOf } = this.options;
    const mine = this.chosen[cell]!;
    let cost = costOf(cell, kind) - costOf(cell, mine);
    if (partner >= 0) cost += costOf(partner, mine) - costOf(partner, kind);
    if (pairs < best.pairs || cost < best.cost) Object.assign(best, { pairs, cost, kind, partner });
  }

  private put(cell: number, kind: number): void {
    const before = this.chosen[cell]!;
    this.chosen[cell] = kind;
    let count = 0;
    eachNear(this.kinds, cell, (at) => {
      if (at === cell) return;
      if (this.chosen[at] === before) this.rivals[at]!--;
      else if (this.chosen[at] === kind) {
        this.rivals[at]!++;
        count++;
      } else return;
      this.note(at);
    });
    this.rivals[cell] = count;
    this.note(cell);
  }

  /** Updates the list of cells in conflict. */
  private note(cell: number): void {
    const { wrong, places, rivals } = this;
    const place = places[cell]!;
    if (rivals[cell]! > 0 === place >= 0) return;
    if (place < 0) {
      places[cell] = wrong.push(cell) - 1;
      return;
    }
    const last = wrong.pop()!;
    if (last !== cell) {
      wrong[place] = last;
      places[last] = place;
    }
    places[cell] = -1;
  }

  private countNear(cell: number, kind: number): number {
    const { distance } = this.kinds;
    this.work += (2 * distance + 1) ** 2;
    let count = 0;
    eachNear(this.kinds, cell, (at) => {
      if (at !== cell && this.chosen[at] === kind) count++;
    });
    return count;
  }

  private isNear(one: number, other: number): boolean {
    const { grid, distance } = this.kinds;
    const across = Math.abs((one % grid.columns) - (other % grid.columns));
    const down = Math.abs(Math.floor(one / grid.columns) - Math.floor(other / grid.columns));
    return Math.max(across, down) <= distance;
  }

  private key(cell: number, kind: number): number {
    return cell * this.kinds.pictures.count + kind;
  }

  private isTabu(cell: number, kind: number): boolean {
    return (this.until.get(this.key(cell, kind)) ?? 0) > this.now;
  }
}
