/**
 * Exact nearest neighbour among feature vectors: a k-d tree over the coarsest dimensions. A search visits the nearer child
 * first and updates the distance to a box one dimension at a time (Arya & Mount, "Algorithms for fast vector quantization",
 * 1993). It sums a point's distance coarse to fine and stops as soon as that exceeds the best. The result equals brute
 * force to the last bit: distances are summed in the same order, and ties go to the lowest id.
 */
import { FEATURE_LENGTH } from '../colour/features.ts';

/** A tree in plain memory that threads can share. */
export interface SearchTree {
  /** Vectors in tree order, {@link FEATURE_LENGTH} numbers each. */
  readonly points: Float32Array;
  /** Position in tree order -> id. */
  readonly ids: Uint32Array;
  /** Per node: split dimension (255 for a leaf) and split value. The children of node i are 2i + 1 and 2i + 2. */
  readonly dimensions: Uint8Array;
  readonly splits: Float32Array;
  /** Per node: its range of positions, `starts[i]..ends[i]` (exclusive). */
  readonly starts: Uint32Array;
  readonly ends: Uint32Array;
}

const LEAF = 255;
const LEAF_POINTS = 12;
/** Number of dimensions that may be split; the first few hold most of the variance. */
const SPLIT_DIMENSIONS = 18;

/** Builds a tree of `features` (by id, {@link FEATURE_LENGTH} numbers each). */
export function buildSearchTree(features: Float32Array): SearchTree {
  const count = features.length / FEATURE_LENGTH;
  const depth = Math.max(0, Math.ceil(Math.log2(count / LEAF_POINTS)));
  const nodes = 2 ** (depth + 1) - 1;
  const shared = (bytes: number) => new SharedArrayBuffer(bytes);
  const tree: SearchTree = {
    points: new Float32Array(shared(features.byteLength)),
    ids: new Uint32Array(shared(count * 4)).map((_, i) => i),
    dimensions: new Uint8Array(shared(nodes)).fill(LEAF),
    splits: new Float32Array(shared(nodes * 4)),
    starts: new Uint32Array(shared(nodes * 4)),
    ends: new Uint32Array(shared(nodes * 4)),
  };
  split(tree, features, { node: 0, start: 0, end: count });
  for (const [i, id] of tree.ids.entries()) {
    tree.points.set(features.subarray(id * FEATURE_LENGTH, (id + 1) * FEATURE_LENGTH), i * FEATURE_LENGTH);
  }
  return tree;
}

/** Fills a node of the tree, and the nodes below it, with the points `start..end`. */
function split(
  tree: SearchTree,
  features: Float32Array,
  { node, start, end }: { readonly node: number; readonly start: number; readonly end: number },
): void {
  tree.starts[node] = start;
  tree.ends[node] = end;
  if (2 * node + 2 >= tree.dimensions.length) return;
  const ids = tree.ids.subarray(start, end);
  const dimension = widest(ids, features);
  const value = (id: number) => features[id * FEATURE_LENGTH + dimension]!;
  ids.sort((a, b) => value(a) - value(b) || a - b);
  const middle = (start + end) >> 1;
  tree.dimensions[node] = dimension;
  tree.splits[node] = middle < end ? value(tree.ids[middle]!) : 0;
  split(tree, features, { node: 2 * node + 1, start, end: middle });
  split(tree, features, { node: 2 * node + 2, start: middle, end });
}

/** Finds the dimension of the greatest variance. */
function widest(ids: Uint32Array, features: Float32Array): number {
  let best = 0;
  let most = -1;
  for (let dimension = 0; dimension < SPLIT_DIMENSIONS; dimension++) {
    let sum = 0;
    let squares = 0;
    for (const id of ids) {
      const value = features[id * FEATURE_LENGTH + dimension]!;
      sum += value;
      squares += value * value;
    }
    const variance = squares - (sum * sum) / Math.max(1, ids.length);
    if (variance > most) [best, most] = [dimension, variance];
  }
  return best;
}

/** Computes the squared distance of a vector and the one at `points[at..]`; sums in the order of dimensions. */
export function squaredDistance(vector: Float32Array, points: Float32Array, at: number): number {
  let sum = 0;
  for (let i = 0; i < FEATURE_LENGTH; i++) {
    const difference = vector[i]! - points[at + i]!;
    sum += difference * difference;
  }
  return sum;
}

export interface NearestOptions {
  /**
   * An id that is likely near, such as a neighbouring cell's result: a warm start that does not change the result. It must
   * not have been removed; ignored with `allowed`.
   */
  readonly guess?: number;
  /** Tells whether a point may be the result. */
  readonly allowed?: (id: number) => boolean;
}

/** A search in a {@link SearchTree}; one per thread. */
export class NearestSearch {
  /** Squared distance and id of the latest search's result; Infinity and -1 if there is none. */
  distance = Infinity;
  id = -1;
  /** Position of that result in the tree; -1 if there is none. */
  position = -1;
  private readonly tree: SearchTree;
  private readonly offsets = new Float64Array(SPLIT_DIMENSIONS);
  private readonly query = new Float32Array(FEATURE_LENGTH);
  private readonly positions: Uint32Array;
  private allowed: ((id: number) => boolean) | undefined;
  /** Per node: number of points that are not removed; undefined until the first removal. */
  private alive: Uint32Array | undefined;
  /** Per position: 1 if the point is removed. */
  private readonly removed: Uint8Array;

  constructor(tree: SearchTree) {
    this.tree = tree;
    this.positions = new Uint32Array(tree.ids.length);
    this.removed = new Uint8Array(tree.ids.length);
    for (const [position, id] of tree.ids.entries()) this.positions[id] = position;
  }

  /**
   * Finds the nearest point to the vector at `queries[at..]`. */
  nearest(queries: Float32Array, at: number, { guess = -1, allowed }: NearestOptions = {}): void {
    for (let i = 0; i < FEATURE_LENGTH; i++) this.query[i] = queries[at + i]!;
    this.distance = Infinity;
    this.id = this.position = -1;
    this.allowed = allowed;
    this.offsets.fill(0);
    if (guess >= 0 && !allowed) {
      this.distance = squaredDistance(this.query, this.tree.points, this.positions[guess]! * FEATURE_LENGTH);
      this.id = guess;
      this.position = this.positions[guess]!;
    }
    this.visit(0, 0);
  }

  /** Excludes a point from all further searches. */
  remove(id: number): void {
    const { starts, ends, dimensions } = this.tree;
    this.alive ??= ends.map((end, node) => end - starts[node]!);
    const position = this.positions[id]!;
    this.removed[position] = 1;
    for (let node = 0; ;) {
      this.alive[node]!--;
      if (dimensions[node] === LEAF) return;
      node = position < ends[2 * node + 1]! ? 2 * node + 1 : 2 * node + 2;
    }
  }

  private visit(node: number, bound: number): void {
    const { dimensions, splits } = this.tree;
    if (this.alive?.[node] === 0) return;
    const dimension = dimensions[node]!;
    if (dimension === LEAF) return this.scan(node);
    const offset = this.query[dimension]! - splits[node]!;
    const near = offset < 0 ? 2 * node + 1 : 2 * node + 2;
    this.visit(near, bound);
    const previous = this.offsets[dimension]!;
    const further = bound - previous * previous + offset * offset;
    // Relative slack for rounding: the bound and the distances are summed in different orders.
    if (further > this.distance * (1 + 1e-9)) return;
    this.offsets[dimension] = offset;
    this.visit(near === 2 * node + 1 ? 2 * node + 2 : 2 * node + 1, further);
    this.offsets[dimension] = previous;
  }

  private scan(node: number): void {
    const { points, ids, starts, ends } = this.tree;
    const { query, removed } = this;
    let best = this.distance;
    for (let position = starts[node]!; position < ends[node]!; position++) {
      const at = position * FEATURE_LENGTH;
      let sum = 0;
      let i = 0;
      for (; i < FEATURE_LENGTH && sum <= best; i += 6) {
        const a = query[i]! - points[at + i]!;
        const b = query[i + 1]! - points[at + i + 1]!;
        const c = query[i + 2]! - points[at + i + 2]!;
        const d = query[i + 3]! - points[at + i + 3]!;
        const e = query[i + 4]! - points[at + i + 4]!;
        const f = query[i + 5]! - points[at + i + 5]!;
        sum = sum + a * a + b * b + c * c + d * d + e * e + f * f;
      }
      if (sum > best || removed[position]) continue;
      const id = ids[position]!;
      if (sum === best && id >= this.id && this.id >= 0) continue;
      if (this.allowed && !this.allowed(id)) continue;
      best = this.distance = sum;
      this.id = id;
      this.position = position;
    }
  }
}
