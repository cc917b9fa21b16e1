import type { Grid, Size, Turn } from '../types.ts';
import { FREE, type Scene } from './jobs.ts';
import { type MatchParts, shared } from './parts.ts';
import { targetCellsOf } from './target-cells.ts';
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
  /** 0..1: how far the target's colours are moved into what pictures can show, before they are compared. */
  readonly adapt: number;
  /** Cell -> source that is pinned to it, upright. */
  readonly pins: ReadonlyMap<number, number>;
}

/** Builds the data that matching threads share; `sharing` is equal for sources that share their uses. */
export async function sceneOf(parts: MatchParts, sharing: Uint32Array, options: SceneOptions): Promise<Scene> {
  const { grid, alike, crops, afar, adapt, pins } = options;
  const usable = alike.length;
  const { tree, ids, means } = parts.pictures(options);
  const sources = shared(ids.map((id) => id % usable));
  const whole = new Uint32Array(usable);
  for (const [picture, id] of ids.entries()) if (id < usable) whole[id] = picture;
  const cells = grid.columns * grid.rows;
  const colours = await parts.colours(options);
  return {
    target: targetCellsOf(colours, grid, { features: parts.features, crops, part: adapt }),
    tree,
    ids,
    sources,
    sharing: shared(sources.map((source) => sharing[source]!)),
    alike: shared(sources.map((source) => alike[source]!)),
    ...(afar > 0 && { means: means() }),
    weights: await weightsOf(parts, options),
    pins: shared(Uint32Array.from({ length: cells }, (_, at) => (pins.has(at) ? whole[pins.get(at)!]! : FREE))),
  };
}

/** Computes the weights of cells, 1 on average. */
async function weightsOf(
  parts: MatchParts,
  { grid, cell, weights: from }: Pick<SceneOptions, 'grid' | 'cell' | 'weights'>,
): Promise<Float32Array> {
  const weights = new Float32Array(new SharedArrayBuffer(grid.columns * grid.rows * 4)).fill(1);
  if (from === undefined) return weights;
  weights.set(
    from === 'auto'
      ? autoWeights(targetCellsOf(await parts.colours({ grid, cell }), grid))
      : await readWeights(from, grid, cell),
  );
  const mean = weights.reduce((sum, weight) => sum + weight, 0) / weights.length;
  for (const [at, weight] of weights.entries()) weights[at] = weight / mean;
  return weights;
}
