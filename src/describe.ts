import { basename, extname } from 'node:path';
import type { Catalog } from './catalog/catalog.ts';
import { toHex } from './colour/hex.ts';
import { count } from './numbers.ts';
import type { ResolvedOptions } from './options.ts';
import type { FolderStore } from './store/folder-store.ts';
import { extensionOf } from './tile-plan.ts';
import type { Grid, Level, MosaicJson, Placement, Quality, Rgb } from './types.ts';

/** What a finished mosaic is described from. */
export interface MosaicFacts {
  readonly options: ResolvedOptions;
  readonly grid: Grid;
  readonly levels: readonly Level[];
  readonly catalog: Catalog;
  readonly placement: Placement;
  readonly background: Rgb;
  /** Image files found. */
  readonly found: number;
}

/** `mosaic.json`; nothing in it depends on when, where or how fast it was built. */
export function describeMosaic({
  options,
  grid,
  levels,
  catalog,
  placement,
  background,
  found,
}: MosaicFacts): MosaicJson {
  const { recipe } = options;
  const uses = new Uint32Array(catalog.sources.length);
  for (const id of placement.cells) uses[id]!++;
  const used = catalog.sources.filter((_, id) => uses[id]! > 0);
  return {
    format: 'zoomosaic',
    version: 1,
    title: options.title ?? titleOf(options.target),
    layout: 'dzi',
    grid,
    cellSize: recipe.cellSize,
    tileSize: recipe.tileSize,
    width: grid.columns * recipe.cellSize,
    height: grid.rows * recipe.cellSize,
    tile: {
      format: recipe.format,
      extension: extensionOf(recipe.format),
      quality: recipe.quality,
      subsampling: recipe.subsampling,
    },
    fullLevel: options.fullLevel,
    crop: recipe.crop,
    background: toHex(background),
    levels,
    sources: {
      found,
      usable: catalog.sources.length,
      used: used.length,
      skipped: catalog.skipped.length,
      duplicates: catalog.duplicates,
      enlarged: used.filter(({ enlarged }) => enlarged).length,
      verbatim: used.filter(({ verbatim }) => verbatim).length,
    },
    placement: { file: 'placement.js', type: catalog.sources.length <= 65536 ? 'u16' : 'u32' },
    quality: qualityOf(placement, uses),
  };
}

function titleOf(target: string): string {
  const words = basename(target, extname(target))
    .replaceAll(/[-_.\s]+/g, ' ')
    .trim();
  return words ? words[0]!.toUpperCase() + words.slice(1) : 'Mosaic';
}

function qualityOf({ cells, costs, gap, distanceCost }: Placement, uses: Uint32Array): Quality {
  let sum = 0;
  for (const cost of costs) sum += Math.sqrt(cost / 16); // 16 parts to a cell, see writeFeatures
  const mostUses = uses.reduce((most, times) => Math.max(most, times), 0);
  return { meanDifference: sum / cells.length, gap, distanceCost, mostUsedShare: mostUses / cells.length, mostUses };
}

/** What people should know of a build. */
export function warningsOf(
  mosaic: MosaicJson,
  catalog: Catalog,
  options: ResolvedOptions,
  store: FolderStore,
): string[] {
  const { sources, quality, background, tile } = mosaic;
  const warnings = [...catalog.notes];
  if (sources.skipped) warnings.push(`${count(sources.skipped)} files cannot be used; see report/skipped.csv`);
  if (sources.enlarged) {
    warnings.push(
      `${count(sources.enlarged)} images are smaller than a cell (${mosaic.cellSize} px) and were enlarged`,
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
    warnings.push(`one image fills ${share} % of the cells; --max-uses or --min-distance would vary them`);
  }
  return warnings;
}
