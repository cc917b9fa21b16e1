import type { BuildResult } from '../conductor/result.ts';
import { countText } from '../messages.ts';
import { bytesText } from './bytes-text.ts';
import { percent } from './percent.ts';

/** Least gain of detail, of the largest image, that is worth a line. */
const GAIN_LEAST = 1.05;

/** Formats the reason for the size of the cells; empty if it was given. */
export function cellReason({ cellChoice }: BuildResult): string {
  if (!cellChoice) return '';
  const { because, filled, cropsFilled, images, sampled, host } = cellChoice;
  const by = sampled ? `, by a sample of ${countText(images)}` : '';
  const crops = cropsFilled < filled ? `, ${percent(cropsFilled)} in every crop` : '';
  const share = `${percent(filled)} of the images fill them${crops}${by}`;
  const reasons = {
    exact: 'most images are exactly as large',
    filled: share,
    least: `the smallest; ${share}`,
    host: `larger ones may not fit on ${host?.name ?? 'the host'}`,
    grid: 'a viewer cannot show so many larger ones',
  };
  return ` (auto: ${reasons[because]})`;
}

/** Formats what `--originals` would add; empty if the site has originals, or if they would add no detail. */
export function detailLines({ originalsGain }: BuildResult): string[] {
  if (!originalsGain || originalsGain.closest < GAIN_LEAST) return [];
  const { closer, closest, bytes } = originalsGain;
  const times = `${closer.toFixed(1)} times closer (median; at most ${closest.toFixed(1)})`;
  return [`  detail   --originals would let people look ${times}, for about ${bytesText(bytes)} more`];
}
