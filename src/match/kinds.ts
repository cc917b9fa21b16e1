import type { Grid } from '../types.ts';
import { type Groups, groupBy } from './assign/groups.ts';
import { FREE, type Rules } from './jobs.ts';

/**
 * The problem of keeping a distance: which kind of picture is in which cell. Near-duplicates are of one kind. No two cells
 * within the distance of each other may show the same kind; which picture of the kind a cell shows makes no difference.
 */
export interface Kinds {
  readonly grid: Grid;
  readonly distance: number;
  /** Pictures grouped by kind. */
  readonly pictures: Groups;
  /** By cell: kind of the pinned picture; {@link FREE} where none is pinned. */
  readonly pinned: Uint32Array;
  /** By kind: least and greatest number of unpinned cells that may show it. */
  readonly least: Uint32Array;
  readonly most: Uint32Array;
  /** Uses no picture twice: all are wanted, and the unused ones outnumber the free cells. */
  readonly once: boolean;
}

/** Facts that kinds are derived from. Pictures are numbered by the caller, in any way. */
export interface KindFacts {
  readonly grid: Grid;
  /** By picture. `alike` is equal for near-duplicates; `sharing` is equal for pictures that share their uses. */
  readonly alike: Uint32Array;
  readonly sharing: Uint32Array;
  /** By cell: the pinned picture; {@link FREE} where none is pinned. */
  readonly pins: Uint32Array;
  readonly rules: Pick<Rules, 'maxUses' | 'useAll'>;
}

/** Greatest number of cells that can show one kind, each farther than `distance` from the others. */
export function apartMost({ columns, rows }: Grid, distance: number): number {
  return Math.ceil(columns / (distance + 1)) * Math.ceil(rows / (distance + 1));
}

/** Groups pictures into kinds and computes the number of uses that the rules want of each. */
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

/** Proof by counting that no placement keeps the rules. */
export type Shortage =
  /** The largest `blocks` blocks have `cells` cells, but the images fill at most `filled` of them. */
  | { readonly blocks: number; readonly cells: number; readonly filled: number }
  /** `alike` near-duplicates have to be used, but at most `apart` cells are far enough from each other. */
  | { readonly alike: number; readonly apart: number };

/**
 * Looks for a proof by counting that no placement exists. A block of (distance + 1) x (distance + 1) cells shows no kind
 * twice. So any s blocks show a kind at most s times, and at most as often as it may be used at all; all kinds together
 * have to fill the blocks.
 *
 * @returns the shortage; undefined where counting proves nothing.
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
  // By number of uses: number of kinds that may be used that often or more.
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

/** Numbers of cells of the blocks that a grid is cut into, largest first. */
function blockSizes({ columns, rows }: Grid, distance: number): Uint32Array {
  const parts = (length: number) =>
    Array.from({ length: Math.ceil(length / (distance + 1)) }, (_, i) =>
      Math.min(distance + 1, length - i * (distance + 1)),
    );
  const down = parts(rows);
  const sizes = parts(columns).flatMap((width) => down.map((height) => width * height));
  return Uint32Array.from(sizes).toSorted((a, b) => b - a);
}
