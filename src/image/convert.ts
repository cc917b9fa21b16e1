import type { Sharp } from 'sharp';
import type { Size } from '../types.ts';

/**
 * Converts an image to 8-bit sRGB, whatever its profile, inks or depth. Without a colour space for the pipeline, sharp
 * processes 16-bit images with profiles in Display P3, and leaves them there.
 */
export function convertToSrgb(image: Sharp): Sharp {
  return image.pipelineColourspace('srgb').toColourspace('srgb');
}

/**
 * Resizes an sRGB image to a size, in linear light. Ignores its
 * profile: call {@link convertToSrgb} first.
 */
export function shrinkLinear(image: Sharp, { width, height }: Size): Sharp {
  return image
    .pipelineColourspace('scrgb')
    .resize(width, height, { fit: 'fill', kernel: 'cubic' })
    .toColourspace('srgb');
}
