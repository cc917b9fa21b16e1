/** The page: opens the mosaic and says what it is. */
import OpenSeadragon from 'openseadragon';
import { messageOf } from '../src/errors.ts';
import type { MosaicJson } from '../src/format/mosaic-json.ts';
import { parseMosaic } from '../src/format/mosaic-reader.ts';
import { connectButtons, connectKeys, fadeWhenIdle } from './controls.ts';
import { PixelDrawer } from './drawer.ts';
import { MosaicTileSource } from './tile-source.ts';

/** Longer side of the minimap, px, at most; and of the page's shorter side. */
const MINIMAP_SIDE = 180;
const MINIMAP_SHARE = 0.28;
/** CSS px per picture px at most. */
const CLOSEST = 4;
/** Px of the screen per px of a level, at least: at 100 % and 50 %, the next finer level is not asked for. */
const LEAST_PX = 0.51;

const byId = (id: string) => document.getElementById(id)!;

/** Says something instead of showing the picture. */
function complain(text: string): void {
  byId('message').textContent = text;
  byId('message').hidden = false;
  for (const id of ['picture', 'controls', 'caption']) byId(id).hidden = true;
}

/** What the page shows; `undefined`, and said so, if it cannot. */
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
      `This page’s description of the mosaic cannot be used. ${messageOf(error)}. Build it again, page and all.`,
    );
    return undefined;
  }
}

/** In the picture's shape. */
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
    // Images, not tiles: twice what a 4K screen shows at once.
    maxImageCacheCount: 1000,
    maxTilesPerFrame: 8,
    // No queue of its own: one that waits there cannot join a download under way, and browsers have a queue, too;
    // which is why waiting long is no failure.
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

/** Has the first view load no more than it shows: what else there is, comes once that is there, or somebody moves. */
function startCalmly(viewer: OpenSeadragon.Viewer, source: MosaicTileSource): void {
  const { viewport } = viewer;
  viewer.addOnceHandler('open', () => {
    const picture = viewer.world.getItemAt(0);
    const scale = picture.viewportToImageZoom(viewport.getHomeZoom()) * OpenSeadragon.pixelDensityRatio;
    // The level that OpenSeadragon shows.
    source.startAt(source.maxLevel + Math.min(0, Math.floor(Math.log2(scale / LEAST_PX))));
    const go = () => source.startAt();
    for (const event of ['pointerdown', 'wheel', 'keydown', 'resize']) {
      addEventListener(event, go, { once: true, passive: true, capture: true });
    }
    picture.addOnceHandler('fully-loaded-change', go);
  });
}

/** Keeps showing the whole when the window changes or a phone is turned, if it was shown before. */
function stayWhole(viewer: OpenSeadragon.Viewer): void {
  const { viewport } = viewer;
  let whole = true;
  viewer.addHandler('update-viewport', () => {
    whole = viewport.getZoom() < viewport.getHomeZoom() * 1.01;
  });
  // OpenSeadragon keeps the scale, and sets it after this event.
  viewer.addHandler('resize', () => {
    if (whole) viewer.addOnceHandler('viewport-change', () => void viewport.goHome(true));
  });
}

/** “43,776 cells · 1,000 images · 2.9 gigapixels” */
function factsOf({ grid, sources, width, height }: MosaicJson): string {
  const count = (n: number, what: string) => `${n.toLocaleString('en')} ${what}${n === 1 ? '' : 's'}`;
  const px = width * height;
  const short = (value: number) => (value < 10 ? value.toFixed(1) : Math.round(value).toLocaleString('en'));
  const size = px >= 1e9 ? `${short(px / 1e9)} gigapixels` : `${short(px / 1e6)} megapixels`;
  return [count(grid.columns * grid.rows, 'cell'), count(sources.used, 'image'), size].join(' · ');
}

/** Tells the scale in CSS px per picture px. */
function showScale(viewer: OpenSeadragon.Viewer, mosaic: MosaicJson): void {
  const picture = viewer.world.getItemAt(0);
  if (!picture) return;
  // Of the cells, not of originals, of which each has another.
  const percent =
    picture.viewportToImageZoom(viewer.viewport.getZoom(true)) * 100 * 2 ** (mosaic.originals?.levels ?? 0);
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
  fadeWhenIdle();
  Object.assign(window, { zoomosaic: { viewer, mosaic } });
}

start();
