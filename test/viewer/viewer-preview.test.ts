/// <reference lib="dom" />
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findBrowser } from '../helpers/browser.ts';
import { Gallery } from '../helpers/gallery.ts';
import { difference } from '../helpers/images.ts';
import { bareScreenshot, type PageWindow, placeOf, settle } from '../helpers/page.ts';

// With CI set, a missing browser fails in `launchBrowser` instead.
const skipped = !findBrowser() && !process.env['CI'];
declare const window: PageWindow;

describe.skipIf(skipped)('the preview in the page', () => {
  let gallery: Gallery;

  beforeAll(async () => {
    gallery = await Gallery.open();
  });

  afterAll(() => gallery?.close());

  test.each([
    ['dzi', 'http'],
    ['compact', 'file'],
  ] as const)('is the mosaic, where it will be, until that is there: layout %s, over %s', async (layout, scheme) => {
    const site = await gallery.most(layout);
    const address = await gallery.addressOf(site, scheme);
    const { page, complaints } = await gallery.visit('about:blank');
    let go = () => {};
    const released = new Promise<void>((done) => {
      go = done;
    });
    await page.route(/\/(overview_files|mosaic_files|sheets|tiles)\//, async (route) => {
      await released;
      await route.continue();
    });
    await page.goto(address, { waitUntil: 'domcontentloaded' });
    await page.waitForFunction(() => window.zoomosaic?.viewer.world.getItemAt(0));
    const preview = page.locator('#preview image');
    const early = await bareScreenshot(page);
    const box = (await preview.boundingBox())!;
    const [start, end] = [await placeOf(page, 0, 0), await placeOf(page, site.mosaic.width, site.mosaic.height)];
    const edges = [box.x, box.y, box.x + box.width, box.y + box.height];
    for (const [i, edge] of [start.x, start.y, end.x, end.y].entries()) expect(edges[i]).toBeCloseTo(edge, 0);
    // It stays with the mosaic.
    await page.keyboard.press('+');
    await expect.poll(async () => (await preview.boundingBox())!.width).toBeCloseTo(2 * box.width, 0);
    await page.keyboard.press('0');
    await expect.poll(async () => (await preview.boundingBox())!.width).toBeCloseTo(box.width, 0);
    go();
    await settle(page);
    await expect.poll(() => page.locator('#preview').count()).toBe(0);
    const late = await bareScreenshot(page);
    const blank = Buffer.alloc(late.length, Buffer.from([0x11, 0x12, 0x14]));
    const off = difference(early, late).mean;
    expect(off).toBeLessThan(0.35 * difference(blank, late).mean);
    expect(complaints).toEqual([]);
    await page.context().close();
  });

  test('is followed by a script and a style of at most 30 KB', async () => {
    const { folder } = await gallery.most('compact');
    const sizes = ['viewer.js', 'viewer.css'].map(async (name) => {
      return gzipSync(await readFile(join(folder, 'viewer', name)), { level: 9 }).length;
    });
    const [script, style] = (await Promise.all(sizes)) as [number, number];
    expect(script + style).toBeLessThanOrEqual(30 * 1024);
  });

  test('takes at most 4 KB', async () => {
    const page = await readFile(join((await gallery.most('compact')).folder, 'index.html'), 'utf8');
    const [inline] = /data:image\/webp;base64,[^"]+/.exec(page)!;
    expect(inline.length).toBeLessThanOrEqual(4096);
  });
});
