/**
 * The cheapest pictures of many cells at once, looked up by all matching threads: one asks, and takes part; the others help
 * whenever something is asked. What is found does not depend on how many they are, nor on which of them found it.
 */
import { FEATURE_LENGTH } from '../colour/features.ts';
import { PricedSources } from '../kernels/priced-kernel.ts';
import { type SourcesMemory, sourcesMemory } from '../kernels/priced-memory.ts';

/** Cells that can be asked for at once. */
export const BATCH = 2048;
/** Pictures of a cell that are asked for at most: by whoever has to pass over those that stand near. */
export const ASKED_MAX = 512;
/** Cells that a thread looks up before it asks for more. */
const CHUNK = 32;

/** What the threads share, plain data. */
export interface LookupMemory {
  /** Quantised features of all cells. */
  readonly cells: Int16Array;
  /** And of all pictures, by position. */
  readonly points: Int16Array;
  /** What the costs of each cell are multiplied by. */
  readonly weights: Float32Array;
  readonly sources: SourcesMemory;
  /** {@link BATCH} cells, and what was found for each: how many pictures; their ids, costs and costs x weight + prices, one cell after the other. */
  readonly asked: Uint32Array;
  readonly held: Uint16Array;
  readonly ids: Uint32Array;
  readonly costs: Int32Array;
  readonly values: Float32Array;
  readonly control: Int32Array;
}

// Places in `control`. ROUND: number of what is being asked; NOTHING while nothing is, OVER when nothing will be.
const [ROUND, ACTIVE, NEXT, COUNT, EACH] = [0, 1, 2, 3, 4];
const [NOTHING, OVER] = [0, -1];

/** @param most pictures of a cell that are ever asked for; @param threads that look up. */
export function lookupMemory(
  { cells, points, weights }: Pick<LookupMemory, 'cells' | 'points' | 'weights'>,
  most: number,
  threads = 1,
): LookupMemory {
  const asked = Math.min(most, points.length / FEATURE_LENGTH);
  const found = BATCH * asked * 4;
  return {
    cells,
    points,
    weights,
    sources: sourcesMemory(points, asked, threads),
    asked: new Uint32Array(new SharedArrayBuffer(BATCH * 4)),
    held: new Uint16Array(new SharedArrayBuffer(BATCH * 2)),
    ids: new Uint32Array(new SharedArrayBuffer(found)),
    costs: new Int32Array(new SharedArrayBuffer(found)),
    values: new Float32Array(new SharedArrayBuffer(found)),
    control: new Int32Array(new SharedArrayBuffer(5 * 4)),
  };
}

/** The thread that asks. */
export class Lookup {
  readonly memory: LookupMemory;
  /** Prices are set here; one cell alone is looked up here, too. */
  readonly sources: PricedSources;
  private rounds = 0;

  constructor(memory: LookupMemory) {
    this.memory = memory;
    this.sources = new PricedSources(memory.sources);
  }

  /**
   * Looks up the `k` cheapest pictures of each cell; what it found is in {@link memory} until the next time, k for each
   * of the cells.
   *
   * @param cells no more than {@link BATCH}; @param k no more than may be asked of {@link sources}.
   */
  cheapest(cells: ArrayLike<number>, k: number): void {
    const { memory, sources } = this;
    const { control } = memory;
    memory.asked.set(cells);
    control[COUNT] = cells.length;
    control[EACH] = k;
    Atomics.store(control, NEXT, 0);
    Atomics.store(control, ROUND, ++this.rounds);
    Atomics.notify(control, ROUND);
    take(memory, sources);
    Atomics.store(control, ROUND, NOTHING);
    for (let active; (active = Atomics.load(control, ACTIVE)) > 0;) Atomics.wait(control, ACTIVE, active);
  }

  /** Looks up the `k` cheapest pictures of one cell, below a limit; what it found stands first in {@link memory}, and is so many. */
  cheapestOf(cell: number, k: number, limit = Infinity): number {
    this.memory.asked[0] = cell;
    lookUp(this.memory, this.sources, 0, k, limit);
    return this.memory.held[0]!;
  }

  /** Sends the helpers home. */
  close(): void {
    Atomics.store(this.memory.control, ROUND, OVER);
    Atomics.notify(this.memory.control, ROUND);
  }
}

/** Helps who asks, until that is over. @param seat of this thread, 1 and up. */
export function help(memory: LookupMemory, seat: number): void {
  const { control } = memory;
  const sources = new PricedSources(memory.sources, seat);
  for (let done = NOTHING; ;) {
    const round = Atomics.load(control, ROUND);
    if (round === OVER) return;
    if (round === NOTHING || round === done) {
      Atomics.wait(control, ROUND, round);
      continue;
    }
    // What is asked only changes while nobody is active; so it is a round's own if one is still going on now.
    Atomics.add(control, ACTIVE, 1);
    done = Atomics.load(control, ROUND);
    try {
      if (done > NOTHING) take(memory, sources);
    } finally {
      Atomics.sub(control, ACTIVE, 1);
      Atomics.notify(control, ACTIVE);
    }
  }
}

/** Looks up chunks of cells until none is left. */
function take(memory: LookupMemory, sources: PricedSources): void {
  const { control } = memory;
  const [count, k] = [control[COUNT]!, control[EACH]!];
  for (let start; (start = Atomics.add(control, NEXT, CHUNK)) < count;) {
    for (let i = start; i < Math.min(count, start + CHUNK); i++) lookUp(memory, sources, i, k, Infinity);
  }
}

/** Looks up the `i`th cell that was asked for. */
function lookUp(memory: LookupMemory, sources: PricedSources, i: number, k: number, limit: number): void {
  const { cells, weights, asked, held, ids, costs, values } = memory;
  const cell = asked[i]!;
  const found = sources.cheapest(cells, cell * FEATURE_LENGTH, k, limit, weights[cell]);
  held[i] = found;
  for (let rank = 0, to = i * k; rank < found; rank++, to++) {
    ids[to] = sources.ids[2 * rank]!;
    values[to] = sources.values[2 * rank + 1]!;
    costs[to] = sources.costs[rank]!;
  }
}
