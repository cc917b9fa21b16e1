import { FEATURE_LENGTH } from '../colour/features.ts';
import { UserError } from '../errors.ts';
import { WorkerPool, workerModule } from '../pool.ts';
import type { Target } from '../target.ts';
import type { Grid, Placement, Size, Turn } from '../types.ts';
import { emphasise, writeCellLook } from './emphasis.ts';
import { FREE, type MatchJob, type MatchResult, PROGRESS_PARTS, type Scene } from './jobs.ts';
import { checkRules, distancesFor } from './rules.ts';
import { buildSearchTree, squaredDistance } from './search-tree.ts';
import { cutTarget, type TargetCells } from './target.ts';
import { turnedFeatures } from './turns.ts';
import { autoWeights, readWeights } from './weights.ts';

export interface MatchOptions {
  readonly grid: Grid;
  /** Shape of a cell. */
  readonly cell: Size;
  /** Cells that one source (with its near-duplicates) may fill at most; Infinity for any number. */
  readonly maxUses: number;
  /**
   * Cells within this Chebyshev distance of each other never show the same source, or near-duplicates; 0 for no such rule.
   * Undefined: as far as people like where the sources allow it.
   */
  readonly minDistance: number | undefined;
  /** 0..1: how much each further use of a source costs; 0 nothing, 1 more than any likeness is worth. */
  readonly variety: number;
  /** Every source at least once, as far as there are cells. */
  readonly useAll: boolean;
  /** By source, the lowest id of what looks like it. */
  readonly alike: Uint32Array;
  /** Ways in which a source may stand; upright is the first. */
  readonly turns: readonly Turn[];
  /** How much each cell matters: a picture's path, or `auto`; undefined: all the same. */
  readonly weights: string | undefined;
  /** 0..1: how far the target's colours are moved towards the sources' before they are compared. */
  readonly adapt: number;
  /** Cell -> source that has to stand there, upright. */
  readonly pins: ReadonlyMap<number, number>;
  readonly concurrency: number;
  readonly onProgress: (done: number, total: number) => void;
  readonly signal: AbortSignal;
}

const BATCH_CELLS = 2048;

/**
 * Chooses a picture for every cell of the target: the likest by features, or what the rules allow at the least cost.
 *
 * @param features of the sources by id.
 * @throws {UserError} if the rules cannot be kept.
 */
export async function match(target: Target, features: Float32Array, options: MatchOptions): Promise<Placement> {
  const { grid, pins, signal, onProgress } = options;
  const total = grid.columns * grid.rows;
  const usable = features.length / FEATURE_LENGTH;
  // What is to be used cannot share its uses.
  const sharing = options.useAll ? Uint32Array.from({ length: usable }, (_, id) => id) : options.alike;
  checkRules({ ...options, sharing, usable, distinct: new Set(sharing).size });
  onProgress(0, total);
  const scene = await sceneOf(target, features, sharing, options);
  const { maxUses, variety, useAll, concurrency } = options;
  const rules = { maxUses, variety, useAll };
  const free = !Number.isFinite(maxUses) && variety === 0 && !useAll;
  const threads = free ? Math.min(concurrency, Math.ceil(total / BATCH_CELLS)) : 1;
  const pool = new WorkerPool(workerModule('worker', import.meta.url), threads, scene);
  const abort = () => void pool.close(signal.reason as Error);
  signal.addEventListener('abort', abort, { once: true });
  try {
    signal.throwIfAborted();
    const nearest = free ? await askNearest(pool, scene, onProgress) : undefined;
    const distances = distancesFor({ ...options, pins });
    const job = { kind: 'ruled', rules, distances, ...(nearest && { nearest }) } as const;
    const result = await askRuled(pool, job, (part) => onProgress(Math.floor(part * total), total));
    if (result.stuck) throw refusal(options);
    onProgress(total, total);
    const { gap, distanceCost, minDistance } = result;
    return { grid, ...picturesOf(scene, result.cells, options.turns, usable), gap, distanceCost, minDistance };
  } finally {
    signal.removeEventListener('abort', abort);
    await pool.close();
  }
}

async function sceneOf(
  target: Target,
  features: Float32Array,
  sharing: Uint32Array,
  { grid, cell, alike, turns, weights, adapt, pins }: MatchOptions,
): Promise<Scene> {
  const usable = alike.length;
  const looks = turnedFeatures(features, turns);
  emphasise(looks);
  const tree = buildSearchTree(looks);
  const sources = shared(tree.ids.map((id) => id % usable));
  const upright = new Uint32Array(usable);
  for (const [position, id] of tree.ids.entries()) if (id < usable) upright[id] = position;
  const cells = grid.columns * grid.rows;
  return {
    target: await cutTarget(target, grid, cell, { features, part: adapt }),
    tree,
    sources,
    sharing: shared(sources.map((id) => sharing[id]!)),
    alike: shared(sources.map((id) => alike[id]!)),
    weights: await weightsOf(target, grid, cell, weights),
    pins: shared(Uint32Array.from({ length: cells }, (_, at) => (pins.has(at) ? upright[pins.get(at)!]! : FREE))),
  };
}

/** Weights of cells, 1 on average. */
async function weightsOf(target: Target, grid: Grid, cell: Size, from: string | undefined): Promise<Float32Array> {
  const weights = new Float32Array(new SharedArrayBuffer(grid.columns * grid.rows * 4)).fill(1);
  if (from === undefined) return weights;
  weights.set(from === 'auto' ? autoWeights(await cutTarget(target, grid, cell)) : await readWeights(from, grid, cell));
  const mean = weights.reduce((sum, weight) => sum + weight, 0) / weights.length;
  for (const [at, weight] of weights.entries()) weights[at] = weight / mean;
  return weights;
}

/** Positions of the likest pictures, and of pinned ones. */
async function askNearest(
  pool: WorkerPool,
  { pins }: Scene,
  onProgress: MatchOptions['onProgress'],
): Promise<Uint32Array> {
  const cells = new Uint32Array(pins.length);
  let done = 0;
  const batches = Array.from({ length: Math.ceil(cells.length / BATCH_CELLS) }, (_, i) => i * BATCH_CELLS);
  await Promise.all(
    batches.map(async (start) => {
      const job: MatchJob = { kind: 'nearest', start, end: Math.min(cells.length, start + BATCH_CELLS) };
      const found = await pool.run<Uint32Array>(job);
      cells.set(found, start);
      onProgress((done += found.length), cells.length);
    }),
  );
  return cells;
}

async function askRuled(
  pool: WorkerPool,
  job: Omit<Extract<MatchJob, { kind: 'ruled' }>, 'progress'>,
  onProgress: (part: number) => void,
): Promise<MatchResult> {
  const { nearest, distances } = job;
  if (nearest && distances[0] === 0) return { cells: nearest, gap: 0, distanceCost: 0, minDistance: 0 };
  const progress = new Int32Array(new SharedArrayBuffer(4));
  const tell = () => onProgress(nearest ? 1 : Atomics.load(progress, 0) / PROGRESS_PARTS);
  const timer = setInterval(tell, 100);
  try {
    return await pool.run<MatchResult>({ ...job, progress });
  } finally {
    clearInterval(timer);
  }
}

function refusal({ maxUses, minDistance }: MatchOptions): UserError {
  const rules = [
    Number.isFinite(maxUses) ? `--max-uses ${maxUses}` : '',
    minDistance ? `--min-distance ${minDistance}` : '',
  ];
  return new UserError(
    'no-placement',
    `Found no placement with ${rules.filter(Boolean).join(' and ')}: some cell has no image left`,
    'Add images, raise --max-uses, or lower --min-distance.',
  );
}

/** Picture ids of positions, and how far each is from what the target shows there. */
function picturesOf(
  { target, tree }: Scene,
  positions: Uint32Array,
  turns: readonly Turn[],
  usable: number,
): Pick<Placement, 'cells' | 'costs'> {
  const costs = costsOf(target, (cell) => ({ points: tree.points, at: positions[cell]! }));
  const cells = positions.map((position) => {
    const id = tree.ids[position]!;
    return turns[Math.floor(id / usable)]! * usable + (id % usable);
  });
  return { cells, costs };
}

/** Squared distances of what the target shows, as it is, from the vectors that were chosen. */
function costsOf(
  { grid, px }: TargetCells,
  chosen: (cell: number) => { readonly points: Float32Array; readonly at: number },
): Float32Array {
  const seen = new Float32Array(FEATURE_LENGTH);
  return Float32Array.from({ length: grid.columns * grid.rows }, (_, cell) => {
    writeCellLook({ grid, px }, cell, seen, 0);
    const { points, at } = chosen(cell);
    return squaredDistance(seen, 0, points, at * FEATURE_LENGTH);
  });
}

/** The costs of a placement that was given. */
export async function judge(
  target: Target,
  features: Float32Array,
  { grid, cells, cell }: Pick<Placement, 'grid' | 'cells'> & { readonly cell: Size },
): Promise<Placement> {
  const usable = features.length / FEATURE_LENGTH;
  const turns = [...new Set(cells.map((id) => Math.floor(id / usable)))] as Turn[];
  const turned = turnedFeatures(features, turns);
  emphasise(turned);
  const costs = costsOf(await cutTarget(target, grid, cell), (at) => {
    const id = cells[at]!;
    return { points: turned, at: turns.indexOf(Math.floor(id / usable) as Turn) * usable + (id % usable) };
  });
  return { grid, cells, costs, gap: 0, distanceCost: 0, minDistance: 0 };
}

function shared(values: Uint32Array): Uint32Array {
  const copy = new Uint32Array(new SharedArrayBuffer(values.byteLength));
  copy.set(values);
  return copy;
}
