/** Formats a part of a whole, 0..1, for users: `93 %`, `0.25 %`. */
export function percent(part: number): string {
  return part === 0 || part >= 0.995 ? `${Math.round(100 * part)} %` : `${(100 * part).toPrecision(2)} %`;
}
