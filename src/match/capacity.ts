import { FEATURE_LENGTH } from '../colour/features.ts';
import { FEATURE_SCALE, PricedSources, quantise } from '../kernels/priced-kernel.ts';
import { auction } from './auction.ts';
import { keepApart } from './keep-apart.ts';
import { excess, type MatchJob, type MatchResult, PROGRESS_PARTS } from './jobs.ts';
import { placeRuled } from './ruled.ts';
import { type SearchTree, squaredDistance } from './search-tree.ts';
import { type TargetCells, writeCellFeatures } from './target.ts';

type CapacityJob = Extract<MatchJob, { kind: 'capacity' }>;

/** Steps of the auction, as parts of what a cell costs at best: the last one's is about the gap. */
const STEPS = [2, 0.5, 0.1, 0.02];
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
  // Whole numbers at least: finer steps than costs have gain nothing.
  const unit = Math.max(1, mean(nearest.costs) * FEATURE_SCALE ** 2);
  const assigned = auction({
    cells,
    sources,
    capacity: maxUses,
    steps: STEPS.map((step) => step * unit),
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

function mean(costs: Float32Array): number {
  return costs.reduce((sum, cost) => sum + cost, 0) / costs.length;
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
