import { linearToOklab, oklabToLinear } from './oklab.ts';

/** Number of parts of a cell along each side, in a feature vector. */
export const FEATURE_SIDE = 4;
/** Features of sources by id. */
export interface SourceFeatures {
  /** {@link FEATURE_LENGTH} numbers per source, of the whole. */
  readonly whole: Float32Array;
  /**
   * Features of all other crops, by source and then by crop from 1 on, in units of 1 / {@link CROP_SCALE}; only where they
   * are needed.
   */
  readonly crops?: Int16Array;
}

/** Units per 1 of a crop's feature. The largest feature is 4, the lightness of white times {@link FEATURE_SIDE}. */
export const CROP_SCALE = 8191;

/** Number of coefficients of a feature vector. */
export const FEATURE_LENGTH = 3 * FEATURE_SIDE ** 2;
/** Raised when features or hashes of the same image change, so that catalogs are indexed anew. */
export const FEATURE_VERSION = 4;

// Orthonormal DCT-II: the distance of two feature vectors equals that of the OKLab means themselves.
const BASIS = Float64Array.from({ length: FEATURE_SIDE ** 2 }, (_, i) => {
  const [k, n] = [Math.floor(i / FEATURE_SIDE), i % FEATURE_SIDE];
  const scale = Math.sqrt((k === 0 ? 1 : 2) / FEATURE_SIDE);
  return scale * Math.cos((Math.PI * (n + 0.5) * k) / FEATURE_SIDE);
});

/** Frequencies in the order of a feature vector, as down * {@link FEATURE_SIDE} + across. */
export const FEATURE_ORDER: readonly number[] = Array.from({ length: FEATURE_SIDE ** 2 }, (_, i) => i).toSorted(
  (a, b) => frequency(a) - frequency(b),
);

function frequency(index: number): number {
  return Math.floor(index / FEATURE_SIDE) ** 2 + (index % FEATURE_SIDE) ** 2;
}

const lab = new Float64Array(FEATURE_LENGTH);
const half = new Float64Array(FEATURE_LENGTH);
const colour = new Float64Array(3);

/**
 * Computes the feature vector of a cell: an orthonormal DCT of the OKLab colours of its 4 x 4 linear-light means, by rising
 * frequency; L, a, b for each frequency. The transform keeps distances (Parseval), but puts the greatest differences first,
 * so that a search can stop early.
 *
 * @param means linear RGB of the 4 x 4 parts, 0..1, row-major; `stride` is the number of values from one row to the next.
 * @param out receives {@link FEATURE_LENGTH} numbers from `at` on. The squared distance of two vectors / 16 is the mean
 *   squared OKLab difference of their parts.
 * @param move maps each part's OKLab colour first.
 */
export function writeFeatures(
  means: Float32Array,
  from: number,
  stride: number,
  out: Float32Array,
  at: number,
  move?: (lab: Float64Array, at: number) => void,
): void {
  const n = FEATURE_SIDE;
  for (let y = 0; y < n; y++) {
    for (let x = 0; x < n; x++) {
      const i = from + y * stride + x * 3;
      linearToOklab(means[i]!, means[i + 1]!, means[i + 2]!, lab, (y * n + x) * 3);
      move?.(lab, (y * n + x) * 3);
    }
  }
  transform(lab, half, 3, n * 3);
  transform(half, lab, n * 3, 3);
  for (let i = 0; i < n * n; i++) {
    const from3 = FEATURE_ORDER[i]! * 3;
    for (let c = 0; c < 3; c++) out[at + i * 3 + c] = lab[from3 + c]!;
  }
}

/** Returns the mean OKLab colour of a source in a crop: L, a, b. */
export function meanLabOf(
  { whole, crops }: SourceFeatures,
  source: number,
  crop: number,
): readonly [number, number, number] {
  const perSource = crops ? (crops.length / whole.length) * FEATURE_LENGTH : 0;
  const [values, at, unit] =
    crop === 0
      ? [whole, source * FEATURE_LENGTH, FEATURE_SIDE]
      : [crops!, source * perSource + (crop - 1) * FEATURE_LENGTH, FEATURE_SIDE * CROP_SCALE];
  return [values[at]! / unit, values[at + 1]! / unit, values[at + 2]! / unit];
}

/**
 * Computes the mean colour of a cell from its feature vector at `features[from..]`: the mean of the linear RGB of its 4 x 4
 * parts.
 *
 * @param out receives r, g, b from `at` on.
 */
export function writeMeanColour(features: Float32Array, from: number, out: Float32Array, at: number): void {
  const n = FEATURE_SIDE;
  for (let i = 0; i < n * n; i++) {
    const to = FEATURE_ORDER[i]! * 3;
    for (let c = 0; c < 3; c++) half[to + c] = features[from + i * 3 + c]!;
  }
  out[at] = out[at + 1] = out[at + 2] = 0;
  for (let y = 0; y < n; y++) {
    for (let x = 0; x < n; x++) {
      colour.fill(0);
      for (let down = 0; down < n; down++) {
        for (let across = 0; across < n; across++) {
          const factor = BASIS[down * n + y]! * BASIS[across * n + x]!;
          for (let c = 0; c < 3; c++) colour[c]! += factor * half[(down * n + across) * 3 + c]!;
        }
      }
      oklabToLinear(colour[0]!, colour[1]!, colour[2]!, colour, 0);
      for (let c = 0; c < 3; c++) out[at + c]! += colour[c]! / (n * n);
    }
  }
}

/**
 * Computes the colours of `side` x `side` parts of a cell from its feature vector. With {@link FEATURE_SIDE} parts, these are
 * the means that the vector was made of; with more, the colours between them are interpolated by cosines.
 *
 * @param features the vector begins at `from`, in units of 1 / `scale`.
 * @returns linear RGB, row-major; colours outside sRGB are clipped.
 */
export function partColours(
  features: ArrayLike<number>,
  from: number,
  scale: number,
  side: number = FEATURE_SIDE,
): Float32Array {
  const n = FEATURE_SIDE;
  const basis = basisOf(side);
  for (let i = 0; i < n * n; i++) {
    const to = FEATURE_ORDER[i]! * 3;
    for (let c = 0; c < 3; c++) half[to + c] = features[from + i * 3 + c]! / scale;
  }
  const out = new Float32Array(side * side * 3);
  const columns = new Float64Array(n * 3);
  for (let y = 0, at = 0; y < side; y++) {
    columns.fill(0);
    for (let down = 0; down < n; down++) {
      const factor = basis[down * side + y]!;
      for (let i = 0; i < n * 3; i++) columns[i]! += factor * half[down * n * 3 + i]!;
    }
    for (let x = 0; x < side; x++, at += 3) {
      colour.fill(0);
      for (let across = 0; across < n; across++) {
        const factor = basis[across * side + x]!;
        for (let c = 0; c < 3; c++) colour[c]! += factor * columns[across * 3 + c]!;
      }
      oklabToLinear(colour[0]!, colour[1]!, colour[2]!, out, at);
      for (let c = 0; c < 3; c++) out[at + c] = Math.max(0, Math.min(1, out[at + c]!));
    }
  }
  return out;
}

const bases = new Map<number, Float64Array>();

/** Returns the basis of the transform, by frequency, at the middles of `side` parts. */
function basisOf(side: number): Float64Array {
  let basis = bases.get(side);
  if (basis) return basis;
  basis = Float64Array.from({ length: FEATURE_SIDE * side }, (_, i) => {
    const [k, part] = [Math.floor(i / side), i % side];
    const scale = Math.sqrt((k === 0 ? 1 : 2) / FEATURE_SIDE);
    return scale * Math.cos((Math.PI * (part + 0.5) * k) / side);
  });
  bases.set(side, basis);
  return basis;
}

/** Transforms four lines by DCT; samples of a line are `step` apart, lines `next`, channels adjacent. */
function transform(input: Float64Array, out: Float64Array, step: number, next: number): void {
  const n = FEATURE_SIDE;
  for (let line = 0; line < n; line++) {
    for (let k = 0; k < n; k++) {
      for (let c = 0; c < 3; c++) {
        let sum = 0;
        for (let i = 0; i < n; i++) sum += BASIS[k * n + i]! * input[line * next + i * step + c]!;
        out[line * next + k * step + c] = sum;
      }
    }
  }
}
