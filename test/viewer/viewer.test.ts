/// <reference lib="dom" />
import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { build, type BuildOptions, type MosaicJson, serve, type Serving } from '../../src/index.ts';
import { findBrowser, launchBrowser } from '../helpers/browser.ts';
import { decode, difference, writeWaves } from '../helpers/images.ts';
import { fromDisk, lookAt, open as openIn, type PageWindow, placeOf, scaleOf, settle, shown } from '../helpers/page.ts';
import { readSite } from '../helpers/site.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

// With CI set, a missing browser fails in `launchBrowser` instead.
const skipped = !findBrowser() && !process.env['CI'];
const TITLE = `Grandma's "80th" <party> & more</script>`;
/** Mean difference of 8-bit samples: a JPEG of quality 85 against what it was made of. */
const AS_ENCODED = 2;

declare const window: PageWindow;

interface Site {
  readonly folder: string;
  readonly mosaic: MosaicJson;
  /** Row-major source ids, and numbers of their pictures. */
  readonly cells: readonly number[];
  readonly pictures: readonly number[];
}

describe.skipIf(skipped)('viewer', () => {
  let browser: Browser;
  let root: string;
  let paths: string[];
  let site: Site;
  let serving: Serving;

  async function makeSite(name: string, options: Partial<BuildOptions> = {}): Promise<Site> {
    const folder = join(root, name);
    const target = join(root, 'target.png');
    const defaults = { target, images: paths, out: folder, columns: 12, cellSize: 256, minDistance: 0, title: TITLE };
    await build({ ...defaults, catalog: join(root, 'catalog'), ...options });
    const { mosaic, ids, pictures } = await readSite(folder);
    return { folder, mosaic, cells: ids, pictures };
  }

  beforeAll(async () => {
    browser = await launchBrowser();
    root = await temporaryFolder();
    await writeWaves(join(root, 'target.png'), 120, 80, 7);
    await mkdir(join(root, 'images'));
    paths = Array.from({ length: 9 }, (_, i) => join(root, 'images', `${i}.png`));
    for (const [i, path] of paths.entries()) await writeWaves(path, 300, 256, i + 1);
    site = await makeSite('site');
    serving = await serve({ site: site.folder, port: 0 });
  });

  afterAll(async () => {
    await serving?.close();
    await browser?.close();
  });

  const open = (url: string, options: BrowserContextOptions = {}) => openIn(browser, url, options);

  const centreOf = (page: Page) =>
    page.evaluate(() => {
      const { x, y } = window.zoomosaic.viewer.viewport.getCenter(false);
      return { x, y };
    });

  const original = async (id: number, side = 256) =>
    (await decode(await sharp(paths[id]).resize(side, side).png().toBuffer())).data;

  describe.each(['http', 'file'])('over %s', (scheme) => {
    const address = () => (scheme === 'http' ? `${serving.url}index.html` : fromDisk(site));

    test('goes from the whole to one cell, which shows its source', async () => {
      const { page, complaints } = await open(address());
      await settle(page);
      expect(await page.title()).toBe(TITLE);
      expect(await page.textContent('#facts')).toBe(`96 cells · ${site.mosaic.sources.used} images · 6.3 megapixels`);
      const cell = 5 * 12 + 7;
      const [x, y] = [7 * 256, 5 * 256];
      const place = await placeOf(page, x + 128, y + 128);
      await page.mouse.move(place.x, place.y);
      for (let i = 0; (await scaleOf(page)) < 1.2 && i < 40; i++) await page.mouse.wheel(0, -120);
      await settle(page);
      expect(await scaleOf(page)).toBeGreaterThan(1);
      await lookAt(page, x + 128, y + 128, 1);
      expect(await scaleOf(page)).toBeCloseTo(1);
      const pixels = await shown(page, x, y, 256);
      expect(difference(pixels, await original(site.cells[cell]!)).mean).toBeLessThan(AS_ENCODED);
      expect(difference(pixels, await original((site.cells[cell]! + 1) % 9)).mean).toBeGreaterThan(3 * AS_ENCODED);
      // Px for px: just what the tile decodes to.
      const tile = await decode(join(site.folder, `tiles/0/${site.pictures[cell]!}.jpg`));
      expect(difference(pixels, tile.data).most).toBeLessThanOrEqual(2);
      expect(complaints).toEqual([]);
      await page.context().close();
    });

    test('loads a source’s tile once, however many cells show it', async () => {
      const { page, requests, complaints } = await open(address());
      await settle(page);
      const needed = (path: string) => path.startsWith('tiles/') || path.startsWith('cells/');
      expect(requests.filter(needed)).toEqual([]);
      for (const x of [0.2, 0.5, 0.8]) {
        for (const y of [0.2, 0.5, 0.8]) await lookAt(page, site.mosaic.width * x, site.mosaic.height * y, 1);
      }
      await lookAt(page, 1536, 1024, 0.6);
      const tiles = requests.filter((path) => path.startsWith('tiles/'));
      expect(tiles.toSorted()).toEqual(
        [...new Set(site.pictures)].map((picture) => `tiles/0/${picture}.jpg`).toSorted(),
      );
      expect(requests.filter((path) => path.startsWith('cells/'))).toEqual(['cells/0_0.js']);
      // Nor is it decoded twice: one image each. (Browsers need not ask twice for one that they hold.)
      const images = await page.evaluate(() => window.asked);
      const twice = images.filter((src, i) => images.indexOf(src) < i);
      // The minimap keeps its own images: it may decode a tile of the whole for itself.
      expect(twice.filter((src) => src.includes('/tiles/'))).toEqual([]);
      const deepest = site.mosaic.levels.length - 1;
      expect(requests.filter((path) => path.startsWith(`mosaic_files/${deepest}/`))).toEqual([]);
      expect(requests.filter((path) => /^https?:/.test(path))).toEqual([]);
      expect(complaints).toEqual([]);
      await page.context().close();
    });
  });

  test('shows the whole: what the coarse levels hold, edges included', async () => {
    const { page } = await open(fromDisk(site), { viewport: { width: 400, height: 280 } });
    await settle(page);
    await lookAt(page, 1536, 1024, 1 / 8);
    const whole = await shown(page, 128 * 8, 0, 256);
    const level = site.mosaic.levels.findIndex(({ cell }) => cell.width === 32);
    const tiles = ['0_0', '1_0'].map((name) => join(site.folder, `mosaic_files/${level}/${name}.jpg`));
    const parts = tiles.map((input, i) => ({ input, left: i * 256, top: 0 }));
    const both = await sharp({ create: { width: 384, height: 256, channels: 3, background: '#f0f' } })
      .composite(parts)
      .png()
      .toBuffer();
    const expected = await decode(await sharp(both).extract({ left: 128, top: 0, width: 256, height: 256 }).toBuffer());
    expect(difference(whole, expected.data).mean).toBeLessThan(1);
    await page.context().close();
  });

  test('shares tiles of cells that are larger than a tile', async () => {
    const large = await makeSite('large', { cellSize: 512, columns: 4, crops: 'none' });
    const { page, requests, complaints } = await open(fromDisk(large));
    await settle(page);
    await lookAt(page, 2.5 * 512, 1.5 * 512, 1);
    const id = large.cells[1 * 4 + 2]!;
    const pixels = await shown(page, 2 * 512, 512, 512);
    const expected = await decode(await sharp(paths[id]).resize(512, 512).png().toBuffer());
    expect(difference(pixels, expected.data).mean).toBeLessThan(AS_ENCODED);
    await lookAt(page, 1000, 700, 0.5);
    const tiles = requests.filter((path) => path.startsWith('tiles/'));
    expect(tiles.length).toBe(new Set(tiles).size);
    expect(tiles).toContain(`tiles/0/${large.pictures[1 * 4 + 2]!}/512_1_0.jpg`);
    expect(complaints).toEqual([]);
    await page.context().close();
  });

  test('needs no placement where every level is spliced', async () => {
    const small = await makeSite('small', { cellSize: 64 });
    const { page, requests, complaints } = await open(fromDisk(small));
    await settle(page);
    await lookAt(page, 300, 200, 1);
    const id = small.cells[3 * 12 + 4]!;
    expect(difference(await shown(page, 4 * 64, 3 * 64, 64), await original(id, 64)).mean).toBeLessThan(2 * AS_ENCODED);
    expect(requests.filter((path) => path.startsWith('cells/'))).toEqual([]);
    expect(complaints).toEqual([]);
    await page.context().close();
  });

  test.each([['missing', (path: string) => rm(path)]])(
    'shows the full resolution even if its placement is %s',
    async (name, damage) => {
      const folder = join(root, `placement ${name}`);
      await cp(site.folder, folder, { recursive: true });
      await damage(join(folder, 'cells/0_0.js'));
      const { page, requests } = await open(fromDisk({ ...site, folder }));
      await settle(page);
      await lookAt(page, 128, 128, 1);
      expect(difference(await shown(page, 0, 0, 256), await original(site.cells[0]!)).mean).toBeLessThan(AS_ENCODED);
      expect(requests).toContain(`mosaic_files/${site.mosaic.levels.length - 1}/0_0.jpg`);
      expect(requests.filter((path) => path.startsWith('tiles/'))).toEqual([]);
      await page.context().close();
    },
  );

  describe('the compact layout', () => {
    test('alone is what a page shows', async () => {
      const alone = await makeSite('alone', { layout: 'compact', cellAspect: '3:2', columns: 9, crops: 'none' });
      expect(Object.keys(alone.mosaic.layouts)).toEqual(['compact']);
      const { page, requests, complaints } = await open(fromDisk(alone));
      await settle(page);
      const { width, height } = alone.mosaic.cell;
      expect(width / height).toBe(1.5);
      const crop = (await sharp(paths[0]).metadata()).width / 1.5;
      const cellPx = async (id: number, scale: number) => {
        const part = { left: 0, top: Math.floor((256 - crop) / 2), width: 300, height: 200 };
        const size = { left: 0, top: 0, width: height * scale, height: height * scale };
        const cell = sharp(paths[id])
          .extract(part)
          .resize(width * scale, height * scale);
        return (
          await decode(
            await sharp(await cell.png().toBuffer())
              .extract(size)
              .toBuffer(),
          )
        ).data;
      };
      for (const scale of [1, 1 / 2, 1 / 4]) {
        await lookAt(page, 3.5 * width, 2.5 * height, scale);
        const id = alone.cells[2 * 9 + 3]!;
        const pixels = await shown(page, 3 * width, 2 * height, height * scale);
        expect(difference(pixels, await cellPx(id, scale)).mean, `at ${scale}`).toBeLessThan(2 * AS_ENCODED);
        const wrong = difference(pixels, await cellPx((id + 1) % 9, scale)).mean;
        expect(wrong, `at ${scale}, another`).toBeGreaterThan(4 * AS_ENCODED);
      }
      expect(requests.some((path) => path.startsWith('sheets/'))).toBe(true);
      expect(requests.filter((path) => path.startsWith('mosaic_files/'))).toEqual([]);
      expect(complaints).toEqual([]);
      await page.context().close();
    });

    test('shows its overview where it is not known which images stand', async () => {
      const compact = await makeSite('compact without cells', { layout: 'compact' });
      await rm(join(compact.folder, 'cells'), { recursive: true });
      const { page, requests } = await open(fromDisk(compact));
      await settle(page);
      await lookAt(page, 1.5 * 256, 2.5 * 256, 1);
      const id = compact.cells[2 * 12 + 1]!;
      const [px, blurred] = [
        await shown(page, 256, 512, 256),
        await decode(
          await sharp(await sharp(paths[id]).resize(16, 16, { fit: 'cover' }).png().toBuffer())
            .resize(256, 256)
            .png()
            .toBuffer(),
        ),
      ];
      expect(difference(px, blurred.data).mean).toBeLessThan(3 * AS_ENCODED);
      expect(requests.filter((path) => /^(tiles|sheets)/.test(path))).toEqual([]);
      await page.context().close();
    });
  });

  test('is led by keys and buttons', async () => {
    const { page, complaints } = await open(`${serving.url}index.html`);
    await settle(page);
    const home = await scaleOf(page);
    const press = async (key: string) => {
      await page.keyboard.press(key);
      return await scaleOf(page);
    };
    expect(await press('+')).toBeCloseTo(2 * home, 6);
    expect(await press('=')).toBeCloseTo(4 * home, 6);
    expect(await press('-')).toBeCloseTo(2 * home, 6);
    const before = await centreOf(page);
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('ArrowDown');
    const after = await centreOf(page);
    expect(after.x).toBeGreaterThan(before.x);
    expect(after.y).toBeGreaterThan(before.y);
    expect(await press('0')).toBeCloseTo(home, 6);
    // Keys that OpenSeadragon would turn or mirror the picture with.
    for (const key of ['r', 'R', 'F']) await page.keyboard.press(key);
    await page.keyboard.press('Escape');
    const turned = await page.evaluate(() => {
      const { viewport } = window.zoomosaic.viewer;
      return [viewport.getRotation(), viewport.getFlip()];
    });
    expect(turned).toEqual([0, false]);
    await page.click('[data-do="zoom-in"]');
    expect(await scaleOf(page)).toBeCloseTo(2 * home, 6);
    await page.click('[data-do="home"]');
    expect(await scaleOf(page)).toBeCloseTo(home, 6);
    await page.evaluate(() => document.fullscreenElement && document.exitFullscreen());
    await page.click('[data-do="fullscreen"]');
    await page.waitForFunction(() => document.fullscreenElement !== null);
    await page.click('[data-do="fullscreen"]');
    await page.waitForFunction(() => document.fullscreenElement === null);
    expect(complaints).toEqual([]);
    await page.context().close();
  });

  test.each([1, 2])('zooms in until a px is two of the screen, at %s px per CSS px', async (deviceScaleFactor) => {
    const { page } = await open(`${serving.url}index.html`, { deviceScaleFactor, reducedMotion: 'reduce' });
    await settle(page);
    for (let i = 0; i < 8; i++) await page.keyboard.press('+');
    await settle(page);
    expect(await scaleOf(page)).toBeCloseTo(2 / deviceScaleFactor, 6);
    await page.mouse.move(450, 320);
    for (let i = 0; i < 3; i++) await page.mouse.wheel(0, -120);
    await settle(page);
    expect(await scaleOf(page)).toBeCloseTo(2 / deviceScaleFactor, 6);
    await page.context().close();
  });

  test('is led by the mouse and the minimap', async () => {
    const { page } = await open(`${serving.url}index.html`);
    await settle(page);
    const home = await scaleOf(page);
    await page.mouse.dblclick(450, 320);
    await settle(page);
    expect(await scaleOf(page)).toBeGreaterThan(1.5 * home);
    const before = await centreOf(page);
    await page.mouse.move(450, 320);
    await page.mouse.down();
    await page.mouse.move(350, 320, { steps: 5 });
    await page.mouse.up();
    await settle(page);
    expect((await centreOf(page)).x).toBeGreaterThan(before.x);
    const box = (await page.locator('.navigator').boundingBox())!;
    expect(Math.abs(box.width / box.height / (site.mosaic.width / site.mosaic.height) - 1)).toBeLessThan(0.1);
    await page.mouse.click(box.x + box.width * 0.25, box.y + box.height / 2);
    await settle(page);
    expect((await centreOf(page)).x).toBeLessThan(before.x);
    await page.context().close();
  });

  test('shows the frame of the focus for keys alone', async () => {
    const { page } = await open(`${serving.url}index.html`);
    await settle(page);
    const frame = () =>
      page.evaluate(() => getComputedStyle(document.querySelector('#picture .openseadragon-canvas')!).outlineStyle);
    await page.keyboard.press('+'); // keys were used last when the script focuses the canvas
    await page.mouse.click(450, 320);
    await settle(page);
    expect(await page.evaluate(() => document.activeElement?.className)).toContain('openseadragon-canvas');
    expect(await frame()).toBe('none');
    await page.keyboard.press('+');
    expect(await frame()).toBe('solid');
    await page.context().close();
  });

  test('is led by touch', async () => {
    const { page } = await open(`${serving.url}index.html`, { hasTouch: true, viewport: { width: 390, height: 700 } });
    await settle(page);
    const home = await scaleOf(page);
    const devtools = await page.context().newCDPSession(page);
    await devtools.send('Input.synthesizePinchGesture', { x: 195, y: 350, scaleFactor: 3, gestureSourceType: 'touch' });
    await settle(page);
    expect(await scaleOf(page)).toBeGreaterThan(2 * home);
    await page.context().close();
  });

  test('keeps showing the whole when the window changes', async () => {
    const { page } = await open(fromDisk(site));
    await settle(page);
    await page.setViewportSize({ width: 500, height: 700 });
    await page.waitForFunction(() => {
      const { viewport } = window.zoomosaic.viewer;
      return Math.abs(viewport.getZoom(false) / viewport.getHomeZoom() - 1) < 1e-6;
    });
    await page.context().close();
  });

  test.each([
    ['a version that it does not know', /"version": ?4/, '"version":2', /version 4.*received 2/s],
    ['tiles of a kind that it does not know', /"extension": ?"jpg"/, '"extension":"jpg?"', /jpg for tile.extension/],
    ['blocks without cells', /"block": ?128/, '"block":0', /for placement.block .* received 0/],
    ['a description that is no JSON', /"format"/, '{', /is damaged/],
    ['a missing viewer folder', /viewer\/openseadragon/, 'viewer/nowhere', /incomplete/],
  ])('says so instead of showing %s', async (name, from, to, message) => {
    const folder = join(root, name.replaceAll(' ', '-'));
    await cp(site.folder, folder, { recursive: true });
    const page = join(folder, 'index.html');
    await writeFile(page, (await readFile(page, 'utf8')).replace(from, to));
    const { page: shownPage } = await open(fromDisk({ ...site, folder }));
    await shownPage.waitForSelector('#message:not([hidden])');
    expect(await shownPage.textContent('#message')).toMatch(message);
    expect(await shownPage.isVisible('#controls')).toBe(false);
    await shownPage.context().close();
  });

  test('a stock OpenSeadragon opens mosaic.dzi', async () => {
    const folder = join(root, 'stock');
    await cp(site.folder, folder, { recursive: true });
    await writeFile(
      join(folder, 'stock.html'),
      `<link rel="icon" href="data:," /><div id="v" style="width:800px;height:600px"></div>
       <script src="viewer/openseadragon.min.js"></script>
       <script>var stock = OpenSeadragon({ id: 'v', tileSources: 'mosaic.dzi', showNavigationControl: false, drawer: 'canvas' });</script>`,
    );
    const other = await serve({ site: folder, port: 0 });
    const { page, requests, complaints } = await open(`${other.url}stock.html`);
    for (const zoom of [0, 3]) {
      await page.evaluate((steps) => window.stock.viewport?.zoomBy(2 ** steps, undefined, true), zoom);
      await page.waitForFunction(() => window.stock.world.getItemAt(0)?.getFullyLoaded());
    }
    expect(await page.evaluate(() => window.stock.world.getItemAt(0).getContentSize().x)).toBe(site.mosaic.width);
    const deepest = site.mosaic.levels.length - 1;
    expect(requests.some((path) => path.startsWith(`mosaic_files/${deepest}/`))).toBe(true);
    expect(complaints).toEqual([]);
    await page.context().close();
    await other.close();
  });
});
