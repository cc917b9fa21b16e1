import { CELL_MAX } from '../tiles/cell-shape.ts';
import { exactly, type Fields, list, malformed, number, object, whole } from './fields.ts';

/**
 * Checks `quality` of a `mosaic.json`: measurements, which nothing is computed from.
 *
 * @throws {UserError} `not-a-site`.
 */
export function checkQuality(quality: Fields): void {
  const any = (name: string, value: unknown) => number(name, value, [-Infinity, Infinity]);
  for (const [i, one] of list('quality.likeness', quality['likeness']).entries()) {
    const name = `quality.likeness[${i}]`;
    const { cellPx, ciede2000, ssim, psnr } = object(name, one);
    whole(`${name}.cellPx`, cellPx, [1, CELL_MAX]);
    any(`${name}.ciede2000`, ciede2000);
    any(`${name}.ssim`, ssim);
    if (psnr !== null) any(`${name}.psnr`, psnr);
  }
  for (const name of ['gap', 'distanceCost', 'mostUsedShare']) any(`quality.${name}`, quality[name]);
  // Missing in sites of builds that did not measure the likeness from afar.
  for (const name of ['afar', 'afarCost', 'worst'])
    if (quality[name] !== undefined) any(`quality.${name}`, quality[name]);
  if (quality['missing'] !== undefined) {
    for (const [i, one] of list('quality.missing', quality['missing']).entries()) {
      const { colour, share } = object(`quality.missing[${i}]`, one);
      if (typeof colour !== 'string') throw malformed(`quality.missing[${i}].colour`, 'a text', colour);
      number(`quality.missing[${i}].share`, share, [0, 1]);
    }
  }
  for (const name of ['mostUses', 'minDistance', 'distanceConflicts']) {
    whole(`quality.${name}`, quality[name], [0, Number.MAX_SAFE_INTEGER]);
  }
  for (const [i, pair] of list('quality.usesHistogram', quality['usesHistogram']).entries()) {
    const name = `quality.usesHistogram[${i}]`;
    const counts = list(name, pair);
    exactly(`the length of ${name}`, counts.length, 2);
    for (const count of counts) whole(name, count, [0, Number.MAX_SAFE_INTEGER]);
  }
}
