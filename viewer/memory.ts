/** Bounds what the px of a page's images take. */
import OpenSeadragon from 'openseadragon';
import { bytesOf } from './bitmaps.ts';

const MB = 2 ** 20;
/** Fewest px of the screen per px of a level: at 100 % and 50 %, the next finer level is not loaded. */
export const LEAST_PX = 0.51;
/** Bytes of the tiles that may be loaded, of what tiles are made from, and of originals: on phones, and elsewhere. */
const SMALL = { tiles: 32 * MB, sheets: 8 * MB, originals: 12 * MB };
const LARGE = { tiles: 64 * MB, sheets: 32 * MB, originals: 32 * MB };
/** A device has little memory if it tells that it has at most this much, GB. */
const LITTLE_MEMORY = 2;
/** Longest shorter side of a phone's screen, CSS px. */
const PHONE_SIDE = 600;
/** Tiles that may be loaded, in screens full of the smallest px: of the view, and of where it was. */
const SCREENS = 1;
/** Tiles without px are forgotten when no view has had them for so long, ms. */
const FORGOTTEN_MS = 5000;
/** After tiles were unloaded, so much of their bytes is left: it is not done for each that comes. */
const LEFT = 0.9;

/** Bytes of px that are kept. */
export interface Budget {
  readonly tiles: number;
  readonly sheets: number;
  readonly originals: number;
}

/** Computes the budget of this device. */
export function budgetOfDevice(): Budget {
  const { deviceMemory } = navigator as { deviceMemory?: number };
  const isPhone = matchMedia('(pointer: coarse)').matches && Math.min(screen.width, screen.height) <= PHONE_SIDE;
  const base = isPhone || (deviceMemory ?? Infinity) <= LITTLE_MEMORY ? SMALL : LARGE;
  const px = (innerWidth * innerHeight * devicePixelRatio ** 2) / LEAST_PX ** 2;
  return { ...base, tiles: Math.max(base.tiles, px * 4 * SCREENS) };
}

/** An image in OpenSeadragon's cache, and the tiles that show it. */
interface Cached {
  readonly tiles: OpenSeadragon.Tile[];
  readonly bytes: number;
  /** Time at which a view last had one of the tiles, ms. */
  touched: number;
  isInUse: boolean;
}

/**
 * Unloads the tiles that were seen least recently, as soon as all take more than a number of bytes. OpenSeadragon itself
 * counts images, whatever their size. Tiles in view stay.
 *
 * @param most computes the number of bytes; windows grow.
 */
export function boundTiles(viewer: OpenSeadragon.Viewer, most: () => number): void {
  let isMore = false;
  viewer.addHandler('tile-loaded', () => {
    isMore = true;
  });
  viewer.addHandler('update-viewport', () => {
    if (isMore) unloadOldest(viewer, most());
    isMore = false;
  });
  viewer.addHandler('animation-finish', () => {
    for (let i = 0; i < viewer.world.getItemCount(); i++) forgetUnloaded(matrixOf(viewer.world.getItemAt(i)));
  });
}

function unloadOldest({ tileCache }: OpenSeadragon.Viewer, most: number): void {
  const cached = cachedImages(tileCache);
  let bytes = cached.reduce((sum, image) => sum + image.bytes, 0);
  if (bytes <= most) return;
  for (const image of cached.filter(({ isInUse }) => !isInUse).toSorted((a, b) => a.touched - b.touched)) {
    if (bytes <= LEFT * most) return;
    bytes -= image.bytes;
    for (const tile of image.tiles) forget(tileCache, tile);
  }
}

function cachedImages(cache: OpenSeadragon.TileCache): Cached[] {
  const byKey = new Map<string, Cached>();
  for (const tile of cache.getLoadedTilesFor(null)) {
    const data: unknown = tile.getCache()?.data;
    const { cacheKey } = tile;
    const image = byKey.get(cacheKey) ?? { tiles: [], bytes: bytesOfData(data), touched: 0, isInUse: false };
    image.tiles.push(tile);
    image.touched = Math.max(image.touched, tile.lastTouchTime);
    image.isInUse ||= tile.beingDrawn || tile.loading || !tile.loaded;
    byKey.set(cacheKey, image);
  }
  return [...byKey.values()];
}

function bytesOfData(data: unknown): number {
  if (data instanceof CanvasRenderingContext2D) return bytesOf(data.canvas);
  return data instanceof ImageBitmap ? bytesOf(data) : 0;
}

/** The tiles of an item, by level, column and row: all that it ever made. */
type TileMatrix = Record<number, Record<number, Record<number, OpenSeadragon.Tile>>>;

function matrixOf(item: OpenSeadragon.TiledImage): TileMatrix {
  return (item as unknown as { tilesMatrix: TileMatrix }).tilesMatrix;
}

/** Unloads a tile, and lets its item make it anew when it is seen again. */
function forget(cache: OpenSeadragon.TileCache, tile: OpenSeadragon.Tile): void {
  // Without px, a tile knows its item no more.
  const matrix = matrixOf(tile.tiledImage!);
  cache.unloadTile(tile, true);
  delete matrix[tile.level]?.[tile.x]?.[tile.y];
}

/**
 * Forgets the tiles that were only passed, and never loaded: after some minutes they would take more than the page's scripts. One that
 * could not be loaded is asked for again when it is seen again.
 */
function forgetUnloaded(matrix: TileMatrix): void {
  const before = Date.now() - FORGOTTEN_MS;
  for (const columns of Object.values(matrix)) {
    for (const [x, rows] of Object.entries(columns)) {
      for (const [y, tile] of Object.entries(rows)) {
        if (!tile.loaded && !tile.loading && tile.lastTouchTime < before) delete rows[Number(y)];
      }
      if (Object.keys(rows).length === 0) delete columns[Number(x)];
    }
  }
}
