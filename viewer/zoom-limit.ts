/** Ends zooming in where there is nothing more to see. */
import OpenSeadragon from 'openseadragon';
import type { CellPlace } from './cell-image.ts';
import type { MosaicTileSource } from './tile-source.ts';

/** Most px of the screen per px of an image. */
export const CLOSEST = 2;

/**
 * Limits zooming in by the image under the middle of the view. The limit changes only when somebody zooms in: moving on to a
 * smaller image moves nothing by itself.
 */
export function limitZoom(viewer: OpenSeadragon.Viewer, source: MosaicTileSource): void {
  const viewport = viewer.viewport as OpenSeadragon.Viewport & { maxZoomLevel: number };
  let before = Infinity;
  viewer.addHandler('zoom', ({ zoom }) => {
    const item = viewer.world.getItemAt(0);
    // Whoever zooms applies the limits of the viewport after this event.
    if (item && zoom > before) viewport.maxZoomLevel = closestAt(item, viewport.getCenter(false), source);
    before = zoom;
  });
}

/** Allows the zoom that a cell allows, before a view frames it. */
export function allowZoomAt(viewer: OpenSeadragon.Viewer, source: MosaicTileSource, place: CellPlace): void {
  const item = viewer.world.getItemAt(0);
  const { columns } = source.mosaic.grid;
  const { cell } = source.mosaic;
  const down = (columns * cell.width) / cell.height;
  const middle = new OpenSeadragon.Point((place.column + 0.5) / columns, (place.row + 0.5) / down);
  Object.assign(viewer.viewport, { maxZoomLevel: closestAt(item, middle, source) });
}

/** Computes the greatest zoom at a point of the viewport. */
function closestAt(item: OpenSeadragon.TiledImage, point: OpenSeadragon.Point, source: MosaicTileSource): number {
  const { x, y } = item.viewportToImageCoordinates(point);
  const own = CLOSEST / OpenSeadragon.pixelDensityRatio / 2 ** (source.mosaic.originals?.levels ?? 0);
  return item.imageToViewportZoom(own * source.detailAt(x, y));
}
