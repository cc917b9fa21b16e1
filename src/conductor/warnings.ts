import type { Catalog } from '../catalog/catalog.ts';
import { leftOutOf, leftOutText } from '../catalog/left-out.ts';
import type { MosaicJson } from '../format/mosaic-json.ts';
import { sizeText } from '../layout/dzi.ts';
import { countText, percentText, plural } from '../messages.ts';
import type { FolderStore } from '../store/folder-store.ts';
import type { ResolvedOptions } from './options.ts';

/** Greatest number of missing colours that are named. */
const COLOURS_MAX = 3;

/** Facts for the warnings of a build. */
export interface WarningFacts {
  readonly options: ResolvedOptions;
  readonly mosaic: MosaicJson;
  readonly catalog: Catalog;
  readonly store: Pick<FolderStore, 'linkRefusal'>;
  /** Globs of `--ban` that match no image. */
  readonly idleBans: readonly string[];
}

/** Returns warnings on images that were skipped, enlarged or repeated, and on options without effect. */
export function warningsOf({ options, mosaic, catalog, store, idleBans }: WarningFacts): string[] {
  const { grid, sources, quality, background, tile } = mosaic;
  const warnings = [...catalog.notes];
  const cells = grid.columns * grid.rows;
  const files = plural(sources.skipped, 'file');
  const kinds = leftOutText(leftOutOf(catalog.skipped));
  if (sources.skipped && options.useAll) warnings.unshift(`--use-all cannot include ${files}: ${kinds}`);
  for (const glob of idleBans) warnings.push(`--ban ${glob} matches no image`);
  if (options.useAll && sources.used < sources.usable) {
    const columns = Math.ceil(grid.columns * Math.sqrt(sources.usable / cells));
    warnings.push(
      `--use-all needs ${plural(sources.usable, 'cell')}, but the grid has ${countText(cells)}, each with a different image: use --columns ${columns}`,
    );
  }
  if (sources.nearDuplicates && options.nearDuplicates === 'group' && !options.placement && !options.useAll) {
    warnings.push(
      `${plural(sources.nearDuplicates, 'image looks like another and shares its', 'images look like others and share their')} uses; --near-duplicates keep counts each image by itself`,
    );
  }
  if (sources.skipped) warnings.push(`${files} cannot be used: see skipped.csv in the reports`);
  if (sources.enlarged) {
    warnings.push(`enlarged ${plural(sources.enlarged, 'image')} smaller than a cell (${sizeText(mosaic.cell)} px)`);
  }
  if (catalog.sources.some(({ alpha }) => alpha) && !options.background) {
    warnings.push(`transparent images are laid over ${background}, the target's mean colour; --background changes it`);
  }
  if (tile.format !== 'jpeg') warnings.push(`${tile.format} tiles cannot be spliced: every level was painted`);
  if (store.linkRefusal !== undefined) {
    warnings.push(`the file system refused hard links (${store.linkRefusal}): full-resolution tiles are copies`);
  }
  if (quality.mostUsedShare > 0.05 && quality.mostUses > 20) {
    const share = Math.round(quality.mostUsedShare * 100);
    warnings.push(`one image fills ${share} % of the cells; a higher --variety or a limit --max-uses reduces repeats`);
  }
  const missing = (quality.missing ?? []).slice(0, COLOURS_MAX);
  if (missing.length > 0) {
    const colours = missing.map(({ colour, share }) => `${colour} (${percentText(share)} of the cells)`).join(', ');
    const ways = options.crops === 'all' ? '' : ', or try --crops all';
    warnings.push(`the images cannot show ${colours}: add images with these colours${ways}, or --adapt 0.5`);
  }
  return warnings;
}
