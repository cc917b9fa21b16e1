/**
 * Shows mosaics of zoomosaic in any page with OpenSeadragon 6:
 *
 *     import OpenSeadragon from 'openseadragon';
 *     import { openMosaic } from 'zoomosaic/viewer';
 *     const viewer = OpenSeadragon({ id: 'picture', tileSources: await openMosaic('https://example.org/site/') });
 *
 * A page without a bundler loads the modules from the package: docs/compact.md has one. The formats are described in
 * docs/formats.md and docs/compact.md.
 */
import { MOSAIC_BYTES_MAX } from '../src/format/mosaic-json.ts';
import { parseMosaic } from '../src/format/mosaic-reader.ts';
import { readText } from './scripts.ts';
import { MosaicTileSource, type TileSourceOptions } from './tile-source.ts';
import { MOSAIC_FILE } from '../src/format/site-paths.ts';

export { MosaicTileSource, type TileSourceOptions } from './tile-source.ts';
export { MOSAIC_VERSION } from '../src/format/mosaic-json.ts';
export { PixelDrawer } from './drawer.ts';

/**
 * Reads a site's `mosaic.json`, and makes a tile source of it. A site of another origin must allow that
 * (`Access-Control-Allow-Origin`).
 *
 * @param site address of the site's folder.
 * @throws if `mosaic.json` cannot be loaded, is of an unknown version, or has a wrong field.
 */
export async function openMosaic(
  site: string,
  options: Omit<TileSourceOptions, 'base'> = {},
): Promise<MosaicTileSource> {
  const base = new URL(site.endsWith('/') ? site : `${site}/`, document.baseURI).href;
  const text = await readText(await fetch(base + MOSAIC_FILE), MOSAIC_BYTES_MAX);
  return new MosaicTileSource(parseMosaic(text), { ...options, base });
}
