/** Ends of a range of values. */
export interface Range {
  readonly low: number;
  readonly high: number;
}

/** Least slope, so that what differs stays different. */
const SLOPE_LEAST = 0.02;
/** Greatest widths of knees, where a curve turns from one slope to another: of lightness, of chroma. */
const [KNEE, CHROMA_KNEE] = [0.05, 0.02];

/**
 * Makes a curve that brings one range of values into another. It rises everywhere. It leaves values as they are, but for
 * those near an end that lies outside: from there on, they are squeezed.
 *
 * @param slope of the squeezed parts; less where the other range has no room for it. A low one moves few values, a high one
 *   keeps them apart.
 */
export function fit(from: Range, into: Range, slope: number): (value: number) => number {
  const room = (into.high - into.low) / Math.max(1e-9, from.high - from.low);
  const rise = Math.max(SLOPE_LEAST, Math.min(slope, room));
  // A small excess makes a small knee, so that a small change of the ranges changes little.
  const [below, above] = [into.low - from.low, from.high - into.high];
  if (below > 0 && above > 0 && room <= slope) return (value) => into.low + rise * (value - from.low);
  return (value) => {
    let fitted = value;
    if (below > 0) fitted = greater(fitted, into.low + rise * (value - from.low), Math.min(KNEE, below));
    if (above > 0) fitted = -greater(-fitted, rise * (from.high - value) - into.high, Math.min(KNEE, above));
    return fitted;
  };
}

/** Brings one chroma from 0..`from` into 0..`into`, as {@link fit}. */
export function squeeze(value: number, { from, into }: { from: number; into: number }, slope: number): number {
  if (from <= into) return value;
  const rise = Math.max(SLOPE_LEAST, Math.min(slope, into / from));
  return Math.max(0, -greater(-value, rise * (from - value) - into, Math.min(CHROMA_KNEE, from - into)));
}

/** The greater of two values; where they are nearly equal, a parabola rounds the knee. */
function greater(a: number, b: number, width: number): number {
  const rest = width - Math.abs(a - b);
  return Math.max(a, b) + (rest > 0 ? rest ** 2 / (4 * width) : 0);
}
