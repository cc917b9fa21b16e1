import { readdir } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import type { Catalog } from '../../dist/catalog/catalog.js';
import { groupAlike } from '../../dist/catalog/near-duplicates.js';
import { turned } from '../../dist/catalog/turn.js';
import type { SourceRasters } from '../../dist/tiles/cell-painter.js';
import { match, type MatchOptions } from '../../dist/match/match.js';
import { measureAfar } from '../../dist/measure/afar.js';
import { measureLikeness } from '../../dist/measure/likeness.js';
import { openTarget, type Target } from '../../dist/image/target.js';
import { DEFAULTS } from '../../src/conductor/option-table.ts';
import type { Grid, Likeness, Placement, Turn } from '../../src/types.ts';
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
  const features = catalog.features();
  return { catalog, features, alike: groupAlike(catalog.hashes(), features) };
}

export type OpenCatalog = Awaited<ReturnType<typeof openCatalog>>;

/** Matches as a build does by default, but for `options`. */
export async function place(
  { features, alike }: OpenCatalog,
  { target, grid }: Scene,
  options: Partial<MatchOptions> = {},
): Promise<Placement> {
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
    crops: new Uint32Array(alike.length).fill(1),
  };
  const calls = { concurrency: availableParallelism(), onProgress, signal };
  return await match(
    target,
    { whole: features },
    {
      ...defaults,
      ...calls,
      grid,
      cell: SQUARE,
      alike,
      pins: new Map(),
      ...options,
    },
  );
}

/** The px of a catalog's sources, and of what they look like turned. */
export function turnable(catalog: Catalog): SourceRasters {
  const usable = catalog.sources.length;
  return {
    pixels: (id, size) => turned(catalog.pixels(id % usable, size), size, Math.floor(id / usable) as Turn),
  };
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
  const afar = await measureAfar({ target: scene.target, cell: SQUARE, placement, sources, signal });
  return { ...likeness.find(({ cellPx }) => cellPx === 2)!, afar };
}

/** Share of the cells that the source which fills most has. */
export function mostShare({ cells }: Placement): number {
  const uses = new Map<number, number>();
  for (const id of cells) uses.set(id, (uses.get(id) ?? 0) + 1);
  return Math.max(...uses.values()) / cells.length;
}

/** Sources that are used. */
export function usedOf({ cells }: Placement): number {
  return new Set(cells).size;
}

export function geometricMean(values: readonly number[]): number {
  return Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length);
}

export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
