import { FEATURE_LENGTH, type SourceFeatures, writeMeanColour } from '../colour/features.ts';
import type { Target } from '../image/target.ts';
import type { Grid, Size, Turn } from '../types.ts';
import { emphasise } from './emphasis.ts';
import { FREE, type Scene } from './jobs.ts';
import { buildSearchTree } from './search-tree.ts';
import { cutTarget } from './target.ts';
import { pictureFeatures, pictureIds } from './variants.ts';
import { autoWeights, readWeights } from './weights.ts';

/** Grid and options of a match. */
export interface SceneOptions {
  readonly grid: Grid;
  /** Shape of a cell. */
  readonly cell: Size;
  /** By source: the lowest id of its near-duplicates. */
  readonly alike: Uint32Array;
  /** Orientations that a source may have; the first is upright. */
  readonly turns: readonly Turn[];
  /** By source: bit c tells whether it may be shown in crop c; bit 0 is set. */
  readonly crops: Uint32Array;
  /** Weights of cells: path of a picture, or `auto`; undefined if all are equal. */
  readonly weights: string | undefined;
  /** 0..1: importance of the likeness from afar, where neighbouring cells blend. */
  readonly afar: number;
  /** 0..1: how far the target's colours are moved towards the sources' before they are compared. */
  readonly adapt: number;
  /** Cell -> source that is pinned to it, upright. */
  readonly pins: ReadonlyMap<number, number>;
}

/** Builds the data that matching threads share. */
export async function sceneOf(
  target: Target,
  { features, sharing }: { readonly features: SourceFeatures; readonly sharing: Uint32Array },
  { grid, cell, alike, turns, crops, weights, afar, adapt, pins }: SceneOptions,
): Promise<Scene> {
  const usable = alike.length;
  const ids = pictureIds(crops, turns);
  const vectors = pictureFeatures(features, ids);
  const means = afar > 0 ? meansOf(vectors) : undefined;
  emphasise(vectors);
  const tree = buildSearchTree(vectors);
  const pictures = shared(tree.ids.map((index) => ids[index]!));
  const sources = shared(pictures.map((id) => id % usable));
  const whole = new Uint32Array(usable);
  for (const [picture, id] of pictures.entries()) if (id < usable) whole[id] = picture;
  const cells = grid.columns * grid.rows;
  return {
    target: await cutTarget(target, { grid, cell }, { features: features.whole, part: adapt }),
    tree,
    ids: pictures,
    sources,
    sharing: shared(sources.map((source) => sharing[source]!)),
    alike: shared(sources.map((source) => alike[source]!)),
    ...(means && { means: inTreeOrder(means, tree.ids) }),
    weights: await weightsOf(target, { grid, cell, weights }),
    pins: shared(Uint32Array.from({ length: cells }, (_, at) => (pins.has(at) ? whole[pins.get(at)!]! : FREE))),
  };
}

/** Computes the mean colours of pictures. */
function meansOf(features: Float32Array): Float32Array {
  const count = features.length / FEATURE_LENGTH;
  const means = new Float32Array(count * 3);
  for (let i = 0; i < count; i++) writeMeanColour(features, i * FEATURE_LENGTH, means, i * 3);
  return means;
}

/** Puts colours into the order of a tree, in memory that threads can share. */
function inTreeOrder(means: Float32Array, order: Uint32Array): Float32Array {
  const out = new Float32Array(new SharedArrayBuffer(means.byteLength));
  for (const [picture, i] of order.entries()) for (let c = 0; c < 3; c++) out[picture * 3 + c] = means[i * 3 + c]!;
  return out;
}

/** Computes the weights of cells, 1 on average. */
async function weightsOf(
  target: Target,
  { grid, cell, weights: from }: Pick<SceneOptions, 'grid' | 'cell' | 'weights'>,
): Promise<Float32Array> {
  const weights = new Float32Array(new SharedArrayBuffer(grid.columns * grid.rows * 4)).fill(1);
  if (from === undefined) return weights;
  weights.set(
    from === 'auto' ? autoWeights(await cutTarget(target, { grid, cell })) : await readWeights(from, grid, cell),
  );
  const mean = weights.reduce((sum, weight) => sum + weight, 0) / weights.length;
  for (const [at, weight] of weights.entries()) weights[at] = weight / mean;
  return weights;
}

function shared(values: Uint32Array): Uint32Array {
  const copy = new Uint32Array(new SharedArrayBuffer(values.byteLength));
  copy.set(values);
  return copy;
}
