/// <reference lib="dom" />
/** Accessibility by axe-core (WCAG 2.2 A and AA, and best practices), in every state of a page. */
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type axe from 'axe-core';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findBrowser } from '../helpers/browser.ts';
import { type Device, Explorer, panelOf, troubles } from '../helpers/explored.ts';

// With CI set, a missing browser fails in `launchBrowser` instead.
const skipped = !findBrowser() && !process.env['CI'];
declare const window: Window & { axe: typeof axe };

describe.skipIf(skipped)('a page has no fault that axe knows', () => {
  let explorer: Explorer;
  let script: string;
  beforeAll(async () => {
    explorer = await Explorer.open();
    script = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
  });
  afterAll(() => explorer?.close());

  /** Faults of a page as it is: the rule, and the elements. */
  async function faults(page: Page, state: string): Promise<string[]> {
    if (!(await page.evaluate(() => 'axe' in window))) await page.evaluate(script);
    const results = await page.evaluate(async () => {
      const { violations, incomplete } = await window.axe.run(document, { resultTypes: ['violations', 'incomplete'] });
      // Contrast over pictures cannot be computed: all texts have a ground of their own.
      return [...violations, ...incomplete.filter(({ id }) => id !== 'color-contrast')].map(
        ({ id, nodes }) => `${id}: ${nodes.map(({ html, failureSummary }) => `${html} ${failureSummary}`).join(' | ')}`,
      );
    });
    return results.map((text) => `${state}: ${text}`);
  }

  test.each<[Device, 'en' | 'de']>([
    ['desktop', 'en'],
    ['phone', 'de'],
    ['phone', 'en'],
    ['desktop', 'de'],
  ])('on a %s, in %s', async (device, language) => {
    const site = await explorer.site(language, { language });
    const visit = await explorer.visit(await explorer.addressOf(site), device);
    const { page } = visit;
    const found: string[] = [];
    const note = async (state: string) => void found.push(...(await faults(page, state)));
    expect(await page.evaluate(() => document.documentElement.lang)).toBe(language);
    await note('start');
    await page.evaluate(() => (location.hash = 'c=0,0'));
    await panelOf(page, [0, 0]);
    await note('panel');
    await page.click('#panel .links button:last-of-type');
    await page.waitForSelector('#panel .qr canvas');
    await note('panel with a QR code');
    await page.keyboard.press('/');
    await page.waitForSelector('#search:not([hidden])');
    await note('search and panel');
    await page.keyboard.press('Escape');
    await page.keyboard.press('Escape');
    await page.waitForSelector('#panel', { state: 'hidden' });
    await page.keyboard.press('/');
    await page.fill('#search input', 'holidays');
    await page.waitForSelector('#search .found li:nth-child(2) canvas');
    await note('search with results');
    await page.fill('#search input', 'qqqqzz');
    await page.waitForSelector('#search .found:empty', { state: 'attached' });
    await note('search without results');
    await page.keyboard.press('Escape');
    await page.keyboard.press('c');
    await page.waitForSelector('#compare:not([hidden])');
    await note('compare');
    await page.keyboard.press('Escape');
    await page.keyboard.press('?');
    await page.waitForSelector('#help:not([hidden])');
    await note('help');
    await page.keyboard.press('Escape');
    await page.focus('[data-do="list"]');
    await note('button of the list, which is seen while it has the focus');
    await page.keyboard.press('l');
    await page.waitForSelector('#view-list li');
    await note('list of the pictures in view');
    expect(found).toEqual([]);
    expect(await troubles(visit)).toEqual([]);
    await page.context().close();
  });

  test('on a tour', async () => {
    const site = await explorer.site('en', { language: 'en' });
    const visit = await explorer.visit(`${await explorer.addressOf(site)}?tour`, 'desktop', {
      reducedMotion: 'no-preference',
    });
    const { page } = visit;
    await page.waitForFunction(() => document.body.classList.contains('touring'));
    expect(await faults(page, 'tour')).toEqual([]);
    expect(await troubles(visit)).toEqual([]);
    await page.context().close();
  });

  test('where it says that it cannot show the mosaic', async () => {
    const site = await explorer.site('en', { language: 'en' });
    const { page } = await explorer.visit(await explorer.addressOf(site));
    await page.evaluate(() => {
      const message = document.querySelector<HTMLElement>('#message')!;
      message.textContent = 'The picture cannot be opened.';
      message.hidden = false;
      for (const id of ['picture', 'controls', 'caption']) document.getElementById(id)!.hidden = true;
    });
    expect(
      (await faults(page, 'message')).filter((text) => !/page-has-heading-one|landmark-one-main/.test(text)),
    ).toEqual([]);
    await page.context().close();
  });
});
