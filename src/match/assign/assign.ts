import { FREE, type MatchJob, type MatchResult, PLACED_PART, PROGRESS_PARTS, type Scene } from '../jobs.ts';
import type { Lookup } from '../lookup.ts';
import { improveAfar } from './afar.ts';
import { mergePictures } from './merge-pictures.ts';
import { type Assignment, auction, OVERSHOT_STEPS } from './auction.ts';
import { keepApart, type KeepApartOptions } from './keep-apart.ts';
import { auctionBySamples, hasSamples } from './by-samples.ts';
import { placeOneByOne } from './one-by-one.ts';
import { placeQuickly } from './place-quickly.ts';
import { placeKinds } from './place-kinds.ts';
import { costOf, type Draft, draftOf, type Problem, problemOf } from './problem.ts';
import { STEEP_ABOVE } from './use-prices.ts';
import { separateBlocks, rearrange } from './rearrange.ts';

type RuledJob = Extract<MatchJob, { kind: 'ruled' }>;

/** First step of the auction: the greater of this part of a random pair's mean cost, and this part of a second use's price. */
const FIRST_STEP = 1 / 32;
const FIRST_STEP_AGAIN = 1 / 8;
/** Greatest ratio of a step to the next; and the last step, as a part of a cell's mean cost: about twice the gap. */
const FINER = 5;
const LAST_STEP = 0.004;
/** The same for very many cells with scarce pictures: three times the gap, in half of the time. */
const LAST_STEP_OF_MANY = 0.012;
/** A step is small enough if it exceeds the last one by no more than this factor: the mean cost changes with each step. */
const ENOUGH = 1.02;
/** Memory for candidates, 12 bytes each at most; and limits of their number per cell. */
const CANDIDATE_BYTES = 72 * 2 ** 20;
const [CANDIDATES_MIN, CANDIDATES_MAX] = [4, 64];
/** Least number of candidates where pictures are scarce: cells choose more often. */
const CANDIDATES_BY_SAMPLES = 16;
/** Progress of the separation after the first pass over blocks, and after the moves. */
const [SEPARATED, MOVED] = [0.4, 0.5];
/** Progress at which the likeness from afar is improved. */
const AFAR_FROM = 0.75;
/** Above this number of cells, a sample of about the second number is auctioned first, to learn the level of prices. */
const SAMPLED_ABOVE = 2 ** 17;
const SAMPLE = 2 ** 15;

/**
 * Places every cell so that the sum of costs and use prices is near the least; then separates near-duplicates, by the first
 * of the job's distances that can be kept.
 */
export function placeRuled(
  scene: Scene,
  lookup: Lookup,
  { rules, perSource, afar, distances, quick, nearest, progress }: RuledJob,
): MatchResult {
  const told = afar > 0 ? AFAR_FROM : 1;
  const report = (part: number) => void Atomics.store(progress, 0, Math.floor(part * PROGRESS_PARTS));
  const tell = (part: number) => report(told * part);
  let problem = problemOf(scene, rules, lookup);
  const soon = quick && placeQuickly(problem, distances[0]!);
  if (soon) return finish(soon, { minDistance: distances[0]!, gap: 0, distanceCost: 0 });
  const { draft, gap } = nearest
    ? { draft: draftOf(problem, nearest), gap: 0 }
    : assign(problem, (part) => tell(part * PLACED_PART));
  for (const minDistance of distances) {
    const apart =
      minDistance === 0
        ? draft
        : separate(problem, draft, { minDistance, onProgress: (part) => tell(PLACED_PART + (1 - PLACED_PART) * part) });
    if (!apart) continue;
    return finish(apart, { minDistance, gap, distanceCost: addedCost(problem, draft, apart) });
  }
  const last = distances.at(-1)!;
  // The capacity of a great variety is a wish; the distance is a rule.
  problem = { ...problem, slots: problem.slots.withCapacity(rules.maxUses) };
  const placed = placeKinds(problem, draft, last);
  if (placed === undefined || placed === 'none') {
    const stuck = placed === 'none' ? 'proved' : 'not found';
    return { cells: draft.cells, gap, distanceCost: 0, afarCost: 0, minDistance: 0, stuck };
  }
  rearrange(problem, placed, { minDistance: last, wished: draft.cells });
  return finish(placed, { minDistance: last, gap, distanceCost: addedCost(problem, draft, placed) });

  /** Improves the likeness from afar, in the end. */
  function finish(apart: Draft, found: Pick<MatchResult, 'minDistance' | 'gap' | 'distanceCost'>): MatchResult {
    const { minDistance } = found;
    const before = copyOf(apart);
    if (afar > 0) {
      const tellAfar = (pass: number) => (part: number) => report(AFAR_FROM + ((1 - AFAR_FROM) * (pass + part)) / 2);
      const options = { minDistance, strength: afar, means: scene.means! };
      improveAfar(problem, apart, { ...options, onProgress: tellAfar(0) });
      mergePictures(problem, apart, { perSource });
      improveAfar(problem, apart, { ...options, ...limited(perSource, apart), onProgress: tellAfar(1) });
    } else mergePictures(problem, apart, { perSource });
    return { ...found, cells: apart.cells, afarCost: addedCost(problem, before, apart) };
  }
}

/** Keeps to the pictures that are shown, where their number is limited. */
function limited(perSource: number, { cells }: Draft): { readonly shown?: ReadonlySet<number> } {
  return perSource < Infinity ? { shown: new Set(cells) } : {};
}

function copyOf({ cells, costs, uses }: Draft): Draft {
  return { cells: cells.slice(), costs: costs.slice(), uses: uses.slice() };
}

/** Costs and prices that `after` has more than `before`, relative to the costs of `before`. */
function addedCost(problem: Problem, before: Draft, after: Draft): number {
  const cost = sum(before.costs);
  return cost > 0 ? Math.max(0, (priceOf(problem, after) - priceOf(problem, before)) / cost) : 0;
}

/** Separates near-duplicates in a copy of `draft`; undefined if that fails. */
function separate(
  problem: Problem,
  draft: Draft,
  { minDistance, onProgress }: Required<KeepApartOptions>,
): Draft | undefined {
  const options = { minDistance, wished: draft.cells };
  let apart = copyOf(draft);
  // Where uses are scarce, blocks are not tried first: moves keep the capacities.
  const { maxUses, variety } = problem.rules;
  const scarce = Number.isFinite(maxUses) || variety > STEEP_ABOVE;
  const tell = (part: number) => onProgress(SEPARATED * part);
  let visited = scarce ? 0 : separateBlocks(problem, apart, { ...options, onProgress: tell });
  if (
    !keepApart(problem, apart, {
      minDistance,
      onProgress: (part) => onProgress(SEPARATED + (MOVED - SEPARATED) * part),
    })
  ) {
    const anew = problem.rules.useAll ? undefined : placeOneByOne(problem, draft, minDistance);
    if (!anew) return undefined;
    apart = draftOf(problem, anew);
    visited = 0;
  }
  rearrange(problem, apart, {
    ...options,
    visited,
    onProgress: (part) => onProgress(MOVED + (1 - MOVED) * part),
  });
  return apart;
}

/** Sum of costs and use prices. */
function priceOf({ slots }: Problem, { costs, uses }: Draft): number {
  return uses.reduce((total, times) => total + slots.sum(0, times), sum(costs));
}

/** Places the cells that are not pinned, by an auction. */
function assign(problem: Problem, onProgress: (part: number) => void): { draft: Draft; gap: number } {
  const { scene, groups, slots } = problem;
  const used = new Uint32Array(groups.count);
  for (const picture of scene.pins) if (picture !== FREE) used[groups.of[picture]!]!++;
  const free = scene.pins.map((_, cell) => cell).filter((cell) => scene.pins[cell] === FREE);
  const { cells, bound } = auctionCells(problem, { used, free }, onProgress);
  const placed = scene.pins.slice();
  for (const [i, cell] of free.entries()) placed[cell] = cells[i]!;
  const draft = draftOf(problem, placed);
  if (problem.rules.useAll) useLeftOut(problem, draft);
  let total = 0;
  for (const cell of free) total += draft.costs[cell]!;
  const cost = total;
  for (const [group, uses] of draft.uses.entries()) total += slots.sum(used[group]!, uses);
  return { draft, gap: cost > 0 ? Math.min(1, Math.max(0, (total - bound) / cost)) : 0 };
}

/** Auctions the cells `free`; `used` counts the uses of each group by pinned cells. */
function auctionCells(
  problem: Problem,
  { used, free }: { readonly used: Uint32Array; readonly free: Uint32Array },
  onProgress: (part: number) => void,
): Assignment {
  const { lookup, groups, slots, randomPairs } = problem;
  const first = Math.max(1, FIRST_STEP * randomPairs, FIRST_STEP_AGAIN * slots.rising);
  const bySamples = Number.isFinite(slots.capacity) && hasSamples({ cells: free, groups });
  const lastStep = bySamples && free.length > SAMPLED_ABOVE ? LAST_STEP_OF_MANY : LAST_STEP;
  const last = (mean: number) => lastStep * mean;
  const nextStep = (step: number, mean: number) =>
    step <= ENOUGH * last(mean) || mean === 0 ? 0 : Math.max(step / FINER, last(mean));
  const common = { lookup, groups, nextStep };
  if (bySamples) {
    const candidates = Math.max(CANDIDATES_BY_SAMPLES, candidatesFor(free.length));
    return auctionBySamples({ ...common, cells: free, slots, used, candidates, firstStep: first, onProgress });
  }
  const sample = free.length > SAMPLED_ABOVE ? free.filter((_, i) => i % Math.ceil(free.length / SAMPLE) === 0) : free;
  const share = sample.length < free.length ? sample.length / free.length : 1;
  const parts = (from: number, to: number) => (part: number) => onProgress(from + (to - from) * part);
  const some = auction({
    ...common,
    cells: sample,
    slots: share < 1 ? slots.scaled(share) : slots,
    used: used.map((uses) => Math.floor(uses * share)),
    candidates: candidatesFor(sample.length),
    firstStep: first,
    onProgress: parts(0, share < 1 ? 0.2 : 1),
  });
  if (share === 1) return some;
  // All cells start with the prices that the sample found.
  const mean = sum(some.costs) / sample.length;
  const step = Number.isFinite(slots.capacity) ? FINER * last(mean) : last(mean);
  const prices = some.prices.map((price) => price - OVERSHOT_STEPS * step);
  return auction({
    ...common,
    cells: free,
    slots,
    used,
    prices,
    candidates: candidatesFor(free.length),
    firstStep: Math.max(1, step),
    onProgress: parts(0.2, 1),
  });
}

function candidatesFor(cells: number): number {
  const most = Math.floor(CANDIDATE_BYTES / 12 / Math.max(1, cells));
  return Math.min(CANDIDATES_MAX, Math.max(CANDIDATES_MIN, most));
}

/** Gives each unused source the cell that loses least by it, among cells whose source has other cells. */
function useLeftOut(problem: Problem, draft: Draft): void {
  const { scene, groups } = problem;
  for (let group = 0; group < groups.count; group++) {
    if (draft.uses[group]! > 0) continue;
    const picture = groups.members[groups.starts[group]!]!;
    let [least, chosen] = [Infinity, -1];
    for (const [cell, holder] of draft.cells.entries()) {
      if (scene.pins[cell] !== FREE || draft.uses[groups.of[holder]!]! < 2) continue;
      const more = costOf(problem, cell, picture) - draft.costs[cell]!;
      if (more < least) [least, chosen] = [more, cell];
    }
    if (chosen < 0) return; // no more cells than sources
    draft.uses[groups.of[draft.cells[chosen]!]!]!--;
    draft.uses[group]!++;
    draft.cells[chosen] = picture;
    draft.costs[chosen]! += least;
  }
}

function sum(values: Float64Array): number {
  return values.reduce((total, value) => total + value, 0);
}
