import type { Grid } from '../types.ts';
import { type Groups, groupBy } from './assign/groups.ts';
import { FREE, type Rules } from './jobs.ts';

/**
 * What a distance is about: which kind of picture stands in which cell. Pictures that look alike are of one kind, no two of which
 * may stand within the distance of each other; which of them stands where makes no difference to that.
 */
export interface Kinds {
  readonly grid: Grid;
  readonly distance: number;
  /** Pictures by kind. */
  readonly pictures: Groups;
  /** Kind of what is pinned to each cell; {@link FREE} where nothing is. */
  readonly pinned: Uint32Array;
  /** Of each kind, how many cells without a pin have to show it, and may show it. */
  readonly least: Uint32Array;
  readonly most: Uint32Array;
  /** No picture is used twice: there are more than cells, and all are wanted. */
  readonly once: boolean;
}

/** What kinds follow from; pictures by their number, whatever that is. */
export interface KindFacts {
  readonly grid: Grid;
  /** By picture, what must not stand near others, and what shares its uses, has the same number. */
  readonly alike: Uint32Array;
  readonly sharing: Uint32Array;
  /** By cell; {@link FREE} where nothing is pinned. */
  readonly pins: Uint32Array;
  readonly rules: Pick<Rules, 'maxUses' | 'useAll'>;
}

/** Cells that show one kind at most, each of them farther than `distance` from the others. */
export function apartMost({ columns, rows }: Grid, distance: number): number {
  return Math.ceil(columns / (distance + 1)) * Math.ceil(rows / (distance + 1));
}

/** The kinds of pictures, and how often the rules want each. */
export function kindsOf({ grid, alike, sharing, pins, rules }: KindFacts, distance: number): Kinds {
  const pictures = groupBy(alike);
  const groups = groupBy(sharing);
  const pinned = pins.map((picture) => (picture === FREE ? FREE : pictures.of[picture]!));
  const uses = new Uint32Array(groups.count);
  const taken = new Uint32Array(pictures.count);
  let cells = 0;
  for (const [cell, picture] of pins.entries()) {
    if (picture === FREE) cells++;
    else {
      uses[groups.of[picture]!]!++;
      taken[pinned[cell]!]!++;
    }
  }
  const once = rules.useAll && uses.reduce((unused, times) => unused + (times === 0 ? 1 : 0), 0) > cells;
  const apart = apartMost(grid, distance);
  const least = new Uint32Array(pictures.count);
  const most = new Uint32Array(pictures.count);
  for (let group = 0; group < groups.count; group++) {
    const kind = pictures.of[groups.members[groups.starts[group]!]!]!;
    const unused = uses[group] === 0 ? 1 : 0;
    const left = once ? unused : Math.max(0, Math.min(cells, rules.maxUses - uses[group]!));
    most[kind] = Math.max(0, Math.min(apart - taken[kind]!, most[kind]! + left));
    if (rules.useAll && !once) least[kind]! += unused;
  }
  return { grid, distance, pictures, pinned, least, most, once };
}

/** Why no placement can keep the rules, as numbers tell. */
export type Shortage =
  /** So many blocks have so many cells, and images fill no more of them than `filled`. */
  | { readonly blocks: number; readonly cells: number; readonly filled: number }
  /** So many images have to be used that look alike, and no more than `apart` cells are far enough from each other. */
  | { readonly alike: number; readonly apart: number };

/**
 * Counts: cut into blocks as wide as the distance, a grid has no block that shows a kind twice. So whatever is placed, s blocks
 * show a kind no more than s times, nor more often than it may be used at all; and all kinds together have to fill them.
 *
 * @returns what is missing; undefined where counting proves nothing.
 */
export function shortageOf({ grid, distance, pinned, least, most }: Kinds): Shortage | undefined {
  const all = most.slice();
  const owed = least.slice();
  for (const kind of pinned) {
    if (kind === FREE) continue;
    all[kind]!++;
    owed[kind]!++;
  }
  const sizes = blockSizes(grid, distance);
  const alike = owed.reduce((largest, times) => Math.max(largest, times), 0);
  if (alike > sizes.length) return { alike, apart: sizes.length };
  // Kinds that may be used so often or more.
  const atLeast = new Uint32Array(sizes.length + 2);
  for (const times of all) atLeast[Math.min(times, sizes.length)]!++;
  for (let times = sizes.length; times > 0; times--) atLeast[times - 1]! += atLeast[times]!;
  let [cells, filled] = [0, 0];
  for (const [i, size] of sizes.entries()) {
    cells += size;
    filled += atLeast[i + 1]!;
    if (filled < cells) return { blocks: i + 1, cells, filled };
  }
  return undefined;
}

/** Cells of the blocks that a grid is cut into, most first. */
function blockSizes({ columns, rows }: Grid, distance: number): Uint32Array {
  const parts = (length: number) =>
    Array.from({ length: Math.ceil(length / (distance + 1)) }, (_, i) =>
      Math.min(distance + 1, length - i * (distance + 1)),
    );
  const down = parts(rows);
  const sizes = parts(columns).flatMap((width) => down.map((height) => width * height));
  return Uint32Array.from(sizes).toSorted((a, b) => b - a);
}
