/// <reference lib="dom" />
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findBrowser } from '../helpers/browser.ts';
import { type Device, Explorer, focused, follow, middleOf, troubles, viewOf, wake } from '../helpers/explored.ts';
import { difference } from '../helpers/images.ts';
import { bareScreenshot, lookAt, settle, type PageWindow } from '../helpers/page.ts';

// With CI set, a missing browser fails in `launchBrowser` instead.
const skipped = !findBrowser() && !process.env['CI'];
declare const window: PageWindow & { isOurs?: boolean; violations?: string[] };

describe.skipIf(skipped)('a page', () => {
  let explorer: Explorer;
  let site: string;
  beforeAll(async () => {
    explorer = await Explorer.open();
    site = await explorer.site('copy');
  });
  afterAll(() => explorer?.close());

  /** What a part of the page shows. */
  const shownAt = (page: Page, clip: { x: number; y: number; width: number; height: number }) =>
    bareScreenshot(page, clip, 'css');

  test.each<[Device, 'http' | 'file']>([
    ['desktop', 'http'],
    ['desktop', 'file'],
    ['phone', 'http'],
  ])('compares the mosaic with the target, on a %s over %s', async (device, scheme) => {
    const visit = await explorer.visit(await explorer.addressOf(site, scheme), device);
    const { page, requests } = visit;
    expect(requests).not.toContain('compare.jpg');
    const { x, y } = await middleOf(page, [0, 0]);
    const end = await middleOf(page, [9, 5]);
    const half = (end.x - x) / 18;
    const box = { x: Math.round(x - half), y: Math.round(y - half), width: 0, height: 0 };
    box.width = Math.round(((end.x - x) / 9) * 10);
    box.height = Math.round(box.width * 0.6);
    const mosaic = await shownAt(page, box);
    await wake(page);
    if (device === 'phone') await page.tap('[data-do="compare"]');
    else await page.keyboard.press('c');
    await page.waitForSelector('#compare:not([hidden])');
    expect(await focused(page)).toBe('input Target');
    const set = async (value: number, way: string) => {
      await page.click(`#compare label:has-text("${way}")`);
      await page.fill('#compare input[type="range"]', String(value));
      await page.waitForTimeout(50);
      return await shownAt(page, box);
    };
    await page.waitForFunction(() => document.querySelector<HTMLCanvasElement>('canvas.target')!.width > 300);
    const target = await sharp(join(site, 'compare.jpg'))
      .resize(box.width, box.height, { fit: 'fill' })
      .removeAlpha()
      .raw()
      .toBuffer();
    const away = (a: Buffer, b: Buffer) => difference(a, b).mean;
    const apart = away(mosaic, target);
    expect(apart).toBeGreaterThan(12);
    const full = await set(1000, 'Fade');
    expect(away(full, target)).toBeLessThan(apart / 5);
    expect(away(await set(0, 'Fade'), mosaic)).toBeLessThan(1);
    const faded = await set(500, 'Fade');
    const mean = Buffer.from(mosaic.map((value, i) => (value + full[i]!) / 2));
    expect(away(faded, mean)).toBeLessThan(1.5);
    // Soft light changes the lightness of the mosaic by that of the target (Compositing and Blending Level 1, 10.1).
    const soft = await set(1000, 'Soft light');
    const blended = Buffer.from(mosaic.map((value, i) => softLight(value / 255, full[i]! / 255) * 255));
    expect(away(soft, blended)).toBeLessThan(2);
    // Up to a line, one; beyond it, the other.
    const wiped = await set(500, 'Wipe');
    const line = page.viewportSize()!.width / 2 - box.x;
    const sides = [0, 0, 0, 0];
    for (let i = 0; i < wiped.length; i++) {
      const column = Math.floor(i / 3) % box.width;
      if (Math.abs(column - line) < 6) continue;
      const right = column > line ? 2 : 0;
      sides[right]! += Math.abs(wiped[i]! - mosaic[i]!);
      sides[right + 1]! += Math.abs(wiped[i]! - full[i]!);
    }
    expect(sides[0]).toBeLessThan(sides[1]! / 10);
    expect(sides[3]).toBeLessThan(sides[2]! / 10);
    expect(requests.filter((path) => path === 'compare.jpg')).toHaveLength(1);
    // Keys of the slider do not move the view; it goes with the view.
    const before = await viewOf(page);
    await page.focus('#compare input[type="range"]');
    await page.keyboard.press('ArrowLeft');
    expect(await viewOf(page)).toEqual(before);
    await page.keyboard.press('Escape');
    expect(await page.isVisible('#compare')).toBe(false);
    expect(away(await shownAt(page, box), mosaic)).toBeLessThan(0.5);
    expect(await troubles(visit)).toEqual([]);
    await page.context().close();
  });

  test('lays the target over the right places when it is zoomed', async () => {
    const visit = await explorer.visit(await explorer.addressOf(site));
    const { page } = visit;
    const { cell, originals } = await page.evaluate(() => window.zoomosaic.mosaic);
    const times = 2 ** (originals?.levels ?? 0);
    await lookAt(page, 5 * cell.width * times, 3 * cell.height * times, 2 / times);
    await page.keyboard.press('c');
    await page.waitForSelector('#compare:not([hidden])');
    await page.click('#compare label:has-text("Fade")');
    await page.fill('#compare input[type="range"]', '1000');
    await page.waitForTimeout(100);
    const first = await middleOf(page, [3, 1]);
    const side = cell.width * 2;
    const seen = await shownAt(page, {
      x: Math.round(first.x - side / 2),
      y: Math.round(first.y - side / 2),
      width: 4 * side,
      height: 3 * side,
    });
    const { width, height } = await sharp(join(site, 'compare.jpg')).metadata();
    const part = {
      left: Math.round(0.3 * width),
      top: Math.round(height / 6),
      width: Math.round(0.4 * width),
      height: Math.round(height / 2),
    };
    const expected = await sharp(join(site, 'compare.jpg'))
      .extract(part)
      .resize(4 * side, 3 * side, { fit: 'fill' })
      .removeAlpha()
      .raw()
      .toBuffer();
    expect(difference(seen, expected).mean).toBeLessThan(6);
    await page.context().close();
  });

  test('has no comparison where the target is left out, and no search where there are no names', async () => {
    const folder = await explorer.site('bare', { noCompare: true, names: 'none', captions: undefined as never });
    const visit = await explorer.visit(await explorer.addressOf(folder));
    const { page } = visit;
    expect(
      await page
        .locator('#controls button')
        .evaluateAll((buttons) => buttons.map((one) => (one as HTMLElement).dataset['do'])),
    ).toEqual(['zoom-in', 'zoom-out', 'home', 'fullscreen', 'help', 'list']);
    for (const key of ['c', '/', 't']) await page.keyboard.press(key);
    await page.waitForTimeout(200);
    for (const sheet of ['#compare', '#search']) expect(await page.isVisible(sheet)).toBe(false);
    expect(await page.evaluate(() => document.body.className)).not.toContain('touring');
    await page.keyboard.press('?');
    await page.waitForSelector('#help:not([hidden])');
    const text = await page.innerText('#help');
    for (const missing of ['Compare', 'Find', 'Tour']) expect(text).not.toContain(missing);
    expect((await page.request.get(new URL('compare.jpg', page.url()).href)).status()).toBe(404);
    expect(await troubles(visit)).toEqual([]);
    await page.context().close();
  });

  test.each(['desktop', 'phone'] as const)(
    'has one sheet open at a time, and gives the focus back, on a %s',
    async (device) => {
      const visit = await explorer.visit(await explorer.addressOf(site), device);
      const { page } = visit;
      await page.focus('[data-do="home"]');
      await page.keyboard.press('?');
      await page.waitForSelector('#help:not([hidden])');
      expect(await page.innerText('#help')).toContain('Previous and next place of the picture');
      await page.keyboard.press('/');
      await page.waitForSelector('#search:not([hidden])');
      expect(await page.isVisible('#help')).toBe(false);
      await page.keyboard.press('Escape');
      expect(await page.isVisible('#search')).toBe(false);
      expect(await focused(page)).toBe('button home');
      await page.keyboard.press('c');
      await page.waitForSelector('#compare:not([hidden])');
      await page.click('#compare button[aria-label="Close"]');
      expect(await focused(page)).toBe('button home');
      await page.keyboard.press('?');
      await page.waitForSelector('#help:not([hidden])');
      await page.keyboard.press('?');
      await page.waitForSelector('#help', { state: 'hidden' });
      expect(await focused(page)).toBe('button home');
      expect(await troubles(visit)).toEqual([]);
      await page.context().close();
    },
  );

  test('tours its own cells, and any input ends that', async () => {
    const folder = await explorer.site('toured', {
      tour: await explorer.file('tour.csv', 'column,row\n2,1\n8,4\n'),
      originals: 'none',
      cellSize: 256,
    });
    const visit = await explorer.visit(`${await explorer.addressOf(folder)}?tour`, 'desktop', {
      reducedMotion: 'no-preference',
    });
    const { page } = visit;
    const touring = () => page.evaluate(() => document.body.classList.contains('touring'));
    await page.waitForFunction(() => document.body.classList.contains('touring'));
    // Flights are asked for, not waited for: from the whole to the first cell after some ten seconds.
    await page.waitForFunction(() => window.zoomosaic.viewer.viewport.getZoom(false) > 2, undefined, {
      timeout: 30_000,
    });
    const view = await viewOf(page);
    expect([Math.floor(view.x), Math.floor(view.y)]).toEqual([2, 1]);
    await page.keyboard.press('t');
    expect(await touring()).toBe(false);
    await page.waitForTimeout(300);
    expect(await touring()).toBe(false);
    const stopped = await viewOf(page);
    await page.waitForTimeout(300);
    expect(await viewOf(page)).toEqual(stopped);
    await wake(page);
    await page.click('[data-do="tour"]');
    await page.waitForFunction(() => document.body.classList.contains('touring'));
    await page.mouse.click(500, 300);
    expect(await touring()).toBe(false);
    expect(await troubles(visit)).toEqual([]);
    await page.context().close();
  });

  test('moves nothing by itself for people who wish that', async () => {
    const visit = await explorer.visit(`${await explorer.addressOf(site)}?tour`, 'desktop', {
      reducedMotion: 'reduce',
    });
    const { page } = visit;
    await page.waitForTimeout(300);
    expect(await page.evaluate(() => document.body.className)).not.toContain('touring');
    expect(await page.locator('[data-do="tour"]').count()).toBe(0);
    const jump = await page.evaluate(() => {
      location.hash = 'c=4,2';
      const { viewport } = window.zoomosaic.viewer;
      return new Promise<readonly number[]>((done) => {
        addEventListener(
          'hashchange',
          () =>
            setTimeout(() => {
              viewport.update();
              done([viewport.getZoom(true), viewport.getZoom(false)]);
            }, 50),
          { once: true },
        );
      });
    });
    expect(jump[1]).toBeGreaterThan(1.1);
    expect(jump[0]).toBeCloseTo(jump[1]!, 6);
    await page.context().close();
  });

  test('that is part of another one has no controls, and lets scrolling pass by', async () => {
    const visit = await explorer.visit(`${await explorer.addressOf(site)}?embed`);
    const { page } = visit;
    expect(await page.evaluate(() => getComputedStyle(document.querySelector('#controls')!).opacity)).toBe('0');
    expect(await page.locator('.navigator').count()).toBe(0);
    const before = await viewOf(page);
    await page.mouse.move(500, 300);
    await page.mouse.wheel(0, -300);
    await page.waitForTimeout(200);
    expect(await viewOf(page)).toEqual(before);
    // What nobody can see has no focus either.
    await page.keyboard.press('Tab');
    expect(await focused(page)).toBe('div map');
    await page.keyboard.press('Tab');
    expect(await focused(page)).not.toContain('zoom');
    await follow(page, [4, 2]);
    expect(await troubles(visit)).toEqual([]);
    await page.context().close();
  });

  test.each(['http', 'file'] as const)('runs no code that is written into it, over %s', async (scheme) => {
    const visit = await explorer.visit(await explorer.addressOf(site, scheme));
    const { page } = visit;
    await page.evaluate(async () => {
      const script = document.createElement('script');
      script.textContent = 'window.isOurs = true';
      const holder = document.createElement('div');
      holder.innerHTML =
        '<img src="x" onerror="window.isOurs = true"><a href="javascript:window.isOurs = true">a</a><iframe srcdoc="a"></iframe>';
      document.body.append(script, holder);
      holder.querySelector('a')!.click();
      const far = document.createElement('script');
      far.src = 'https://evil.example/x.js';
      document.body.append(far);
      new Image().src = 'https://evil.example/x.png';
      await fetch('https://evil.example/').catch(() => {});
      await new Promise((done) => setTimeout(done, 200));
    });
    const [ours, violations] = await page.evaluate(() => [window.isOurs, window.violations!] as const);
    expect(ours).toBe(undefined);
    const directives = violations.map((text) => text.split(' ')[0]);
    for (const directive of ['script-src-elem', 'script-src-attr', 'img-src', 'connect-src'])
      expect(directives).toContain(directive);
    expect(violations.filter((text) => text.startsWith('script-src-elem')).length).toBeGreaterThanOrEqual(3);
    await page.context().close();
  });

  test('tells in words what is in the middle, once keys are used', async () => {
    const visit = await explorer.visit(await explorer.addressOf(site), 'desktop', { reducedMotion: 'no-preference' });
    const { page } = visit;
    await lookAt(page, 1, 1, 1);
    await page.waitForTimeout(700);
    expect(await page.textContent('#live')).toBe('');
    await page.evaluate(() => (location.hash = 'v=4.5,2.5,3'));
    await settle(page);
    await page.keyboard.press('ArrowRight');
    await page.waitForFunction(() => document.querySelector('#live')!.textContent !== '');
    expect(await page.textContent('#live')).toMatch(/^In the middle: ./);
    expect(await page.locator('#live').getAttribute('aria-live')).toBe('polite');
    await page.context().close();
  });
});

/** Soft light of a backdrop and a source, 0 to 1. */
function softLight(back: number, source: number): number {
  if (source <= 0.5) return back - (1 - 2 * source) * back * (1 - back);
  const root = back <= 0.25 ? ((16 * back - 12) * back + 4) * back : Math.sqrt(back);
  return back + (2 * source - 1) * (root - back);
}
