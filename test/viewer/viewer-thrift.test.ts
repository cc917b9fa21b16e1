/// <reference lib="dom" />
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findBrowser } from '../helpers/browser.ts';
import { Gallery } from '../helpers/gallery.ts';
import { decode, difference } from '../helpers/images.ts';
import { lookAt, type PageWindow, scaleOf, settle, shown } from '../helpers/page.ts';

// With CI set, a missing browser fails in `launchBrowser` instead.
const skipped = !findBrowser() && !process.env['CI'];
const MB = 2 ** 20;
/** Bytes of the tiles that a phone's page keeps, and of its sheets. */
const PHONE = (32 + 8) * MB;

/** Counts bytes of bitmaps. */
interface Counting extends PageWindow {
  held: number;
  most: number;
  made: number;
}
declare const window: Counting;

describe.skipIf(skipped)('the viewer spares', () => {
  let gallery: Gallery;

  beforeAll(async () => {
    gallery = await Gallery.open();
  });

  afterAll(() => gallery?.close());

  test('the memory of phones: what was seen long ago is freed, and comes again', async () => {
    const site = await gallery.most('compact');
    const phone = { hasTouch: true, isMobile: true, screen: { width: 390, height: 844 } };
    const viewport = { width: 1100, height: 900 };
    const address = await gallery.addressOf(site, 'file');
    const { page, complaints } = await gallery.visit(address, { ...phone, viewport }, countBitmaps);
    await settle(page);
    const { width, height } = site.mosaic;
    const view = { width: viewport.width * 2, height: viewport.height * 2 };
    for (let y = view.height / 2; y < height; y += view.height) {
      for (let x = view.width / 2; x < width; x += view.width) await lookAt(page, x, y, 0.5);
    }
    const { made, most, held } = await page.evaluate(() => ({
      made: window.made,
      most: window.most,
      held: window.held,
    }));
    expect(made).toBeGreaterThan(1.5 * PHONE);
    // At most another view's, until it is drawn.
    expect(most).toBeLessThan(PHONE + 4 * viewport.width * viewport.height * 4);
    expect(held).toBeLessThan(PHONE);
    expect(await bytesOfTiles(page)).toBeLessThan(32 * MB);
    await lookAt(page, 128, 128, 1);
    const tile = await decode(`${site.folder}/tiles/0/${site.pictures[0]!}.jpg`);
    expect(difference(await shown(page, 0, 0, 256), tile.data).most).toBeLessThanOrEqual(2);
    expect(complaints).toEqual([]);
    await page.context().close();
  });

  test.each(['dzi', 'compact'] as const)('a dive what it only passes: layout %s', async (layout) => {
    const site = await gallery.most(layout);
    const address = await gallery.addressOf(site, 'http');
    const { page, requests, complaints } = await gallery.visit(address, { reducedMotion: 'no-preference' });
    await settle(page);
    const before = requests.length;
    await flyTo(page, 1);
    await settle(page);
    const asked = requests.slice(before);
    // Those of the cells in view, wherever it ends; on its way, it shows more of them.
    expect(asked.filter((path) => path.startsWith('tiles/')).length).toBeLessThanOrEqual(12);
    expect(asked.filter((path) => path.startsWith('sheets/'))).toEqual([]);
    const sheetsOf = (cell: number) => requests.filter((path) => path.startsWith(`sheets/${cell}/`)).length;
    if (layout === 'compact') {
      await flyTo(page, 1 / 4);
      await settle(page);
      expect([32, 64, 128].map((cell) => sheetsOf(cell) > 0)).toEqual([false, true, false]);
    }
    expect(complaints).toEqual([]);
    await page.context().close();
  });

  test('tiles that it passed and never loaded', async () => {
    const site = await gallery.most('dzi');
    const { page } = await gallery.visit(await gallery.addressOf(site, 'http'), { reducedMotion: 'no-preference' });
    await settle(page);
    await flyTo(page, 1);
    await settle(page);
    await flyTo(page, 1 / 16);
    await settle(page);
    const passed = () =>
      page.evaluate(() => {
        const item = window.zoomosaic.viewer.world.getItemAt(0) as unknown as {
          tilesMatrix: Record<string, Record<string, Record<string, { loaded: boolean; level: number }>>>;
        };
        const columns = Object.values(item.tilesMatrix).flatMap((level) => Object.values(level));
        return columns.flatMap((rows) => Object.values(rows)).filter(({ loaded }) => !loaded).length;
      });
    const before = await passed();
    expect(before).toBeGreaterThan(10);
    await page.evaluate(() => {
      const now = Date.now.bind(Date);
      Date.now = () => now() + 60_000;
    });
    await page.keyboard.press('ArrowRight');
    await expect.poll(passed).toBeLessThan(before / 2);
    await page.context().close();
  });

  test('downloads that are not needed any more', async () => {
    const site = await gallery.most('compact');
    const address = await gallery.addressOf(site, 'http');
    const { page, requests, complaints } = await gallery.visit(address);
    await settle(page);
    const failed: string[] = [];
    page.on('requestfailed', (request) => failed.push(request.url()));
    let isSlow = true;
    const waiting: (() => Promise<void>)[] = [];
    await page.route('**/tiles/**', async (route) => {
      if (isSlow) waiting.push(() => route.abort().catch(() => {}));
      else await route.continue();
    });
    await flyTo(page, 1);
    await expect.poll(() => waiting.length).toBeGreaterThan(0);
    await page.keyboard.press('0');
    await expect.poll(() => failed.length).toBe(waiting.length);
    await settle(page);
    isSlow = false;
    const before = requests.length;
    await flyTo(page, 1);
    await settle(page);
    expect(requests.slice(before).filter((path) => path.startsWith('tiles/')).length).toBeGreaterThan(0);
    expect(await scaleOf(page)).toBeCloseTo(1);
    const drawn = await page.evaluate(() => window.zoomosaic.viewer.world.getItemAt(0).getTilesToDraw().length);
    expect(drawn).toBeGreaterThan(0);
    expect(complaints).toEqual([]);
    await page.context().close();
  });
});

/** Flies to a scale of CSS px per px, in the middle of a cell, as a double click does. */
async function flyTo(page: Page, scale: number): Promise<void> {
  await page.evaluate((zoom) => {
    const { viewport, world } = window.zoomosaic.viewer;
    const picture = world.getItemAt(0);
    viewport.panTo(picture.imageToViewportCoordinates(20.5 * 256, 13.5 * 256));
    viewport.zoomTo(picture.imageToViewportZoom(zoom));
  }, scale);
}

/** Bytes of the px of all loaded tiles. */
function bytesOfTiles(page: Page): Promise<number> {
  return page.evaluate(() => {
    const tiles = window.zoomosaic.viewer.tileCache.getLoadedTilesFor(null);
    const images = new Set(tiles.map((tile): ImageBitmap => tile.getCache().data));
    return [...images].reduce((sum, { width, height }) => sum + width * height * 4, 0);
  });
}

/** Has a page count the bytes of the bitmaps that it has. */
function countBitmaps(): void {
  Object.assign(window, { held: 0, most: 0, made: 0 });
  const { createImageBitmap } = globalThis;
  const { close } = Object.getOwnPropertyDescriptors(ImageBitmap.prototype);
  const bytesOf = ({ width, height }: ImageBitmap) => width * height * 4;
  globalThis.createImageBitmap = async (source: ImageBitmapSource) => {
    const bitmap = await createImageBitmap(source);
    window.held += bytesOf(bitmap);
    window.made += bytesOf(bitmap);
    window.most = Math.max(window.most, window.held);
    return bitmap;
  };
  ImageBitmap.prototype.close = function () {
    window.held -= bytesOf(this);
    close.value!.call(this);
  };
}
