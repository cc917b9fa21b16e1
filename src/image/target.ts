import { readFile } from 'node:fs/promises';
import { sharp } from './sharp.ts';
import { shrinkLinear, convertToSrgb } from './convert.ts';
import { LINEAR, linearToSrgb } from '../colour/linear.ts';
import { UserError } from '../errors.ts';
import { type OpenImage, openImage } from './open-image.ts';
import { explain } from './reasons.ts';
import type { Rgb, Size } from '../types.ts';

/** Image to be reproduced. It was read, and decodes. */
export interface Target {
  readonly path: string;
  readonly image: OpenImage;
  /** Size of the upright image, px. */
  readonly width: number;
  readonly height: number;
  /** Mean colour, sRGB; averaged in linear light. */
  readonly mean: Rgb;
}

/**
 * Opens a target.
 *
 * @throws {UserError} `target` if it cannot be read or decoded.
 */
export async function openTarget(path: string): Promise<Target> {
  try {
    const image = await openImage(await readFile(path));
    const { width, height } = image.metadata.autoOrient;
    const small = await (await TargetPx.decode({ image })).resized({ width: 64, height: 64 });
    const mean = [0, 1, 2].map((c) => {
      let sum = 0;
      for (let i = c; i < small.length; i += 3) sum += LINEAR[small[i]!]!;
      return linearToSrgb(sum / (small.length / 3));
    });
    return { path, image, width, height, mean: { r: mean[0]!, g: mean[1]!, b: mean[2]! } };
  } catch (error) {
    throw new UserError(
      'target',
      `Cannot read the target ${path}: ${explain(error)}`,
      'Expected an image file (JPEG, PNG, WebP, AVIF, HEIC, TIFF, GIF or SVG) as the first argument.',
      { cause: error },
    );
  }
}

/** Decoded px of a target: upright, sRGB. */
export class TargetPx {
  private readonly data: Buffer;
  private readonly raw: { width: number; height: number; channels: 1 | 2 | 3 | 4 };

  private constructor(data: Buffer, raw: TargetPx['raw']) {
    this.data = data;
    this.raw = raw;
  }

  /**
   * Decodes a target.
   *
   * @param shape shape to crop to, evenly on both sides; only the ratio of its sides counts.
   * @param background colour that transparent parts are laid over.
   */
  static async decode({ image }: Pick<Target, 'image'>, shape?: Size, background = '#fff'): Promise<TargetPx> {
    const upright = convertToSrgb(image.px().autoOrient().flatten({ background }));
    const { data, info } = await upright.raw().toBuffer({ resolveWithObject: true });
    const { width, height, channels } = info;
    const whole = new TargetPx(data, { width, height, channels });
    return shape ? await whole.cropped(shape) : whole;
  }

  private async cropped(shape: Size): Promise<TargetPx> {
    const scale = Math.min(this.raw.width / shape.width, this.raw.height / shape.height);
    const width = Math.max(1, Math.round(shape.width * scale));
    const height = Math.max(1, Math.round(shape.height * scale));
    if (width === this.raw.width && height === this.raw.height) return this;
    const [left, top] = [(this.raw.width - width) >> 1, (this.raw.height - height) >> 1];
    const part = sharp(this.data, { raw: this.raw }).extract({ left, top, width, height });
    return new TargetPx(await part.raw().toBuffer(), { ...this.raw, width, height });
  }

  /**
   * Resizes in linear light to the given size, regardless of the aspect ratio.
   *
   * @returns `rows` rows of that from `top` on, RGB.
   */
  async resized({ width, height }: Size, top = 0, rows = height): Promise<Buffer> {
    const whole = shrinkLinear(sharp(this.data, { raw: this.raw }), { width, height });
    return await whole.extract({ left: 0, top, width, height: rows }).raw().toBuffer();
  }
}
