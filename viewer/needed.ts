/** Loads no tile that a view does not need. */
import type OpenSeadragon from 'openseadragon';
import type { MosaicTileSource } from './tile-source.ts';

/** A download ends so long after the last view that needed it, ms: that may be back soon. */
const GRACE_MS = 200;

/** Where a view is, or flies to. */
interface Aim {
  /** Finest level that is shown there. */
  readonly level: number;
  readonly bounds: OpenSeadragon.Rect;
}

/** What OpenSeadragon's types leave out. */
interface Shown {
  readonly source: Omit<OpenSeadragon.TileSource, 'getPixelRatio'> & {
    getPixelRatio(level: number): OpenSeadragon.Point;
  };
  readonly minPixelRatio: number;
}

/**
 * Keeps a viewer from loading tiles that are only flown over: finer ones than the view shows at the end, ones beside it, and
 * ones of coarser levels that have to be composed. Those take the most bytes, and another level is shown in their place.
 * Downloads that are not needed any more end.
 */
export function loadNeeded(viewer: OpenSeadragon.Viewer, source: MosaicTileSource): void {
  const withheld = new WeakSet<OpenSeadragon.Tile>();
  let aim: Aim | undefined;
  let now = 0;
  viewer.addHandler('update-level', ({ tiledImage, currenttime }) => {
    aim = aimOf(viewer, tiledImage);
    now = Number(currenttime);
  });
  viewer.addHandler('update-tile', ({ tile }) => {
    if (tile.loaded || !aim) return;
    if (isNeeded(tile, aim, source)) {
      if (withheld.delete(tile)) tile.exists = true;
    } else if (tile.exists && (source.giveUp(tile) || !tile.loading)) {
      tile.exists = false;
      withheld.add(tile);
    }
  });
  let timer = 0;
  const passed = () =>
    source.loadingTiles().filter((tile) => tile.tiledImage?.viewer === viewer && tile.lastTouchTime < now);
  viewer.addHandler('update-viewport', () => {
    if (timer || passed().length === 0) return;
    timer = setTimeout(() => {
      timer = 0;
      for (const tile of passed()) source.giveUp(tile);
    }, GRACE_MS);
  });
}

function aimOf({ viewport }: OpenSeadragon.Viewer, item: OpenSeadragon.TiledImage): Aim {
  const { source, minPixelRatio } = item as unknown as Shown;
  const pxOf = (level: number) => viewport.deltaPixelsFromPointsNoRotate(source.getPixelRatio(level), false).x;
  let level = source.maxLevel;
  while (level > source.minLevel && pxOf(level) < minPixelRatio) level--;
  return { level, bounds: viewport.getBounds(false) };
}

function isNeeded({ level, bounds }: OpenSeadragon.Tile, aim: Aim, source: MosaicTileSource): boolean {
  if (level > aim.level || (level < aim.level && source.isComposed(level))) return false;
  const { x, y, width, height } = aim.bounds;
  return bounds.x < x + width && bounds.y < y + height && bounds.x + bounds.width > x && bounds.y + bounds.height > y;
}
