import type { Catalog } from './catalog/catalog.ts';
import { leftOutOf, leftOutText } from './catalog/left-out.ts';
import type { Pictures } from './catalog/pictures.ts';
import { toHex } from './colour/hex.ts';
import { count } from './numbers.ts';
import type { ResolvedOptions } from './options.ts';
import type { FolderStore } from './store/folder-store.ts';
import { BLOCK_SIDE } from './format/cell-blocks.ts';
import { sizeText } from './layout/dzi.ts';
import type { IiifAbout } from './layout/iiif.ts';
import { extensionOf, levelsOf } from './tile-plan.ts';
import { type Layouts, MOSAIC_VERSION, type MosaicJson } from './format/mosaic-json.ts';
import type { Grid, Quality, Recipe, Rgb } from './types.ts';

/** What a finished mosaic is described from. */
export interface MosaicFacts {
  readonly options: ResolvedOptions;
  readonly grid: Grid;
  readonly recipe: Recipe;
  readonly layouts: Layouts;
  readonly catalog: Catalog;
  readonly pictures: Pictures;
  readonly background: Rgb;
  /** By source, the lowest id of what looks like it. */
  readonly alike: Uint32Array;
  readonly originals: MosaicJson['originals'];
  readonly quality: Quality;
  /** Image files found. */
  readonly found: number;
}

/** `mosaic.json`; nothing in it depends on when, where or how fast it was built. */
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
  found,
}: MosaicFacts): MosaicJson {
  const shown = new Set(pictures.origins);
  const used = catalog.sources.filter((_, id) => shown.has(id));
  return {
    format: 'zoomosaic',
    version: MOSAIC_VERSION,
    title: options.title,
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
    ...(originals && { originals }),
    quality,
  };
}

/** What IIIF tells of a mosaic; `nameOf` is the name of each cell's source. */
export function aboutOf(
  { title, grid, sources, width, height }: MosaicJson,
  { credit, rights, names }: Pick<ResolvedOptions, 'credit' | 'rights' | 'names'>,
  nameOf: (cell: number) => string,
): IiifAbout {
  const cells = count(grid.columns * grid.rows);
  const summary = `A photomosaic of ${cells} cells and ${count(sources.used)} images, ${count(width)} x ${count(height)} px.`;
  return { title, credit, rights, summary, ...(names === 'all' && { names: nameOf }) };
}

/** What people should know of a build. */
export function warningsOf(
  mosaic: MosaicJson,
  catalog: Catalog,
  options: ResolvedOptions,
  store: FolderStore,
  idleBans: readonly string[],
): string[] {
  const { grid, sources, quality, background, tile } = mosaic;
  const warnings = [...catalog.notes];
  const cells = grid.columns * grid.rows;
  const files = count(sources.skipped);
  const kinds = leftOutText(leftOutOf(catalog.skipped));
  if (sources.skipped && options.useAll) warnings.unshift(`--use-all cannot have ${files} files: ${kinds}`);
  for (const glob of idleBans) warnings.push(`--ban ${glob} means none of the images`);
  if (options.useAll && sources.used < sources.usable) {
    const columns = Math.ceil(grid.columns * Math.sqrt(sources.usable / cells));
    warnings.push(
      `--use-all needs ${count(sources.usable)} cells; ${count(cells)} are there, each with another image: use --columns ${columns}`,
    );
  }
  if (sources.nearDuplicates && options.nearDuplicates === 'group' && !options.placement && !options.useAll) {
    warnings.push(
      `${count(sources.nearDuplicates)} images look like others and share their uses; --near-duplicates keep counts each by itself`,
    );
  }
  if (sources.skipped) warnings.push(`${files} files cannot be used; skipped.csv of the reports names them`);
  if (sources.enlarged) {
    warnings.push(
      `${count(sources.enlarged)} images are smaller than a cell (${sizeText(mosaic.cell)} px) and were enlarged`,
    );
  }
  if (catalog.sources.some(({ alpha }) => alpha) && !options.background) {
    warnings.push(`transparent images lie on ${background}, the target's mean colour; --background chooses another`);
  }
  if (tile.format !== 'jpeg') warnings.push(`${tile.format} tiles cannot be spliced: every level was painted`);
  if (store.linkRefusal !== undefined) {
    warnings.push(`the file system refused hard links (${store.linkRefusal}): full-resolution tiles are copies`);
  }
  if (quality.mostUsedShare > 0.05 && quality.mostUses > 20) {
    const share = Math.round(quality.mostUsedShare * 100);
    warnings.push(`one image fills ${share} % of the cells; more --variety or --max-uses would vary them`);
  }
  return warnings;
}
