import { readFile } from 'node:fs/promises';
import sharp from 'sharp';
import { shrinkLinear, toSrgb as convertToSrgb } from './colour/convert.ts';
import { LINEAR, toSrgb } from './colour/linear.ts';
import { messageOf, UserError } from './errors.ts';
import type { Rgb } from './types.ts';

/** The picture to be reproduced: read, and known to decode. */
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
    const small = await (await TargetPx.decode({ bytes })).resized(64, 64);
    const mean = [0, 1, 2].map((c) => {
      let sum = 0;
      for (let i = c; i < small.length; i += 3) sum += LINEAR[small[i]!]!;
      return toSrgb(sum / (small.length / 3));
    });
    const { width, height } = autoOrient;
    return { path, bytes, width, height, mean: { r: mean[0]!, g: mean[1]!, b: mean[2]! } };
  } catch (error) {
    throw new UserError(
      'target',
      `Cannot read the target ${path}: ${messageOf(error)}`,
      'Expected an image file (JPEG, PNG, WebP, AVIF, TIFF, GIF or SVG) as the first argument.',
      { cause: error },
    );
  }
}

/** A target's px, decoded: upright, sRGB, what is transparent white. */
export class TargetPx {
  private readonly data: Buffer;
  private readonly raw: { width: number; height: number; channels: 1 | 2 | 3 | 4 };

  private constructor(data: Buffer, raw: TargetPx['raw']) {
    this.data = data;
    this.raw = raw;
  }

  static async decode({ bytes }: Pick<Target, 'bytes'>): Promise<TargetPx> {
    const upright = sharp(bytes, { failOn: 'error' }).autoOrient().flatten({ background: '#fff' });
    const { data, info } = await convertToSrgb(upright).raw().toBuffer({ resolveWithObject: true });
    return new TargetPx(data, { width: info.width, height: info.height, channels: info.channels });
  }

  /** Resized in linear light to cover width x height, the rest cropped evenly; of that, `rows` rows from `top` on. RGB. */
  async resized(width: number, height: number, top = 0, rows = height): Promise<Buffer> {
    const whole = shrinkLinear(sharp(this.data, { raw: this.raw }), width, height);
    return await whole.extract({ left: 0, top, width, height: rows }).raw().toBuffer();
  }
}
