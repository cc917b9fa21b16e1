import { FEATURE_LENGTH, type SourceFeatures } from '../colour/features.ts';
import { UserError } from '../errors.ts';
import { quantise } from '../kernels/priced-kernel.ts';
import type { Grid, Turn } from '../types.ts';
import { type Sample, slotsFor, STEEP_ABOVE } from './assign/use-prices.ts';
import type { Slots } from './assign/slots.ts';
import { emphasise, writeCellVector } from './emphasis.ts';
import { FREE, type Rules } from './jobs.ts';
import { squaredDistance } from './search-tree.ts';
import { targetCellsOf, type TargetColours, type TargetCells, writeCellFeatures } from './target-cells.ts';
import { pictureFeatures, pictureIds } from './variants.ts';

/** A placement with holes, and the pictures that may fill them. */
export interface RefillOptions {
  readonly grid: Grid;
  /** Picture of each cell, variant x number of sources + source; {@link FREE} marks a hole. Filled in place. */
  readonly cells: Uint32Array;
  readonly target: TargetColours;
  /**
   * 0..1: how far the target's colours are moved into what pictures can show. That is what all sources show, those too that
   * may not fill holes: so colours move as they did in the build, if it had the same sources.
   */
  readonly adapt: number;
  /** Features of the sources. */
  readonly features: SourceFeatures;
  /** Tells whether a source may be used to fill holes. */
  readonly isAllowed: (source: number) => boolean;
  readonly turns: readonly Turn[];
  /** By source: bit c tells whether it may be shown in crop c. */
  readonly crops: Uint32Array;
  /**
   * By source. `alike` is equal for near-duplicates, which must keep the distance; `sharing` is equal for sources that
   * share their uses.
   */
  readonly alike: Uint32Array;
  readonly sharing: Uint32Array;
  readonly minDistance: number;
  readonly rules: Rules;
  /** By cell: weight, 1 on average; undefined if all are equal. */
  readonly weights: Float32Array | undefined;
}

/** Number of times that all holes are filled anew, since their surroundings have changed. */
const SWEEPS = 3;
/** Number of cells or random pairs that are sampled for mean costs. */
const PAIRS = 1000;

/**
 * Fills the holes of a placement and leaves all other cells as they are. Each hole gets the picture of least weighted cost
 * plus price of one more use, among those that uses and distance allow. Cells of greater weight choose first.
 *
 * @returns by filled cell: squared distance of its picture from what the target shows, as {@link Placement.costs}.
 * @throws {UserError} `no-placement` if no picture is allowed in one of them.
 */
export function refill(options: RefillOptions): Map<number, number> {
  const { cells, weights } = options;
  const holes = [...cells.keys()].filter((cell) => cells[cell] === FREE);
  if (holes.length === 0) return new Map();
  const filling = new Filling(options);
  const order = weights ? holes.toSorted((a, b) => weights[b]! - weights[a]!) : holes;
  for (let sweep = 0; sweep <= SWEEPS; sweep++) {
    let changed = false;
    for (const cell of order) changed = filling.fill(cell) || changed;
    if (!changed) break;
  }
  const empty = holes.find((cell) => cells[cell] === FREE);
  if (empty === undefined) return new Map(holes.map((cell) => [cell, filling.difference(cell)]));
  throw new UserError(
    'no-placement',
    `No image may stand in cell ${empty % options.grid.columns},${Math.floor(empty / options.grid.columns)} by the rules of that build`,
    'Build the mosaic again without the image, with more images or other rules.',
  );
}

/** Features and uses of a placement while it is being filled. */
class Filling {
  private readonly options: RefillOptions;
  private readonly usable: number;
  /** Ids of all pictures that may fill a hole or are in place, in rising order; the index of each; and those of each source. */
  private readonly ids: Uint32Array;
  private readonly indexes: ReadonlyMap<number, number>;
  private readonly bySource: readonly (readonly number[])[];
  /** Emphasised features of these pictures, as floats and quantised. */
  private readonly vectors: Float32Array;
  private readonly points: Int16Array;
  /** Quantised features of the cells visited so far. */
  private readonly queries = new Map<number, Int16Array>();
  private readonly target: TargetCells;
  private readonly uses: Uint32Array;
  private readonly slots: Slots;
  /** By `alike`: equal to `mark` if a near-duplicate lies within the distance of the current cell. */
  private readonly near: Uint32Array;
  private mark = 0;

  constructor(options: RefillOptions) {
    const { grid, cells, target, adapt, features, turns, crops, sharing, rules } = options;
    this.options = options;
    this.usable = sharing.length;
    const allowed = pictureIds(crops, turns);
    const shown = cells.filter((id) => id !== FREE);
    this.ids = Uint32Array.from(new Set([...allowed, ...shown])).toSorted();
    this.indexes = new Map(Array.from(this.ids, (id, index) => [id, index]));
    const bySource: number[][] = Array.from({ length: this.usable }, () => []);
    for (const id of allowed) bySource[id % this.usable]!.push(this.indexes.get(id)!);
    this.bySource = bySource;
    this.vectors = pictureFeatures(features, this.ids);
    emphasise(this.vectors);
    this.points = quantise(this.vectors);
    this.target = targetCellsOf(target, grid, { features, crops, part: adapt });
    this.uses = new Uint32Array(this.usable);
    this.near = new Uint32Array(this.usable);
    for (const picture of cells) if (picture !== FREE) this.uses[sharing[picture % this.usable]!]!++;
    const groups = new Set(sharing).size;
    const facts = { cells: cells.length, groups, randomPairs: this.randomPairs(), sample: this.inPlace() };
    // The capacity of a great variety is a wish: holes are filled all the same.
    this.slots = slotsFor({ ...rules, variety: Math.min(rules.variety, STEEP_ABOVE) }, facts);
  }

  /** Fills a cell, whatever it shows now; returns whether that changed it. */
  fill(cell: number): boolean {
    const { cells, isAllowed, alike, sharing, weights } = this.options;
    const weight = weights?.[cell] ?? 1;
    const before = cells[cell]!;
    if (before !== FREE) this.uses[sharing[before % this.usable]!]!--;
    this.markNear(cell);
    let [best, least] = [FREE, Infinity];
    for (let source = 0; source < this.usable; source++) {
      if (this.near[alike[source]!] === this.mark || !isAllowed(source)) continue;
      const price = this.slots.price(this.uses[sharing[source]!]!);
      if (price >= least) continue;
      for (const index of this.bySource[source]!) {
        const cost = price + weight * this.cost(cell, index, (least - price) / weight);
        if (cost < least) [best, least] = [this.ids[index]!, cost];
      }
    }
    cells[cell] = best;
    if (best !== FREE) this.uses[sharing[best % this.usable]!]!++;
    return best !== before;
  }

  /** Squared distance of a cell's picture from what the target shows there, without adaptation. */
  difference(cell: number): number {
    const { target, grid, cells } = this.options;
    const wanted = new Float32Array(FEATURE_LENGTH);
    writeCellVector({ grid, px: target }, cell, wanted);
    return squaredDistance(wanted, this.vectors, this.indexes.get(cells[cell]!)! * FEATURE_LENGTH);
  }

  /** Squared distance of a cell and a picture; may return any number >= `enough` instead if it is not below `enough`. */
  private cost(cell: number, point: number, enough: number): number {
    const query = this.queryOf(cell);
    const at = point * FEATURE_LENGTH;
    let total = 0;
    for (let i = 0; i < FEATURE_LENGTH && total < enough; i += 6) {
      for (let j = i; j < i + 6; j++) total += (query[j]! - this.points[at + j]!) ** 2;
    }
    return total;
  }

  private queryOf(cell: number): Int16Array {
    let query = this.queries.get(cell);
    if (!query) {
      const vector = new Float32Array(FEATURE_LENGTH);
      writeCellFeatures(this.target, cell, vector);
      emphasise(vector);
      this.queries.set(cell, (query = quantise(vector)));
    }
    return query;
  }

  private markNear(cell: number): void {
    const { grid, cells, alike, minDistance } = this.options;
    this.mark++;
    const [column, row] = [cell % grid.columns, Math.floor(cell / grid.columns)];
    for (let y = Math.max(0, row - minDistance); y <= Math.min(grid.rows - 1, row + minDistance); y++) {
      for (let x = Math.max(0, column - minDistance); x <= Math.min(grid.columns - 1, column + minDistance); x++) {
        const other = cells[y * grid.columns + x]!;
        if (other !== FREE && y * grid.columns + x !== cell) this.near[alike[other % this.usable]!] = this.mark;
      }
    }
  }

  private randomPairs(): number {
    const [cells, points] = [this.options.cells.length, this.points.length / FEATURE_LENGTH];
    let total = 0;
    for (let i = 0; i < PAIRS; i++) total += this.cost((i * 7919) % cells, (i * 104729) % points, Infinity);
    return total / PAIRS;
  }

  /** A sample of the pictures that are in place, whose costs are close to those of the closest pictures. */
  private inPlace(): Sample {
    const { cells, sharing } = this.options;
    const step = Math.max(1, Math.floor(cells.length / PAIRS));
    const placed: number[] = [];
    for (let cell = 0; cell < cells.length; cell += step) if (cells[cell] !== FREE) placed.push(cell);
    return {
      starts: Uint32Array.from({ length: placed.length + 1 }, (_, i) => i),
      groups: Uint32Array.from(placed, (cell) => sharing[cells[cell]! % this.usable]!),
      costs: Float64Array.from(placed, (cell) => this.cost(cell, this.indexes.get(cells[cell]!)!, Infinity)),
    };
  }
}
