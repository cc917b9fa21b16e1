/**
 * Shows the mosaics of zoomosaic in any page with OpenSeadragon 6:
 *
 *     import OpenSeadragon from 'openseadragon';
 *     import { openMosaic } from 'zoomosaic/viewer';
 *     const viewer = OpenSeadragon({ id: 'picture', tileSources: await openMosaic('https://example.org/site/') });
 *
 * The formats are described in docs/formats.md and docs/compact.md.
 */
import type { MosaicJson } from '../src/mosaic-json.ts';
import { MosaicTileSource, type TileSourceOptions } from './tile-source.ts';

export { MosaicTileSource, type TileSourceOptions } from './tile-source.ts';
export { MOSAIC_VERSION } from '../src/mosaic-json.ts';
export { PixelDrawer } from './drawer.ts';

/**
 * Reads a site's `mosaic.json` and makes a tile source of it. From another origin, that has to allow it
 * (`Access-Control-Allow-Origin`).
 *
 * @param site address of the site's folder.
 * @throws if mosaic.json cannot be loaded, or is of a version or layout that this does not know.
 */
export async function openMosaic(
  site: string,
  options: Omit<TileSourceOptions, 'base'> = {},
): Promise<MosaicTileSource> {
  const base = new URL(site.endsWith('/') ? site : `${site}/`, document.baseURI).href;
  const response = await fetch(`${base}mosaic.json`);
  if (!response.ok) throw new Error(`${base}mosaic.json cannot be loaded: ${response.status}`);
  return new MosaicTileSource((await response.json()) as MosaicJson, { ...options, base });
}
