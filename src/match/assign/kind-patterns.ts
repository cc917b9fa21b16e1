/**
 * Where kinds are hardly more than a distance takes, only patterns keep it: each line (row or column) repeats as many kinds as the
 * distance is wide, and lines as far apart as that share their kinds. In which order a line has them is its own affair.
 */
import { FREE } from '../jobs.ts';
import type { Kinds } from '../kinds.ts';
import { solveLap } from './lap.ts';

type CostOf = (cell: number, kind: number) => number;

/** Cells that are looked at to tell what a kind costs in a line; and in all lines that share their kinds. */
const [LOOKED_AT, LOOKED_AT_MORE] = [8, 64];
/** Larger assignments would take too long: there, any order will do. */
const LAP_MAX = 2 ** 21;

/** Lines across or down. */
interface Lines {
  readonly count: number;
  readonly length: number;
  readonly cellAt: (line: number, place: number) => number;
  /** Places after which a line repeats, and lines after which the kinds of lines do. */
  readonly period: number;
  readonly bands: number;
}

/**
 * Kinds of all cells in rows, or in columns, that repeat. Near pins, what is alike may stand too near, and kinds may be used too
 * often or too rarely; as little as can be seen line by line.
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

/** A line that is to be filled with kinds of its band, of which so many uses are left, and owed. */
interface Filling {
  readonly lines: Lines;
  readonly line: number;
  readonly band: readonly number[];
  readonly left: Uint32Array;
  readonly owed: Uint32Array;
}

/** The kinds at the places of a line's period: what breaks least, and of that, what costs least. */
function orderOf({ pinned }: Kinds, costOf: CostOf, { lines, line, band, left, owed }: Filling): number[] {
  const { period, length } = lines;
  const costs = new Float64Array(period * band.length);
  const breaks = new Float64Array(period * band.length);
  const more = Math.floor((lines.count - 1 - line) / lines.bands);
  // Where a line has all kinds of its band, so have the lines to come.
  const needed = band.length > period ? 0 : more * Math.floor(length / period);
  const possible = more * Math.ceil(length / period);
  for (let place = 0; place < period; place++) {
    const cells = repeats(lines, line, place);
    const free = cells.filter((cell) => pinned[cell] === FREE);
    for (const [i, kind] of band.entries()) {
      const at = place * band.length + i;
      for (const cell of thinned(free, LOOKED_AT)) costs[at]! += costOf(cell, kind);
      for (const cell of cells) if (pinned[cell] !== FREE && pinned[cell] !== kind) breaks[at]! += 2;
      breaks[at]! += Math.max(0, free.length + needed - left[kind]!) / length;
      breaks[at]! -= Math.min(free.length, Math.max(0, owed[kind]! - possible)) / length;
    }
  }
  const order = assigned(costs, breaks, period);
  return Array.from({ length: period }, (_, place) => band[order?.[place] ?? place]!);
}

/** The kinds that lines of each band have: so many that there are uses for all of its cells; where they are pinned, or cost little. */
function bandsOf(kinds: Kinds, costOf: CostOf, lines: Lines): number[][] {
  const count = kinds.pictures.count;
  const { bands, period, length } = lines;
  const { sums, pins } = lookAlong(kinds, costOf, lines);
  const slots = bands * period;
  const costs = new Float64Array(slots * count);
  const breaks = new Float64Array(slots * count);
  for (let slot = 0; slot < slots; slot++) {
    const band = slot % bands;
    for (let kind = 0; kind < count; kind++) {
      const at = slot * count + kind;
      costs[at] = sums[band * count + kind]!;
      // A kind that is scarce leaves cells to others.
      breaks[at] = Math.max(0, 1 - (kinds.most[kind]! * period) / (length * Math.ceil(lines.count / bands)));
      for (let other = 0; other < bands; other++) breaks[at] += (other === band ? -1 : 1) * pins[other * count + kind]!;
    }
  }
  const order = assigned(costs, breaks, slots);
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

/** By band and kind: what the kind costs in some of the band's cells, and how many it is pinned to. */
function lookAlong({ pictures, pinned }: Kinds, costOf: CostOf, { count, length, bands, cellAt }: Lines) {
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
    for (const cell of thinned(free, LOOKED_AT_MORE)) {
      for (let kind = 0; kind < pictures.count; kind++) sums[band * pictures.count + kind]! += costOf(cell, kind);
    }
  }
  return { sums, pins };
}

/** A column for each row that breaks least, and of that, costs least; undefined if there are too many. */
function assigned(costs: Float64Array, breaks: Float64Array, rows: number): Int32Array | undefined {
  if (costs.length > LAP_MAX) return undefined;
  const dear = 1 + 4 * rows * costs.reduce((largest, cost) => Math.max(largest, cost), 0);
  const lowest = breaks.reduce((least, value) => Math.min(least, value), 0);
  const sums = costs.map((cost, at) => cost + dear * (breaks[at]! - lowest));
  return solveLap(sums, rows, costs.length / rows);
}

/** Cells of a line that repeat what is at a place of its period. */
function repeats({ length, period, cellAt }: Lines, line: number, place: number): number[] {
  const cells: number[] = [];
  for (let at = place; at < length; at += period) cells.push(cellAt(line, at));
  return cells;
}

/** So many of them at most, evenly spread. */
function thinned(cells: readonly number[], most: number): readonly number[] {
  if (cells.length <= most) return cells;
  return Array.from({ length: most }, (_, i) => cells[Math.floor((i * cells.length) / most)]!);
}
