import type OpenSeadragon from 'openseadragon';
import type { MosaicTileSource } from './tile-source.ts';

/** Time after which the last tiles of a view are opaque, ms. */
const FADED_MS = 300;

/** Keeps the page's small picture of the whole where the mosaic is, until tiles hide it; then removes it. */
export function replacePreview(viewer: OpenSeadragon.Viewer, source: MosaicTileSource): void {
  const preview = document.getElementById('preview');
  if (!preview) return;
  const { width } = source.mosaic;
  const remove = () => {
    preview.remove();
    viewer.removeHandler('update-viewport', update);
  };
  const update = () => {
    const item = viewer.world.getItemAt(0);
    if (item && isHidden(item, source)) return remove();
    const { x, y, width: across, height: down } = viewer.viewport.getBounds(true);
    preview.setAttribute('viewBox', [x, y, across, down].map((length) => length * width).join(' '));
  };
  viewer.addHandler('update-viewport', update);
  viewer.addOnceHandler('open', () => {
    viewer.world.getItemAt(0).addOnceHandler('fully-loaded-change', () => setTimeout(remove, FADED_MS));
  });
}

/** Tells whether a tile of the whole mosaic is drawn, and opaque. */
function isHidden(item: OpenSeadragon.TiledImage, { levels }: MosaicTileSource): boolean {
  const { tilesMatrix } = item as unknown as {
    tilesMatrix: Record<number, Record<number, Record<number, OpenSeadragon.Tile>>>;
  };
  return levels.some(({ columns, rows }, level) => {
    const tile = columns * rows === 1 ? tilesMatrix[level]?.[0]?.[0] : undefined;
    return tile?.loaded && tile.beingDrawn && tile.opacity === 1;
  });
}
