import { FEATURE_LENGTH } from '../colour/features.ts';
import { PricedSources, quantise } from '../kernels/priced-kernel.ts';
import { auction } from './auction.ts';
import { keepApart } from './keep-apart.ts';
import { excess, type MatchJob, type MatchResult, PROGRESS_PARTS } from './jobs.ts';
import { placeRuled } from './ruled.ts';
import { type SearchTree, squaredDistance } from './search-tree.ts';
import { type TargetCells, writeCellFeatures } from './target.ts';

type CapacityJob = Extract<MatchJob, { kind: 'capacity' }>;

/** The auction's first step, as a part of what a source costs a cell that did not choose it. */
const FIRST_STEP = 1 / 32;
/** How much finer the next step is, at most; and the last one, as a part of what cells cost: about twice the gap. */
const FINER = 5;
const LAST_STEP = 0.004;
/** Memory for candidates, and how many of them a cell has; 12 bytes each. */
const CANDIDATE_BYTES = 96 * 2 ** 20;
const [CANDIDATES_MIN, CANDIDATES_MAX] = [8, 64];

/**
 * Places every cell so that no source has more than `maxUses` and the sum of squared distances is near the least; then
 * parts equal sources that stand too near, by the first of `distances` that can be kept.
 */
export function placeWithin(target: TargetCells, tree: SearchTree, job: CapacityJob): MatchResult {
  const { maxUses, distances, nearest, progress } = job;
  const { grid } = target;
  const cells = quantisedCells(target);
  // In the tree's order alike sources are neighbours, which makes most blocks of them easy to pass over.
  const points = quantise(tree.points);
  const candidates = Math.floor(CANDIDATE_BYTES / 12 / (grid.columns * grid.rows));
  const sources = new PricedSources(points, CANDIDATES_MAX);
  const assigned = auction({
    cells,
    sources,
    capacity: maxUses,
    firstStep: Math.max(1, FIRST_STEP * meanCost(cells, points)),
    nextStep: (step, mean) => (step <= LAST_STEP * mean || mean === 0 ? 0 : Math.max(step / FINER, LAST_STEP * mean)),
    candidates: Math.min(CANDIDATES_MAX, Math.max(CANDIDATES_MIN, candidates)),
    onProgress: (part) => Atomics.store(progress, 0, Math.floor(part * PROGRESS_PARTS)),
  });
  const { total, bound } = assigned;
  const finish = (positions: Uint32Array): MatchResult => {
    const ids = positions.map((position) => tree.ids[position]!);
    const costs = new Float32Array(ids.length);
    const features = new Float32Array(FEATURE_LENGTH);
    for (const [cell, position] of positions.entries()) {
      writeCellFeatures(target, cell, features, 0);
      costs[cell] = squaredDistance(features, 0, tree.points, position * FEATURE_LENGTH);
    }
    return { cells: ids, costs };
  };
  const optimal = finish(assigned.cells);
  const gap = total > 0 ? (total - bound) / total : 0;
  for (const minDistance of distances) {
    if (minDistance === 0) return { ...optimal, gap, distanceCost: 0 };
    const copy = { cells: assigned.cells.slice(), costs: assigned.costs.slice(), uses: assigned.uses.slice() };
    const kept = keepApart({ ...copy, features: cells, points, sources, grid, maxUses, minDistance });
    const apart = kept ? finish(copy.cells) : placeRuled(target, tree, { maxUses, minDistance, nearest });
    if (!apart.stuck) return { ...apart, gap, distanceCost: excess(apart.costs, optimal.costs) };
  }
  return { ...optimal, stuck: true };
}

/** What cells and sources that are strangers to each other cost, from a thousand pairs. */
function meanCost(cells: Int16Array, points: Int16Array): number {
  const [cellCount, sourceCount] = [cells.length / FEATURE_LENGTH, points.length / FEATURE_LENGTH];
  let sum = 0;
  for (let pair = 0; pair < 1000; pair++) {
    // Multiples of a large prime go through all of them in no order.
    const cell = ((pair * 7919) % cellCount) * FEATURE_LENGTH;
    const source = ((pair * 104_729) % sourceCount) * FEATURE_LENGTH;
    for (let i = 0; i < FEATURE_LENGTH; i++) sum += (cells[cell + i]! - points[source + i]!) ** 2;
  }
  return sum / 1000;
}

function quantisedCells(target: TargetCells): Int16Array {
  const count = target.grid.columns * target.grid.rows;
  const quantised = new Int16Array(count * FEATURE_LENGTH);
  const features = new Float32Array(FEATURE_LENGTH);
  for (let cell = 0; cell < count; cell++) {
    writeCellFeatures(target, cell, features, 0);
    quantised.set(quantise(features), cell * FEATURE_LENGTH);
  }
  return quantised;
}
