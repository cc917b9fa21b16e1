import type { Sharp } from 'sharp';

/**
 * Has an image come out as 8-bit sRGB, whatever its profile, inks or depth. Without the pipeline's colour space, sharp works
 * on 16-bit images with profiles in Display P3 and leaves them there.
 */
export function toSrgb(image: Sharp): Sharp {
  return image.pipelineColourspace('srgb').toColourspace('srgb');
}

/** Has an sRGB image resized in linear light. Its profile, if it has one, is not applied: {@link toSrgb} comes first. */
export function shrinkLinear(image: Sharp, width: number, height: number): Sharp {
  return image
    .pipelineColourspace('scrgb')
    .resize(width, height, { fit: 'cover', kernel: 'cubic' })
    .toColourspace('srgb');
}
