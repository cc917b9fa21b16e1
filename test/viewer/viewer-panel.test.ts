/// <reference lib="dom" />
import { rm, cp } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findBrowser } from '../helpers/browser.ts';
import {
  cellsOf,
  type Device,
  DEVICES,
  Explorer,
  focused,
  follow,
  middleOf,
  nameAt,
  NAMES,
  ODD,
  panelOf,
  pick,
  press,
  troubles,
  viewOf,
} from '../helpers/explored.ts';
import { settle, type PageWindow } from '../helpers/page.ts';

// With CI set, a missing browser fails in `launchBrowser` instead.
const skipped = !findBrowser() && !process.env['CI'];
declare const window: PageWindow;

describe.skipIf(skipped)('the panel of a picture', () => {
  let explorer: Explorer;
  let site: string;
  beforeAll(async () => {
    explorer = await Explorer.open();
    site = await explorer.site('copy');
  });
  afterAll(() => explorer?.close());

  const SHOWN: readonly [Device, 'http' | 'file'][] = [
    ['desktop', 'http'],
    ['desktop', 'file'],
    ['phone', 'http'],
    ['phone', 'file'],
  ];

  test.each(SHOWN)('tells what is known of it, on a %s over %s', async (device, scheme) => {
    const visit = await explorer.visit(await explorer.addressOf(site, scheme), device);
    const { page } = visit;
    await pick(visit, [0, 0]);
    await settle(page);
    expect(await page.textContent('#panel h2')).toBe('A wide <b>title</b>');
    const text = (await page.innerText('#panel')).replaceAll(/\s+/g, ' ');
    expect(text).toContain('wide.jpg By Anna & Bert Visit example.org');
    const cells = cellsOf('wide.jpg');
    expect(text).toContain(`Shown ${cells.length} times Column 1, row 1`);
    expect(text).toContain(`1 of ${cells.length}`);
    const link = page.locator('#panel .facts a');
    expect(await link.getAttribute('href')).toBe('https://example.org/wide?a=1&b=2');
    expect(await link.getAttribute('rel')).toBe('noopener noreferrer');
    expect(await page.locator('#panel .thumbs button').count()).toBe(12);
    // The framed cell lies in the middle of what the panel leaves free.
    const [panel, at] = [(await page.locator('#panel').boundingBox())!, await middleOf(page, [0, 0])];
    const { width, height } = DEVICES[device].viewport!;
    if (device === 'phone') {
      expect(panel.y).toBeGreaterThan(height / 2);
      expect(at.y).toBeLessThan(panel.y);
      expect(Math.abs(at.x - width / 2)).toBeLessThan(3);
    } else {
      expect(Math.abs(at.x - (panel.x + panel.width + width) / 2)).toBeLessThan(3);
      expect(Math.abs(at.y - height / 2)).toBeLessThan(3);
    }
    const high = (await middleOf(page, [0, 1])).y - at.y;
    expect(high).toBeGreaterThanOrEqual(64);
    expect(await troubles(visit)).toEqual([]);
    await page.context().close();
  });

  /** Sizes of images, and the part that a cell shows. */
  const PARTS: readonly (readonly [string, readonly [number, number], readonly number[]])[] = [
    ['an image that is wide', [0, 0], [400, 200, 100, 0, 200, 200]],
    ['a part of it', [9, 5], [400, 200, 300, 100, 100, 100]],
    ['an image that is tall', [1, 0], [180, 360, 0, 90, 180, 180]],
    ['a large one, of which there is a pyramid', [5, 0], [2304, 2000, 152, 0, 2000, 2000]],
  ];

  test('shows the whole original, and where the cell lies in it', async () => {
    const visit = await explorer.visit(await explorer.addressOf(site));
    const { page } = visit;
    for (const [what, cell, numbers] of PARTS) {
      const [width, height, left, top, across, down] = numbers as [number, number, number, number, number, number];
      await follow(page, cell);
      const image = page.locator('#panel figure > :is(img, canvas)');
      const box = (await image.boundingBox())!;
      expect(Math.abs(box.width / box.height / (width / height) - 1), what).toBeLessThan(0.02);
      const part = (await page.locator('#panel .part').boundingBox())!;
      const close = (shown: number, expected: number) => expect(Math.abs(shown - expected), what).toBeLessThan(1.5);
      const scale = box.width / width;
      close(part.x - box.x, left * scale);
      close(part.y - box.y, top * scale);
      close(part.width, across * scale);
      close(part.height, down * scale);
      // Both are on the page, in the panel.
      const panel = (await page.locator('#panel').boundingBox())!;
      expect(box.x).toBeGreaterThanOrEqual(panel.x);
      expect(box.x + box.width).toBeLessThanOrEqual(panel.x + panel.width + 0.5);
      const files = await page
        .locator('#panel .links a')
        .evaluateAll((links) =>
          links.map((link) => ['href', 'download', 'aria-label'].map((at) => link.getAttribute(at))),
        );
      if (nameAt(...cell) === 'large.jpg') expect(files).toEqual([]);
      else {
        expect(files.map(([, saved, label]) => [saved, label])).toEqual([
          [null, 'Open the original'],
          [nameAt(...cell), 'Download'],
        ]);
        for (const [href] of files) expect((await page.request.get(new URL(href!, page.url()).href)).ok()).toBe(true);
      }
    }
    // One that the cell shows all of.
    await follow(page, [2, 0]);
    expect(await page.locator('#panel figure img').count()).toBe(1);
    expect(await page.locator('#panel .part').count()).toBe(0);
    expect(await troubles(visit)).toEqual([]);
    await page.context().close();
  });

  test('frames a cell as large as its original allows', async () => {
    const sizes: number[] = [];
    for (const folder of [site, await explorer.site('close-ups', { originals: 'none', closeup: 120 })]) {
      const visit = await explorer.visit(await explorer.addressOf(folder));
      const { page } = visit;
      const wide = async () => (await middleOf(page, [1, 0])).x - (await middleOf(page, [0, 0])).x;
      await pick(visit, [0, 0]);
      // 200 px of the original lie in a cell of 64.
      if (folder === site) await expect.poll(wide).toBeGreaterThan(300);
      sizes.push(await wide());
      await page.context().close();
    }
    const [original, cell] = sizes as [number, number];
    expect(cell).toBeCloseTo(2 * 64, 0);
    expect(original).toBeLessThanOrEqual(2 * 200 + 1);
  });

  test('shows the close-up where there is no original, and the cell where there is neither', async () => {
    const small = await explorer.site('close-ups', { originals: 'none', closeup: 120 });
    const visit = await explorer.visit(await explorer.addressOf(small));
    const { page } = visit;
    for (const [what, cell, numbers] of PARTS) {
      await follow(page, cell);
      const [width, height, left, top, across, down] = numbers as [number, number, number, number, number, number];
      const image = page.locator('#panel figure > img');
      const natural = await image.evaluate((one: HTMLImageElement) => [one.naturalWidth, one.naturalHeight]);
      const scale = 120 / Math.max(width, height);
      expect(natural, what).toEqual([Math.round(width * scale), Math.round(height * scale)]);
      const [box, part] = [(await image.boundingBox())!, (await page.locator('#panel .part').boundingBox())!];
      const shares = [
        (part.x - box.x) / box.width,
        (part.y - box.y) / box.height,
        part.width / box.width,
        part.height / box.height,
      ];
      const expected = [left / width, top / height, across / width, down / height];
      for (const [i, share] of shares.entries()) expect(share, what).toBeCloseTo(expected[i]!, 1);
      expect(await page.locator('#panel .links a').count()).toBe(0);
    }
    await page.route('**/closeups/**', (route) => route.abort());
    await follow(page, [2, 0]);
    expect(await page.locator('#panel figure > canvas').count()).toBe(1);
    await page.context().close();
  });

  test('outlines the right place of a tall image on a phone, too', async () => {
    const visit = await explorer.visit(await explorer.addressOf(site), 'phone');
    await pick(visit, [1, 0]);
    const [box, part] = [
      (await visit.page.locator('#panel figure > img').boundingBox())!,
      (await visit.page.locator('#panel .part').boundingBox())!,
    ];
    expect(Math.abs(box.height / box.width - 2)).toBeLessThan(0.04);
    expect(Math.abs(part.y - box.y - box.height / 4)).toBeLessThan(1.5);
    expect(Math.abs(part.width - box.width)).toBeLessThan(1.5);
    await visit.page.context().close();
  });

  test.each([
    ['without originals', { originals: 'none' as const }],
    ['of the compact layout', { originals: 'none' as const, layout: 'compact' as const }],
    ['of large cells', { originals: 'none' as const, cellSize: 512 }],
  ])('shows the cell of a site %s', async (name, options) => {
    const visit = await explorer.visit(await explorer.addressOf(await explorer.site(name, options)));
    const { page } = visit;
    await pick(visit, [1, 0]);
    const size = await page
      .locator('#panel figure > canvas')
      .evaluate((canvas) => [(canvas as HTMLCanvasElement).width, (canvas as HTMLCanvasElement).height]);
    const side = 'cellSize' in options ? options.cellSize : 64;
    expect(size).toEqual([side, side]);
    expect(await page.locator('#panel .part').count()).toBe(0);
    expect(await page.locator('#panel .links a').count()).toBe(0);
    expect(await troubles(visit)).toEqual([]);
    await page.context().close();
  });

  test('has numbers in a site without names, and none of the names is anywhere', async () => {
    const folder = await explorer.site('nameless', { names: 'none', captions: undefined as never });
    const visit = await explorer.visit(await explorer.addressOf(folder));
    const { page } = visit;
    await pick(visit, [0, 0]);
    expect(await page.textContent('#panel h2')).toMatch(/^Picture \d+$/);
    const html = await page.content();
    for (const name of NAMES) expect(html).not.toContain(name);
    for (const part of ['sunflower', 'תמונה', '🐈']) expect(html).not.toContain(part);
    expect(await page.locator('[data-do="search"]').count()).toBe(0);
    await page.keyboard.press('/');
    expect(await page.isVisible('#search')).toBe(false);
    // The name of the saved file is none of the image's.
    expect(await page.locator('#panel a[download]').getAttribute('download')).toMatch(/^\d+\.jpg$/);
    expect(await troubles(visit)).toEqual([]);
    await page.context().close();
  });

  test.each(['desktop', 'phone'] as const)('shows odd names as text, on a %s', async (device) => {
    const visit = await explorer.visit(await explorer.addressOf(site), device);
    const { page } = visit;
    for (const name of Object.values(ODD)) {
      await follow(page, cellsOf(name)[0]!);
      expect(await page.textContent('#panel h2')).toBe(name.slice(0, -4));
      expect(await page.textContent('#panel .name')).toBe(name);
      const wide = await page.locator('#panel').evaluate((panel) => panel.scrollWidth - panel.clientWidth);
      expect(wide, name).toBeLessThanOrEqual(0);
      expect(await page.locator('#panel a[download]').getAttribute('download')).toBe(name);
    }
    expect(await troubles(visit)).toEqual([]);
    await page.context().close();
  });

  test('is opened by Enter, and has and returns the focus', async () => {
    const visit = await explorer.visit(await explorer.addressOf(site));
    const { page } = visit;
    await page.focus('.openseadragon-canvas');
    await page.keyboard.press('Enter');
    await panelOf(page, [5, 3]);
    expect(await focused(page)).toBe('h2 panel-title');
    // What follows in the order of the document is in the panel.
    await page.keyboard.press('Tab');
    expect(await focused(page)).toBe('button Close');
    await page.keyboard.press('Escape');
    expect(await page.isVisible('#panel')).toBe(false);
    expect(await focused(page)).toBe('div map');
    await page.focus('[data-do="home"]');
    await page.keyboard.press('Enter');
    expect(await page.isVisible('#panel')).toBe(false);
    await page.context().close();
  });

  test('keeps the focus while it goes from place to place', async () => {
    const visit = await explorer.visit(await explorer.addressOf(site));
    const { page } = visit;
    await pick(visit, [0, 0]);
    const cells = cellsOf('wide.jpg');
    const next = page.locator('#panel button[aria-label="Next place"]');
    await next.focus();
    for (let i = 1; i <= cells.length; i++) {
      await page.keyboard.press('Enter');
      await panelOf(page, cells[i % cells.length]!);
      expect(await focused(page)).toBe('button Next place');
    }
    await page.locator('#panel button[aria-label="Previous place"]').focus();
    await page.keyboard.press('Enter');
    await panelOf(page, cells.at(-1));
    expect(await focused(page)).toBe('button Previous place');
    for (const [key, cell] of [
      ['n', cells[0]!],
      ['p', cells.at(-1)],
      ['[', cells.at(-2)],
      [']', cells.at(-1)],
    ] as const) {
      await page.keyboard.press(key);
      await panelOf(page, cell);
    }
    // One that is like it is another one: its title has the focus then.
    const before = await page.textContent('#panel h2');
    await page.locator('#panel .thumbs button').first().focus();
    await page.keyboard.press('Enter');
    await page.waitForFunction((old) => document.querySelector('#panel h2')?.textContent !== old, before);
    expect(await focused(page)).toBe('h2 panel-title');
    expect(await troubles(visit)).toEqual([]);
    await page.context().close();
  });

  test('is not opened by a double click, which zooms, nor by dragging, nor beside the mosaic', async () => {
    const visit = await explorer.visit(await explorer.addressOf(site));
    const { page } = visit;
    const { x, y } = await middleOf(page, [5, 3]);
    const before = await viewOf(page);
    await page.mouse.dblclick(x, y);
    await page.waitForTimeout(500);
    expect((await viewOf(page)).width).toBeLessThan(0.7 * before.width);
    expect(await page.isVisible('#panel')).toBe(false);
    await page.mouse.move(x, y);
    await page.mouse.down();
    await page.mouse.move(x - 90, y + 20, { steps: 6 });
    await page.mouse.up();
    await page.waitForTimeout(500);
    expect((await viewOf(page)).x).toBeGreaterThan(before.x);
    await page.keyboard.press('0');
    await settle(page);
    await page.mouse.click(550, 4);
    await page.waitForTimeout(500);
    expect(await page.isVisible('#panel')).toBe(false);
    expect(await page.evaluate(() => location.hash)).not.toContain('c=');
    await page.context().close();
  });

  test('is not opened by a double tap or a swipe', async () => {
    const visit = await explorer.visit(await explorer.addressOf(site), 'phone');
    const { page } = visit;
    const { x, y } = await middleOf(page, [5, 3]);
    const before = await viewOf(page);
    await page.touchscreen.tap(x, y);
    await page.touchscreen.tap(x, y);
    await page.waitForTimeout(500);
    expect((await viewOf(page)).width).toBeLessThan(0.7 * before.width);
    expect(await page.isVisible('#panel')).toBe(false);
    const devtools = await page.context().newCDPSession(page);
    await devtools.send('Input.synthesizeScrollGesture', {
      x,
      y,
      xDistance: -120,
      yDistance: 0,
      gestureSourceType: 'touch',
    });
    await page.waitForTimeout(500);
    expect(await page.isVisible('#panel')).toBe(false);
    await page.context().close();
  });

  test.each(['desktop', 'phone'] as const)('closes, and the map is as before, on a %s', async (device) => {
    const visit = await explorer.visit(await explorer.addressOf(site), device);
    const { page } = visit;
    await pick(visit, [3, 2]);
    expect(await page.isVisible('#picture .marks')).toBe(true);
    if (device === 'phone') expect(await page.isVisible('#controls')).toBe(false);
    const close = page.locator('#panel button[aria-label="Close"]');
    if (device === 'phone') await close.tap();
    else await close.click();
    expect(await page.isVisible('#panel')).toBe(false);
    expect(await page.locator('.marks:not([hidden])').count()).toBe(0);
    expect(await page.isVisible('#controls')).toBe(true);
    expect(await page.evaluate(() => document.body.className)).not.toContain('picked');
    await page.context().close();
  });

  test('is of the cell that was picked last, however fast', async () => {
    const visit = await explorer.visit(await explorer.addressOf(site), 'desktop', { reducedMotion: 'no-preference' });
    const { page } = visit;
    await pick(visit, [1, 0]);
    for (let i = 0; i < 5; i++) await page.keyboard.press('n');
    const cells = cellsOf('tall.jpg');
    await panelOf(page, cells[5 % cells.length]!);
    await settle(page);
    expect(await page.evaluate(() => location.hash)).toBe(`#c=${cells[5 % cells.length]!.join(',')}`);
    expect(await troubles(visit)).toEqual([]);
    await page.context().close();
  });

  test('dims all but the places of the picture, and has a dot for each on the minimap', async () => {
    const visit = await explorer.visit(await explorer.addressOf(site));
    const { page } = visit;
    await pick(visit, [0, 0]);
    await page.keyboard.press('0');
    await settle(page);
    const alphas = await page.evaluate((columns) => {
      const canvas = document.querySelector<HTMLCanvasElement>(
        '#picture > .openseadragon-container > .openseadragon-canvas > .marks',
      )!;
      const context = canvas.getContext('2d')!;
      const { viewer, mosaic } = window.zoomosaic;
      return Array.from({ length: mosaic.grid.columns * mosaic.grid.rows }, (_, i) => {
        const point = new window.OpenSeadragon.Point(
          ((i % columns) + 0.5) / columns,
          (Math.floor(i / columns) + 0.5) / columns,
        );
        const { x, y } = viewer.viewport.pixelFromPoint(point, true);
        return context.getImageData(Math.round(x), Math.round(y), 1, 1).data[3]!;
      });
    }, 10);
    for (const [i, alpha] of alphas.entries()) {
      const isMarked = nameAt(i % 10, Math.floor(i / 10)) === 'wide.jpg';
      expect(alpha > 100, `cell ${i}`).toBe(!isMarked);
    }
    const dots = await page.evaluate(() => {
      const canvas = document.querySelector<HTMLCanvasElement>('.navigator .marks')!;
      const { data, width } = canvas.getContext('2d')!.getImageData(0, 0, canvas.width, canvas.height);
      const across = width / 10;
      return Array.from({ length: 60 }, (_, i) => {
        const [x, y] = [Math.floor(((i % 10) + 0.5) * across), Math.floor((Math.floor(i / 10) + 0.5) * across)];
        return data[(y * width + x) * 4 + 3]! > 100;
      });
    });
    expect(dots).toEqual(Array.from({ length: 60 }, (_, i) => nameAt(i % 10, Math.floor(i / 10)) === 'wide.jpg'));
    await page.context().close();
  });

  test('copies its link, and shows it as a QR code', async () => {
    const visit = await explorer.visit(await explorer.addressOf(site), 'desktop', {
      permissions: ['clipboard-read', 'clipboard-write'],
    });
    const { page } = visit;
    await pick(visit, [3, 1]);
    await page.click('#panel button[aria-label="Copy link"]');
    await page.waitForSelector('#panel button[aria-label="Copied"]');
    const link = `${await explorer.addressOf(site)}#c=3,1`;
    expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(link);
    await page.waitForSelector('#panel button[aria-label="Copy link"]');
    await page.click('#panel button[aria-label="QR code"]');
    expect(await page.locator('#panel .qr canvas').getAttribute('aria-label')).toBe(link);
    await page.click('#panel button[aria-label="QR code"]');
    expect(await page.locator('#panel .qr').count()).toBe(0);
    expect(await troubles(visit)).toEqual([]);
    await page.context().close();
  });

  test('is none where it is not known what a cell shows, and the page stays as it was', async () => {
    const folder = join(explorer.root, 'without sources');
    await cp(site, folder, { recursive: true });
    await rm(join(folder, 'sources'), { recursive: true });
    const visit = await explorer.visit(await explorer.addressOf(folder), 'phone');
    const { page } = visit;
    await press(visit, [3, 1]);
    await page.waitForTimeout(300);
    await page.waitForFunction(() => !document.body.classList.contains('picked'));
    expect(await page.isVisible('#panel')).toBe(false);
    expect(await page.isVisible('#controls')).toBe(true);
    await page.context().close();
  });
});
