import type { BuildResult } from '../build.ts';
import { count } from '../numbers.ts';
import type { Quality } from '../types.ts';
import type { VerifyResult } from '../verify/verify.ts';

/** Bytes for people, decimal units. */
function bytes(value: number): string {
  const units = ['bytes', 'kB', 'MB', 'GB', 'TB'];
  const step = Math.min(units.length - 1, Math.max(0, Math.floor(Math.log10(Math.max(1, value)) / 3)));
  return `${(value / 1000 ** step).toFixed(step ? 1 : 0)} ${units[step]}`;
}

function percent(part: number): string {
  return `${(100 * part).toPrecision(2)} %`;
}

/** What a build has made, and what to type next. */
export function buildSummary(result: BuildResult): string {
  const { grid, sources, stages, width, height, quality } = result;
  const cells = grid.columns * grid.rows;
  const parts = [
    `${count(sources.used)} of ${count(sources.usable)} images used`,
    ...(sources.skipped ? [`${count(sources.skipped)} skipped`] : []),
    ...(sources.duplicates ? [`${count(sources.duplicates)} duplicates`] : []),
    ...(sources.nearDuplicates ? [`${count(sources.nearDuplicates)} like others`] : []),
    ...(sources.enlarged ? [`${count(sources.enlarged)} enlarged`] : []),
    ...(sources.verbatim ? [`${count(sources.verbatim)} kept byte for byte`] : []),
  ];
  const { minDistance, distanceCost } = quality;
  const cost = distanceCost > 0 ? ` (adds ${percent(distanceCost)} to the differences)` : '';
  const apart = minDistance > 0 ? `, never twice within ${minDistance} cell${minDistance > 1 ? 's' : ''}${cost}` : '';
  const times = Object.entries(stages).map(([stage, seconds]) => `${stage} ${seconds.toFixed(1)} s`);
  const lines = [
    '',
    `${result.out}: ${count(width)} x ${count(height)} px (${((width * height) / 1e9).toFixed(2)} gigapixels), ${result.levels} levels`,
    `  cells    ${count(cells)} (${grid.columns} x ${grid.rows}) of ${result.cellSize} px`,
    `  images   ${parts.join(', ')}`,
    `  likeness ${likenessOf(result.quality)}`,
    `  repeats  an image fills ${count(quality.mostUses)} cells at most (${percent(quality.mostUsedShare)})${apart}`,
    `  files    ${count(result.files)}, of them ${count(result.linkedFiles)} links; ${bytes(result.bytes)}`,
    `  time     ${times.join(', ')}`,
    `  memory   ${bytes(result.peakRssBytes)} at most`,
    ...result.warnings.map((warning) => `  note     ${warning}`),
    '',
    `Look at it:  zoomosaic serve ${quoted(result.out)}`,
    '',
  ];
  return lines.join('\n');
}

/** What a mosaic looks like at 2 px per cell, about as people see the whole; and how near its matching is to the best. */
function likenessOf({ likeness, gap }: Quality): string {
  const { ssim, ciede2000 } = likeness.find(({ cellPx }) => cellPx === 2)!;
  const proven = gap > 0 ? `; matched within ${percent(gap)} of the best possible` : '';
  return `SSIM ${ssim.toFixed(2)}, CIEDE2000 ${ciede2000.toFixed(1)} from afar${proven}`;
}

/** What was found in a site. */
export function verifySummary({ site, tiles, problems }: VerifyResult): string {
  if (problems.length === 0) return `${site} is whole: ${count(tiles)} tiles checked\n`;
  const lines = problems.map(({ path, problem }) => `${path}: ${problem}`);
  return `${lines.join('\n')}\n${site} is not whole: ${count(problems.length)} problems in ${count(tiles)} tiles\n`;
}

function quoted(path: string): string {
  return /^[\w./:-]+$/.test(path) ? path : `'${path.replaceAll("'", String.raw`'\''`)}'`;
}
