import sharp from 'sharp';
import { settleFormats } from './formats-settled.ts';

/** libvips' loaders of the accepted formats; `Nsgif` is the one for GIF. */
const LOADERS = ['Jpeg', 'Png', 'Webp', 'Heif', 'Tiff', 'Nsgif', 'Svg'];

// Blocks all other loaders that libvips was built with (ImageMagick, PDF, FITS, its own format, …), so that no input
// file reaches their parsers. This applies to the whole process.
settleFormats(() => {
  sharp.block({ operation: ['VipsForeignLoad'] });
  sharp.unblock({ operation: LOADERS.map((name) => `VipsForeignLoad${name}`) });
});

/** The decoder, restricted to the accepted formats. Only this module loads it. */
export { sharp };
