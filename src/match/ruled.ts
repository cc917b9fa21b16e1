import { FEATURE_LENGTH } from '../colour/features.ts';
import type { MatchJob, MatchResult } from './jobs.ts';
import { NearestSearch, type SearchTree } from './search-tree.ts';
import { type TargetCells, writeCellFeatures } from './target.ts';

type Rules = Pick<Extract<MatchJob, { kind: 'ruled' }>, 'maxUses' | 'minDistance' | 'nearest'>;

const FREE = 0xffffffff;

/**
 * Places cell by cell, each with the nearest source that the rules still allow: the nearest of all, where they do.
 * Cells with most detail come first, since there a good image is worth most. If that order gets stuck on the distance rule, row by row needs fewer sources.
 */
export function placeRuled(target: TargetCells, tree: SearchTree, rules: Rules): MatchResult {
  const byDetail = place(target, tree, rules, detailOrder(target));
  return byDetail.stuck ? place(target, tree, rules) : byDetail;
}

function place(target: TargetCells, tree: SearchTree, rules: Rules, order?: Uint32Array): MatchResult {
  const { maxUses, minDistance, nearest } = rules;
  const { grid } = target;
  const total = grid.columns * grid.rows;
  const search = new NearestSearch(tree);
  const query = new Float32Array(FEATURE_LENGTH);
  const cells = new Uint32Array(total).fill(FREE);
  const costs = new Float32Array(total);
  const uses = new Uint32Array(tree.ids.length);
  const near = new Set<number>();
  const allowed = minDistance > 0 ? (id: number) => !near.has(id) : undefined;
  for (let i = 0; i < total; i++) {
    const cell = order ? order[i]! : i;
    if (minDistance > 0) collectNear(cells, grid.columns, grid.rows, cell, minDistance, near);
    let id = nearest.cells[cell]!;
    let cost = nearest.costs[cell]!;
    if (uses[id]! >= maxUses || near.has(id)) {
      writeCellFeatures(target, cell, query, 0);
      search.nearest(query, 0, -1, allowed);
      ({ id, distance: cost } = search);
    }
    if (id < 0) return { cells, costs, stuck: true };
    cells[cell] = id;
    costs[cell] = cost;
    if (++uses[id]! >= maxUses) search.remove(id);
  }
  return { cells, costs };
}

/** The sources placed within `distance` (Chebyshev) of a cell. */
function collectNear(
  cells: Uint32Array,
  columns: number,
  rows: number,
  cell: number,
  distance: number,
  near: Set<number>,
): void {
  const [column, row] = [cell % columns, Math.floor(cell / columns)];
  near.clear();
  for (let y = Math.max(0, row - distance); y <= Math.min(rows - 1, row + distance); y++) {
    for (let x = Math.max(0, column - distance); x <= Math.min(columns - 1, column + distance); x++) {
      const id = cells[y * columns + x]!;
      if (id !== FREE) near.add(id);
    }
  }
}

/** Cells by falling contrast: the energy of all but the mean colour. */
function detailOrder(target: TargetCells): Uint32Array {
  const total = target.grid.columns * target.grid.rows;
  const query = new Float32Array(FEATURE_LENGTH);
  const detail = new Float32Array(total);
  for (let cell = 0; cell < total; cell++) {
    writeCellFeatures(target, cell, query, 0);
    let energy = 0;
    for (let i = 3; i < FEATURE_LENGTH; i++) energy += query[i]! ** 2;
    detail[cell] = energy;
  }
  return new Uint32Array(total).map((_, cell) => cell).toSorted((a, b) => detail[b]! - detail[a]! || a - b);
}
