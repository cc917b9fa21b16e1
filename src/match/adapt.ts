import { FEATURE_LENGTH, FEATURE_SIDE } from '../colour/features.ts';

/** A map of the target's OKLab colours, applied before they are compared; plain data, for threads. */
export interface Adaptation {
  /** Mapped lightness at {@link CURVE_STEPS} + 1 even steps of lightness. */
  readonly lightness: Float32Array;
  /** Linear map of a and b: factor, then offset. */
  readonly scale: readonly [a: number, b: number];
  readonly offset: readonly [a: number, b: number];
}

const CURVE_STEPS = 256;
/** The first coefficient of a channel is its mean times this. */
const DC = FEATURE_SIDE;

/**
 * Computes a map that moves the colours of cells towards those of sources. Lightness: histogram matching. a and b: the
 * means agree, and the deviations if the sources' are smaller (E. Reinhard et al., "Color transfer between images", 2001).
 *
 * @param cells, sources feature vectors; a few hundred of each are enough.
 * @param part of the way, 0..1.
 */
export function adaptationOf(cells: Float32Array, sources: Float32Array, part: number): Adaptation {
  const [from, to] = [means(cells, 0), means(sources, 0)];
  const lightness = Float32Array.from({ length: CURVE_STEPS + 1 }, (_, step) => {
    const value = step / CURVE_STEPS;
    return value + part * (quantile(to, rankOf(from, value)) - value);
  });
  const [a, b] = [1, 2].map((channel) => {
    const [cell, source] = [momentsOf(means(cells, channel)), momentsOf(means(sources, channel))];
    const scale = 1 - part + part * Math.min(1, source.deviation / Math.max(1e-6, cell.deviation));
    const mean = (1 - part) * cell.mean + part * source.mean;
    return { scale, offset: mean - scale * cell.mean };
  }) as [{ scale: number; offset: number }, { scale: number; offset: number }];
  return { lightness, scale: [a.scale, b.scale], offset: [a.offset, b.offset] };
}

/** Maps the colour at `lab[at..]`, in place. */
export function adapt({ lightness, scale, offset }: Adaptation, lab: Float64Array, at: number): void {
  const x = Math.min(1, Math.max(0, lab[at]!)) * CURVE_STEPS;
  const step = Math.min(CURVE_STEPS - 1, Math.floor(x));
  lab[at] = lightness[step]! + (x - step) * (lightness[step + 1]! - lightness[step]!);
  lab[at + 1] = lab[at + 1]! * scale[0] + offset[0];
  lab[at + 2] = lab[at + 2]! * scale[1] + offset[1];
}

/** Means of a channel, one per vector, in rising order. */
function means(features: Float32Array, channel: number): Float32Array {
  const count = features.length / FEATURE_LENGTH;
  return Float32Array.from({ length: count }, (_, i) => features[i * FEATURE_LENGTH + channel]! / DC).toSorted();
}

/** Computes the rank of a value among sorted values, 0..1; interpolates, so that the curve is smooth. */
function rankOf(sorted: Float32Array, value: number): number {
  const last = sorted.length - 1;
  if (sorted[0] === sorted[last]) return 0.5;
  if (value <= sorted[0]!) return 0;
  if (value >= sorted[last]!) return 1;
  let [low, high] = [0, last];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (sorted[middle]! <= value) low = middle;
    else high = middle;
  }
  const step = sorted[high]! - sorted[low]!;
  return (low + (step > 0 ? (value - sorted[low]!) / step : 0)) / last;
}

function quantile(sorted: Float32Array, rank: number): number {
  const x = rank * (sorted.length - 1);
  const low = Math.floor(x);
  const high = Math.min(sorted.length - 1, low + 1);
  return sorted[low]! + (x - low) * (sorted[high]! - sorted[low]!);
}

function momentsOf(values: Float32Array): { mean: number; deviation: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  return { mean, deviation: Math.sqrt(variance) };
}
