import { readdir } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { groupAlike } from '../../dist/catalog/near-duplicates.js';
import type { SourceRasters } from '../../dist/tiles/cell-painter.js';
import { FEATURE_ORDER, FEATURE_SIDE } from '../../dist/colour/features.js';
import { linearToSrgb } from '../../dist/colour/linear.js';
import { oklabToLinear } from '../../dist/colour/oklab.js';
import { match, type MatchOptions } from '../../dist/match/match.js';
import { pictureFeatures } from '../../dist/match/variants.js';
import { measureAfar } from '../../dist/measure/afar.js';
import { measureLikeness } from '../../dist/measure/likeness.js';
import { openTarget, type Target } from '../../dist/image/target.js';
import { DEFAULTS } from '../../src/conductor/option-table.ts';
import { CROP_SETS, type CropSet, cropMasks, perSourceOf } from '../../src/tiles/crops.ts';
import type { Grid, Likeness, Placement } from '../../src/types.ts';
import { catalogOf } from './data.ts';
import { SHARED_DATA } from './shared-data.ts';

/** Photographs that mosaics are made of in benches: six of the Kodak set, where they are at hand. */
const TARGETS = ['04', '07', '08', '15', '19', '23'];

const { signal } = new AbortController();
const onProgress = () => {};
/** Shape of all cells. */
const SQUARE = { width: 1, height: 1 };

/** A target, by its name, and the grid of cells that it is looked at in. */
export interface Scene {
  readonly name: string;
  readonly target: Target;
  readonly grid: Grid;
}

/** The targets, with so many cells along the longer side or, with `across`, in a row. */
export async function scenes(cells: { readonly longer: number } | { readonly across: number }, other: string) {
  const folder = join(SHARED_DATA, 'targets');
  const there = await readdir(folder).catch(() => []);
  const paths = there.length > 0 ? TARGETS.map((name) => join(folder, `${name}.png`)) : [other];
  return await Promise.all(
    paths.map(async (path, i): Promise<Scene> => {
      const target = await openTarget(path);
      const { width, height } = target;
      const columns = 'across' in cells ? cells.across : Math.round((cells.longer * width) / Math.max(width, height));
      return { name: TARGETS[i]!, target, grid: { columns, rows: Math.round((columns * height) / width) } };
    }),
  );
}

/** A catalog of a folder's images, and what the near-duplicates in it are. */
export async function openCatalog(images: string, folder: string, cellSize: number) {
  const catalog = await catalogOf(images, folder, cellSize);
  const features = catalog.sourceFeatures(true);
  return { catalog, features, alike: groupAlike(catalog.hashes(), features.whole) };
}

export type OpenCatalog = Awaited<ReturnType<typeof openCatalog>>;

/** What {@link place} may do otherwise than a build by default. */
export interface PlaceOptions extends Omit<Partial<MatchOptions>, 'crops'> {
  readonly crops?: CropSet;
  /** Side of a cell, px, which a crop has to fill. */
  readonly cellSize?: number;
}

/** Matches as a build does by default, but for `options`. */
export async function place(
  { catalog, features, alike }: OpenCatalog,
  { target, grid }: Scene,
  { crops = DEFAULTS.crops, cellSize = 128, ...options }: PlaceOptions = {},
): Promise<Placement> {
  const cell = { width: cellSize, height: cellSize };
  const { maxUses, variety, afar, useAll, adapt } = DEFAULTS;
  const defaults = {
    maxUses,
    variety,
    afar,
    useAll,
    adapt,
    minDistance: undefined,
    weights: undefined,
    turns: [0] as const,
    crops: cropMasks(catalog.sources, { cell, crop: 'centre' }, CROP_SETS[crops]),
  };
  const calls = { concurrency: availableParallelism(), onProgress, signal };
  const perSource = perSourceOf(CROP_SETS[crops]);
  const placing = {
    perSource,
    ...defaults,
    ...calls,
    grid,
    cell: SQUARE,
    alike,
    pins: new Map<number, number>(),
    ...options,
  };
  return await match(target, features, placing);
}

/** The px of pictures at up to 4 px per cell: what their features say, which are means of 4 x 4 parts. */
export function rastersOf({ features }: OpenCatalog): SourceRasters {
  const known = new Map<string, Uint8Array>();
  return {
    pixels: (id, { width: side }) => {
      const key = `${id} ${side}`;
      const px = known.get(key) ?? featurePx(pictureFeatures(features, [id]), side);
      known.set(key, px);
      return px;
    },
  };
}

/** Means of side x side parts of a picture, sRGB, from its feature vector. */
function featurePx(features: Float32Array, side: number): Uint8Array {
  const n = FEATURE_SIDE;
  const wave = (k: number, at: number) => Math.sqrt((k ? 2 : 1) / n) * Math.cos((Math.PI * (at + 0.5) * k) / n);
  const sums = new Float64Array(side * side * 3);
  const colour = new Float64Array(3);
  for (let part = 0; part < n * n; part++) {
    const [x, y] = [part % n, Math.floor(part / n)];
    const lab = [0, 0, 0];
    for (const [i, frequency] of FEATURE_ORDER.entries()) {
      const factor = wave(Math.floor(frequency / n), y) * wave(frequency % n, x);
      for (let c = 0; c < 3; c++) lab[c]! += factor * features[i * 3 + c]!;
    }
    oklabToLinear(lab[0]!, lab[1]!, lab[2]!, colour, 0);
    const to = (Math.floor((y * side) / n) * side + Math.floor((x * side) / n)) * 3;
    for (let c = 0; c < 3; c++) sums[to + c]! += colour[c]! / (n / side) ** 2;
  }
  return Uint8Array.from(sums, (value) => Math.round(linearToSrgb(value)));
}

/** How like its target a placement looks at 1, 2, 4 and 8 px per cell. */
export async function likenessAt(sources: SourceRasters, { target }: Scene, placement: Placement): Promise<Likeness[]> {
  return await measureLikeness({ target, cell: SQUARE, placement, sources, onProgress, signal });
}

/** And at 2. */
export async function likenessOf(
  sources: SourceRasters,
  scene: Scene,
  placement: Placement,
): Promise<Likeness & { readonly afar: number }> {
  const likeness = await likenessAt(sources, scene, placement);
  const { afar } = await measureAfar({ target: scene.target, cell: SQUARE, placement, sources, signal });
  return { ...likeness.find(({ cellPx }) => cellPx === 2)!, afar };
}

/** Share of the cells that the source which fills most has. */
export function mostShare({ cells }: Placement, { alike }: OpenCatalog): number {
  const uses = new Map<number, number>();
  for (const id of cells) uses.set(id % alike.length, (uses.get(id % alike.length) ?? 0) + 1);
  return Math.max(...uses.values()) / cells.length;
}

/** Sources that are used. */
export function usedOf({ cells }: Placement, { alike }: OpenCatalog): number {
  return new Set(Array.from(cells, (id) => id % alike.length)).size;
}

export function geometricMean(values: readonly number[]): number {
  return Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length);
}

export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
