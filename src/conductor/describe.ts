import type { Catalog } from '../catalog/catalog.ts';
import { leftOutOf } from '../catalog/left-out.ts';
import type { Pictures } from '../catalog/pictures.ts';
import { toHex } from '../colour/hex.ts';
import type { ResolvedOptions } from './options.ts';
import { BLOCK_SIDE } from '../format/cell-blocks.ts';
import { type Caption, DIRECTORY_BLOCK } from '../format/directory.ts';
import { extensionOf, levelsOf } from '../tiles/tile-plan.ts';
import { type Layouts, MOSAIC_VERSION, type MosaicJson } from '../format/mosaic-json.ts';
import type { Grid, Quality, Recipe, Rgb } from '../types.ts';

/** Facts of a finished mosaic. */
export interface MosaicFacts {
  readonly options: ResolvedOptions;
  readonly grid: Grid;
  readonly recipe: Recipe;
  readonly layouts: Layouts;
  readonly catalog: Catalog;
  readonly pictures: Pictures;
  readonly background: Rgb;
  /** By source: lowest id of its near-duplicates. */
  readonly alike: Uint32Array;
  readonly originals: MosaicJson['originals'];
  readonly quality: Quality;
  /** Captions by source id, and cells of the tour. */
  readonly page: { readonly captions: ReadonlyMap<number, Caption>; readonly tour: readonly number[] };
  /** Number of image files found. */
  readonly found: number;
}

/** Returns the content of `mosaic.json`. It does not depend on time, place or speed of the build. */
export function describeMosaic({
  options,
  grid,
  recipe,
  layouts,
  catalog,
  pictures,
  background,
  alike,
  originals,
  quality,
  page,
  found,
}: MosaicFacts): MosaicJson {
  const shown = new Set(pictures.origins);
  const used = catalog.sources.filter((_, id) => shown.has(id));
  return {
    format: 'zoomosaic',
    version: MOSAIC_VERSION,
    title: options.title,
    ...(options.baseUrl !== undefined && { baseUrl: options.baseUrl }),
    layouts,
    grid,
    cell: recipe.cell,
    tileSize: recipe.tileSize,
    width: grid.columns * recipe.cell.width,
    height: grid.rows * recipe.cell.height,
    tile: {
      format: recipe.format,
      extension: extensionOf(recipe.format),
      quality: recipe.quality,
      subsampling: recipe.subsampling,
    },
    crop: recipe.crop,
    background: toHex(background),
    levels: levelsOf(grid, recipe.cell),
    pictures: pictures.count,
    sources: {
      found,
      usable: catalog.sources.length,
      used: used.length,
      skipped: catalog.skipped.length,
      leftOut: Object.fromEntries(leftOutOf(catalog.skipped).map(({ kind, count: files }) => [kind, files])),
      duplicates: catalog.copies.size - catalog.pairs,
      pairs: catalog.pairs,
      nearDuplicates: alike.reduce((sum, leader, id) => sum + (leader === id ? 0 : 1), 0),
      enlarged: used.filter(({ enlarged }) => enlarged).length,
      verbatim: used.filter(({ verbatim }) => verbatim).length,
    },
    names: options.names,
    placement: { block: BLOCK_SIDE, type: pictures.count <= 65536 ? 'u16' : 'u32' },
    language: options.language,
    compare: !options.noCompare,
    offline: options.offline,
    ...(page.tour.length > 0 && { tour: page.tour }),
    directory: {
      block: DIRECTORY_BLOCK,
      named: options.names === 'all' || [...page.captions.values()].some(({ title }) => title !== undefined),
    },
    ...(options.closeup !== undefined && { closeup: options.closeup }),
    ...(originals && { originals }),
    quality,
  };
}
