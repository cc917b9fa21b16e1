/// <reference lib="dom" />
/** Pages in a slowed-down Chromium, and what they take. */
import { readFileSync } from 'node:fs';
import type OpenSeadragon from 'openseadragon';
import type { Browser, BrowserContextOptions, CDPSession, Page } from 'playwright-core';
import sharp from 'sharp';

declare const window: Window & {
  /** The viewer of OpenSeadragon's plain page, and that of a site's own. */
  viewer?: OpenSeadragon.Viewer;
  zoomosaic?: { viewer: OpenSeadragon.Viewer };
  OpenSeadragon: typeof OpenSeadragon;
  /** Times of frames, and of the scripts in each, ms. */
  drawn: { at: number; script: number }[];
  sharpAt?: number;
  flight?: { from: number; to: number } | undefined;
};

/** A window of a desktop. */
const WINDOW = { width: 1280, height: 800 };
/** A slow network: 1.6 Mbit/s down, 0.75 up, 150 ms. */
const SLOW = { offline: false, latency: 150, downloadThroughput: 1.6e6 / 8, uploadThroughput: 750e3 / 8 };
/** Standard deviation of 8-bit samples from which on a picture is one. */
const PICTURE = 6;

/** How a page is slowed down. */
export interface Slowed {
  /** Times that the processor is slower. */
  readonly processor: number;
  readonly network?: boolean;
}

/** A visit to a page. */
export interface Visit {
  readonly page: Page;
  readonly session: CDPSession;
}

/** Opens an empty page with nothing in its cache. */
export async function visit(browser: Browser, slowed: Slowed, options: BrowserContextOptions = {}): Promise<Visit> {
  const context = await browser.newContext({ viewport: WINDOW, ...options });
  context.setDefaultTimeout(300_000);
  const page = await context.newPage();
  const session = await context.newCDPSession(page);
  await session.send('Emulation.setCPUThrottlingRate', { rate: slowed.processor });
  if (slowed.network) {
    await session.send('Network.enable');
    await session.send('Network.emulateNetworkConditions', SLOW);
  }
  await page.addInitScript(watch);
  return { page, session };
}

/** Notes the frames of a page, what its scripts take in each, and when all that is visible is sharp. Runs in the page. */
function watch(): void {
  window.drawn = [];
  const request = window.requestAnimationFrame.bind(window);
  window.requestAnimationFrame = (act) =>
    request((at) => {
      const start = performance.now();
      act(at);
      const script = performance.now() - start;
      const last = window.drawn.at(-1);
      if (last?.at === at) last.script += script;
      else window.drawn.push({ at, script });
      // Those of ten minutes would take as much memory as the page's own scripts.
      if (window.drawn.length > 2000) window.drawn.splice(0, 1000);
    });
  const timer = setInterval(() => {
    const viewer = window.viewer ?? window.zoomosaic?.viewer;
    const item = viewer?.world.getItemAt(0);
    if (!item?.getFullyLoaded() || (item.source as { pending?: number }).pending) return;
    const tiles = (item as unknown as { getTilesToDraw: () => { tile: OpenSeadragon.Tile }[] }).getTilesToDraw();
    if (tiles.length === 0 || tiles.some(({ tile }) => tile.opacity !== 1)) return;
    window.sharpAt = performance.now();
    clearInterval(timer);
  }, 25);
}

/** Seconds until a picture is in the middle of the window, and until all is sharp, from the address on. */
export async function loading({ page, session }: Visit, url: string): Promise<{ first: number; sharp: number }> {
  const frames: { data: string; at: number }[] = [];
  session.on('Page.screencastFrame', ({ data, metadata, sessionId }) => {
    frames.push({ data, at: metadata.timestamp! });
    void session.send('Page.screencastFrameAck', { sessionId }).catch(() => {});
  });
  await session.send('Page.startScreencast', { format: 'jpeg', quality: 40, maxWidth: 320, maxHeight: 200 });
  await page.goto(url, { waitUntil: 'commit' });
  await page.waitForFunction(() => window.sharpAt);
  const [start, sharpAt] = await page.evaluate(() => [performance.timeOrigin, window.sharpAt!] as const);
  await session.send('Page.stopScreencast');
  for (const { data, at } of frames) {
    if ((await spreadOf(Buffer.from(data, 'base64'))) < PICTURE) continue;
    return { first: at - start / 1000, sharp: sharpAt / 1000 };
  }
  return { first: sharpAt / 1000, sharp: sharpAt / 1000 };
}

/** Standard deviation of the middle of a picture. */
async function spreadOf(jpeg: Buffer): Promise<number> {
  const { width, height } = await sharp(jpeg).metadata();
  const middle = {
    left: Math.round(width / 3),
    top: Math.round(height / 3),
    width: Math.round(width / 3),
    height: Math.round(height / 3),
  };
  const part = await sharp(jpeg).extract(middle).png().toBuffer();
  const { channels } = await sharp(part).stats();
  return Math.max(...channels.map(({ stdev }) => stdev));
}

/** Runs an act that begins a flight; returns how long each frame of the flight took, ms. */
export async function flightOf(page: Page, act: () => Promise<unknown>): Promise<number[]> {
  await page.evaluate(() => {
    const { viewer } = window.zoomosaic!;
    window.flight = undefined;
    viewer.addOnceHandler('animation-start', () => (window.flight = { from: performance.now(), to: 0 }));
    viewer.addOnceHandler('animation-finish', () => (window.flight!.to = performance.now()));
  });
  await act();
  await page.waitForFunction(() => window.flight?.to);
  const times = await page.evaluate(() => {
    const { from, to } = window.flight!;
    const shown = window.drawn.map(({ at }) => at).filter((at) => at > from && at <= to);
    return [from, ...shown];
  });
  return times.slice(1).map((at, i) => at - times[i]!);
}

/** Shows the middle of the mosaic with cells of so many px, and waits until it is sharp. */
export async function lookAtCells(page: Page, cellPx: number, columns: number): Promise<void> {
  await page.evaluate(
    ([px, across]) => {
      const { viewport } = window.zoomosaic!.viewer;
      viewport.zoomTo((px! * across!) / viewport.getContainerSize().x, undefined, true);
    },
    [cellPx, columns],
  );
  await page.waitForFunction(() => {
    const item = window.zoomosaic!.viewer.world.getItemAt(0);
    return item.getFullyLoaded() && !(item.source as { pending?: number }).pending;
  });
}

/**
 * Moves the view to and fro, by half a window per second.
 *
 * @returns what the scripts of each frame took, and what all scripts took on average per frame, ms.
 */
export async function pan({ page, session }: Visit, ms: number): Promise<{ frames: number[]; mean: number }> {
  await session.send('Performance.enable');
  const scripts = async () => {
    const { metrics } = await session.send('Performance.getMetrics');
    return 1000 * metrics.find(({ name }) => name === 'ScriptDuration')!.value;
  };
  const before = await scripts();
  const frames = await page.evaluate(async (length) => {
    const { viewport } = window.zoomosaic!.viewer;
    const start = performance.now();
    let last = start;
    await new Promise<void>((done) => {
      const timer = setInterval(() => {
        const now = performance.now();
        const way = (viewport.getBounds(true).width / 2) * ((now - last) / 1000);
        last = now;
        const along = Math.floor((now - start) / 1500) % 2 === 0 ? way : -way;
        viewport.panBy(new window.OpenSeadragon.Point(along, along / 3), true);
        if (now - start < length) return;
        clearInterval(timer);
        done();
      }, 16);
    });
    return window.drawn.filter(({ at }) => at >= start).map(({ script }) => script);
  }, ms);
  return { frames, mean: ((await scripts()) - before) / frames.length };
}

/** Bytes that a page's scripts hold, and that its process does (Pss). */
export async function memoryOf({ session }: Visit, browser: Browser): Promise<{ heap: number; process: number }> {
  await session.send('HeapProfiler.collectGarbage');
  await session.send('Performance.enable');
  const { metrics } = await session.send('Performance.getMetrics');
  const heap = metrics.find(({ name }) => name === 'JSHeapUsedSize')!.value;
  const whole = await browser.newBrowserCDPSession();
  const { processInfo } = await whole.send('SystemInfo.getProcessInfo');
  await whole.detach();
  const own = processInfo.filter(({ type }) => type === 'renderer').map(({ id }) => pssOf(id));
  return { heap, process: Math.max(...own) };
}

function pssOf(pid: number): number {
  try {
    const kB = /^Pss:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))?.[1];
    return Number(kB) * 1024;
  } catch {
    return NaN; // no Linux
  }
}
