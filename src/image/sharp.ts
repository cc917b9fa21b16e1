import { getEnvironmentData, setEnvironmentData } from 'node:worker_threads';
import sharp from 'sharp';

/** libvips' loaders of the formats that we take; `Nsgif` is the one for GIF. */
const LOADERS = ['Jpeg', 'Png', 'Webp', 'Heif', 'Tiff', 'Nsgif', 'Svg'];

// Of whatever else a libvips was built with (ImageMagick, PDF, FITS, its own format, …), no file that is called an image
// reaches the parser. This holds for the whole process, and so is done once: what another thread opened in between would be of
// no format at all. Threads inherit what is noted here.
const DONE = 'zoomosaic formats';
if (getEnvironmentData(DONE) !== true) {
  sharp.block({ operation: ['VipsForeignLoad'] });
  sharp.unblock({ operation: LOADERS.map((name) => `VipsForeignLoad${name}`) });
  setEnvironmentData(DONE, true);
}

/** The decoder, which opens nothing but the formats that we take. The only module that loads it. */
export { sharp };
