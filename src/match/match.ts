import { MessageChannel } from 'node:worker_threads';
import { FEATURE_LENGTH, type SourceFeatures } from '../colour/features.ts';
import { UserError } from '../errors.ts';
import { quantise } from '../kernels/priced-kernel.ts';
import { WorkerPool, workerModule } from '../threads/pool.ts';
import type { Target } from '../image/target.ts';
import type { Placement, Size } from '../types.ts';
import { costsOf } from './costs.ts';
import { emphasise } from './emphasis.ts';
import { type MatchJob, type MatchResult, PLACED_PART, PROGRESS_PARTS, type Scene, type Shared } from './jobs.ts';
import { ASKED_MAX, type LookupMemory, lookupMemory } from './lookup.ts';
import { MatchParts } from './parts.ts';
import { checkRules, distancesFor } from './rules.ts';
import { sceneOf, type SceneOptions } from './scene.ts';
import { cutTarget } from './target.ts';
import type { TargetCells } from './target-cells.ts';
import { pictureFeatures } from './variants.ts';

export interface MatchOptions extends SceneOptions {
  /** Greatest number of cells that a source and its near-duplicates may fill together; Infinity for no limit. */
  readonly maxUses: number;
  /**
   * No two cells within this Chebyshev distance show the same source or near-duplicates; 0 for no such rule. Undefined: the
   * preferred distance, or less where the sources do not allow it (see {@link distancesFor}).
   */
  readonly minDistance: number | undefined;
  /** 0..1: price of each further use of a source; 0 is free, 1 exceeds any gain in cost. */
  readonly variety: number;
  /** Uses every source at least once, if there are enough cells. */
  readonly useAll: boolean;
  /** Greatest number of pictures per source that is shown, on average; Infinity for no limit. See `mergePictures`. */
  readonly perSource: number;
  /** Finds a placement of nearly least cost, for previews, in a fraction of the time. */
  readonly quick?: boolean;
  readonly concurrency: number;
  /** Parts that this match shares with others of the same target and features; by default, it makes its own. */
  readonly parts?: MatchParts;
  readonly onProgress: (done: number, total: number) => void;
  readonly signal: AbortSignal;
}

/** A placement, and the target's cells that it was matched with. */
export interface Matched extends Placement {
  readonly targetCells: TargetCells;
  /** By cell: weight, 1 on average; only with {@link SceneOptions.weights}. */
  readonly weights?: Float32Array;
}

const BATCH_CELLS = 2048;
/** Factor of the error of the blurred mosaic, relative to that of single cells, at `afar` 1; it grows with the square of `afar`. */
const AFAR_MOST = 8;

/**
 * Chooses a picture for every cell of the target: the closest by features, or under rules a placement of near least cost.
 *
 * @param features of the sources.
 * @throws {UserError} if the rules cannot be kept.
 */
export async function match(target: Target, features: SourceFeatures, options: MatchOptions): Promise<Matched> {
  const { grid, pins, signal, onProgress } = options;
  const total = grid.columns * grid.rows;
  const usable = features.whole.length / FEATURE_LENGTH;
  // With `useAll`, near-duplicates do not share uses: each has to be used itself.
  const sharing = options.useAll ? Uint32Array.from({ length: usable }, (_, source) => source) : options.alike;
  checkRules({ ...options, sharing, usable, distinct: new Set(sharing).size });
  onProgress(0, total);
  const { parts = new MatchParts(target, features) } = options;
  const scene = await sceneOf(parts, sharing, options);
  const { maxUses, variety, useAll, perSource, concurrency, quick = false } = options;
  const rules = { maxUses, variety, useAll };
  const afar = AFAR_MOST * options.afar ** 2;
  const free = !Number.isFinite(maxUses) && variety === 0 && !useAll;
  const distances = distancesFor({ ...options, pins });
  const threads = Math.min(concurrency, Math.ceil(total / BATCH_CELLS));
  const shared: Shared = {
    scene,
    ...((!free || distances[0] !== 0 || afar > 0 || perSource < Infinity) && { lookup: lookupOf(scene, threads) }),
  };
  const pool = new WorkerPool(workerModule('worker', import.meta.url), threads, shared);
  const abort = () => void pool.close(signal.reason as Error);
  signal.addEventListener('abort', abort, { once: true });
  try {
    signal.throwIfAborted();
    const tell = (part: number) => onProgress(Math.floor(part * total), total);
    const nearest =
      free && !(quick && shared.lookup)
        ? await askNearest(pool, total, (done) => tell((done / total) * (shared.lookup ? PLACED_PART : 1)))
        : undefined;
    const job = { kind: 'ruled', rules, perSource, afar, distances, quick, ...(nearest && { nearest }) } as const;
    const result = shared.lookup
      ? await askRuled(pool, job, { total, threads, onProgress: tell })
      : { cells: nearest!, gap: 0, distanceCost: 0, afarCost: 0, minDistance: 0 };
    if (result.stuck) throw refusal(options, result.stuck);
    const costs = await askCosts(pool, result.cells);
    onProgress(total, total);
    const { gap, distanceCost, afarCost, minDistance } = result;
    return {
      grid,
      cells: result.cells.map((picture) => scene.ids[picture]!),
      costs,
      gap,
      distanceCost,
      afarCost,
      minDistance,
      targetCells: scene.target,
      ...(options.weights !== undefined && { weights: scene.weights }),
    };
  } finally {
    signal.removeEventListener('abort', abort);
    await pool.close();
  }
}

/** Allocates the memory for lookups. Quantises the pictures' features; those of the cells are filled in later. */
function lookupOf({ tree, weights }: Scene, threads: number): LookupMemory {
  const cells = new Int16Array(new SharedArrayBuffer(weights.length * FEATURE_LENGTH * 2));
  const points = quantise(tree.points, new Int16Array(new SharedArrayBuffer(tree.points.length * 2)));
  return lookupMemory({ cells, points, weights }, ASKED_MAX, threads);
}

/** A job over cells `0..total`, `out` for its results, and a callback for the number of cells that are done. */
interface Batches {
  readonly total: number;
  readonly job: (start: number, end: number) => MatchJob;
  readonly out?: Uint32Array | Float32Array;
  readonly onProgress?: (done: number) => void;
}

/** Runs a job over cells `0..total` in batches, on all threads; writes the results to their places in `out`. */
async function inBatches(pool: WorkerPool, { total, job, out, onProgress }: Batches): Promise<void> {
  const starts = Array.from({ length: Math.ceil(total / BATCH_CELLS) }, (_, i) => i * BATCH_CELLS);
  let done = 0;
  await Promise.all(
    starts.map(async (start) => {
      const end = Math.min(total, start + BATCH_CELLS);
      const found = await pool.run<Uint32Array | Float32Array>(job(start, end));
      out?.set(found, start);
      onProgress?.((done += end - start));
    }),
  );
}

/** Finds each cell's closest picture, or takes its pinned one. */
async function askNearest(pool: WorkerPool, total: number, onProgress: (done: number) => void): Promise<Uint32Array> {
  const cells = new Uint32Array(total);
  await inBatches(pool, { total, job: (start, end) => ({ kind: 'nearest', start, end }), out: cells, onProgress });
  return cells;
}

/** Quantises the cells on all threads; then places all cells on one thread, with the others as helpers. */
async function askRuled(
  pool: WorkerPool,
  job: Omit<Extract<MatchJob, { kind: 'ruled' }>, 'progress' | 'ports'>,
  {
    total,
    threads,
    onProgress,
  }: { readonly total: number; readonly threads: number; readonly onProgress: (part: number) => void },
): Promise<MatchResult> {
  await inBatches(pool, { total, job: (start, end) => ({ kind: 'quantise', start, end }) });
  const progress = new Int32Array(new SharedArrayBuffer(4));
  if (job.nearest) progress[0] = PLACED_PART * PROGRESS_PARTS;
  const timer = setInterval(() => onProgress(Atomics.load(progress, 0) / PROGRESS_PARTS), 100);
  try {
    const channels = Array.from({ length: threads - 1 }, () => new MessageChannel());
    const helpers = channels.map(({ port1: port }, i) => pool.run({ kind: 'help', seat: i + 1, port }, [port]));
    const ports = channels.map(({ port2 }) => port2);
    const placed = pool.run<MatchResult>({ ...job, ports, progress }, ports);
    const [result] = await Promise.all([placed, ...helpers]);
    return result;
  } finally {
    clearInterval(timer);
  }
}

/** Computes the squared distance of each cell's picture from what the target shows there. */
async function askCosts(pool: WorkerPool, pictures: Uint32Array): Promise<Float32Array> {
  const costs = new Float32Array(pictures.length);
  const job = (start: number, end: number) => ({ kind: 'costs', start, pictures: pictures.slice(start, end) }) as const;
  await inBatches(pool, { total: pictures.length, job, out: costs });
  return costs;
}

function refusal(
  { maxUses, minDistance, useAll, pins }: MatchOptions,
  stuck: NonNullable<MatchResult['stuck']>,
): UserError {
  const rules = [
    Number.isFinite(maxUses) ? `--max-uses ${maxUses}` : '',
    minDistance ? `--min-distance ${minDistance}` : '',
    useAll ? '--use-all' : '',
    pins.size > 0 ? '--pin' : '',
  ];
  const named = rules.filter(Boolean).join(' and ');
  return new UserError(
    'no-placement',
    stuck === 'proved'
      ? `No placement of these images satisfies ${named}: all are ruled out`
      : `No placement found with ${named}: no image is left for some cell`,
    'Add images, raise --max-uses, or lower --min-distance.',
  );
}

/** Computes the costs of a given placement. */
export async function matchGiven(
  target: Target,
  features: SourceFeatures,
  { grid, cells, cell }: Pick<Placement, 'grid' | 'cells'> & { readonly cell: Size },
): Promise<Matched> {
  const ids = [...new Set(cells)];
  const numbers = new Map(ids.map((id, i) => [id, i]));
  const points = pictureFeatures(features, ids);
  emphasise(points);
  const targetCells = await cutTarget(target, { grid, cell });
  const costs = costsOf(targetCells, { start: 0, points, pictures: cells.map((id) => numbers.get(id)!) });
  return { grid, cells, costs, gap: 0, distanceCost: 0, afarCost: 0, minDistance: 0, targetCells };
}
