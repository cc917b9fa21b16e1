import { FEATURE_LENGTH } from '../colour/features.ts';
import { UserError } from '../errors.ts';
import { count } from '../numbers.ts';
import { WorkerPool, workerModule } from '../pool.ts';
import type { Grid, Placement } from '../types.ts';
import { buildSearchTree } from './search-tree.ts';
import { cutTarget, type Target } from './target.ts';

export interface MatchOptions {
  readonly grid: Grid;
  /** Cells that one source may fill at most; Infinity for any number. */
  readonly maxUses: number;
  /**
   * Cells within this Chebyshev distance of each other never show the same source; 0 for no such rule. Undefined: as
   * far as {@link DISTANCE_WISHED} where the sources allow it.
   */
  readonly minDistance: number | undefined;
  readonly concurrency: number;
  readonly onProgress: (done: number, total: number) => void;
  readonly signal: AbortSignal;
}

/** What a matching thread is asked: cells `start..end` freely, or all of them under the rules. */
export type MatchJob =
  | { readonly kind: 'nearest'; readonly start: number; readonly end: number }
  | { readonly kind: 'ruled'; readonly maxUses: number; readonly minDistance: number; readonly nearest: MatchResult };

/** Sources of the cells asked for, and the squared distance of each; `stuck` if the rules left none for some cell. */
export interface MatchResult {
  readonly cells: Uint32Array;
  readonly costs: Float32Array;
  readonly stuck?: boolean;
}

const BATCH_CELLS = 2048;
/** 4,096 x 4,096. */
const CELLS_MAX = 2 ** 24;
/** Walls of one image are dull; two cells apart they are not noticed, and it costs little likeness. */
const DISTANCE_WISHED = 2;

/**
 * Chooses a source for every cell of the target: the nearest by features that the rules allow.
 *
 * @param features of the sources by id.
 * @throws {UserError} if the rules cannot be kept.
 */
export async function match(target: Target, features: Float32Array, options: MatchOptions): Promise<Placement> {
  const { grid, concurrency, onProgress, signal } = options;
  const total = grid.columns * grid.rows;
  onProgress(0, total);
  const target4 = await cutTarget(target, grid);
  const tree = buildSearchTree(features);
  const threads = Math.min(concurrency, Math.ceil(total / BATCH_CELLS));
  const pool = new WorkerPool(workerModule('worker', import.meta.url), threads, { target: target4, tree });
  const abort = () => void pool.close(signal.reason as Error);
  signal.addEventListener('abort', abort, { once: true });
  try {
    signal.throwIfAborted();
    const placement = { grid, cells: new Uint32Array(total), costs: new Float32Array(total) };
    await placeNearest(pool, placement, onProgress);
    return await placeRuled(pool, placement, features.length / FEATURE_LENGTH, options);
  } finally {
    signal.removeEventListener('abort', abort);
    await pool.close();
  }
}

async function placeNearest(
  pool: WorkerPool,
  { cells, costs }: Placement,
  onProgress: MatchOptions['onProgress'],
): Promise<void> {
  let done = 0;
  const batches = Array.from({ length: Math.ceil(cells.length / BATCH_CELLS) }, (_, i) => i * BATCH_CELLS);
  await Promise.all(
    batches.map(async (start) => {
      const job: MatchJob = { kind: 'nearest', start, end: Math.min(cells.length, start + BATCH_CELLS) };
      const result = await pool.run<MatchResult>(job);
      cells.set(result.cells, start);
      costs.set(result.costs, start);
      onProgress((done += result.cells.length), cells.length);
    }),
  );
}

/** Replaces what breaks the rules; a distance that was not asked for gives way if it cannot be kept. */
async function placeRuled(
  pool: WorkerPool,
  nearest: Placement,
  sources: number,
  { maxUses, minDistance }: MatchOptions,
): Promise<Placement> {
  for (let distance = minDistance ?? safeDistance(sources); ; distance--) {
    if (distance === 0 && maxUses >= nearest.cells.length) return nearest;
    const { cells, costs } = nearest;
    const job: MatchJob = { kind: 'ruled', maxUses, minDistance: distance, nearest: { cells, costs } };
    const result = await pool.run<MatchResult>(job);
    if (!result.stuck) return { ...nearest, cells: result.cells, costs: result.costs };
    if (minDistance === undefined && distance > 0) continue;
    const rules = [
      Number.isFinite(maxUses) ? `--max-uses ${maxUses}` : '',
      distance ? `--min-distance ${distance}` : '',
    ];
    throw new UserError(
      'no-placement',
      `Found no placement with ${rules.filter(Boolean).join(' and ')}: some cell has no image left`,
      'Add images, raise --max-uses, or lower --min-distance.',
    );
  }
}

/** A distance at which no cell can run out of sources: fewer lie around it than there are. */
function safeDistance(sources: number): number {
  let distance = DISTANCE_WISHED;
  while (distance > 0 && sources < (2 * distance + 1) ** 2) distance--;
  return distance;
}

/**
 * Refuses a grid whose cells do not fit into memory: each takes some hundred bytes while it is matched.
 *
 * @throws {UserError} `grid-too-large`.
 */
export function checkCells({ columns, rows }: Grid): void {
  if (columns * rows <= CELLS_MAX) return;
  throw new UserError(
    'grid-too-large',
    `A grid of ${count(columns)} x ${count(rows)} has ${count(columns * rows)} cells; expected at most ${count(CELLS_MAX)}`,
    `Use at most ${count(Math.max(1, Math.floor(columns * Math.sqrt(CELLS_MAX / columns / rows))))} columns.`,
  );
}

/**
 * Refuses rules that no placement can keep, before any work is done on one.
 *
 * @throws {UserError} `too-few-images`, with the arithmetic and what would do.
 */
export function checkRules(
  usable: number,
  { grid, maxUses, minDistance = 0 }: Pick<MatchOptions, 'grid' | 'maxUses' | 'minDistance'>,
): void {
  const cells = grid.columns * grid.rows;
  const needed = Math.ceil(cells / maxUses);
  if (usable < needed) {
    throw new UserError(
      'too-few-images',
      `${count(cells)} cells at --max-uses ${maxUses} need at least ${count(needed)} images; ${count(usable)} are usable`,
      `Add images, use --max-uses ${Math.ceil(cells / usable)}, or fewer --columns.`,
    );
  }
  // Any block of (D + 1) x (D + 1) cells has to show that many different sources.
  const block = Math.min(minDistance + 1, grid.columns) * Math.min(minDistance + 1, grid.rows);
  if (usable < block) {
    const possible = Math.max(0, Math.floor(Math.sqrt(usable)) - 1);
    throw new UserError(
      'too-few-images',
      `--min-distance ${minDistance} needs at least ${count(block)} images; ${count(usable)} are usable`,
      `Add images, or use --min-distance ${possible}.`,
    );
  }
}
