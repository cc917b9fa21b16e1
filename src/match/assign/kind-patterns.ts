/**
 * Periodic patterns of kinds, for grids in which the number of kinds hardly exceeds that of cells in a block. Each line
 * (row or column) repeats distance + 1 kinds. Every (distance + 1)th line has the same set of kinds, its band; lines of
 * different bands share none. The order of the kinds within a line is free.
 */
import { FREE } from '../jobs.ts';
import type { Kinds } from '../kinds.ts';
import { solveLap } from './lap.ts';

type CostOf = (cell: number, kind: number) => number;

/** Number of cells that are sampled for the cost of a kind in a line; and in all lines of a band. */
const [SAMPLED_IN_LINE, SAMPLED_IN_BAND] = [8, 64];
/** Greatest number of costs of an assignment problem. Larger ones would take too long; there, any order will do. */
const LAP_MAX = 2 ** 21;

/** Rows or columns of the grid. */
interface Lines {
  readonly count: number;
  readonly length: number;
  readonly cellAt: (line: number, place: number) => number;
  /** Number of places after which a line repeats; number of lines after which the sets of kinds repeat. */
  readonly period: number;
  readonly bands: number;
}

/**
 * Computes the kinds of all cells in repeating rows or columns. Near pins, one kind may be too near itself, and kinds may
 * be used too often or too rarely; each line keeps such violations as few as it can.
 */
export function patternOf(kinds: Kinds, costOf: CostOf, along: 'rows' | 'columns'): Uint32Array {
  const lines = linesOf(kinds, along);
  const bands = bandsOf(kinds, costOf, lines);
  const chosen = kinds.pinned.slice();
  const left = kinds.most.slice();
  const owed = kinds.least.slice();
  for (let line = 0; line < lines.count; line++) {
    const band = bands[line % lines.bands]!;
    const order = orderOf(kinds, costOf, { lines, line, band, left, owed });
    for (const [place, kind] of order.entries()) {
      for (const cell of repeats(lines, line, place)) {
        if (kinds.pinned[cell] !== FREE) continue;
        chosen[cell] = kind;
        left[kind] = Math.max(0, left[kind]! - 1);
        owed[kind] = Math.max(0, owed[kind]! - 1);
      }
    }
  }
  return chosen;
}

function linesOf({ grid, distance }: Kinds, along: 'rows' | 'columns'): Lines {
  const [count, length] = along === 'rows' ? [grid.rows, grid.columns] : [grid.columns, grid.rows];
  return {
    count,
    length,
    cellAt: (line, place) => (along === 'rows' ? line * grid.columns + place : place * grid.columns + line),
    period: Math.min(distance + 1, length),
    bands: Math.min(distance + 1, count),
  };
}

/** A line that is to be filled with kinds of its band; by kind: numbers of uses left, and of uses still owed. */
interface LineToFill {
  readonly lines: Lines;
  readonly line: number;
  readonly band: readonly number[];
  readonly left: Uint32Array;
  readonly owed: Uint32Array;
}

/** Orders kinds over the places of a line's period: fewest violations first, then least cost. */
function orderOf({ pinned }: Kinds, costOf: CostOf, { lines, line, band, left, owed }: LineToFill): number[] {
  const { period, length } = lines;
  const costs = new Float64Array(period * band.length);
  const violations = new Float64Array(period * band.length);
  const more = Math.floor((lines.count - 1 - line) / lines.bands);
  // Without spare kinds in the band, each later line of it needs every kind.
  const needed = band.length > period ? 0 : more * Math.floor(length / period);
  const possible = more * Math.ceil(length / period);
  for (let place = 0; place < period; place++) {
    const cells = repeats(lines, line, place);
    const free = cells.filter((cell) => pinned[cell] === FREE);
    for (const [i, kind] of band.entries()) {
      const at = place * band.length + i;
      for (const cell of thinned(free, SAMPLED_IN_LINE)) costs[at]! += costOf(cell, kind);
      for (const cell of cells) if (pinned[cell] !== FREE && pinned[cell] !== kind) violations[at]! += 2;
      violations[at]! += Math.max(0, free.length + needed - left[kind]!) / length;
      violations[at]! -= Math.min(free.length, Math.max(0, owed[kind]! - possible)) / length;
    }
  }
  const order = assigned(costs, violations, period);
  return Array.from({ length: period }, (_, place) => band[order?.[place] ?? place]!);
}

/** Chooses the kinds of each band: enough uses for all of its cells, pinned there if possible, then of low cost. */
function bandsOf(kinds: Kinds, costOf: CostOf, lines: Lines): number[][] {
  const count = kinds.pictures.count;
  const { bands, period, length } = lines;
  const { sums, pins } = sampleBands(kinds, costOf, lines);
  const slots = bands * period;
  const costs = new Float64Array(slots * count);
  const violations = new Float64Array(slots * count);
  for (let slot = 0; slot < slots; slot++) {
    const band = slot % bands;
    for (let kind = 0; kind < count; kind++) {
      const at = slot * count + kind;
      costs[at] = sums[band * count + kind]!;
      // A kind with few uses leaves cells for other kinds to fill.
      violations[at] = Math.max(0, 1 - (kinds.most[kind]! * period) / (length * Math.ceil(lines.count / bands)));
      for (let other = 0; other < bands; other++)
        violations[at] += (other === band ? -1 : 1) * pins[other * count + kind]!;
    }
  }
  const order = assigned(costs, violations, slots);
  const found: number[][] = Array.from({ length: bands }, () => []);
  const room = found.map((_, band) => length * Math.ceil((lines.count - band) / bands));
  const rest = new Set(kinds.most.keys());
  const give = (band: number, kind: number) => {
    found[band]!.push(kind);
    room[band]! -= kinds.most[kind]!;
    rest.delete(kind);
  };
  for (let slot = 0; slot < slots; slot++) give(slot % bands, order?.[slot] ?? slot);
  for (const kind of [...rest].toSorted((a, b) => kinds.most[b]! - kinds.most[a]!)) {
    let best = 0;
    for (let band = 1; band < bands; band++) {
      const more = pins[band * count + kind]! - pins[best * count + kind]!;
      if (more > 0 || (more === 0 && room[band]! > room[best]!)) best = band;
    }
    give(best, kind);
  }
  return found;
}

/** Computes by band and kind: the kind's cost in a sample of the band's cells, and the number of its pins there. */
function sampleBands({ pictures, pinned }: Kinds, costOf: CostOf, { count, length, bands, cellAt }: Lines) {
  const sums = new Float64Array(bands * pictures.count);
  const pins = new Uint32Array(bands * pictures.count);
  for (let band = 0; band < bands; band++) {
    const free: number[] = [];
    for (let line = band; line < count; line += bands) {
      for (let place = 0; place < length; place++) {
        const cell = cellAt(line, place);
        if (pinned[cell] === FREE) free.push(cell);
        else pins[band * pictures.count + pinned[cell]!]!++;
      }
    }
    for (const cell of thinned(free, SAMPLED_IN_BAND)) {
      for (let kind = 0; kind < pictures.count; kind++) sums[band * pictures.count + kind]! += costOf(cell, kind);
    }
  }
  return { sums, pins };
}

/** Assigns a column to each row: fewest violations first, then least cost; undefined if the problem is too large. */
function assigned(costs: Float64Array, violations: Float64Array, rows: number): Int32Array | undefined {
  if (costs.length > LAP_MAX) return undefined;
  const dear = 1 + 4 * rows * costs.reduce((largest, cost) => Math.max(largest, cost), 0);
  const lowest = violations.reduce((least, value) => Math.min(least, value), 0);
  const sums = costs.map((cost, at) => cost + dear * (violations[at]! - lowest));
  return solveLap(sums, rows, costs.length / rows);
}

/** Lists the cells of a line that repeat one place of its period. */
function repeats({ length, period, cellAt }: Lines, line: number, place: number): number[] {
  const cells: number[] = [];
  for (let at = place; at < length; at += period) cells.push(cellAt(line, at));
  return cells;
}

/** Thins out cells to at most `most`, evenly spread. */
function thinned(cells: readonly number[], most: number): readonly number[] {
  if (cells.length <= most) return cells;
  return Array.from({ length: most }, (_, i) => cells[Math.floor((i * cells.length) / most)]!);
}
