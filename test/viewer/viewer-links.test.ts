/// <reference lib="dom" />
import * as fc from 'fast-check';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { linkText, readLink } from '../../viewer/link.ts';
import { findBrowser } from '../helpers/browser.ts';
import {
  cellsOf,
  type Device,
  Explorer,
  middleOf,
  nameAt,
  ODD,
  panelOf,
  pick,
  troubles,
  viewOf,
} from '../helpers/explored.ts';

// With CI set, a missing browser fails in `launchBrowser` instead.
const skipped = !findBrowser() && !process.env['CI'];

describe('links', () => {
  const GRID = { columns: 60, rows: 40 };

  test.each([
    ['#c=12,34', { kind: 'cell', cell: { column: 12, row: 34 } }],
    ['#c=0,0', { kind: 'cell', cell: { column: 0, row: 0 } }],
    ['#c=60,0', undefined],
    ['#c=0,40', undefined],
    ['#c=-1,0', undefined],
    ['#c=1.5,0', undefined],
    ['#c=1', undefined],
    ['#c=1,2,3', undefined],
    ['#c=', undefined],
    ['#c=a,b', undefined],
    ['#c=Infinity,0', undefined],
    ['#s=a%20b%2Fc.jpg', { kind: 'source', name: 'a b/c.jpg' }],
    ['#s=', undefined],
    ['#s=%', undefined],
    ['#s=%E0%A4%A', undefined],
    ['#v=1.5,2,3', { kind: 'view', view: { x: 1.5, y: 2, width: 3 } }],
    ['#v=-5,400,3', { kind: 'view', view: { x: 0, y: 40, width: 3 } }],
    ['#v=1,2,0', undefined],
    ['#v=1,2,-3', undefined],
    ['#v=1,2', undefined],
    ['#v=1,2,NaN', undefined],
    ['#x=1,2', undefined],
    ['#', undefined],
    ['', undefined],
  ])('of %j show %j', (fragment, link) => {
    expect(readLink(fragment, GRID)).toEqual(link);
  });

  test('are read as they were written', () => {
    const name = fc.string({ unit: 'grapheme', minLength: 1 });
    fc.assert(
      fc.property(fc.nat(59), fc.nat(39), name, (column, row, text) => {
        const cell = { kind: 'cell', cell: { column, row } } as const;
        const source = { kind: 'source', name: text } as const;
        expect(readLink(linkText(cell), GRID)).toEqual(cell);
        expect(readLink(linkText(source), GRID)).toEqual(source);
      }),
      { seed: 1 },
    );
  });

  test('of views are right to a hundredth of a cell', () => {
    const part = fc.double({ min: 0.01, max: 40, noNaN: true });
    fc.assert(
      fc.property(part, part, part, (x, y, width) => {
        const link = readLink(linkText({ kind: 'view', view: { x, y, width } }), GRID);
        if (link?.kind !== 'view') throw new Error('is no view');
        for (const [read, written] of [
          [link.view.x, x],
          [link.view.y, y],
          [link.view.width, width],
        ] as const)
          expect(Math.abs(read - written)).toBeLessThan(0.0051);
      }),
      { seed: 1 },
    );
  });

  test('never throw, whatever the address holds', () => {
    fc.assert(
      fc.property(fc.string(), (text) => void readLink(text, GRID)),
      { seed: 1, numRuns: 500 },
    );
    fc.assert(
      fc.property(fc.constantFrom('c', 's', 'v'), fc.string(), (kind, text) => void readLink(`#${kind}=${text}`, GRID)),
      {
        seed: 1,
        numRuns: 500,
      },
    );
  });
});

describe.skipIf(skipped)('links into a page', () => {
  let explorer: Explorer;
  let site: string;
  beforeAll(async () => {
    explorer = await Explorer.open();
    site = await explorer.site('copy');
  });
  afterAll(() => explorer?.close());

  const hash = (page: Page) => page.evaluate(() => location.hash);

  test.each<[Device, 'http' | 'file']>([
    ['desktop', 'http'],
    ['desktop', 'file'],
    ['phone', 'http'],
  ])('open a cell framed, and its picture by its name, on a %s over %s', async (device, scheme) => {
    const address = await explorer.addressOf(site, scheme);
    const visit = await explorer.visit(`${address}#c=4,2`, device);
    const { page } = visit;
    await panelOf(page, [4, 2]);
    const whole = page.viewportSize()!;
    const [at, right] = [await middleOf(page, [4, 2]), await middleOf(page, [5, 2])];
    expect(right.x - at.x).toBeGreaterThanOrEqual(64);
    const panel = (await page.locator('#panel').boundingBox())!;
    if (device === 'phone') expect(Math.abs(at.x - whole.width / 2)).toBeLessThan(2);
    else expect(Math.abs(at.x - (panel.x + panel.width + whole.width) / 2)).toBeLessThan(3);
    for (const name of ['holidays/sunset.jpg', ...Object.values(ODD)]) {
      await page.goto('about:blank');
      await page.goto(`${address}#s=${encodeURIComponent(name)}`);
      await page.waitForSelector('#panel:not([hidden]) figure > img');
      expect(await page.textContent('#panel .name')).toBe(name);
      expect(decodeURIComponent(await hash(page))).toBe(`#s=${name}`);
      // What links are made of does not depend on where the page is from: one name is enough.
      if (device === 'phone' || scheme === 'file') break;
    }
    expect(await troubles(visit)).toEqual([]);
    await page.context().close();
  });

  test('open a view, and views are kept in the address', async () => {
    const address = await explorer.addressOf(site);
    const visit = await explorer.visit(`${address}#v=6.5,2.25,4`);
    const { page } = visit;
    const view = await viewOf(page);
    expect(view.x).toBeCloseTo(6.5, 2);
    expect(view.y).toBeCloseTo(2.25, 2);
    expect(view.width).toBeCloseTo(4, 2);
    expect(await page.isVisible('#panel')).toBe(false);
    const steps = await page.evaluate(() => history.length);
    await page.keyboard.press('-');
    await page.waitForFunction(() => location.hash !== '#v=6.5,2.25,4');
    await page.keyboard.press('ArrowLeft');
    await page.waitForTimeout(600);
    const [x, y, width] = (await hash(page)).slice(3).split(',').map(Number);
    const now = await viewOf(page);
    for (const [written, shown] of [
      [x, now.x],
      [y, now.y],
      [width, now.width],
    ] as const)
      expect(Math.abs(written! - shown)).toBeLessThan(0.006);
    await page.keyboard.press('0');
    await page.waitForFunction(() => location.hash === '');
    // Moving about is no step of the history.
    expect(await page.evaluate(() => history.length)).toBe(steps);
    expect(await troubles(visit)).toEqual([]);
    await page.context().close();
  });

  test.each(['http', 'file'] as const)('are followed back and forward over %s', async (scheme) => {
    const visit = await explorer.visit(await explorer.addressOf(site, scheme));
    const { page } = visit;
    await pick(visit, [3, 1]);
    expect(await hash(page)).toBe('#c=3,1');
    await page.keyboard.press('n');
    const [first, second] = cellsOf(nameAt(3, 1));
    const next = cellsOf(nameAt(3, 1)).find(([column, row]) => row * 10 + column > 13) ?? first!;
    expect(second).toBeDefined();
    await panelOf(page, next);
    await page.keyboard.press('Escape');
    await page.waitForSelector('#panel', { state: 'hidden' });
    await page.goBack();
    await panelOf(page, next);
    await page.goBack();
    await panelOf(page, [3, 1]);
    await page.goBack();
    await page.waitForSelector('#panel', { state: 'hidden' });
    expect(await hash(page)).toBe('');
    expect((await viewOf(page)).width).toBeGreaterThan(9.9);
    await page.goForward();
    await panelOf(page, [3, 1]);
    await page.goForward();
    await panelOf(page, next);
    expect(await hash(page)).toBe(`#c=${next.join(',')}`);
    expect(await troubles(visit)).toEqual([]);
    await page.context().close();
  });

  test('that are typed into the address of an open page are followed; those that make no sense are not', async () => {
    const visit = await explorer.visit(`${await explorer.addressOf(site)}#c=99,0`);
    const { page } = visit;
    expect((await viewOf(page)).width).toBeGreaterThan(9.9);
    expect(await page.isVisible('#panel')).toBe(false);
    for (const odd of ['s=nobody.jpg', 'v=a,b,c', 's=%', 's=99999', 'c=1e9,1', '<img src=x onerror=alert(1)>']) {
      await page.evaluate((fragment) => (location.hash = fragment), odd);
      await page.waitForTimeout(60);
      expect(await page.isVisible('#panel')).toBe(false);
    }
    await page.evaluate(() => (location.hash = 'c=2,2'));
    await panelOf(page, [2, 2]);
    await page.evaluate(() => (location.hash = 'v=5,3,3'));
    await page.waitForSelector('#panel', { state: 'hidden' });
    expect((await viewOf(page)).width).toBeCloseTo(3, 1);
    expect(await troubles(visit)).toEqual([]);
    await page.context().close();
  });

  test('open pictures by number in a site without names', async () => {
    const folder = await explorer.site('nameless', { names: 'none', captions: undefined as never });
    const { page } = await explorer.visit(`${await explorer.addressOf(folder)}#s=3`);
    await page.waitForSelector('#panel:not([hidden]) h2:text-is("Picture 3")');
    await page.context().close();
  });
});
