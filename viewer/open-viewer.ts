/** Opens OpenSeadragon on a mosaic. */
import OpenSeadragon from 'openseadragon';
import type { MosaicJson } from '../src/format/mosaic-json.ts';
import { PixelDrawer } from './drawer.ts';
import { boundTiles, budgetOfDevice, LEAST_PX } from './memory.ts';
import { loadNeeded } from './needed.ts';
import type { Texts } from './strings.ts';
import type { MosaicTileSource } from './tile-source.ts';
import { CLOSEST, limitZoom } from './zoom-limit.ts';

/** Largest side of the minimap, px; and as a fraction of the page's shorter side. */
const MINIMAP_SIDE = 180;
const MINIMAP_SHARE = 0.28;
/** More images than are ever cached: {@link boundTiles} bounds their bytes. */
const ANY_NUMBER = 1e6;

/** Computes the minimap's size, in the mosaic's shape. */
function minimapSize({ width, height }: MosaicJson): { navigatorWidth: number; navigatorHeight: number } {
  const side = Math.min(MINIMAP_SIDE, MINIMAP_SHARE * Math.min(innerWidth, innerHeight));
  const scale = side / Math.max(width, height);
  const px = (length: number) => Math.max(8, Math.round(length * scale));
  return { navigatorWidth: px(width), navigatorHeight: px(height) };
}

/** Texts, and what is done with a message instead of the mosaic. */
export interface OpenOptions {
  readonly texts: Texts;
  /** What a screen reader says of the mosaic. */
  readonly label: 'map' | 'mapAlone';
  readonly complain: (text: string) => void;
  readonly minimap: boolean;
  /** Scrolling passes by: zooming takes two fingers, or Ctrl and the wheel. */
  readonly cooperativeGestures: boolean;
}

/** Opens the viewer of a mosaic in an element. */
export function openViewer(
  element: HTMLElement,
  source: MosaicTileSource,
  { texts, label, complain, minimap, cooperativeGestures }: OpenOptions,
): OpenSeadragon.Viewer {
  const { mosaic } = source;
  const calm = matchMedia('(prefers-reduced-motion: reduce)').matches;
  const viewer = OpenSeadragon({
    element,
    tileSources: source,
    drawer: PixelDrawer,
    showNavigationControl: false,
    showNavigator: minimap,
    cooperativeGestures,
    navigatorPosition: 'BOTTOM_RIGHT',
    ...minimapSize(mosaic),
    navigatorAutoFade: false,
    navigatorRotate: false,
    animationTime: calm ? 0 : 0.7,
    springStiffness: 8,
    blendTime: calm ? 0 : 0.15,
    visibilityRatio: 0.7,
    constrainDuringPan: true,
    minZoomImageRatio: 0.9,
    minPixelRatio: LEAST_PX,
    maxZoomPixelRatio: CLOSEST / OpenSeadragon.pixelDensityRatio / 2 ** (mosaic.originals?.levels ?? 0),
    zoomPerScroll: 1.25,
    gestureSettingsMouse: { clickToZoom: false, dblClickToZoom: true },
    gestureSettingsPen: { clickToZoom: false, dblClickToZoom: true },
    maxImageCacheCount: ANY_NUMBER,
    maxTilesPerFrame: 8,
    // No queue in OpenSeadragon: a queued job could not join a download under way. The browser queues instead, so a long wait
    // is no failure.
    imageLoaderLimit: 0,
    timeout: 120_000,
    tileRetryMax: 2,
  });
  viewer.canvas.setAttribute('role', 'application');
  viewer.canvas.setAttribute('aria-label', texts.of(label, { title: mosaic.title }));
  source.shownBy(() => {
    const items = [viewer.world, viewer.navigator?.world].map((world) => world?.getItemAt(0));
    return items.filter((item) => item !== undefined);
  });
  viewer.addHandler('open-failed', () => complain(texts.of('failed')));
  boundTiles(viewer, () => budgetOfDevice().tiles);
  loadNeeded(viewer, source);
  limitZoom(viewer, source);
  startCalmly(viewer, source);
  stayWhole(viewer);
  return viewer;
}

/** Loads only what the first view shows. Other levels follow once that is complete, or the user acts. */
function startCalmly(viewer: OpenSeadragon.Viewer, source: MosaicTileSource): void {
  const { viewport } = viewer;
  viewer.addOnceHandler('open', () => {
    const item = viewer.world.getItemAt(0);
    const scale = item.viewportToImageZoom(viewport.getHomeZoom()) * OpenSeadragon.pixelDensityRatio;
    // The level that OpenSeadragon will show.
    source.startAt(source.maxLevel + Math.min(0, Math.floor(Math.log2(scale / LEAST_PX))));
    const go = () => source.startAt();
    for (const event of ['pointerdown', 'wheel', 'keydown', 'resize']) {
      addEventListener(event, go, { once: true, passive: true, capture: true });
    }
    item.addOnceHandler('fully-loaded-change', go);
  });
}

/** Keeps the whole mosaic in view when the window is resized or a phone is turned, if it was before. */
function stayWhole(viewer: OpenSeadragon.Viewer): void {
  const { viewport } = viewer;
  const isWhole = () => viewport.getZoom() < viewport.getHomeZoom() * 1.01;
  let whole: boolean | undefined;
  viewer.addHandler('update-viewport', () => {
    whole = isWhole();
  });
  // OpenSeadragon keeps the zoom on a resize, and sets it after this event. The first one comes before anything is drawn, and
  // may find what a link shows.
  viewer.addHandler('resize', () => {
    if (whole ?? isWhole()) viewer.addOnceHandler('viewport-change', () => void viewport.goHome(true));
  });
}
