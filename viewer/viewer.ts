/** The page: opens the mosaic and says what it is. */
namespace Zoomosaic {
  /** Longer side of the minimap, px, at most; and of the page's shorter side. */
  const MINIMAP_SIDE = 180;
  const MINIMAP_SHARE = 0.28;
  /** CSS px per picture px at most. */
  const CLOSEST = 4;

  const byId = (id: string) => document.getElementById(id)!;

  /** Says something instead of showing the picture. */
  function complain(text: string): void {
    byId('message').textContent = text;
    byId('message').hidden = false;
    for (const id of ['picture', 'controls', 'caption']) byId(id).hidden = true;
  }

  /** What the page shows; `undefined`, and said so, if it cannot. */
  function readMosaic(): Mosaic | undefined {
    if (typeof OpenSeadragon === 'undefined') {
      complain('The viewer is incomplete: its folder “viewer” belongs beside this page. Copy the whole site.');
      return undefined;
    }
    try {
      const mosaic = JSON.parse(byId('mosaic').textContent) as Mosaic;
      const { format, version, layout } = mosaic;
      if (format === 'zoomosaic' && version === 1 && layout === 'dzi') return mosaic;
      complain(
        `This page shows mosaics of format zoomosaic, version 1, layout dzi. This one is of format ${format}, version ${version}, layout ${layout}. Build it again, page and all.`,
      );
    } catch {
      complain('This page’s description of the mosaic cannot be read. Build it again, page and all.');
    }
    return undefined;
  }

  /** In the picture's shape. */
  function minimapSize({ width, height }: Mosaic): { navigatorWidth: number; navigatorHeight: number } {
    const side = Math.min(MINIMAP_SIDE, MINIMAP_SHARE * Math.min(innerWidth, innerHeight));
    const scale = side / Math.max(width, height);
    const px = (length: number) => Math.max(8, Math.round(length * scale));
    return { navigatorWidth: px(width), navigatorHeight: px(height) };
  }

  function openViewer(mosaic: Mosaic): OpenSeadragon.Viewer {
    const calm = matchMedia('(prefers-reduced-motion: reduce)').matches;
    const source = new TileSource(mosaic);
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
    viewer.addOnceHandler('open', () => void addPlacement(viewer, source, mosaic));
    viewer.addHandler('open-failed', () => complain('The picture cannot be opened.'));
    stayWhole(viewer);
    return viewer;
  }

  async function addPlacement(viewer: OpenSeadragon.Viewer, source: TileSource, mosaic: Mosaic): Promise<void> {
    if (!mosaic.levels.some(({ from }) => from === 'reference')) return;
    const placement = await loadPlacement(mosaic);
    const pictures = [viewer.world, viewer.navigator.world].map((world) => world.getItemAt(0));
    source.setPlacement(
      placement,
      pictures.filter((picture) => picture !== undefined),
    );
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
  function factsOf({ grid, sources, width, height }: Mosaic): string {
    const count = (n: number, what: string) => `${n.toLocaleString('en')} ${what}${n === 1 ? '' : 's'}`;
    const px = width * height;
    const short = (value: number) => (value < 10 ? value.toFixed(1) : Math.round(value).toLocaleString('en'));
    const size = px >= 1e9 ? `${short(px / 1e9)} gigapixels` : `${short(px / 1e6)} megapixels`;
    return [count(grid.columns * grid.rows, 'cell'), count(sources.used, 'image'), size].join(' · ');
  }

  /** Tells the scale in CSS px per picture px. */
  function showScale(viewer: OpenSeadragon.Viewer): void {
    const picture = viewer.world.getItemAt(0);
    if (!picture) return;
    const percent = picture.viewportToImageZoom(viewer.viewport.getZoom(true)) * 100;
    byId('scale').textContent = `${percent < 10 ? percent.toPrecision(2) : Math.round(percent)} %`;
  }

  function start(): void {
    const mosaic = readMosaic();
    if (!mosaic) return;
    byId('facts').textContent = factsOf(mosaic);
    const viewer = openViewer(mosaic);
    connectButtons(viewer);
    connectKeys(viewer);
    viewer.addHandler('update-viewport', () => showScale(viewer));
    fadeWhenIdle();
    Object.assign(window, { zoomosaic: { viewer, mosaic } });
  }

  start();
}
