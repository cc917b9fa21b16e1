import { FREE } from '../jobs.ts';
import { BATCH } from '../lookup.ts';
import { Blocks } from './blocks.ts';
import type { Draft, Problem } from './problem.ts';

/** Cells along a block's side at most, whatever the distance. */
const SIDE_MAX = 8;
/** How often the grid is gone through at most; and cells, all in all, unless once is more. */
const PASSES = 8;
const CELLS_MAX = 2 ** 18;
/** It is gone through again as long as that saves this part of the costs. */
const WORTH = 0.004;

export interface RearrangeOptions {
  readonly minDistance: number;
  /** Called now and then with the part of the work that is done, 0..1. */
  readonly onProgress?: (part: number) => void;
}

/**
 * Parts equal sources (and near-duplicates) that stand too near: blocks where they do are assigned anew. Some may be left,
 * where images are short.
 *
 * @param draft changed in place.
 * @returns how many cells were looked at.
 */
export function partBlocks(problem: Problem, draft: Draft, options: RearrangeOptions): number {
  const blocks = new Blocks(problem, draft, options.minDistance, SIDE_MAX ** 2);
  const { onProgress } = options;
  return goThrough(problem, blocks, { ...options, pass: 0 }, (cells) => blocks.conflict(cells), onProgress).looked;
}

/**
 * Makes a placement in which equal sources stand apart cheaper, and keeps it so. Cells of a block as wide as the distance have
 * to show different sources; so which of them shows which, and what else might be there that does not stand around
 * the block, is an assignment problem, solved exactly, block by block; then with blocks that lie between the first.
 *
 * @param draft changed in place.
 */
export function rearrange(
  problem: Problem,
  draft: Draft,
  options: RearrangeOptions & {
    /** Pictures that cells would show if equal ones might stand together: blocks that show just these are passed over. */
    readonly wished: Uint32Array;
    /** So many cells were looked at before. */
    readonly looked?: number;
  },
): void {
  const { wished, looked = 0, onProgress } = options;
  const blocks = new Blocks(problem, draft, options.minDistance, SIDE_MAX ** 2);
  const worth = (cells: readonly number[]) => cells.some((cell) => draft.cells[cell] !== wished[cell]);
  let all = looked;
  for (let pass = 0; pass < PASSES && (all === 0 || all < CELLS_MAX); pass++) {
    const tell = (part: number) => onProgress?.((pass + part) / PASSES);
    const gone = goThrough(problem, blocks, { ...options, pass }, worth, tell);
    all += gone.looked;
    if (pass % 2 === 1 && gone.saved < WORTH * draft.costs.reduce((sum, cost) => sum + cost, 0)) return;
  }
}

/** Assigns blocks anew all over the grid, those that are `worth` it; `pass` is which of four ways to lay them, each shifted by half of one. */
function goThrough(
  problem: Problem,
  blocks: Blocks,
  { minDistance, pass }: RearrangeOptions & { readonly pass: number },
  worth: (cells: readonly number[]) => boolean,
  onProgress: ((part: number) => void) | undefined,
): { saved: number; looked: number } {
  const { columns, rows } = problem.scene.target.grid;
  const side = Math.min(minDistance + 1, SIDE_MAX, Math.max(columns, rows));
  const [dx, dy] = [pass % 2, (pass >> 1) % 2].map((shift) => shift * ((side + 1) >> 1)) as [number, number];
  let [saved, looked] = [0, 0];
  let batch: number[][] = [];
  let cells = 0;
  const solve = () => {
    saved += blocks.solve(batch);
    looked += cells;
    batch = [];
    cells = 0;
  };
  for (let top = -dy; top < rows; top += side) {
    onProgress?.((top + dy) / (rows + dy));
    for (let left = -dx; left < columns; left += side) {
      const block = blockCells(problem, { left, top, side });
      if (!worth(block)) continue;
      if (cells + block.length > BATCH) solve();
      batch.push(block);
      cells += block.length;
    }
  }
  solve();
  return { saved, looked };
}

function blockCells({ scene }: Problem, block: { left: number; top: number; side: number }): number[] {
  const { columns, rows } = scene.target.grid;
  const cells: number[] = [];
  for (let y = Math.max(0, block.top); y < Math.min(rows, block.top + block.side); y++) {
    for (let x = Math.max(0, block.left); x < Math.min(columns, block.left + block.side); x++) {
      const cell = y * columns + x;
      if (scene.pins[cell] === FREE) cells.push(cell);
    }
  }
  return cells;
}
