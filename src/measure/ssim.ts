/**
 * Structural similarity (Z. Wang et al., "Image quality assessment: from error visibility to structural similarity", 2004):
 * Gaussian windows of 11 x 11 px, sigma 1.5, K1 0.01, K2 0.03. Only windows wholly within the image count.
 */
const TAPS = 11;
const SIGMA = 1.5;
const C1 = (0.01 * 255) ** 2;
const C2 = (0.03 * 255) ** 2;

/** Chooses the side of the window in px for an image's shorter side: odd, and at most that side. */
export function ssimTaps(side: number): number {
  return side >= TAPS ? TAPS : side - ((side + 1) % 2);
}

/**
 * Sums the similarity of all windows.
 *
 * @param a, b luma 0..255 of two images of `width` x `height`, row-major.
 * @param taps side of the window, see {@link ssimTaps}.
 */
export function sumSsim(
  a: Float32Array,
  b: Float32Array,
  width: number,
  height: number,
  taps: number,
): { sum: number; windows: number } {
  const weights = gaussian(taps);
  const across = width - taps + 1;
  const down = height - taps + 1;
  // Weighted means of a, b, a², b², ab: first across each row, then down a ring buffer of rows.
  const rows = Array.from({ length: taps }, () => new Float64Array(across * 5));
  const means = new Float64Array(across * 5);
  let sum = 0;
  for (let y = 0; y < height; y++) {
    blurRow(a, b, y * width, across, weights, rows[y % taps]!);
    const top = y - taps + 1;
    if (top < 0) continue;
    means.fill(0);
    for (let tap = 0; tap < taps; tap++) {
      const row = rows[(top + tap) % taps]!;
      const weight = weights[tap]!;
      for (let i = 0; i < means.length; i++) means[i]! += weight * row[i]!;
    }
    for (let i = 0; i < means.length; i += 5) {
      const [meanA, meanB] = [means[i]!, means[i + 1]!];
      const varianceA = means[i + 2]! - meanA * meanA;
      const varianceB = means[i + 3]! - meanB * meanB;
      const covariance = means[i + 4]! - meanA * meanB;
      const alike = (2 * meanA * meanB + C1) * (2 * covariance + C2);
      sum += alike / ((meanA * meanA + meanB * meanB + C1) * (varianceA + varianceB + C2));
    }
  }
  return { sum, windows: across * Math.max(0, down) };
}

function blurRow(
  a: Float32Array,
  b: Float32Array,
  from: number,
  across: number,
  weights: Float64Array,
  out: Float64Array,
): void {
  const taps = weights.length;
  for (let x = 0, o = 0; x < across; x++, o += 5) {
    let [meanA, meanB, squareA, squareB, product] = [0, 0, 0, 0, 0];
    for (let tap = 0; tap < taps; tap++) {
      const weight = weights[tap]!;
      const one = a[from + x + tap]!;
      const other = b[from + x + tap]!;
      meanA += weight * one;
      meanB += weight * other;
      squareA += weight * one * one;
      squareB += weight * other * other;
      product += weight * one * other;
    }
    out[o] = meanA;
    out[o + 1] = meanB;
    out[o + 2] = squareA;
    out[o + 3] = squareB;
    out[o + 4] = product;
  }
}

function gaussian(taps: number): Float64Array {
  const weights = Float64Array.from({ length: taps }, (_, i) =>
    Math.exp(-((i - (taps - 1) / 2) ** 2) / (2 * SIGMA ** 2)),
  );
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return weights.map((weight) => weight / sum);
}
