import { FREE } from '../jobs.ts';
import { BATCH } from '../lookup.ts';
import { Blocks } from './blocks.ts';
import type { Draft, Problem } from './problem.ts';

/** Greatest side of a block in cells, whatever the distance. */
const SIDE_MAX = 8;
/** Greatest number of passes over the grid; no pass begins once the second number of cells was visited. */
const PASSES = 8;
const CELLS_MAX = 2 ** 18;
/** Passes end when one saves less than this part of the costs. */
const WORTH = 0.004;

export interface RearrangeOptions {
  readonly minDistance: number;
  /** Called from time to time with the part of the work that is done, 0..1. */
  readonly onProgress?: (part: number) => void;
}

/**
 * Separates near-duplicates: assigns the blocks anew in which cells break the distance. Some conflicts may be left if
 * images are scarce.
 *
 * @param draft changed in place.
 * @returns the number of cells that were visited.
 */
export function separateBlocks(problem: Problem, draft: Draft, options: RearrangeOptions): number {
  const blocks = new Blocks(problem, draft, { ...options, most: SIDE_MAX ** 2 });
  const worth = (cells: readonly number[]) => blocks.conflict(cells);
  return solveBlocks(problem, blocks, { ...options, pass: 0, worth }).visited;
}

/**
 * Lowers the cost of a placement that keeps the distance, and keeps it. All cells of a block as wide as the distance show
 * different sources. So choosing among these and others that have no near-duplicate around the block is an assignment
 * problem. It is solved exactly, block by block; later passes shift the blocks by half their side.
 *
 * @param draft changed in place.
 */
export function rearrange(
  problem: Problem,
  draft: Draft,
  options: RearrangeOptions & {
    /** Pictures that cells would show without the distance; blocks that show just these are skipped. */
    readonly wished: Uint32Array;
    /** Number of cells that were visited before. */
    readonly visited?: number;
  },
): void {
  const { wished, visited = 0, onProgress } = options;
  const blocks = new Blocks(problem, draft, { ...options, most: SIDE_MAX ** 2 });
  const worth = (cells: readonly number[]) => cells.some((cell) => draft.cells[cell] !== wished[cell]);
  let all = visited;
  for (let pass = 0; pass < PASSES && (all === 0 || all < CELLS_MAX); pass++) {
    const tell = (part: number) => onProgress?.((pass + part) / PASSES);
    const done = solveBlocks(problem, blocks, { ...options, pass, worth, onProgress: tell });
    all += done.visited;
    if (pass % 2 === 1 && done.saved < WORTH * draft.costs.reduce((sum, cost) => sum + cost, 0)) return;
  }
}

/**
 * Assigns all blocks of the grid anew that are `worth` it; `pass` selects one of four offsets of the blocks, by half a side
 * across, down or both.
 */
function solveBlocks(
  problem: Problem,
  blocks: Blocks,
  {
    minDistance,
    pass,
    worth,
    onProgress,
  }: RearrangeOptions & { readonly pass: number; readonly worth: (cells: readonly number[]) => boolean },
): { saved: number; visited: number } {
  const { columns, rows } = problem.scene.target.grid;
  const side = Math.min(minDistance + 1, SIDE_MAX, Math.max(columns, rows));
  const [dx, dy] = [pass % 2, (pass >> 1) % 2].map((shift) => shift * ((side + 1) >> 1)) as [number, number];
  let [saved, visited] = [0, 0];
  let batch: number[][] = [];
  let cells = 0;
  const solve = () => {
    saved += blocks.solve(batch);
    visited += cells;
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
  return { saved, visited };
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
