import type { Sharp } from 'sharp';
import type { Size } from '../types.ts';

/**
 * Converts an image to 8-bit sRGB, whatever its profile, inks or depth. Without a colour space for the pipeline, sharp
 * processes 16-bit images with profiles in Display P3, and leaves them there.
 */
export function toSrgb(image: Sharp): Sharp {
  return image.pipelineColourspace('srgb').toColourspace('srgb');
}

/**
 * Resizes an sRGB image in linear light, to cover `size` (the excess is cropped evenly) or to fill it. Ignores its
 * profile: call {@link toSrgb} first.
 */
export function shrinkLinear(image: Sharp, { width, height }: Size, fit: 'cover' | 'fill' = 'cover'): Sharp {
  return image.pipelineColourspace('scrgb').resize(width, height, { fit, kernel: 'cubic' }).toColourspace('srgb');
}
