import type { Layout, Size } from '../types.ts';
import { iiifImageOf, type IiifTile, iiifTilePath } from './iiif-image.ts';
import type { MosaicJson } from './mosaic-json.ts';
import { dziTilePath, IIIF_IMAGE, PYRAMIDS } from './site-paths.ts';

/** A level whose tiles are files of the mosaic. */
export interface TiledLevel extends Size {
  /** Deep Zoom level. */
  readonly level: number;
  readonly tile: Size;
}

type Place = Pick<IiifTile, 'column' | 'row'>;

/** Returns the path of a tile of the mosaic. */
export function mosaicTilePath(
  { mosaic, layout }: { readonly mosaic: MosaicJson; readonly layout: Layout },
  view: TiledLevel,
  place: Place,
): string {
  if (layout === 'iiif') return iiifFile(mosaic, view, place);
  return dziTilePath(PYRAMIDS[layout], { level: view.level, ...place }, mosaic.tile.extension);
}

/** Returns the path of a tile in the layout iiif. The whole image as one tile has the region `full`. */
function iiifFile({ width, height, levels }: MosaicJson, view: TiledLevel, place: Place): string {
  const { tile } = view;
  if (view.width <= tile.width && view.height <= tile.height) {
    return `${IIIF_IMAGE}/full/${view.width},${view.height}/0/default.jpg`;
  }
  const image = iiifImageOf({ width, height, tileWidth: tile.width, tileHeight: tile.height });
  const scaleFactor = 2 ** (levels.length - 1 - view.level);
  return `${IIIF_IMAGE}/${iiifTilePath(image, { scaleFactor, ...place })}`;
}
