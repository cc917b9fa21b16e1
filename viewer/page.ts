/** The page of a site: opens the mosaic, and shows its facts. */
import OpenSeadragon from 'openseadragon';
import type { MosaicJson } from '../src/format/mosaic-json.ts';
import { parseMosaic } from '../src/format/mosaic-reader.ts';
import { connectButtons, connectKeys, fadeWhenIdle, showFocusOfKeys } from './controls.ts';
import { PixelDrawer } from './drawer.ts';
import { MosaicTileSource } from './tile-source.ts';

/** Largest side of the minimap, px; and as a fraction of the page's shorter side. */
const MINIMAP_SIDE = 180;
const MINIMAP_SHARE = 0.28;
/** Most CSS px per image px. */
const CLOSEST = 4;
/** Fewest px of the screen per px of a level: at 100 % and 50 %, the next finer level is not loaded. */
const LEAST_PX = 0.51;

const byId = (id: string) => document.getElementById(id)!;

/** Shows a message instead of the mosaic. */
function complain(text: string): void {
  byId('message').textContent = text;
  byId('message').hidden = false;
  for (const id of ['picture', 'controls', 'caption']) byId(id).hidden = true;
}

/** Reads the mosaic in the page; `undefined`, with a message shown, if that fails. */
function readMosaic(): MosaicTileSource | undefined {
  if (!('OpenSeadragon' in globalThis)) {
    complain('The viewer is incomplete: its folder “viewer” belongs beside this page. Copy the whole site.');
    return undefined;
  }
  try {
    const mosaic = parseMosaic(byId('mosaic').textContent, 'page');
    return new MosaicTileSource(mosaic, { layout: new URLSearchParams(location.search).get('layout') });
  } catch (error) {
    complain(
      `This page’s description of the mosaic cannot be used. ${error instanceof Error ? error.message : String(error)}. Build it again, page and all.`,
    );
    return undefined;
  }
}

/** Computes the minimap's size, in the mosaic's shape. */
function minimapSize({ width, height }: MosaicJson): { navigatorWidth: number; navigatorHeight: number } {
  const side = Math.min(MINIMAP_SIDE, MINIMAP_SHARE * Math.min(innerWidth, innerHeight));
  const scale = side / Math.max(width, height);
  const px = (length: number) => Math.max(8, Math.round(length * scale));
  return { navigatorWidth: px(width), navigatorHeight: px(height) };
}

function openViewer(source: MosaicTileSource): OpenSeadragon.Viewer {
  const { mosaic } = source;
  const calm = matchMedia('(prefers-reduced-motion: reduce)').matches;
  const viewer = OpenSeadragon({
    element: byId('picture'),
    tileSources: source,
    drawer: PixelDrawer,
    showNavigationControl: false,
    showNavigator: true,
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
    maxZoomPixelRatio: CLOSEST,
    zoomPerScroll: 1.25,
    gestureSettingsMouse: { clickToZoom: false, dblClickToZoom: true },
    gestureSettingsPen: { clickToZoom: false, dblClickToZoom: true },
    // Counts images, not tiles: twice what a 4K screen shows at once.
    maxImageCacheCount: 1000,
    maxTilesPerFrame: 8,
    // No queue in OpenSeadragon: a queued job could not join a download under way. The browser queues instead, so a long wait
    // is no failure.
    imageLoaderLimit: 0,
    timeout: 120_000,
    tileRetryMax: 2,
  });
  viewer.canvas.setAttribute('role', 'application');
  viewer.canvas.setAttribute(
    'aria-label',
    `${mosaic.title}: zoomable photomosaic. Arrow keys move, plus and minus zoom, 0 shows the whole.`,
  );
  source.shownBy(() => {
    const items = [viewer.world, viewer.navigator.world].map((world) => world.getItemAt(0));
    return items.filter((item) => item !== undefined);
  });
  viewer.addHandler('open-failed', () => complain('The picture cannot be opened.'));
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
  let whole = true;
  viewer.addHandler('update-viewport', () => {
    whole = viewport.getZoom() < viewport.getHomeZoom() * 1.01;
  });
  // OpenSeadragon keeps the zoom on a resize, and sets it after this event.
  viewer.addHandler('resize', () => {
    if (whole) viewer.addOnceHandler('viewport-change', () => void viewport.goHome(true));
  });
}

/** Formats the facts: “43,776 cells · 1,000 images · 2.9 gigapixels”. */
function factsOf({ grid, sources, width, height }: MosaicJson): string {
  const count = (n: number, what: string) => `${n.toLocaleString('en')} ${what}${n === 1 ? '' : 's'}`;
  const px = width * height;
  const short = (value: number) => (value < 10 ? value.toFixed(1) : Math.round(value).toLocaleString('en'));
  const size = px >= 1e9 ? `${short(px / 1e9)} gigapixels` : `${short(px / 1e6)} megapixels`;
  return [count(grid.columns * grid.rows, 'cell'), count(sources.used, 'image'), size].join(' · ');
}

/** Shows the zoom in CSS px per px of the mosaic. */
function showScale(viewer: OpenSeadragon.Viewer, mosaic: MosaicJson): void {
  const item = viewer.world.getItemAt(0);
  if (!item) return;
  // Relative to the cells at the mosaic's deepest level: each original has a scale of its own.
  const percent = item.viewportToImageZoom(viewer.viewport.getZoom(true)) * 100 * 2 ** (mosaic.originals?.levels ?? 0);
  byId('scale').textContent = `${percent < 10 ? percent.toPrecision(2) : Math.round(percent)} %`;
}

function start(): void {
  const source = readMosaic();
  if (!source) return;
  const { mosaic } = source;
  byId('facts').textContent = factsOf(mosaic);
  const viewer = openViewer(source);
  connectButtons(viewer);
  connectKeys(viewer);
  viewer.addHandler('update-viewport', () => showScale(viewer, mosaic));
  showFocusOfKeys();
  fadeWhenIdle();
  Object.assign(window, { zoomosaic: { viewer, mosaic } });
}

start();
