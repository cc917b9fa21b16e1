/** The page: opens the mosaic, and wires buttons, keys and captions to it. */
namespace Zoomosaic {
  const IDLE_MS = 4000;
  /** Longer side of the minimap, px. */
  const MINIMAP_SIDE = 180;
  const ZOOM_STEP = 2;
  /** Of the view's width per key press. */
  const PAN_STEP = 0.2;
  /** Screen px per picture px at most. */
  const CLOSEST = 4;

  const byId = (id: string) => document.getElementById(id)!;

  /** Says something instead of the picture. */
  function complain(text: string): void {
    const message = byId('message');
    message.textContent = text;
    message.hidden = false;
    for (const id of ['controls', 'caption', 'scale']) byId(id).hidden = true;
  }

  function readMosaic(): Mosaic | undefined {
    const mosaic = JSON.parse(byId('mosaic').textContent!) as Mosaic;
    if (mosaic.format === 'zoomosaic' && mosaic.version === 1 && mosaic.layout === 'dzi') return mosaic;
    complain(
      `This page can show mosaics of version 1 with layout dzi, but this one is of version ${mosaic.version}, ${mosaic.layout}. Build it again, page and all.`,
    );
    return undefined;
  }

  /** Loads the placement as a script: pages opened from disk can fetch nothing. */
  function loadPlacement({ placement, grid }: Mosaic): Promise<Placement | null> {
    return new Promise((done) => {
      const script = document.createElement('script');
      const decode = (base64: string) => {
        const text = atob(base64);
        const bytes = Uint8Array.from(text, (character) => character.charCodeAt(0));
        const cells = placement.type === 'u16' ? new Uint16Array(bytes.buffer) : new Uint32Array(bytes.buffer);
        done(cells.length === grid.columns * grid.rows ? cells : null);
      };
      (window as unknown as Record<string, unknown>)['zoomosaicPlacement'] = decode;
      script.onerror = () => done(null);
      script.src = placement.file;
      document.head.append(script);
    });
  }

  /** As large as a postcard's stamp, in the picture's shape. */
  function minimapSize({ width, height }: Mosaic): { navigatorWidth: number; navigatorHeight: number } {
    const scale = MINIMAP_SIDE / Math.max(width, height);
    return { navigatorWidth: Math.round(width * scale), navigatorHeight: Math.round(height * scale) };
  }

  function openViewer(mosaic: Mosaic): OpenSeadragon.Viewer {
    const calm = matchMedia('(prefers-reduced-motion: reduce)').matches;
    const source = new TileSource(mosaic);
    const viewer = OpenSeadragon({
      element: byId('picture'),
      tileSources: source as never,
      // Canvas works everywhere, from disk too, where WebGL may not touch the images.
      drawer: 'canvas',
      showNavigationControl: false,
      showNavigator: true,
      navigatorPosition: 'BOTTOM_RIGHT',
      ...minimapSize(mosaic),
      navigatorAutoFade: false,
      animationTime: calm ? 0 : 0.7,
      springStiffness: 8,
      blendTime: calm ? 0 : 0.15,
      visibilityRatio: 0.7,
      constrainDuringPan: true,
      minZoomImageRatio: 0.9,
      maxZoomPixelRatio: CLOSEST,
      zoomPerClick: ZOOM_STEP,
      zoomPerScroll: 1.25,
      gestureSettingsMouse: { clickToZoom: false, dblClickToZoom: true },
      maxImageCacheCount: 800,
      imageLoaderLimit: 12,
      tabIndex: 0,
    } as OpenSeadragon.Options);
    if (mosaic.levels.some(({ from }) => from === 'reference')) {
      void loadPlacement(mosaic).then((placement) => {
        source.setPlacement(placement);
        // Only if somebody has zoomed in faster than it came: what stood in for those tiles must go.
        if (source.askedEarly) viewer.world.getItemAt(0)?.reset();
      });
    }
    return viewer;
  }

  function act(viewer: OpenSeadragon.Viewer, what: string): void {
    const { viewport } = viewer;
    if (what === 'zoom-in') viewport.zoomBy(ZOOM_STEP);
    if (what === 'zoom-out') viewport.zoomBy(1 / ZOOM_STEP);
    if (what === 'home') viewport.goHome();
    if (what === 'fullscreen') {
      void (document.fullscreenElement ? document.exitFullscreen() : document.documentElement.requestFullscreen());
    }
    viewport.applyConstraints();
  }

  const KEYS: Record<string, string | readonly [number, number]> = {
    '+': 'zoom-in',
    '=': 'zoom-in',
    '-': 'zoom-out',
    _: 'zoom-out',
    '0': 'home',
    h: 'home',
    Home: 'home',
    f: 'fullscreen',
    ArrowLeft: [-1, 0],
    a: [-1, 0],
    ArrowRight: [1, 0],
    d: [1, 0],
    ArrowUp: [0, -1],
    w: [0, -1],
    ArrowDown: [0, 1],
    s: [0, 1],
  };

  function listenToKeys(viewer: OpenSeadragon.Viewer): void {
    // OpenSeadragon's own keys turn and flip the picture, too, which nobody means to do.
    viewer.addHandler('canvas-key', (event) => {
      event.preventDefaultAction = true;
    });
    document.addEventListener('keydown', (event) => {
      const meant = KEYS[event.key.length === 1 ? event.key.toLowerCase() : event.key];
      if (!meant || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      if (typeof meant === 'string') return act(viewer, meant);
      const step = viewer.viewport.getBounds(true).width * PAN_STEP;
      viewer.viewport.panBy(new OpenSeadragon.Point(meant[0] * step, meant[1] * step));
      viewer.viewport.applyConstraints();
    });
  }

  function caption({ grid, sources, width, height }: Mosaic): string {
    const cells = grid.columns * grid.rows;
    const px = width * height;
    const size = px >= 1e9 ? `${(px / 1e9).toFixed(1)} gigapixels` : `${Math.max(1, Math.round(px / 1e6))} megapixels`;
    const number = (value: number) => value.toLocaleString('en');
    return `${number(cells)} cells · ${number(sources.used)} ${sources.used === 1 ? 'image' : 'images'} · ${size}`;
  }

  function showScale(viewer: OpenSeadragon.Viewer): void {
    const item = viewer.world.getItemAt(0);
    if (!item) return;
    const percent = item.viewportToImageZoom(viewer.viewport.getZoom(true)) * 100;
    byId('scale').textContent = `${percent < 10 ? percent.toPrecision(2) : Math.round(percent)} %`;
  }

  /** Lets everything but the picture step back while nothing happens. */
  function fadeWhenIdle(): void {
    let timer = 0;
    const wake = () => {
      document.body.classList.remove('idle');
      clearTimeout(timer);
      timer = setTimeout(() => document.body.classList.add('idle'), IDLE_MS);
    };
    for (const event of ['pointermove', 'pointerdown', 'keydown', 'wheel'])
      addEventListener(event, wake, { passive: true });
    wake();
  }

  function start(): void {
    const mosaic = readMosaic();
    if (!mosaic) return;
    byId('facts').textContent = caption(mosaic);
    const viewer = openViewer(mosaic);
    for (const button of document.querySelectorAll<HTMLElement>('#controls [data-do]')) {
      button.addEventListener('click', () => act(viewer, button.dataset['do']!));
    }
    listenToKeys(viewer);
    viewer.addHandler('update-viewport', () => showScale(viewer));
    viewer.addHandler('open-failed', () => complain('The picture cannot be opened.'));
    fadeWhenIdle();
    Object.assign(window, { zoomosaic: { viewer, mosaic } });
  }

  start();
}
