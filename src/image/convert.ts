import type { Sharp } from 'sharp';
import type { Size } from '../types.ts';

/**
 * Has an image come out as 8-bit sRGB, whatever its profile, inks or depth. Without the pipeline's colour space, sharp works
 * on 16-bit images with profiles in Display P3 and leaves them there.
 */
export function toSrgb(image: Sharp): Sharp {
  return image.pipelineColourspace('srgb').toColourspace('srgb');
}

/**
 * Has an sRGB image resized in linear light, to cover `size` (what does not fit is cropped evenly) or fill it. Its profile,
 * if it has one, is not applied: {@link toSrgb} comes first.
 */
export function shrinkLinear(image: Sharp, { width, height }: Size, fit: 'cover' | 'fill' = 'cover'): Sharp {
  return image.pipelineColourspace('scrgb').resize(width, height, { fit, kernel: 'cubic' }).toColourspace('srgb');
}
