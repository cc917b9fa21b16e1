import { MOSAIC_BYTES_MAX } from '../src/format/mosaic-json.ts';
import { parseMosaic } from '../src/format/mosaic-reader.ts';
import { MOSAIC_FILE } from '../src/format/site-paths.ts';
import { readText } from './scripts.ts';
import { MosaicTileSource, type TileSourceOptions } from './tile-source.ts';

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
