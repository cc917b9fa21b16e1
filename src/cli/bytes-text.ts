import { plural } from '../messages.ts';

const UNITS = ['bytes', 'kB', 'MB', 'GB', 'TB'];

/** Formats a number of bytes for users, in decimal units: `1.2 MB`. */
export function bytesText(value: number): string {
  let step = 0;
  // A value that would round to 1000.0 of a unit is 1.0 of the next.
  while (step + 1 < UNITS.length && value >= (step ? 999.95 : 1000) * 1000 ** step) step++;
  return step ? `${(value / 1000 ** step).toFixed(1)} ${UNITS[step]}` : plural(value, 'byte');
}
