/**
 * Finds the k cheapest pictures of many cells at once, on all matching threads. One thread, the asker ({@link Lookup}),
 * sets a batch of cells and takes part in the work; the other threads ({@link help}) wait and help with each batch.
 *
 * The protocol uses no locks, only atomics on `control`. A batch is one round:
 *
 * 1. The asker writes the cells, COUNT and EACH (k), resets NEXT, then publishes the round's number in ROUND and wakes the
 *    helpers.
 * 2. Every thread claims chunks of cells by adding to NEXT, until none is left.
 * 3. The asker sets ROUND to NOTHING, so that no helper joins any more, and waits until ACTIVE is 0.
 *
 * An asker may look up in other memories, too, one at a time ({@link Lookup.other}). MEMORY tells the number of the one that a round
 * is about. A helper receives it through its port; until it has, it does not take part.
 *
 * A helper adds itself to ACTIVE, then reads ROUND again and works only if a round is on. The asker writes the next batch
 * only after step 3, so a batch never changes while a thread works on it. Each cell's results have their own place: they
 * depend neither on the number of threads nor on which thread found them.
 */
import { type MessagePort, receiveMessageOnPort } from 'node:worker_threads';
import { FEATURE_LENGTH } from '../colour/features.ts';
import { PricedPictures } from '../kernels/priced-kernel.ts';
import { type PricedMemory, pricedMemory } from '../kernels/priced-memory.ts';

/** Greatest number of cells of a batch. */
export const BATCH = 2048;
/** Greatest number of pictures that are asked for per cell: some callers skip pictures that have near-duplicates nearby. */
export const ASKED_MAX = 512;
/** Greatest number of cells that a thread claims at a time; of small batches, each claims a single one. */
const CHUNK = 32;
/** Number of times that a thread looks whether its wait is over before it sleeps: a small batch takes less time than waking up. */
const LOOKS = 10_000;

/** Memory that the threads share; plain data. */
export interface LookupMemory {
  /** 0 for the memory that a thread begins with. */
  readonly number: number;
  /** Quantised features of all cells. */
  readonly cells: Int16Array;
  /** Quantised features of all pictures. */
  readonly points: Int16Array;
  /** By cell: factor of its costs. */
  readonly weights: Float32Array;
  readonly priced: PricedMemory;
  /**
   * The batch: up to {@link BATCH} cells in `asked`, for each the `limits` that its results stay below, and their number in
   * `held`. Cell i of a batch has its results from i * k on, in rising order: `costs` are unweighted, `values` are cost x weight + price.
   */
  readonly asked: Uint32Array;
  readonly limits: Float32Array;
  readonly held: Uint16Array;
  readonly pictures: Uint32Array;
  readonly costs: Int32Array;
  readonly values: Float32Array;
  readonly control: Int32Array;
}

// Indices into `control`. ROUND: number of the current round; NOTHING between rounds, OVER after the last. ACTIVE: number
// of helpers at work. NEXT: first cell of the batch that is not claimed. COUNT: number of cells of the batch. EACH:
// pictures per cell (k). MEMORY: number of the memory of the batch.
const [ROUND, ACTIVE, NEXT, COUNT, EACH, MEMORY] = [0, 1, 2, 3, 4, 5];
const CONTROL_BYTES = 6 * 4;
const [NOTHING, OVER] = [0, -1];

/**
 * Allocates the shared memory of a lookup.
 *
 * @param most greatest number of pictures per cell that will be asked for.
 * @param threads number of threads that look up, the asker included.
 */
export function lookupMemory(
  { cells, points, weights }: Pick<LookupMemory, 'cells' | 'points' | 'weights'>,
  most: number,
  threads = 1,
): LookupMemory {
  const asked = Math.min(most, points.length / FEATURE_LENGTH);
  const found = BATCH * asked * 4;
  return {
    number: 0,
    cells,
    points,
    weights,
    priced: pricedMemory(points, asked, threads),
    asked: new Uint32Array(new SharedArrayBuffer(BATCH * 4)),
    limits: new Float32Array(new SharedArrayBuffer(BATCH * 4)),
    held: new Uint16Array(new SharedArrayBuffer(BATCH * 2)),
    pictures: new Uint32Array(new SharedArrayBuffer(found)),
    costs: new Int32Array(new SharedArrayBuffer(found)),
    values: new Float32Array(new SharedArrayBuffer(found)),
    control: new Int32Array(new SharedArrayBuffer(CONTROL_BYTES)),
  };
}

/** The asker's side of the protocol; one thread has it. */
export class Lookup {
  readonly memory: LookupMemory;
  /** Prices are set here. The asker searches through it, too. */
  readonly priced: PricedPictures;
  private readonly ports: readonly MessagePort[];
  private readonly counts: { rounds: number; memories: number };

  /** @param ports through which helpers receive further memories. */
  constructor(memory: LookupMemory, ports: readonly MessagePort[] = [], counts = { rounds: 0, memories: 0 }) {
    this.memory = memory;
    this.priced = new PricedPictures(memory.priced);
    this.ports = ports;
    this.counts = counts;
  }

  /**
   * Makes a lookup of other cells and pictures, with which the same threads help. They forget the one made before.
   *
   * @param features of cells and pictures, and weights of cells, in memory that threads can share.
   * @param most greatest number of pictures per cell that will be asked for.
   */
  other(features: Pick<LookupMemory, 'cells' | 'points' | 'weights'>, most: number): Lookup {
    const { memory, ports, counts } = this;
    const made = lookupMemory(features, most, ports.length + 1);
    const other: LookupMemory = { ...made, number: ++counts.memories, control: memory.control };
    for (const port of ports) port.postMessage(other);
    return new Lookup(other, ports, counts);
  }

  /**
   * Looks up the `k` cheapest pictures of each cell. The results stay in {@link memory} until the next call, k places per
   * cell.
   *
   * @param cells at most {@link BATCH}.
   * @param k at most the `most` of {@link priced}.
   * @param limits by cell: only pictures below it are found, which is faster; by default all.
   */
  cheapest(cells: ArrayLike<number>, k: number, limits?: Float32Array): void {
    const { memory, priced } = this;
    const { control } = memory;
    memory.asked.set(cells);
    if (limits) memory.limits.set(limits);
    else memory.limits.fill(Infinity);
    control[COUNT] = cells.length;
    control[EACH] = k;
    control[MEMORY] = memory.number;
    Atomics.store(control, NEXT, 0);
    Atomics.store(control, ROUND, ++this.counts.rounds);
    Atomics.notify(control, ROUND);
    take(memory, priced);
    Atomics.store(control, ROUND, NOTHING);
    for (let look = 0; look < LOOKS && Atomics.load(control, ACTIVE) > 0; look++);
    for (let active; (active = Atomics.load(control, ACTIVE)) > 0;) Atomics.wait(control, ACTIVE, active);
  }

  /**
   * Looks up the `k` cheapest pictures of one cell that cost less than `limit`, on this thread alone. The results are the
   * first ones in {@link memory}.
   *
   * @returns the number of pictures found.
   */
  cheapestOf(cell: number, k: number, limit = Infinity): number {
    this.memory.asked[0] = cell;
    lookUp(this.memory, this.priced, { i: 0, k, limit });
    return this.memory.held[0]!;
  }

  /** Ends the helpers' loops. */
  close(): void {
    Atomics.store(this.memory.control, ROUND, OVER);
    Atomics.notify(this.memory.control, ROUND);
  }
}

/**
 * Helps the asker with each round, until it closes the lookup.
 *
 * @param seat of this thread, 1 and up.
 * @param port that receives further memories.
 */
export function help(memory: LookupMemory, seat: number, port?: MessagePort): void {
  const { control } = memory;
  const own = { memory, priced: new PricedPictures(memory.priced, seat) };
  let other = own;
  for (let done = NOTHING; ;) {
    const round = Atomics.load(control, ROUND);
    if (round === OVER) return;
    if (round === NOTHING || round === done) {
      for (let look = 0; look < LOOKS && Atomics.load(control, ROUND) === round; look++);
      Atomics.wait(control, ROUND, round);
      continue;
    }
    // The batch changes only while ACTIVE is 0. So if a round is on now, its batch stays as it is until this thread is
    // done.
    Atomics.add(control, ACTIVE, 1);
    done = Atomics.load(control, ROUND);
    try {
      if (done > NOTHING) {
        const number = control[MEMORY]!;
        while (number > other.memory.number) {
          const received = port && (receiveMessageOnPort(port)?.message as LookupMemory | undefined);
          if (!received) break;
          other = { memory: received, priced: new PricedPictures(received.priced, seat) };
        }
        const asked = number === 0 ? own : other;
        if (asked.memory.number === number) take(asked.memory, asked.priced);
      }
    } finally {
      Atomics.sub(control, ACTIVE, 1);
      Atomics.notify(control, ACTIVE);
    }
  }
}

/** Claims chunks of cells and looks them up, until none is left. */
function take(memory: LookupMemory, priced: PricedPictures): void {
  const { control } = memory;
  const [count, k] = [control[COUNT]!, control[EACH]!];
  const chunk = count < BATCH / 4 ? 1 : CHUNK;
  for (let start; (start = Atomics.add(control, NEXT, chunk)) < count;) {
    for (let i = start; i < Math.min(count, start + chunk); i++)
      lookUp(memory, priced, { i, k, limit: memory.limits[i]! });
  }
}

/** Looks up the `k` cheapest pictures of the `i`th cell of the batch. */
function lookUp(
  memory: LookupMemory,
  priced: PricedPictures,
  { i, k, limit }: { readonly i: number; readonly k: number; readonly limit: number },
): void {
  const { cells, weights, asked, held, pictures, costs, values } = memory;
  const cell = asked[i]!;
  const found = priced.cheapest(cells, cell * FEATURE_LENGTH, k, limit, weights[cell]);
  held[i] = found;
  for (let rank = 0, to = i * k; rank < found; rank++, to++) {
    pictures[to] = priced.pictures[2 * rank]!;
    values[to] = priced.values[2 * rank + 1]!;
    costs[to] = priced.costs[rank]!;
  }
}
