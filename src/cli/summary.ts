import type { BuildResult } from '../conductor/result.ts';
import { leftOutText } from '../catalog/left-out.ts';
import { sizeText } from '../layout/dzi.ts';
import { countText, percentText, plural } from '../messages.ts';
import { aspectText, commonestAspect } from '../tiles/cell-shape.ts';
import { bytesText } from './bytes-text.ts';
import { cellReason, detailLines } from './cell-summary.ts';
import { fitLines } from './fit-summary.ts';
import type { Quality } from '../types.ts';
import type { RepairResult } from '../mend/repair.ts';
import type { Rebased } from '../rebase/rebase.ts';
import type { RemoveResult } from '../remove/remove.ts';
import type { VerifyResult } from '../verify/verify.ts';

/** Formats a number of px for users. */
function pixelsText(px: number): string {
  return px < 1e8 ? `${(px / 1e6).toFixed(2)} megapixels` : `${(px / 1e9).toFixed(2)} gigapixels`;
}

/**
 * Formats the result of a build, and the command that shows it.
 *
 * @param allWanted every image was requested (`--use-all`): the summary then begins with the images that are left out.
 */
export function buildSummary(result: BuildResult, allWanted = false): string {
  const { grid, sources, leftOut, stages, width, height, quality } = result;
  const cells = grid.columns * grid.rows;
  const parts = [
    `${countText(sources.used)} of ${plural(sources.usable + sources.skipped, 'image')} used`,
    ...(sources.duplicates ? [plural(sources.duplicates, 'duplicate')] : []),
    ...(sources.pairs ? [`${plural(sources.pairs, 'copy', 'copies')} in another format`] : []),
    ...(sources.nearDuplicates ? [plural(sources.nearDuplicates, 'near-duplicate')] : []),
    ...(sources.enlarged ? [`${countText(sources.enlarged)} enlarged`] : []),
    ...(sources.verbatim ? [`${countText(sources.verbatim)} kept byte for byte`] : []),
  ];
  const missing = leftOutText(leftOut);
  const { minDistance, distanceCost } = quality;
  const cost = distanceCost > 0 ? ` (increases the differences by ${percentText(distanceCost)})` : '';
  const apart = minDistance > 0 ? `, no repeat within ${plural(minDistance, 'cell')}${cost}` : '';
  const linked = result.linkedFiles > 0 ? `, ${countText(result.linkedFiles)} of them linked` : '';
  const times = Object.entries(stages).map(([stage, seconds]) => `${stage} ${seconds.toFixed(1)} s`);
  const lines = [
    '',
    ...(missing && allWanted ? [`Left out in spite of --use-all: ${missing}`] : []),
    `${result.out}: ${countText(width)} x ${countText(height)} px (${pixelsText(width * height)}), ${plural(result.levels, 'level')}`,
    `  cells    ${countText(cells)} (${grid.columns} x ${grid.rows}) of ${sizeText(result.cell)} px${cellReason(result)}`,
    `  images   ${parts.join(', ')}${missing && !allWanted ? `; left out: ${missing}` : ''}`,
    ...aspectLines(result),
    ...detailLines(result),
    `  likeness ${likenessOf(result.quality)}`,
    `  repeats  each image fills at most ${plural(quality.mostUses, 'cell')} (${percentText(quality.mostUsedShare)})${apart}`,
    `  files    ${countText(result.files)}${linked}; ${bytesText(result.bytes)}`,
    ...fitLines(result.fit),
    `  names    ${NAMES_TEXT[result.names]}`,
    `  reports  ${result.report}: the image of each cell; do not publish them: they name your files`,
    `  time     ${times.join(', ')}`,
    `  memory   ${bytesText(result.peakRssBytes)} at most`,
    ...result.warnings.map((warning) => `  note     ${warning}`),
    '',
    `Look at it:  zoomosaic serve ${quoted(result.out)}`,
    '',
  ];
  return lines.join('\n');
}

/** Texts on the names of files in a site. */
const NAMES_TEXT = {
  none: 'nothing in the site names your files',
  all: 'the site names your files, so that people find them (--names none leaves the names out)',
};

/** Formats the part of the images that each aspect would crop; empty unless the build chose the aspect. */
function aspectLines({ aspects }: BuildResult): string[] {
  if (aspects.length === 0) return [];
  const shape = commonestAspect(aspects);
  const { images } = aspects.find(({ aspect }) => aspect === shape)!;
  const cuts = aspects.map(({ aspect, cropped }) => `${aspectText(aspect)} ${percentText(cropped)}`);
  return [
    `  aspect   ${aspectText(shape)}, closest to ${plural(images, 'image')}; average part cropped off, by aspect:`,
    `           ${cuts.join(', ')}`,
  ];
}

/**
 * Formats the likeness at 2 px per cell (about the view of the whole mosaic) and from afar, the bound on the placement, and
 * the cost of the likeness from afar.
 */
function likenessOf({ likeness, afar = 0, worst = 0, afarCost = 0, gap, distanceCost }: Quality): string {
  const { ssim, ciede2000 } = likeness.find(({ cellPx }) => cellPx === 2)!;
  // The bound excludes the cost of separating repeats; the line `repeats` shows that cost.
  const before = distanceCost > 0 ? ' before repeats were separated' : '';
  const costs = [
    ...(gap > 0 ? [`placement at most ${percentText(gap)} worse than the best possible${before}`] : []),
    ...(afarCost > 0 ? [`--afar adds ${percentText(afarCost)} to the differences of single cells`] : []),
  ];
  const seen = `SSIM ${ssim.toFixed(2)}, CIEDE2000 ${ciede2000.toFixed(1)} at 2 px per cell; CIEDE2000 ${afar.toFixed(1)} from afar, where cells blend${worst > 0 ? `; the worst twentieth of the cells differ by ${worst.toFixed(0)} or more` : ''}`;
  return costs.length > 0 ? `${seen}\n           ${costs.join('; ')}` : seen;
}

/** Formats the repairs and problems of a site. */
export function verifySummary({ site, tiles, problems, ...rest }: VerifyResult | RepairResult): string {
  const repaired = 'repaired' in rest && rest.repaired.length > 0 ? rest.repaired : [];
  const mended = repaired.map((path) => `${path}: rewritten\n`).join('');
  if (problems.length === 0) return `${mended}${site} is whole: ${plural(tiles, 'tile')} checked\n`;
  const lines = problems.map(({ path, problem }) => `${path}: ${problem}`);
  return `${mended}${lines.join('\n')}\n${site} is not whole: ${plural(problems.length, 'problem')} in ${plural(tiles, 'tile')}\n`;
}

/** Formats the result of removing images from a site. */
export function removeSummary({
  site,
  images,
  cells,
  written,
  removed,
  copies,
  alike,
  searched,
}: RemoveResult): string {
  const some = (names: readonly string[]) =>
    `${names.slice(0, 5).join(', ')}${names.length > 5 ? `, and ${countText(names.length - 5)} more` : ''}`;
  const what = images.length > 0 ? `no longer contains ${some(images)}` : 'contained none of these images';
  const changes = `${plural(cells, 'cell')} refilled, ${plural(written, 'file')} rewritten, ${plural(removed, 'file')} removed`;
  const search = `${plural(searched.files, 'file')}, ${bytesText(searched.bytes)}`;
  const lines = [
    `${site} ${what}: ${changes}`,
    `No trace is left in site, reports and catalog (searched: ${search})`,
    ...(copies.length > 0
      ? [`note: ${plural(copies.length, 'file')} with the same content also removed from the site: ${some(copies)}`]
      : []),
    ...(alike.length > 0 ? [`note: ${plural(alike.length, 'similar image')} kept: ${some(alike)}`] : []),
    'note: the original files are untouched; a new build uses them again unless you move them away or --ban them',
  ];
  return `${lines.join('\n')}\n`;
}

function quoted(path: string): string {
  return /^[\w./:-]+$/.test(path) ? path : `'${path.replaceAll("'", String.raw`'\''`)}'`;
}

/** Summary of `rebase`. */
export function rebaseSummary(site: string, { from, to, files }: Rebased): string {
  if (files.length === 0) return `${site}: the address is already ${to}`;
  return from === undefined
    ? `${site}: gave it the address ${to}`
    : `${site}: changed the address from ${from} to ${to}`;
}
