/**
 * The error of a mosaic that is seen from so far away that neighbouring cells blend: the mean colours of its cells (linear
 * RGB) minus those of the target, blurred with a Gaussian of one cell. The energy is the sum of squared OKLab differences
 * of the two blurred pictures.
 *
 * OKLab is not linear. Its difference is linear in the error, though, with slopes that depend on both colours: the cube
 * roots of two numbers differ by (a - b) / (∛a² + ∛a ∛b + ∛b²). With slopes kept for a while, the energy is quadratic in
 * the colour of a cell, so that the change by another picture takes a few multiplications (gradient and curvature).
 */
import { CONES, LAB } from '../../colour/oklab.ts';
import type { Grid } from '../../types.ts';

/** Standard deviation of the blur, cells; and cells in each direction beyond which it is cut off. */
const SIGMA = 1;
export const BLUR_REACH = 3;
const SPAN = 2 * BLUR_REACH + 1;
const KERNEL = (() => {
  const line = Float64Array.from({ length: SPAN }, (_, i) => Math.exp(-((i - BLUR_REACH) ** 2) / (2 * SIGMA ** 2)));
  const sum = line.reduce((total, value) => total + value, 0);
  return line.map((value) => value / sum);
})();
/** Least cube root of a cone response that slopes are computed from: that of 1/1,000 of white. */
const LEAST_ROOT = 0.1;

/** LABᵀ LAB. */
const LAB_SQUARE = Array.from({ length: 9 }, (_, i) => {
  const [row, column] = [Math.floor(i / 3), i % 3];
  return [0, 1, 2].reduce((sum, k) => sum + LAB[k * 3 + row]! * LAB[k * 3 + column]!, 0);
});

export interface AfarFieldOptions {
  readonly grid: Grid;
  /** By cell: linear RGB of the target, and of the mosaic. */
  readonly target: Float32Array;
  readonly shown: Float32Array;
  /** By cell: weight of its error. */
  readonly weights: Float32Array;
}

export class AfarField {
  /** Half the derivative of the energy by the colour of the cell of the latest {@link at}, r, g, b. */
  readonly gradient = new Float64Array(3);
  /** Its curvature: a symmetric matrix (rr, rg, rb, gg, gb, bb). */
  readonly curvature = new Float64Array(6);
  private readonly grid: Grid;
  private readonly weights: Float32Array;
  /** By cell: blurred colours of the target, and the blurred error. */
  private readonly blurred: Float64Array;
  private readonly error: Float64Array;
  /** By cell: symmetric matrix whose quadratic form of the error is the squared OKLab difference, times the weight. */
  private readonly metric: Float64Array;

  constructor({ grid, target, shown, weights }: AfarFieldOptions) {
    this.grid = grid;
    this.weights = weights;
    this.blurred = blur(target, grid);
    const seen = blur(shown, grid);
    this.error = seen.map((value, i) => value - this.blurred[i]!);
    this.metric = new Float64Array(weights.length * 6);
    this.linearise();
  }

  /** Computes the slopes anew, from the colours that the mosaic has now. */
  linearise(): void {
    const { blurred, error, metric, weights } = this;
    const slopes = [0, 0, 0];
    for (let cell = 0; cell < weights.length; cell++) {
      const at = cell * 3;
      for (let cone = 0; cone < 3; cone++) {
        const [r, g, b] = [CONES[cone * 3]!, CONES[cone * 3 + 1]!, CONES[cone * 3 + 2]!];
        const wanted = r * blurred[at]! + g * blurred[at + 1]! + b * blurred[at + 2]!;
        const more = r * error[at]! + g * error[at + 1]! + b * error[at + 2]!;
        const one = Math.max(LEAST_ROOT, Math.cbrt(wanted));
        const other = Math.max(LEAST_ROOT, Math.cbrt(wanted + more));
        slopes[cone] = 1 / (one * one + one * other + other * other);
      }
      let to = cell * 6;
      for (let i = 0; i < 3; i++) {
        for (let j = i; j < 3; j++) {
          let sum = 0;
          for (let p = 0; p < 3; p++) {
            for (let q = 0; q < 3; q++) {
              sum += CONES[p * 3 + i]! * slopes[p]! * LAB_SQUARE[p * 3 + q]! * slopes[q]! * CONES[q * 3 + j]!;
            }
          }
          metric[to++] = weights[cell]! * sum;
        }
      }
    }
  }

  /** Sum of the squared OKLab differences, times weights. */
  energy(): number {
    const { error, metric } = this;
    let sum = 0;
    for (let at = 0, m = 0; at < error.length; at += 3, m += 6) {
      const [r, g, b] = [error[at]!, error[at + 1]!, error[at + 2]!];
      sum += r * (metric[m]! * r + 2 * (metric[m + 1]! * g + metric[m + 2]! * b));
      sum += g * (metric[m + 3]! * g + 2 * metric[m + 4]! * b) + metric[m + 5]! * b * b;
    }
    return sum;
  }

  /** Computes {@link gradient} and {@link curvature} for a cell. */
  at(cell: number): void {
    const { gradient, curvature, error, metric } = this;
    gradient.fill(0);
    curvature.fill(0);
    this.around(cell, (other, factor) => {
      const [e, m] = [other * 3, other * 6];
      const [r, g, b] = [error[e]!, error[e + 1]!, error[e + 2]!];
      const [rr, rg, rb] = [metric[m]!, metric[m + 1]!, metric[m + 2]!];
      const [gg, gb, bb] = [metric[m + 3]!, metric[m + 4]!, metric[m + 5]!];
      gradient[0]! += factor * (rr * r + rg * g + rb * b);
      gradient[1]! += factor * (rg * r + gg * g + gb * b);
      gradient[2]! += factor * (rb * r + gb * g + bb * b);
      const square = factor * factor;
      for (let i = 0; i < 6; i++) curvature[i]! += square * metric[m + i]!;
    });
  }

  /** Change of the energy if the colour of the cell of the latest {@link at} changes by (r, g, b). */
  change(r: number, g: number, b: number): number {
    const { gradient, curvature } = this;
    const [rr, rg, rb, gg, gb, bb] = curvature as unknown as [number, number, number, number, number, number];
    const linear = gradient[0]! * r + gradient[1]! * g + gradient[2]! * b;
    return 2 * linear + r * (rr * r + 2 * (rg * g + rb * b)) + g * (gg * g + 2 * gb * b) + bb * b * b;
  }

  /** Changes the colour of a cell by (r, g, b). */
  move(cell: number, [r, g, b]: readonly [number, number, number]): void {
    const { error } = this;
    this.around(cell, (other, factor) => {
      error[other * 3]! += factor * r;
      error[other * 3 + 1]! += factor * g;
      error[other * 3 + 2]! += factor * b;
    });
  }

  /** Calls `visit` for all cells that the blur spreads a cell to, with their factors. */
  private around(cell: number, visit: (other: number, factor: number) => void): void {
    const { columns, rows } = this.grid;
    const [column, row] = [cell % columns, Math.floor(cell / columns)];
    for (let y = Math.max(0, row - BLUR_REACH); y <= Math.min(rows - 1, row + BLUR_REACH); y++) {
      const down = KERNEL[y - row + BLUR_REACH]!;
      for (let x = Math.max(0, column - BLUR_REACH); x <= Math.min(columns - 1, column + BLUR_REACH); x++) {
        visit(y * columns + x, down * KERNEL[x - column + BLUR_REACH]!);
      }
    }
  }
}

/** Blurs colours of cells; beyond the edges, they are 0. */
function blur(colours: Float32Array, { columns, rows }: Grid): Float64Array {
  const across = new Float64Array(colours.length);
  const out = new Float64Array(colours.length);
  for (let y = 0; y < rows; y++) {
    for (let x = 0; x < columns; x++) {
      for (let i = Math.max(0, x - BLUR_REACH); i <= Math.min(columns - 1, x + BLUR_REACH); i++) {
        const factor = KERNEL[i - x + BLUR_REACH]!;
        for (let c = 0; c < 3; c++) across[(y * columns + x) * 3 + c]! += factor * colours[(y * columns + i) * 3 + c]!;
      }
    }
  }
  for (let y = 0; y < rows; y++) {
    for (let i = Math.max(0, y - BLUR_REACH); i <= Math.min(rows - 1, y + BLUR_REACH); i++) {
      const factor = KERNEL[i - y + BLUR_REACH]!;
      for (let at = 0; at < columns * 3; at++) out[y * columns * 3 + at]! += factor * across[i * columns * 3 + at]!;
    }
  }
  return out;
}
