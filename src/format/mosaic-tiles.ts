import { iiifImageOf, type IiifTile, iiifTilePath } from '../src/format/iiif-image.ts';
import type { MosaicJson } from '../src/format/mosaic-json.ts';
import { dziTilePath, IIIF_IMAGE, PYRAMIDS } from '../src/format/site-paths.ts';
import type { Layout } from '../src/types.ts';
import type { ViewLevel } from './levels.ts';

type Place = Pick<IiifTile, 'column' | 'row'>;

/** Returns the path of a tile of the mosaic. */
export function tileFile(
  { mosaic, layout }: { readonly mosaic: MosaicJson; readonly layout: Layout },
  view: ViewLevel,
  place: Place,
): string {
  if (layout === 'iiif') return iiifFile(mosaic, view, place);
  return dziTilePath(PYRAMIDS[layout], { level: view.level, ...place }, mosaic.tile.extension);
}

/** Returns the path of a tile in the layout iiif. The whole image as one tile has the region `full`. */
function iiifFile({ width, height, levels }: MosaicJson, view: ViewLevel, place: Place): string {
  const { tile, columns, rows } = view;
  if (columns * rows === 1) return `${IIIF_IMAGE}/full/${view.width},${view.height}/0/default.jpg`;
  const image = iiifImageOf({ width, height, tileWidth: tile.width, tileHeight: tile.height });
  const scaleFactor = 2 ** (levels.length - 1 - view.level);
  return `${IIIF_IMAGE}/${iiifTilePath(image, { scaleFactor, ...place })}`;
}
