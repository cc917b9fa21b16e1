import type { BuildResult } from '../conductor/result.ts';
import { leftOutText } from '../catalog/left-out.ts';
import { sizeText } from '../layout/dzi.ts';
import { count } from '../messages.ts';
import { aspectText, commonestAspect } from '../tiles/cell-shape.ts';
import { bytesText } from './bytes-text.ts';
import { fitLines } from './fit-summary.ts';
import type { Quality } from '../types.ts';
import type { RepairResult } from '../mend/repair.ts';
import type { RemoveResult } from '../remove/remove.ts';
import type { VerifyResult } from '../verify/verify.ts';

function percent(part: number): string {
  return part >= 0.995 ? `${Math.round(100 * part)} %` : `${(100 * part).toPrecision(2)} %`;
}

/**
 * Formats the result of a build, and the command that shows it.
 *
 * @param allWanted every image was requested (`--use-all`): the summary then begins with the images that are left out.
 */
export function buildSummary(result: BuildResult, allWanted = false): string {
  const { grid, sources, leftOut, stages, width, height, quality } = result;
  const images = count(sources.usable + sources.skipped);
  const cells = grid.columns * grid.rows;
  const parts = [
    `${count(sources.used)} of ${images} images used`,
    ...(sources.duplicates ? [`${count(sources.duplicates)} duplicates`] : []),
    ...(sources.pairs ? [`${count(sources.pairs)} the same photograph in another format`] : []),
    ...(sources.nearDuplicates ? [`${count(sources.nearDuplicates)} like others`] : []),
    ...(sources.enlarged ? [`${count(sources.enlarged)} enlarged`] : []),
    ...(sources.verbatim ? [`${count(sources.verbatim)} kept byte for byte`] : []),
  ];
  const missing = leftOutText(leftOut);
  const { minDistance, distanceCost } = quality;
  const cost = distanceCost > 0 ? ` (adds ${percent(distanceCost)} to the differences)` : '';
  const apart = minDistance > 0 ? `, never twice within ${minDistance} cell${minDistance > 1 ? 's' : ''}${cost}` : '';
  const times = Object.entries(stages).map(([stage, seconds]) => `${stage} ${seconds.toFixed(1)} s`);
  const lines = [
    '',
    ...(missing && allWanted ? [`Left out, though all ${images} images were asked for: ${missing}`] : []),
    `${result.out}: ${count(width)} x ${count(height)} px (${((width * height) / 1e9).toFixed(2)} gigapixels), ${result.levels} levels`,
    `  cells    ${count(cells)} (${grid.columns} x ${grid.rows}) of ${sizeText(result.cell)} px`,
    `  images   ${parts.join(', ')}${missing && !allWanted ? `; left out: ${missing}` : ''}`,
    ...aspectLines(result),
    `  likeness ${likenessOf(result.quality)}`,
    `  repeats  an image fills ${count(quality.mostUses)} cell${quality.mostUses === 1 ? '' : 's'} at most (${percent(quality.mostUsedShare)})${apart}`,
    `  files    ${count(result.files)}, of them ${count(result.linkedFiles)} links; ${bytesText(result.bytes)}`,
    ...fitLines(result.fit),
    `  names    ${NAMES_TEXT[result.names]}`,
    `  reports  ${result.report}: which image stands where; not for publishing, they name your files`,
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
  none: 'nothing in the site names your files (--names all lets it)',
  all: 'the site may name your files (--names all)',
};

/** Formats the part of the images that each aspect would crop; empty unless the build chose the aspect. */
function aspectLines({ aspects }: BuildResult): string[] {
  if (aspects.length === 0) return [];
  const shape = commonestAspect(aspects);
  const { images } = aspects.find(({ aspect }) => aspect === shape)!;
  const cuts = aspects.map(({ aspect, cropped }) => `${aspectText(aspect)} ${percent(cropped)}`);
  return [
    `  aspect   ${aspectText(shape)}, the nearest to ${count(images)} images; cut off on average with`,
    `           ${cuts.join(', ')}`,
  ];
}

/** Formats the likeness at 2 px per cell, about the view of the whole mosaic, and the bound on the placement. */
function likenessOf({ likeness, gap }: Quality): string {
  const { ssim, ciede2000 } = likeness.find(({ cellPx }) => cellPx === 2)!;
  const proven = gap > 0 ? `; matched within ${percent(gap)} of the best possible` : '';
  return `SSIM ${ssim.toFixed(2)}, CIEDE2000 ${ciede2000.toFixed(1)} from afar${proven}`;
}

/** Formats the repairs and problems of a site. */
export function verifySummary({ site, tiles, problems, ...rest }: VerifyResult | RepairResult): string {
  const repaired = 'repaired' in rest && rest.repaired.length > 0 ? rest.repaired : [];
  const mended = repaired.map((path) => `${path}: written anew\n`).join('');
  if (problems.length === 0) return `${mended}${site} is whole: ${count(tiles)} tiles checked\n`;
  const lines = problems.map(({ path, problem }) => `${path}: ${problem}`);
  return `${mended}${lines.join('\n')}\n${site} is not whole: ${count(problems.length)} problems in ${count(tiles)} tiles\n`;
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
    `${names.slice(0, 5).join(', ')}${names.length > 5 ? `, and ${count(names.length - 5)} more` : ''}`;
  const what = images.length > 0 ? `no longer has ${some(images)}` : 'had none of them';
  const search = `${count(searched.files)} files, ${bytesText(searched.bytes)}`;
  const lines = [
    `${site} ${what}: ${count(cells)} cells show others, ${count(written)} files were written anew, ${count(removed)} removed`,
    `No trace of them is left in site, reports and catalog (searched: ${search})`,
    ...(copies.length > 0
      ? [`note: ${count(copies.length)} other files hold the same, and so count as taken out: ${some(copies)}`]
      : []),
    ...(alike.length > 0 ? [`note: ${count(alike.length)} images look like them, and stay: ${some(alike)}`] : []),
    'note: their files are untouched; a new build takes them again, unless they are moved away or left out with --ban',
  ];
  return `${lines.join('\n')}\n`;
}

function quoted(path: string): string {
  return /^[\w./:-]+$/.test(path) ? path : `'${path.replaceAll("'", String.raw`'\''`)}'`;
}
