import { readFile } from 'node:fs/promises';
import { FEATURE_LENGTH } from '../colour/features.ts';
import { UserError } from '../errors.ts';
import { openImage } from '../image/open-image.ts';
import { explain } from '../image/reasons.ts';
import { TargetPx } from '../image/target.ts';
import type { Grid, Size } from '../types.ts';
import { type TargetCells, writeCellFeatures } from './target-cells.ts';

/** Weight of black in a picture of weights, where white is 1: dark areas still count. */
const LEAST = 0.1;
/** Weights of `auto`: base of every cell, greatest addition for detail, greatest addition for skin. */
const [PLAIN, DETAIL, SKIN] = [1, 2, 1];

/**
 * Reads a picture of weights: white cells count most, black ones a tenth of that.
 *
 * @throws {UserError} `usage` if it cannot be read or decoded.
 */
export async function readWeights(path: string, { columns, rows }: Grid, cell: Size): Promise<Float32Array> {
  try {
    const shape = { width: columns * cell.width, height: rows * cell.height };
    const whole = await TargetPx.decode({ image: await openImage(await readFile(path)) }, shape, '#000');
    const px = await whole.resized({ width: columns, height: rows });
    const step = px.length / (columns * rows);
    return Float32Array.from(
      { length: columns * rows },
      (_, i) => LEAST + (1 - LEAST) * (px[i * step + (step > 1 ? 1 : 0)]! / 255),
    );
  } catch (error) {
    throw new UserError(
      'usage',
      `Cannot read --weights ${path}: ${explain(error)}`,
      'Expected a picture whose light parts matter most, or auto.',
      { cause: error },
    );
  }
}

/**
 * Computes weights from simple measures of what people look at: detail (energy of all coefficients but the mean colour, and
 * difference from the cells to the right and below) and skin (an orange hue of moderate chroma). Each is averaged over 3 x
 * 3 cells.
 */
export function autoWeights(target: TargetCells): Float32Array {
  const { columns, rows } = target.grid;
  const count = columns * rows;
  const means = new Float32Array(count * 3);
  const detail = new Float32Array(count);
  const skin = new Float32Array(count);
  const features = new Float32Array(FEATURE_LENGTH);
  for (let cell = 0; cell < count; cell++) {
    writeCellFeatures(target, cell, features);
    for (let i = 3; i < FEATURE_LENGTH; i++) detail[cell]! += features[i]! ** 2;
    for (let c = 0; c < 3; c++) means[cell * 3 + c] = features[c]! / 4;
    skin[cell] = skinOf(means[cell * 3]!, means[cell * 3 + 1]!, means[cell * 3 + 2]!);
  }
  for (let cell = 0; cell < count; cell++) {
    const right = cell % columns < columns - 1 ? cell + 1 : cell;
    const below = cell + columns < count ? cell + columns : cell;
    for (const next of [right, below]) {
      for (let c = 0; c < 3; c++) detail[cell]! += 4 * (means[cell * 3 + c]! - means[next * 3 + c]!) ** 2;
    }
  }
  const rooted = detail.map(Math.sqrt);
  // The 95th percentile counts as full detail.
  const most = Math.max(1e-6, rooted.toSorted()[Math.floor(count * 0.95)]!);
  const [smoothDetail, smoothSkin] = [rooted, skin].map((values) => smoothed(values, columns, rows)) as [
    Float32Array,
    Float32Array,
  ];
  return smoothDetail.map((value, cell) => PLAIN + DETAIL * Math.min(1, value / most) + SKIN * smoothSkin[cell]!);
}

/** Returns 1 for skin-like colours, 0 for others; OKLab. */
function skinOf(lightness: number, a: number, b: number): number {
  const chroma = Math.hypot(a, b);
  const hue = (Math.atan2(b, a) * 180) / Math.PI;
  return lightness > 0.25 && lightness < 0.95 && chroma > 0.03 && chroma < 0.16 && hue > 25 && hue < 75 ? 1 : 0;
}

/** Averages over 3 x 3 cells. */
function smoothed(values: Float32Array, columns: number, rows: number): Float32Array {
  return values.map((_, cell) => {
    const [x, y] = [cell % columns, Math.floor(cell / columns)];
    let [sum, count] = [0, 0];
    for (let row = Math.max(0, y - 1); row <= Math.min(rows - 1, y + 1); row++) {
      for (let column = Math.max(0, x - 1); column <= Math.min(columns - 1, x + 1); column++, count++) {
        sum += values[row * columns + column]!;
      }
    }
    return sum / count;
  });
}
