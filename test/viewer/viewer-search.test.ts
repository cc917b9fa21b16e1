/// <reference lib="dom" />
import { cp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findBrowser } from '../helpers/browser.ts';
import {
  cellsOf,
  type Device,
  Explorer,
  focused,
  nameAt,
  NAMES,
  ODD,
  panelOf,
  troubles,
  viewOf,
  wake,
} from '../helpers/explored.ts';

// With CI set, a missing browser fails in `launchBrowser` instead.
const skipped = !findBrowser() && !process.env['CI'];

describe.skipIf(skipped)('a page finds pictures', () => {
  let explorer: Explorer;
  let site: string;
  beforeAll(async () => {
    explorer = await Explorer.open();
    site = await explorer.site('copy');
  });
  afterAll(() => explorer?.close());

  describe('the search', () => {
    const labels = (page: Page) => page.locator('#search .found b').allTextContents();

    /** Types a query in the place of what stands there, and waits for its answer. */
    async function ask(page: Page, query: string, first: string | undefined): Promise<string[]> {
      await page.fill('#search input', query);
      const answered =
        first === undefined
          ? '.told:text-matches("Nothing|can")'
          : `.found li:first-child b:text-is(${JSON.stringify(first)})`;
      await page.waitForSelector(`#search ${answered}`, { timeout: 20_000 });
      return await labels(page);
    }

    /** Queries, and what is found first. */
    const FINDS: readonly (readonly [query: string, first: string])[] = [
      ['sunflower', 'sunflower field'],
      ['sunflwoer', 'sunflower field'],
      ['sunfower', 'sunflower field'],
      ['field sunfl', 'sunflower field'],
      ['SQUARE', 'square'],
      ['evening', 'Evening at the sea'],
      ['sunset', 'Evening at the sea'],
      ['<b>', 'A wide <b>title</b>'],
      ['onerror', ODD.markup.slice(0, -4)],
      ['<img src=x', ODD.markup.slice(0, -4)],
      ['סבתא', ODD.hebrew.slice(0, -4)],
      ['cat', ODD.emoji.slice(0, -4)],
      ['🎈', ODD.cats.slice(0, -4)],
      ['👨‍👩‍👧', ODD.emoji.slice(0, -4)],
      ['äääabc', ODD.long.slice(0, -4)],
      ['zoe', ODD.decomposed.slice(0, -4)],
      ['Café Zoë', ODD.decomposed.slice(0, -4)],
      ['タワー', ODD.japanese.slice(0, -4)],
      ['हिन्दी', ODD.hindi.slice(0, -4)],
    ];

    test.each<[Device, 'http' | 'file']>([
      ['desktop', 'http'],
      ['phone', 'file'],
    ])('finds pictures by name and caption, with errors and in any script, on a %s over %s', async (device, scheme) => {
      const visit = await explorer.visit(await explorer.addressOf(site, scheme), device);
      const { page, requests } = visit;
      const namesAsked = () => requests.filter((path) => path.startsWith('sources/names/')).length;
      expect(namesAsked()).toBe(0);
      await wake(page);
      if (device === 'phone') await page.tap('[data-do="search"]');
      else await page.click('[data-do="search"]');
      await page.waitForSelector('#search:not([hidden])');
      expect(await focused(page)).toBe('input Find a picture');
      for (const [query, first] of FINDS) expect((await ask(page, query, first))[0], query).toBe(first);
      expect(await ask(page, 'qqqqzz', undefined)).toEqual([]);
      expect(await page.textContent('#search .told')).toBe('Nothing found');
      expect(await ask(page, 'holidays', 'sunflower field')).toHaveLength(2);
      expect(await page.textContent('#search .told')).toBe('2 found');
      expect(namesAsked()).toBe(1);
      // A tap opens it.
      const result = page.locator('#search .found button').first();
      if (device === 'phone') await result.tap();
      else await result.click();
      await page.waitForSelector('#panel:not([hidden]) h2:text-is("sunflower field")');
      expect(await page.isVisible('#search')).toBe(false);
      expect(await troubles(visit)).toEqual([]);
      await page.context().close();
    });

    test('is led by keys alone, and none of them moves the view', async () => {
      const visit = await explorer.visit(await explorer.addressOf(site));
      const { page } = visit;
      await page.focus('[data-do="help"]');
      await page.keyboard.press('/');
      await page.waitForSelector('#search:not([hidden])');
      expect(await focused(page)).toBe('input Find a picture');
      expect(await page.inputValue('#search input')).toBe('');
      const before = await viewOf(page);
      await page.keyboard.type('+-0hfclnpt?/[]wasd');
      for (const key of ['Home', 'ArrowLeft', 'ArrowUp', 'End']) await page.keyboard.press(key);
      expect(await page.inputValue('#search input')).toBe('+-0hfclnpt?/[]wasd');
      expect(await viewOf(page)).toEqual(before);
      for (const other of ['#help', '#compare', '#panel', '#view-list'])
        expect(await page.isVisible(other)).toBe(false);
      await ask(page, 'holidays', 'sunflower field');
      await page.keyboard.press('ArrowDown');
      expect(await focused(page)).toContain('sunflower field');
      await page.keyboard.press('ArrowDown');
      expect(await focused(page)).toContain('Evening');
      await page.keyboard.press('ArrowDown');
      expect(await focused(page)).toContain('Evening');
      await page.keyboard.press('ArrowUp');
      await page.keyboard.press('ArrowUp');
      expect(await focused(page)).toBe('input Find a picture');
      expect(await viewOf(page)).toEqual(before);
      await page.keyboard.press('Escape');
      expect(await page.isVisible('#search')).toBe(false);
      expect(await focused(page)).toBe('button help');
      // Enter opens what is found first, and its panel has the focus.
      await page.keyboard.press('/');
      await ask(page, 'tall', 'tall');
      await page.keyboard.press('Enter');
      await page.waitForSelector('#panel:not([hidden]) h2:text-is("tall")');
      await page.waitForFunction(() => document.activeElement?.id === 'panel-title');
      await page.keyboard.press('Escape');
      expect(await focused(page)).toBe('button help');
      expect(await troubles(visit)).toEqual([]);
      await page.context().close();
    });

    test('opens that place of a picture which is nearest', async () => {
      const visit = await explorer.visit(`${await explorer.addressOf(site)}#v=0.5,3.5,3`);
      const { page } = visit;
      await page.keyboard.press('/');
      await ask(page, 'tall', 'tall');
      await page.keyboard.press('Enter');
      const away = ([column, row]: readonly [number, number]) => (column - 0) ** 2 + (row - 3) ** 2;
      await panelOf(page, cellsOf('tall.jpg').toSorted((a, b) => away(a) - away(b))[0]!);
      await page.context().close();
    });

    test('says that the names cannot be loaded, and finds them once they can', async () => {
      const folder = join(explorer.root, 'names away');
      await cp(site, folder, { recursive: true });
      await rm(join(folder, 'sources/names'), { recursive: true });
      const visit = await explorer.visit(await explorer.addressOf(folder));
      const { page } = visit;
      await page.keyboard.press('/');
      await page.waitForSelector('#search:not([hidden])');
      await page.fill('#search input', 'tall');
      await page.waitForSelector('#search .told:text-is("The names cannot be loaded")');
      await cp(join(site, 'sources/names'), join(folder, 'sources/names'), { recursive: true });
      expect((await ask(page, 'square', 'square'))[0]).toBe('square');
      await page.context().close();
    });
  });

  describe('the list of the pictures in view', () => {
    const told = (page: Page) => page.textContent('#view-list .told');
    const titles = (page: Page) => page.locator('#view-list b').allTextContents();

    test.each<[Device, 'http' | 'file']>([
      ['desktop', 'http'],
      ['phone', 'file'],
    ])('is loaded when it is opened, and opens what is chosen, on a %s over %s', async (device, scheme) => {
      // Columns 2 to 4, and on a phone more rows than on a desk.
      const visit = await explorer.visit(`${await explorer.addressOf(site, scheme)}#v=3.5,2.5,2.9`, device);
      const { page, requests } = visit;
      const sourcesAsked = () => requests.filter((path) => path.startsWith('sources/'));
      expect(sourcesAsked()).toEqual([]);
      // A screen reader presses a button that nobody sees.
      const button = page.locator('button[data-do="list"]');
      expect(await button.getAttribute('aria-label')).toBe('List the pictures in view');
      expect((await button.boundingBox())!.width).toBe(1);
      await button.dispatchEvent('click');
      await page.waitForSelector('#view-list li');
      expect(await focused(page)).toBe('h2 view-list-title');
      expect(sourcesAsked()).toEqual(['sources/pictures/0.js', 'sources/0.js']);
      const found = await titles(page);
      expect(new Set(found).size).toBe(found.length);
      expect(await told(page)).toBe(`${found.length} images`);
      const middle = nameAt(3, 2).replace('.jpg', '');
      expect(found[0]).toBe(middle);
      const first = page.locator('#view-list li button').first();
      if (device === 'phone') await first.tap();
      else await first.click();
      await panelOf(page, [3, 2]);
      expect(await page.textContent('#panel h2')).toBe(middle);
      expect(await page.isVisible('#view-list')).toBe(false);
      expect(await troubles(visit)).toEqual([]);
      await page.context().close();
    });

    test('is led by keys alone, and follows the view', async () => {
      const visit = await explorer.visit(`${await explorer.addressOf(site)}#v=5,3,10`);
      const { page } = visit;
      await page.focus('[data-do="help"]');
      await page.keyboard.press('Tab');
      expect(await focused(page)).toBe('button list');
      expect((await page.locator('[data-do="list"]').boundingBox())!.width).toBe(44);
      await page.keyboard.press('Enter');
      await page.waitForSelector('#view-list li');
      // All of the mosaic, each image once.
      expect(await page.locator('#view-list li').count()).toBe(NAMES.length);
      expect(await told(page)).toBe(`${NAMES.length} images`);
      expect(await page.locator('#view-list small').first().textContent()).toBe('4 in view');
      const before = await viewOf(page);
      await page.keyboard.press('ArrowDown');
      await page.keyboard.press('ArrowDown');
      const [, second] = await titles(page);
      expect(await focused(page)).toContain(second);
      await page.keyboard.press('ArrowUp');
      await page.keyboard.press('ArrowUp');
      expect(await focused(page)).toBe('h2 view-list-title');
      expect(await viewOf(page)).toEqual(before);
      // The focus stays on an image that is still in view.
      await page.evaluate(() => (location.hash = 'v=0.5,0.5,1.5'));
      await expect.poll(() => page.locator('#view-list li').count()).toBeLessThan(NAMES.length);
      await page.keyboard.press('ArrowDown');
      const kept = await focused(page);
      await page.keyboard.press('-');
      await expect.poll(() => page.locator('#view-list li').count()).toBeGreaterThan(4);
      expect(await focused(page)).toBe(kept);
      await page.keyboard.press('Escape');
      expect(await page.isVisible('#view-list')).toBe(false);
      expect(await focused(page)).toBe('button list');
      // Enter opens a picture, and its panel has the focus.
      await page.keyboard.press('l');
      await page.waitForSelector('#view-list li');
      await page.keyboard.press('ArrowDown');
      await page.keyboard.press('Enter');
      await page.waitForSelector('#panel:not([hidden])');
      await page.waitForFunction(() => document.activeElement?.id === 'panel-title');
      expect(await troubles(visit)).toEqual([]);
      await page.context().close();
    });

    /** A screen on which the cells are too small in a view of all of them. */
    const NARROW = { viewport: { width: 300, height: 700 } };

    test('wants cells that can be seen as pictures, and loads nothing before', async () => {
      const visit = await explorer.visit(await explorer.addressOf(site), 'phone', NARROW);
      const { page, requests } = visit;
      await page.keyboard.press('l');
      await page.waitForSelector('#view-list .told:not(:empty)');
      expect(await told(page)).toBe('Zoom in to list the pictures');
      expect(requests.filter((path) => path.startsWith('sources/'))).toEqual([]);
      await page.evaluate(() => (location.hash = 'v=5,3,4'));
      await page.waitForSelector('#view-list li');
      await page.context().close();
    });

    test('says that the names cannot be loaded', async () => {
      const folder = join(explorer.root, 'sources away');
      await cp(site, folder, { recursive: true });
      await rm(join(folder, 'sources/0.js'));
      const { page } = await explorer.visit(`${await explorer.addressOf(folder)}#v=5,3,4`);
      await page.keyboard.press('l');
      await page.waitForSelector('#view-list .told:not(:empty)');
      expect(await told(page)).toBe('The names cannot be loaded');
      await page.context().close();
    });
  });
});
