/**
 * Shows mosaics of zoomosaic in any page with OpenSeadragon 6. As a whole, with events, links and search:
 *
 *     import { createViewer } from 'zoomosaic/viewer';
 *     const mosaic = await createViewer(document.querySelector('#picture'), 'https://example.org/site/');
 *     mosaic.on('cell', ({ source }) => console.log(source?.name));
 *
 * Or as a tile source, in an OpenSeadragon viewer of the page's own:
 *
 *     import OpenSeadragon from 'openseadragon';
 *     import { openMosaic } from 'zoomosaic/viewer';
 *     const viewer = OpenSeadragon({ id: 'picture', tileSources: await openMosaic('https://example.org/site/') });
 *
 * A page without a bundler loads the modules from the package: docs/compact.md has one. The formats are described in
 * docs/formats.md and docs/compact.md.
 */
export {
  type CellEvent,
  createViewer,
  type CreateViewerOptions,
  type FoundSource,
  type Goal,
  type MosaicEvents,
  MosaicViewer,
  type ShownSource,
} from './create-viewer.ts';
export type { CellPlace } from './cell-image.ts';
export type { View } from './link.ts';
export { openMosaic } from './open-mosaic.ts';
export { MosaicTileSource, type TileSourceOptions } from './tile-source.ts';
export { MOSAIC_VERSION } from '../src/format/mosaic-json.ts';
export { PixelDrawer } from './drawer.ts';
