import sharp from 'sharp';
import { settleFormats } from './formats-settled.ts';

/** libvips' loaders of the formats that we take; `Nsgif` is the one for GIF. */
const LOADERS = ['Jpeg', 'Png', 'Webp', 'Heif', 'Tiff', 'Nsgif', 'Svg'];

// Of whatever else a libvips was built with (ImageMagick, PDF, FITS, its own format, …), no file that is called an image
// reaches the parser. This holds for the whole process.
settleFormats(() => {
  sharp.block({ operation: ['VipsForeignLoad'] });
  sharp.unblock({ operation: LOADERS.map((name) => `VipsForeignLoad${name}`) });
});

/** The decoder, which opens nothing but the formats that we take. The only module that loads it. */
export { sharp };
