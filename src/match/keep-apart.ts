import { FEATURE_LENGTH } from '../colour/features.ts';
import type { PricedSources } from '../kernels/priced-kernel.ts';
import type { Grid } from '../types.ts';

export interface ApartOptions {
  readonly grid: Grid;
  /** Source of each cell, its cost, and the cells of each source; changed in place. */
  readonly cells: Uint32Array;
  readonly costs: Int32Array;
  readonly uses: Uint32Array;
  /** Quantised features of all cells, and of all sources. */
  readonly features: Int16Array;
  readonly points: Int16Array;
  /** With the prices of the assignment: they tell which source can be spared. */
  readonly sources: PricedSources;
  readonly maxUses: number;
  /** Cells within this Chebyshev distance of each other shall not show the same source. */
  readonly minDistance: number;
}

/** Sources that are tried for a cell; all, if none of these will do. */
const TRIED = 48;

/**
 * Parts equal sources that stand too near by local moves, which keep capacities: a cell takes a source that has room, or
 * changes places with a cell of another source; of all that bring no source too near to itself, what costs least.
 *
 * @returns false if some cell could not be helped; then equal sources still stand too near.
 */
export function keepApart(options: ApartOptions): boolean {
  const { cells, sources } = options;
  const moves = new Moves(options);
  for (let cell = 0; cell < cells.length; cell++) {
    if (!moves.isNear(cell, cells[cell]!, cell)) continue;
    if (!moves.help(cell, TRIED) && !moves.help(cell, sources.count)) return false;
  }
  return true;
}

class Moves {
  private readonly options: ApartOptions;
  private readonly holders: number[][];

  constructor(options: ApartOptions) {
    this.options = options;
    this.holders = Array.from({ length: options.uses.length }, () => []);
    for (const [cell, id] of options.cells.entries()) this.holders[id]!.push(cell);
  }

  /** Whether a source stands within the distance of a cell, apart from that cell itself and `except`. */
  isNear(cell: number, id: number, except: number): boolean {
    const { cells, grid, minDistance } = this.options;
    const [column, row] = [cell % grid.columns, Math.floor(cell / grid.columns)];
    const [left, right] = [Math.max(0, column - minDistance), Math.min(grid.columns - 1, column + minDistance)];
    const bottom = Math.min(grid.rows - 1, row + minDistance);
    for (let y = Math.max(0, row - minDistance); y <= bottom; y++) {
      for (let at = y * grid.columns + left; at <= y * grid.columns + right; at++) {
        if (cells[at] === id && at !== cell && at !== except) return true;
      }
    }
    return false;
  }

  /** Makes the best move with one of the `tried` cheapest sources; false if there is none. */
  help(cell: number, tried: number): boolean {
    const { cells, costs, maxUses, uses } = this.options;
    const mine = cells[cell]!;
    const candidates = this.candidates(cell, tried);
    let [least, source, partner] = [Infinity, -1, -1];
    for (const id of candidates) {
      if (id === mine) continue;
      const gain = this.cost(cell, id) - costs[cell]!;
      if (gain < least && uses[id]! < maxUses && !this.isNear(cell, id, cell))
        [least, source, partner] = [gain, id, -1];
      // Even if it has room: one of its cells may be glad to be rid of it.
      for (const other of this.holders[id]!) {
        if (gain - costs[other]! >= least) continue;
        const change = gain + this.cost(other, mine) - costs[other]!;
        if (change >= least || this.isNear(cell, id, other) || this.isNear(other, mine, cell)) continue;
        [least, source, partner] = [change, id, other];
      }
    }
    if (source < 0) return false;
    if (partner >= 0) this.take(partner, mine);
    this.take(cell, source);
    return true;
  }

  private candidates(cell: number, tried: number): number[] {
    const { features, sources } = this.options;
    if (tried >= sources.count) return Array.from({ length: sources.count }, (_, id) => id);
    const held = sources.cheapest(features, cell * FEATURE_LENGTH, tried);
    return Array.from({ length: held }, (_, rank) => sources.ids[2 * rank]!);
  }

  private take(cell: number, id: number): void {
    const { cells, costs, uses } = this.options;
    const left = cells[cell]!;
    const of = this.holders[left]!;
    of.splice(of.indexOf(cell), 1);
    this.holders[id]!.push(cell);
    uses[left]!--;
    uses[id]!++;
    cells[cell] = id;
    costs[cell] = this.cost(cell, id);
  }

  private cost(cell: number, id: number): number {
    const { features, points } = this.options;
    let total = 0;
    for (let i = 0; i < FEATURE_LENGTH; i++) {
      total += (features[cell * FEATURE_LENGTH + i]! - points[id * FEATURE_LENGTH + i]!) ** 2;
    }
    return total;
  }
}
