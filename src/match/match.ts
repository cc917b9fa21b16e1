import { FEATURE_LENGTH } from '../colour/features.ts';
import { UserError } from '../errors.ts';
import { count } from '../numbers.ts';
import { WorkerPool, workerModule } from '../pool.ts';
import type { Grid, Placement } from '../types.ts';
import { excess, type MatchJob, type MatchResult, PROGRESS_PARTS } from './jobs.ts';
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

/** What part of the work it is to find the nearest, where capacities come next. */
const NEAREST_PART = 0.1;
const BATCH_CELLS = 2048;
/** 4,096 x 4,096. */
const CELLS_MAX = 2 ** 24;
/** Walls of one image are dull; two cells apart they are not noticed, and it costs little likeness. */
const DISTANCE_WISHED = 2;

/**
 * Chooses a source for every cell of the target: the nearest by features, or what the rules allow at the least cost.
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
    const placement = {
      grid,
      cells: new Uint32Array(total),
      costs: new Float32Array(total),
      gap: 0,
      distanceCost: 0,
    };
    const part = Number.isFinite(options.maxUses) ? NEAREST_PART : 1;
    await placeNearest(pool, placement, (done) => onProgress(Math.floor(done * part), total));
    const placed = await keepRules(pool, placement, features.length / FEATURE_LENGTH, options);
    onProgress(total, total);
    return placed;
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
async function keepRules(
  pool: WorkerPool,
  nearest: Placement,
  sources: number,
  { maxUses, minDistance, onProgress }: MatchOptions,
): Promise<Placement> {
  const wished = minDistance ?? safeDistance(sources);
  const distances = minDistance === undefined ? Array.from({ length: wished + 1 }, (_, i) => wished - i) : [wished];
  const binding = mostUses(nearest.cells, sources) > maxUses;
  if (!binding && wished === 0) return nearest;
  const result = binding
    ? await askWithin(pool, nearest, maxUses, distances, onProgress)
    : await askApart(pool, nearest, maxUses, distances);
  if (!result.stuck) return { ...nearest, gap: 0, distanceCost: 0, ...result };
  const rules = [Number.isFinite(maxUses) ? `--max-uses ${maxUses}` : '', wished ? `--min-distance ${wished}` : ''];
  throw new UserError(
    'no-placement',
    `Found no placement with ${rules.filter(Boolean).join(' and ')}: some cell has no image left`,
    'Add images, raise --max-uses, or lower --min-distance.',
  );
}

/** As good as can be with capacities, then parted. */
async function askWithin(
  pool: WorkerPool,
  { cells, costs }: Placement,
  maxUses: number,
  distances: readonly number[],
  onProgress: MatchOptions['onProgress'],
): Promise<MatchResult> {
  const progress = new Int32Array(new SharedArrayBuffer(4));
  const tell = () => {
    const part = Atomics.load(progress, 0) / PROGRESS_PARTS;
    onProgress(Math.floor((NEAREST_PART + (1 - NEAREST_PART) * part) * cells.length), cells.length);
  };
  const timer = setInterval(tell, 100);
  try {
    const job: MatchJob = { kind: 'capacity', maxUses, distances, nearest: { cells, costs }, progress };
    return await pool.run<MatchResult>(job);
  } finally {
    clearInterval(timer);
  }
}

/** Cell by cell the nearest source that stands far enough from itself. */
async function askApart(
  pool: WorkerPool,
  { cells, costs }: Placement,
  maxUses: number,
  distances: readonly number[],
): Promise<MatchResult> {
  for (const minDistance of distances) {
    if (minDistance === 0) return { cells, costs };
    const job: MatchJob = { kind: 'ruled', maxUses, minDistance, nearest: { cells, costs } };
    const result = await pool.run<MatchResult>(job);
    if (!result.stuck) return { ...result, distanceCost: excess(result.costs, costs) };
  }
  return { cells, costs, stuck: true };
}

function mostUses(cells: Uint32Array, sources: number): number {
  const uses = new Uint32Array(sources);
  for (const id of cells) uses[id]!++;
  return uses.reduce((most, times) => Math.max(most, times), 0);
}

/** A distance at which no cell can run out of sources: fewer lie around it than there are. */
function safeDistance(sources: number): number {
  let distance = DISTANCE_WISHED;
  while (distance > 0 && sources < (2 * distance + 1) ** 2) distance--;
  return distance;
}

/**
 * Refuses a grid whose cells do not fit into memory: each takes some hundred bytes while it is matched, with
 * `--max-uses` three times that.
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
