/**
 * Feature vectors of all crops of an image, from one pass over its px. These become sums over a summed-area table
 * (F. C. Crow, "Summed-area tables for texture mapping", SIGGRAPH 1984) of a small raster in linear light, so that each
 * crop costs 16 look-ups.
 */
import { CROP_SCALE, FEATURE_LENGTH, FEATURE_SIDE, writeFeatures } from '../colour/features.ts';
import { cropRect, CROPS } from '../tiles/crops.ts';
import type { Crop, Rgb, Size } from '../types.ts';
import { boxSums, CORNER_LENGTH } from './box-sums.ts';
import type { DecodedImage } from './decode.ts';
import type { Pixels } from './resample.ts';
import { storedRect, storedSize } from './stand.ts';

/** Longest shorter and longer side of the raster, px. A part of a half-side crop has 12 of these. */
const [RASTER_SIDE, RASTER_LONGER] = [96, 1024];
/** Numbers of a source's crop features: those of all crops but the whole. */
export const CROP_FEATURES = (CROPS - 1) * FEATURE_LENGTH;

/**
 * Computes the feature vectors of all crops but the whole (crop 0).
 *
 * @param place where the image's `crop` was put.
 * @returns {@link CROP_FEATURES} numbers, by crop, in units of 1 / {@link CROP_SCALE}.
 */
export function cropFeatures(image: DecodedImage, place: Crop, background: Rgb): Int16Array {
  const { stored, stand, width, height } = image;
  const table = new SumTable(stored, { file: storedSize(image, stand), background });
  const out = new Int16Array(CROP_FEATURES);
  const means = new Float32Array(FEATURE_SIDE ** 2 * 3);
  const features = new Float32Array(FEATURE_LENGTH);
  for (let crop = 1; crop < CROPS; crop++) {
    const rect = cropRect(image, crop, place);
    const part = { width: rect.width / FEATURE_SIDE, height: rect.height / FEATURE_SIDE };
    for (let at = 0; at < FEATURE_SIDE ** 2; at++) {
      const left = rect.left + (at % FEATURE_SIDE) * part.width;
      const top = rect.top + Math.floor(at / FEATURE_SIDE) * part.height;
      table.writeMean(storedRect({ left, top, ...part }, { width, height }, stand), means, at * 3);
    }
    writeFeatures(means, 0, FEATURE_SIDE * 3, features, 0);
    for (const [i, value] of features.entries()) {
      out[(crop - 1) * FEATURE_LENGTH + i] = Math.max(-32768, Math.min(32767, Math.round(value * CROP_SCALE)));
    }
  }
  return out;
}

/** Sums of linear light over rectangles of an image. */
class SumTable {
  private readonly width: number;
  private readonly height: number;
  /** See {@link boxSums}. */
  private readonly sums: Float64Array;
  /** Raster px per px of the file. */
  private readonly across: number;
  private readonly down: number;
  private readonly corner = new Float64Array(3);

  /** @param file size of the image in its file, px, as stored. */
  constructor(px: Pixels, { file, background }: { readonly file: Size; readonly background: Rgb }) {
    const scale = Math.min(1, RASTER_SIDE / Math.min(px.width, px.height));
    const side = (length: number) => Math.max(1, Math.min(RASTER_LONGER, Math.round(length * scale)));
    this.width = side(px.width);
    this.height = side(px.height);
    this.across = this.width / file.width;
    this.down = this.height / file.height;
    this.sums = boxSums(px, { width: this.width, height: this.height }, background);
  }

  /** Writes the mean colour of a rectangle, px of the file; edges may lie within px. */
  writeMean(
    {
      left,
      top,
      width,
      height,
    }: { readonly left: number; readonly top: number; readonly width: number; readonly height: number },
    out: Float32Array,
    at: number,
  ): void {
    const [x0, x1] = [left * this.across, (left + width) * this.across];
    const [y0, y1] = [top * this.down, (top + height) * this.down];
    const area = (x1 - x0) * (y1 - y0);
    this.corner.fill(0);
    this.addCorner(x1, y1, 1);
    this.addCorner(x0, y1, -1);
    this.addCorner(x1, y0, -1);
    this.addCorner(x0, y0, 1);
    for (let c = 0; c < 3; c++) out[at + c] = Math.max(0, Math.min(1, this.corner[c]! / area));
  }

  /** Adds the sum above and left of (x, y), times `sign`. Between corners, sums are bilinear, as px are of one colour. */
  private addCorner(x: number, y: number, sign: number): void {
    const column = Math.max(0, Math.min(this.width - 1, Math.floor(x)));
    const row = Math.max(0, Math.min(this.height - 1, Math.floor(y)));
    const [right, below] = [Math.min(1, x - column), Math.min(1, y - row)];
    const line = (this.width + 1) * CORNER_LENGTH;
    const at = row * line + column * CORNER_LENGTH;
    for (let c = 0; c < 3; c++) {
      const upper = this.sums[at + c]! * (1 - right) + this.sums[at + CORNER_LENGTH + c]! * right;
      const lower = this.sums[at + line + c]! * (1 - right) + this.sums[at + line + CORNER_LENGTH + c]! * right;
      this.corner[c]! += sign * (upper * (1 - below) + lower * below);
    }
  }
}
