/// <reference lib="dom" />
/** Pages in a real browser, and what they show. */
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type OpenSeadragon from 'openseadragon';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import type { MosaicJson } from '../../src/index.ts';
import { EXTRAS_FILE } from '../../src/format/site-paths.ts';
import { decode } from './images.ts';

/** What the page tells of itself. */
export interface PageWindow extends Window {
  zoomosaic: { viewer: OpenSeadragon.Viewer; mosaic: MosaicJson };
  OpenSeadragon: typeof OpenSeadragon;
  stock: OpenSeadragon.Viewer;
  /** Addresses of images that the page has asked for. */
  asked: string[];
}
declare const window: PageWindow;

/** Hash of the style sheet that playwright adds for a screenshot, as the browser names it. */
const STYLE_OF_SCREENSHOTS = 'sha256-aohf/MBUFVrOBm+rE4ZgcBDkH4ttun9O48+ahAEXxVI=';

/** A page that was opened. */
export interface Visit {
  readonly page: Page;
  /** Paths asked for, relative to the site. */
  readonly requests: string[];
  /** Errors and warnings of the page. */
  readonly complaints: string[];
}

/**
 * Opens a page, in a context of its own.
 *
 * @param first run in the page before anything else.
 */
export async function open(
  browser: Browser,
  url: string,
  options: BrowserContextOptions = {},
  first: () => void = () => {},
): Promise<Visit> {
  const context = await browser.newContext({ viewport: { width: 900, height: 640 }, ...options });
  // Only a page that hangs takes that long, however busy the machine is.
  context.setDefaultTimeout(120_000);
  const page = await context.newPage();
  const visit: Visit = { page, requests: [], complaints: [] };
  const base = url.slice(0, url.lastIndexOf('/') + 1);
  page.on('request', (request) => {
    const path = request.url().replace(base, '');
    // It is loaded whenever the browser has time.
    if (path !== EXTRAS_FILE) visit.requests.push(path);
  });
  page.on('requestfailed', (request) => {
    // What a view does not need any more, the page itself gives up.
    if (request.failure()?.errorText !== 'net::ERR_ABORTED') visit.complaints.push(`failed: ${request.url()}`);
  });
  page.on('console', (message) => {
    // Screenshots hide the caret by a style sheet, which the page refuses.
    if (message.text().includes(STYLE_OF_SCREENSHOTS)) return;
    if (['error', 'warning'].includes(message.type())) visit.complaints.push(message.text());
  });
  page.on('pageerror', (error) => visit.complaints.push(error.message));
  await page.addInitScript(() => {
    window.asked = [];
    const own = Object.getOwnPropertyDescriptor(HTMLImageElement.prototype, 'src')!;
    Object.defineProperty(HTMLImageElement.prototype, 'src', {
      ...own,
      set(this: HTMLImageElement, src: string) {
        own.set!.call(this, src);
        window.asked.push(this.src);
      },
    });
    const load = window.fetch.bind(window);
    window.fetch = (input, init) => {
      const { href } = new URL(input instanceof Request ? input.url : input, document.baseURI);
      if (/\.(?:jpe?g|png|webp|avif|gif)$/.test(href)) window.asked.push(href);
      return load(input, init);
    };
  });
  await page.addInitScript(first);
  await page.goto(url);
  return visit;
}

/** Address of a site's page when it is opened from disk. */
export function fromDisk({ folder }: { readonly folder: string }): string {
  return pathToFileURL(join(folder, 'index.html')).href;
}

/** Waits until all is drawn in its final sharpness and nothing moves or fades. */
export async function settle(page: Page): Promise<void> {
  const isStill = () => {
    const { viewer } = window.zoomosaic ?? {};
    const picture = viewer?.world.getItemAt(0);
    if (!viewer || !picture?.getFullyLoaded()) return false;
    // While it is not known which images stand here, what is coarser is all there is.
    if ((picture.source as { pending?: number }).pending) return false;
    if (picture.getTilesToDraw().some(({ tile }) => tile.opacity !== 1)) return false;
    const [now, then] = [viewer.viewport.getZoom(true), viewer.viewport.getZoom(false)];
    return Math.abs(now / then - 1) < 1e-6;
  };
  // What a new view needs is known only when it is drawn.
  const draw = () =>
    page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
  do {
    await draw();
    await page.waitForFunction(isStill);
    await draw();
  } while (!(await page.evaluate(isStill)));
}

/** Shows a place, given in px of the mosaic, in the middle of the page, at a scale of CSS px per px of the mosaic. */
export async function lookAt(page: Page, x: number, y: number, scale: number): Promise<void> {
  await page.evaluate(
    ([left, top, zoom]) => {
      const { viewport, world } = window.zoomosaic.viewer;
      const picture = world.getItemAt(0);
      viewport.zoomTo(picture.imageToViewportZoom(zoom!), undefined, true);
      viewport.panTo(picture.imageToViewportCoordinates(left!, top!), true);
    },
    [x, y, scale],
  );
  await settle(page);
}

/** CSS px per px of the mosaic. */
export function scaleOf(page: Page): Promise<number> {
  return page.evaluate(() => {
    const { viewport, world } = window.zoomosaic.viewer;
    return world.getItemAt(0).viewportToImageZoom(viewport.getZoom(false));
  });
}

/** Where on the page a px of the mosaic is shown, CSS px. */
export function placeOf(page: Page, x: number, y: number): Promise<{ x: number; y: number }> {
  return page.evaluate(
    ([left, top]) => {
      const picture = window.zoomosaic.viewer.world.getItemAt(0);
      const point = picture.imageToWindowCoordinates(new window.OpenSeadragon.Point(left, top));
      return { x: point.x, y: point.y };
    },
    [x, y],
  );
}

/** What the page shows of the mosaic from (x, y), px of the mosaic, on: so many CSS px of the page. */
export async function shown(page: Page, x: number, y: number, width: number, height = width): Promise<Buffer> {
  const place = await placeOf(page, x, y);
  const screen = page.viewportSize()!;
  const clip = { x: Math.round(place.x), y: Math.round(place.y), width, height };
  // What lies outside would be left out.
  const inside = clip.x >= 0 && clip.y >= 0 && clip.x + width <= screen.width && clip.y + height <= screen.height;
  if (!inside) throw new Error(`Expected ${JSON.stringify(clip)} to be on the page`);
  return await bareScreenshot(page, clip);
}

/** A part of the page, CSS px. */
type Clip = Readonly<Record<'x' | 'y' | 'width' | 'height', number>>;

/**
 * Px of the page, RGB, without captions, buttons and minimap. The page refuses a style sheet of playwright's for that.
 *
 * @param scale `css` for one px per CSS px, whatever the screen.
 */
export async function bareScreenshot(page: Page, clip?: Clip, scale: 'css' | 'device' = 'device'): Promise<Buffer> {
  const hide = (hidden: boolean) =>
    page.evaluate((isHidden) => {
      for (const element of document.querySelectorAll<HTMLElement>('#caption, #controls, #compare, .navigator')) {
        if (isHidden) element.style.setProperty('visibility', 'hidden', 'important');
        else element.style.removeProperty('visibility');
      }
    }, hidden);
  await hide(true);
  const { data } = await decode(await page.screenshot({ scale, ...(clip && { clip }) }));
  await hide(false);
  return data;
}
