import { readFile } from 'node:fs/promises';
import sharp from 'sharp';
import { shrinkLinear, toSrgb as convertToSrgb } from '../colour/convert.ts';
import { FEATURE_SIDE, writeFeatures } from '../colour/features.ts';
import { LINEAR, toSrgb } from '../colour/linear.ts';
import { messageOf, UserError } from '../errors.ts';
import type { Grid, Rgb } from '../types.ts';

/** The picture to be reproduced: read, known to decode, but not yet cut into cells. */
export interface Target {
  readonly path: string;
  readonly bytes: Buffer;
  /** Upright px. */
  readonly width: number;
  readonly height: number;
  /** Its mean in linear light. */
  readonly mean: Rgb;
}

/**
 * Opens a target picture.
 *
 * @throws {UserError} `target` if it cannot be read or decoded.
 */
export async function openTarget(path: string): Promise<Target> {
  try {
    const bytes = await readFile(path);
    const { autoOrient } = await sharp(bytes).metadata();
    const target = { path, bytes, width: autoOrient.width, height: autoOrient.height };
    const small = await linearPx(target, 64, 64);
    const mean = [0, 1, 2].map((c) => {
      let sum = 0;
      for (let i = c; i < small.length; i += 3) sum += LINEAR[small[i]!]!;
      return toSrgb(sum / (small.length / 3));
    });
    return { ...target, mean: { r: mean[0]!, g: mean[1]!, b: mean[2]! } };
  } catch (error) {
    throw new UserError(
      'target',
      `Cannot read the target ${path}: ${messageOf(error)}`,
      'Expected an image file (JPEG, PNG, WebP, AVIF, TIFF, GIF or SVG) as the first argument.',
      { cause: error },
    );
  }
}

/** Resized in linear light, covering width x height; what is transparent is white. */
async function linearPx({ bytes }: { bytes: Buffer }, width: number, height: number): Promise<Buffer> {
  const upright = sharp(bytes, { failOn: 'error' }).autoOrient().flatten({ background: '#fff' });
  const { data, info } = await convertToSrgb(upright).raw().toBuffer({ resolveWithObject: true });
  const raw = { width: info.width, height: info.height, channels: info.channels };
  return await shrinkLinear(sharp(data, { raw }), width, height).raw().toBuffer();
}

/** A target cut into cells, in memory that threads can share. */
export interface TargetCells {
  readonly grid: Grid;
  /** 4 x 4 means per cell, RGB, 8-bit sRGB; row-major over the whole picture. */
  readonly px: Uint8Array;
}

/** Cuts a target into cells; what does not fit the grid's aspect ratio is cropped evenly. */
export async function cutTarget(target: Target, grid: Grid): Promise<TargetCells> {
  const px = await linearPx(target, grid.columns * FEATURE_SIDE, grid.rows * FEATURE_SIDE);
  const shared = new Uint8Array(new SharedArrayBuffer(px.length));
  shared.set(px);
  return { grid, px: shared };
}

const means = new Float32Array(FEATURE_SIDE ** 2 * 3);

/** Writes the feature vector of cell `index` (row-major) into `out` from `at` on. */
export function writeCellFeatures({ grid, px }: TargetCells, index: number, out: Float32Array, at: number): void {
  const stride = grid.columns * FEATURE_SIDE * 3;
  const line = FEATURE_SIDE * 3;
  const first = Math.floor(index / grid.columns) * FEATURE_SIDE * stride + (index % grid.columns) * line;
  for (let y = 0; y < FEATURE_SIDE; y++) {
    for (let i = 0; i < line; i++) means[y * line + i] = LINEAR[px[first + y * stride + i]!]!;
  }
  writeFeatures(means, 0, line, out, at);
}
