import { UserError } from '../errors.ts';
import { CELLS_MAX } from '../format/mosaic-json.ts';
import { countText, plural } from '../messages.ts';
import type { Grid } from '../types.ts';
import { FREE } from './jobs.ts';
import { kindsOf, shortageOf } from './kinds.ts';

/**
 * Preferred minimum distance. Repeats side by side are noticed, repeats farther apart are not; each cell of distance raises
 * the costs by about 3 %.
 */
const DISTANCE_WISHED = 1;

/**
 * Refuses a grid whose cells do not fit into memory: matching takes about 300 bytes per cell.
 *
 * @throws {UserError} `grid-too-large`.
 */
export function checkCells({ columns, rows }: Grid): void {
  if (columns * rows <= CELLS_MAX) return;
  throw new UserError(
    'grid-too-large',
    `A grid of ${countText(columns)} x ${countText(rows)} has ${countText(columns * rows)} cells; expected at most ${countText(CELLS_MAX)}`,
    `Use at most ${plural(Math.max(1, Math.floor(columns * Math.sqrt(CELLS_MAX / columns / rows))), 'column')}.`,
  );
}

/** Facts that {@link checkRules} judges. */
export interface Demands {
  readonly grid: Grid;
  readonly maxUses: number;
  readonly minDistance: number | undefined;
  /** Number of usable sources, and number of them when sources that share their uses are counted once. */
  readonly usable: number;
  readonly distinct: number;
  /** All sources have to be used. */
  readonly useAll?: boolean;
  /** `usable` is the number of files found; some of them may turn out to be unusable. */
  readonly found?: boolean;
  /** Cell -> pinned source. */
  readonly pins: ReadonlyMap<number, number>;
  /** By source: equal for near-duplicates. */
  readonly alike: Uint32Array;
  /** By source: equal for sources that share their uses. */
  readonly sharing: Uint32Array;
}

/**
 * Refuses rules that no placement can keep, before the work on a placement begins.
 *
 * @throws {UserError} `too-few-images` or `usage`, with the arithmetic and the values that would do.
 */
export function checkRules({ grid, maxUses, minDistance = 0, usable, distinct, found, ...others }: Demands): void {
  const cells = grid.columns * grid.rows;
  const needed = Math.ceil(cells / maxUses);
  const there = `; usable images: ${found ? 'at most ' : ''}${countText(usable)}${distinct < usable ? `, ${countText(distinct)} of them different` : ''}`;
  const keep = distinct < usable ? ', use --near-duplicates keep' : '';
  if (distinct < needed) {
    throw new UserError(
      'too-few-images',
      `${plural(cells, 'cell needs', 'cells need')} at least ${plural(needed, 'image')} at --max-uses ${maxUses}${there}`,
      `Add images, use --max-uses ${Math.ceil(cells / distinct)}${keep}, or ${fittingGrid(grid, distinct * maxUses)}.`,
    );
  }
  // Any block of (D + 1) x (D + 1) cells has to show sources of which no two are near-duplicates.
  const block = Math.min(minDistance + 1, grid.columns) * Math.min(minDistance + 1, grid.rows);
  const different = new Set(others.alike).size;
  if (different < block) {
    throw new UserError(
      'too-few-images',
      `--min-distance ${minDistance} needs at least ${plural(block, 'image')}${there}`,
      `Add images${keep}, or use --min-distance ${Math.max(0, Math.floor(Math.sqrt(different)) - 1)}.`,
    );
  }
  checkPins({ grid, maxUses, minDistance, ...others });
  if (!found && minDistance > 0) checkKinds({ grid, maxUses, minDistance, ...others });
}

/** The largest grid of the same shape that some number of uses fills, as an option. */
function fittingGrid({ columns, rows }: Grid, uses: number): string {
  let fitting = Math.min(columns, Math.ceil(Math.sqrt((uses * columns) / rows)));
  const rowsOf = (across: number) => Math.max(1, Math.round((across * rows) / columns));
  while (fitting > 1 && fitting * rowsOf(fitting) > uses) fitting--;
  return `--columns ${fitting}, a grid that they can fill`;
}

/** Refuses rules that are impossible by counting: kinds fill too few cells, or a kind has to be used too often. */
function checkKinds({
  grid,
  maxUses,
  minDistance,
  ...facts
}: Pick<Demands, 'grid' | 'maxUses' | 'useAll' | 'pins' | 'alike' | 'sharing'> & { minDistance: number }): void {
  const pins = new Uint32Array(grid.columns * grid.rows).fill(FREE);
  for (const [cell, source] of facts.pins) pins[cell] = source;
  const kinds = kindsOf({ ...facts, grid, pins, rules: { maxUses, useAll: facts.useAll ?? false } }, minDistance);
  const shortage = shortageOf(kinds);
  if (!shortage) return;
  if ('alike' in shortage) {
    throw new UserError(
      'too-few-images',
      `--use-all requires all of ${countText(shortage.alike)} images that look alike, but --min-distance ${minDistance} leaves room for only ${countText(shortage.apart)}`,
      'Use --near-duplicates keep, more --columns, or a lower --min-distance; or ban some of the images.',
    );
  }
  const { blocks, cells, filled } = shortage;
  const [width, height] = [Math.min(minDistance + 1, grid.columns), Math.min(minDistance + 1, grid.rows)];
  const uses = Number.isFinite(maxUses) ? ` at --max-uses ${maxUses}` : '';
  throw new UserError(
    'too-few-images',
    `--min-distance ${minDistance} forbids repeats within ${width} x ${height} cells: in ${plural(blocks, 'such block', 'such blocks')}, the images can fill only ${countText(filled)} of ${plural(cells, 'cell')}${uses}`,
    Number.isFinite(maxUses)
      ? 'Add images, raise --max-uses, or lower --min-distance.'
      : 'Add images, or lower --min-distance.',
  );
}

function checkPins({
  grid,
  maxUses,
  minDistance,
  pins,
  alike,
  sharing,
}: Pick<Demands, 'grid' | 'maxUses' | 'pins' | 'alike' | 'sharing'> & { readonly minDistance: number }): void {
  const uses = new Map<number, number>();
  for (const source of pins.values()) {
    const times = (uses.get(sharing[source]!) ?? 0) + 1;
    uses.set(sharing[source]!, times);
    if (times > maxUses) {
      throw new UserError(
        'usage',
        `An image is pinned to ${plural(times, 'cell')}, more than --max-uses ${maxUses} allows`,
        'Pin it to fewer cells, or raise --max-uses.',
      );
    }
  }
  const near = pinsTooNear({ grid, pins, alike }, minDistance);
  if (near) {
    const at = near.map((cell) => `${cell % grid.columns},${Math.floor(cell / grid.columns)}`);
    throw new UserError(
      'usage',
      `The same image (or a near-duplicate) is pinned to cells ${at.join(' and ')}, within --min-distance ${minDistance}`,
      'Pin another image, or lower --min-distance.',
    );
  }
}

/** Finds two cells within a distance of each other whose pinned sources are near-duplicates. */
function pinsTooNear(
  { grid: { columns }, pins, alike }: Pick<Demands, 'grid' | 'pins' | 'alike'>,
  distance: number,
): [number, number] | undefined {
  const cells = new Map<number, number[]>();
  for (const [cell, source] of pins) {
    const others = cells.get(alike[source]!) ?? [];
    for (const other of others) {
      const across = Math.abs((cell % columns) - (other % columns));
      const down = Math.abs(Math.floor(cell / columns) - Math.floor(other / columns));
      if (Math.max(across, down) <= distance) return [other, cell];
    }
    others.push(cell);
    cells.set(alike[source]!, others);
  }
  return undefined;
}

/**
 * Lists the distances to try, in this order: the requested one alone; otherwise the preferred one, then smaller ones,
 * without those that sources or pins rule out.
 */
export function distancesFor({
  grid,
  minDistance,
  pins,
  alike,
}: Pick<Demands, 'grid' | 'minDistance' | 'pins' | 'alike'>): number[] {
  if (minDistance !== undefined) return [minDistance];
  const different = new Set(alike).size;
  const distances = [];
  for (let distance = DISTANCE_WISHED; distance > 0; distance--) {
    // A cell has at most (2 d + 1)² - 1 others within distance d; with more different sources than that, one is always
    // left.
    if (different >= (2 * distance + 1) ** 2 && !pinsTooNear({ grid, pins, alike }, distance)) distances.push(distance);
  }
  return [...distances, 0];
}
