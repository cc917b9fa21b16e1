/**
 * Halftoning: chooses among nearly equal pictures those whose errors cancel when neighbouring cells blend (see
 * afar-field.ts). A cell whose colour no picture has gets pictures on both sides of it, not the nearest wrong one
 * everywhere.
 *
 * Minimises the costs plus use prices plus `strength` x the energy of the blurred error, by moves of single cells. For
 * given neighbours, a cell's best picture is close to the nearest one of a shifted cell, whose mean colour makes up for the
 * error around it. So a lookup of the shifted cell finds the candidates, and each is judged by its exact change. All rules
 * of the placement stay kept, and no source gets more uses than the most used one had.
 */
import { FEATURE_LENGTH, FEATURE_SIDE, writeMeanColour } from '../../colour/features.ts';
import { linearToOklab, oklabToLinear } from '../../colour/oklab.ts';
import { FEATURE_SCALE } from '../../kernels/priced-kernel.ts';
import { FREE } from '../jobs.ts';
import { BATCH } from '../lookup.ts';
import { nearTest, type NearTest } from '../near.ts';
import { writeCellFeatures } from '../target-cells.ts';
import { AfarField, BLUR_REACH } from './afar-field.ts';
import { costOf, type Draft, type Problem } from './problem.ts';

/** Passes over all cells; fewer if one changes less than the second number, as a part of the cells. */
const SWEEPS = 1;
const WORTH = 0.002;
/** Number of pictures that are judged per cell. */
const TRIED = 8;
/** Cells of a batch are this far apart, so that none blurs into another's surroundings. */
const STEP = 2 * BLUR_REACH + 1;
/** Costs of one unit of squared OKLab difference of a cell's mean colour. */
const COST_SCALE = (FEATURE_SIDE * FEATURE_SCALE) ** 2;

export interface AfarOptions {
  readonly minDistance: number;
  /** Factor of the energy, relative to the costs of the same differences in single cells. */
  readonly strength: number;
  /** By picture: mean colour, linear RGB. */
  readonly means: Float32Array;
  /** The pictures that cells may show; all of them by default. */
  readonly shown?: ReadonlySet<number>;
  /** Called from time to time with the part of the work that is done, 0..1. */
  readonly onProgress: (part: number) => void;
}

/**
 * Improves what a placement looks like from afar.
 *
 * @param draft changed in place.
 */
export function improveAfar(problem: Problem, draft: Draft, options: AfarOptions): void {
  const afar = new Afar(problem, draft, options);
  const total = SWEEPS * draft.cells.length;
  let done = 0;
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    let changed = 0;
    for (const batch of batchesOf(problem)) {
      changed += afar.improve(batch);
      done += batch.length;
      options.onProgress(done / total);
    }
    if (changed < WORTH * draft.cells.length) break;
    afar.linearise();
  }
}

/** Cuts the cells that are not pinned into batches of cells that are {@link STEP} apart. */
function* batchesOf({ scene }: Problem): Generator<Uint32Array> {
  const { columns, rows } = scene.target.grid;
  for (let phase = 0; phase < STEP * STEP; phase++) {
    // A step of 3 in both directions: phases that follow each other are not neighbours.
    const [left, top] = [(phase * 3) % STEP, (Math.floor(phase / STEP) * 3) % STEP];
    const cells: number[] = [];
    for (let y = top; y < rows; y += STEP) {
      for (let x = left; x < columns; x += STEP) {
        const cell = y * columns + x;
        if (scene.pins[cell] === FREE) cells.push(cell);
      }
    }
    for (let at = 0; at < cells.length; at += BATCH) yield Uint32Array.from(cells.slice(at, at + BATCH));
  }
}

class Afar {
  private readonly problem: Problem;
  private readonly draft: Draft;
  private readonly options: AfarOptions;
  private readonly isNear: NearTest;
  private readonly field: AfarField;
  /** By cell: mean colour of the target, linear RGB. */
  private readonly wanted: Float32Array;
  /** Greatest number of uses of a group before. */
  private readonly mostUses: number;
  private readonly asked: number;
  private readonly scale: number;
  private readonly own = new Int16Array(FEATURE_LENGTH * BATCH);
  private readonly colour = new Float64Array(3);
  private readonly lab = new Float64Array(3);

  constructor(problem: Problem, draft: Draft, options: AfarOptions) {
    const { scene, lookup, groups, ways } = problem;
    const { grid } = scene.target;
    this.problem = problem;
    this.draft = draft;
    this.options = options;
    this.scale = options.strength * COST_SCALE;
    this.isNear = nearTest({ grid, distance: options.minDistance }, draft.cells, scene.alike);
    const near = (2 * options.minDistance + 1) ** 2 - 1;
    this.asked = Math.min(lookup.priced.most, (TRIED + near) * ways);
    this.wanted = new Float32Array(draft.cells.length * 3);
    const features = new Float32Array(FEATURE_LENGTH);
    for (let cell = 0; cell < draft.cells.length; cell++) {
      writeCellFeatures(scene.target, cell, features);
      writeMeanColour(features, 0, this.wanted, cell * 3);
    }
    const shown = new Float32Array(draft.cells.length * 3);
    for (const [cell, picture] of draft.cells.entries()) {
      shown.set(options.means.subarray(picture * 3, picture * 3 + 3), cell * 3);
    }
    this.field = new AfarField({ grid, target: this.wanted, shown, weights: scene.weights });
    this.mostUses = draft.uses.reduce((most, times) => Math.max(most, times), 0);
    for (let group = 0; group < groups.count; group++) this.setPrice(group);
  }

  linearise(): void {
    this.field.linearise();
  }

  /** Looks up the candidates of a batch of cells, and makes each cell's best move; returns the number of moves. */
  improve(cells: Uint32Array): number {
    const { lookup } = this.problem;
    const { memory } = lookup;
    for (const [i, cell] of cells.entries()) {
      const row = memory.cells.subarray(cell * FEATURE_LENGTH, (cell + 1) * FEATURE_LENGTH);
      this.own.set(row, i * FEATURE_LENGTH);
      this.shift(cell, row);
    }
    lookup.cheapest(cells, this.asked);
    for (const [i, cell] of cells.entries()) {
      memory.cells.set(this.own.subarray(i * FEATURE_LENGTH, (i + 1) * FEATURE_LENGTH), cell * FEATURE_LENGTH);
    }
    let moves = 0;
    for (const [i, cell] of cells.entries()) {
      const found = memory.pictures.subarray(i * this.asked, i * this.asked + memory.held[i]!);
      if (this.move(cell, found)) moves++;
    }
    return moves;
  }

  /** Shifts the mean colour of a cell's quantised features so that it makes up for the error around it. */
  private shift(cell: number, features: Int16Array): void {
    const { field, wanted, lab, colour, scale } = this;
    const { scene } = this.problem;
    const { means } = this.options;
    field.at(cell);
    const at = cell * 3;
    const shown = this.draft.cells[cell]! * 3;
    const [r, g, b] = [0, 1, 2].map((c) => wanted[at + c]! - means[shown + c]!) as [number, number, number];
    const [rr, rg, rb, gg, gb, bb] = field.curvature as unknown as [number, number, number, number, number, number];
    // Derivative of the energy by the cell's linear RGB, if it had the target's colour.
    const slope = [
      field.gradient[0]! + rr * r + rg * g + rb * b,
      field.gradient[1]! + rg * r + gg * g + gb * b,
      field.gradient[2]! + rb * r + gb * g + bb * b,
    ];
    linearToOklab(wanted[at]!, wanted[at + 1]!, wanted[at + 2]!, lab, 0);
    // By the chain rule, along each axis of OKLab; and the curvature there, by which a move pays less than its slope says.
    const step = 1e-3;
    const weight = scene.weights[cell]! * COST_SCALE;
    for (let axis = 0; axis < 3; axis++) {
      const moved = [lab[0]!, lab[1]!, lab[2]!];
      moved[axis]! += step;
      oklabToLinear(moved[0]!, moved[1]!, moved[2]!, colour, 0);
      const [x, y, z] = [0, 1, 2].map((c) => (colour[c]! - wanted[at + c]!) / step) as [number, number, number];
      const along = slope[0]! * x + slope[1]! * y + slope[2]! * z;
      const curve = x * (rr * x + 2 * (rg * y + rb * z)) + y * (gg * y + 2 * gb * z) + bb * z * z;
      const shift = -(scale * along) / (weight + scale * curve);
      features[axis] = Math.round(features[axis]! + shift * FEATURE_SIDE * FEATURE_SCALE);
    }
  }

  /** Gives a cell the best of some pictures, if that is better than its own; returns whether it changed. */
  private move(cell: number, pictures: Uint32Array): boolean {
    const { problem, draft, field, scale } = this;
    const { groups, slots, rules, ways } = problem;
    const { means } = this.options;
    const { cells, costs, uses } = draft;
    const mine = cells[cell]!;
    const myGroup = groups.of[mine]!;
    const last = rules.useAll && uses[myGroup] === 1;
    const spared = slots.price(uses[myGroup]! - 1);
    const from = mine * 3;
    field.at(cell);
    let [least, chosen, chosenCost, tried] = [-1e-6 * COST_SCALE, -1, 0, 0];
    for (const picture of pictures) {
      const group = groups.of[picture]!;
      if (picture === mine || (last && group !== myGroup)) continue;
      const price = group === myGroup ? 0 : this.priceOf(group) - spared;
      if (!Number.isFinite(price) || this.isNear(cell, picture)) continue;
      if (++tried > TRIED * ways) break;
      const cost = costOf(problem, cell, picture);
      const to = picture * 3;
      const energy = field.change(
        means[to]! - means[from]!,
        means[to + 1]! - means[from + 1]!,
        means[to + 2]! - means[from + 2]!,
      );
      const change = cost - costs[cell]! + price + scale * energy;
      if (change < least) [least, chosen, chosenCost] = [change, picture, cost];
    }
    if (chosen < 0) return false;
    const to = chosen * 3;
    field.move(cell, [means[to]! - means[from]!, means[to + 1]! - means[from + 1]!, means[to + 2]! - means[from + 2]!]);
    const group = groups.of[chosen]!;
    uses[myGroup]!--;
    uses[group]!++;
    cells[cell] = chosen;
    costs[cell] = chosenCost;
    if (group !== myGroup) {
      this.setPrice(myGroup);
      this.setPrice(group);
    }
    return true;
  }

  /** Price of one more use of a group; Infinity where it would get more uses than any group had before. */
  private priceOf(group: number): number {
    const uses = this.draft.uses[group]!;
    return uses < this.mostUses ? this.problem.slots.price(uses) : Infinity;
  }

  /** Tells the lookup the price of one more use of a group. */
  private setPrice(group: number): void {
    const { groups, lookup } = this.problem;
    const price = this.priceOf(group);
    for (let i = groups.starts[group]!; i < groups.starts[group + 1]!; i++) {
      const picture = groups.members[i]!;
      lookup.priced.setPrice(picture, this.options.shown?.has(picture) === false ? Infinity : price);
    }
  }
}
