import { leftOutText } from '../catalog/left-out.ts';
import type { PreviewResult } from '../conductor/preview.ts';
import { optionsText, type PreviewAlternative } from '../conductor/preview-alternative.ts';
import { countText, percentText, plural } from '../messages.ts';
import { bytesText } from './bytes-text.ts';

/** Formats the result of a preview. */
export function previewSummary(result: PreviewResult): string {
  const { out, width, height, alternatives, sources, leftOut, stages, peakRssBytes, warnings } = result;
  const times = Object.entries(stages).map(([stage, seconds]) => `${stage} ${seconds.toFixed(1)} s`);
  const [first] = alternatives;
  const isCompared = Object.keys(first!.options).length > 0;
  const missing = leftOutText(leftOut);
  const images = `${plural(sources.usable, 'image')}${missing ? `; left out: ${missing}` : ''}`;
  const lines = [
    '',
    `${out}: ${countText(width)} x ${countText(height)} px${isCompared ? `, ${plural(alternatives.length, 'picture')}` : ''}`,
    ...(isCompared ? [`  images   ${images}`, ...comparedLines(alternatives)] : singleLines(first!, images)),
    `  cells    are approximations, drawn from small px in the catalog; likeness is about that of the build`,
    `  time     ${times.join(', ')}`,
    `  memory   ${bytesText(peakRssBytes)} at most`,
    ...warnings.map((warning) => `  note     ${warning}`),
    '',
    'Build it:  the same command with `build` and the folder of a site for -o',
    '',
  ];
  return lines.join('\n');
}

function singleLines(alternative: PreviewAlternative, images: string): string[] {
  const { grid, used, mostUses, mostUsedShare, minDistance } = alternative;
  const apart = minDistance > 0 ? `, no repeat within ${plural(minDistance, 'cell')}` : '';
  return [
    `  grid     ${countText(grid.columns * grid.rows)} cells (${grid.columns} x ${grid.rows})`,
    `  images   ${countText(used)} used of ${images}`,
    `  likeness about ${likenessText(alternative)}`,
    `  repeats  each image fills at most ${plural(mostUses, 'cell')} (${percentText(mostUsedShare)})${apart}`,
  ];
}

/** Formats a line for each picture; options in a column of their own. */
function comparedLines(alternatives: readonly PreviewAlternative[]): string[] {
  const names = alternatives.map(optionsText);
  const width = Math.max(...names.map((name) => name.length));
  return alternatives.map((alternative, i) => {
    const { mostUses, mostUsedShare } = alternative;
    const repeats = `each image in at most ${plural(mostUses, 'cell')} (${percentText(mostUsedShare)})`;
    return `  ${names[i]!.padEnd(width)}  about ${likenessText(alternative)}; ${repeats}`;
  });
}

function likenessText({ likeness: { ssim, ciede2000, afar } }: PreviewAlternative): string {
  return `SSIM ${ssim.toFixed(2)}, CIEDE2000 ${ciede2000.toFixed(1)} at 2 px per cell, ${afar.toFixed(1)} from afar`;
}
