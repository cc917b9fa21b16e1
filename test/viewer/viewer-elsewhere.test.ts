/// <reference lib="dom" />
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { rebase, type Size } from '../../src/index.ts';
import { findBrowser } from '../helpers/browser.ts';
import { type Host, host, pagesShowing, STOCK_PAGE } from '../helpers/elsewhere.ts';
import { Gallery } from '../helpers/gallery.ts';
import { decode, difference } from '../helpers/images.ts';
import { dziPicture, filesOf, partOf } from '../helpers/levels.ts';
import { lookAt, type PageWindow, settle, shown, type Visit } from '../helpers/page.ts';
import { AS_ENCODED, expectSame, FACTOR, fromFiles, pxOf, type Viewed, viewsOf } from '../helpers/views.ts';

// With CI set, a missing browser fails in `launchBrowser` instead.
const skipped = !findBrowser() && !process.env['CI'];

declare const window: PageWindow & {
  /** Of other people's pages. */
  shows: Record<string, PageWindow['zoomosaic']>;
};

describe.skipIf(skipped)('our viewer', () => {
  let gallery: Gallery;
  let compact: Viewed;
  let oblong: Record<'iiif', Viewed>;
  let large: Record<'dzi' | 'compact', Viewed>;

  beforeAll(async () => {
    gallery = await Gallery.open();
    compact = await gallery.most('compact');
    oblong = { iiif: await gallery.oblong('iiif') };
    large = { dzi: await gallery.large('dzi'), compact: await gallery.large('compact') };
  });

  afterAll(() => gallery?.close());

  describe('is not needed: a stock OpenSeadragon', () => {
    async function openStock(site: Viewed, picture: string, viewport: Size): Promise<Visit> {
      await writeFile(join(site.folder, 'stock.html'), STOCK_PAGE);
      const page = (await gallery.addressOf(site, 'http')).replace('index', 'stock');
      const visit = await gallery.visit(`${page}?open=${encodeURIComponent(picture)}`, { viewport });
      await settle(visit.page);
      return visit;
    }

    test.each([
      ['of 4:3', () => oblong.iiif],
      ['of several tiles each', () => large.dzi],
    ])('asks for all tiles of a IIIF image with cells %s, and for nothing that is not there', async (_, siteOf) => {
      const site = siteOf();
      const { folder, mosaic, pictures } = site;
      const { width, height, cell, layouts } = mosaic;
      await rebase({ site: folder, baseUrl: (await gallery.addressOf(site, 'http')).replace('/index.html', '') });
      // It shows levels whose px are at least a tenth of one on the screen.
      const viewport = { width: width / 8, height: height / 8 };
      const { page, requests, complaints } = await openStock(site, 'iiif/image/info.json', viewport);
      for (const i of layouts.iiif!.levels.keys()) await lookAt(page, width / 2, height / 2, 2 ** -i / 8);
      const files = (await filesOf(join(folder, 'iiif/image'))).map((path) => `iiif/image/${path}`);
      const asked = requests.filter((path) => path.startsWith('iiif/image/'));
      expect(asked.filter((path) => !files.includes(path))).toEqual([]);
      const tiles = files.filter((path) => /image\/\d/.test(path) && !path.includes(`/0,0,${width},${height}/`));
      expect(tiles.length).toBeGreaterThan(100);
      expect(tiles.filter((path) => !asked.includes(path))).toEqual([]);
      expect(complaints).toEqual([]);
      // And shows them where they belong: the last cell, or its last piece.
      const { tile } = layouts.iiif!.levels.at(-1)!;
      await lookAt(page, width - tile.width / 2, height - tile.height / 2, 1);
      const px = await shown(page, width - tile.width, height - tile.height, tile.width, tile.height);
      const number = pictures.at(-1)!;
      const file = tile.width < cell.width ? `${number}/${cell.width}_1_1` : number;
      const { data } = await decode(join(folder, `tiles/0/${file}.jpg`));
      expect(difference(px, data).mean).toBeLessThan(AS_ENCODED);
      await page.context().close();
    });

    test('shows the overview', async () => {
      const { folder, mosaic } = compact;
      const { overview } = mosaic.layouts.compact!;
      const { width, height } = mosaic.levels[overview]!;
      const { page, requests, complaints } = await openStock(compact, 'overview.dzi', { width: 800, height: 600 });
      const size = await page.evaluate(() => {
        const { x, y } = window.zoomosaic.viewer.world.getItemAt(0).getContentSize();
        return { width: x, height: y };
      });
      expect(size).toEqual({ width, height });
      for (let i = 0; i <= overview; i++) await lookAt(page, width / 2, height / 2, 2 ** -i / 8);
      const asked = requests.filter((path) => path.startsWith('overview_files/'));
      const files = (await filesOf(join(folder, 'overview_files'))).map((path) => `overview_files/${path}`);
      expect(asked.toSorted()).toEqual(files);
      await lookAt(page, width / 2, height / 2, 1);
      const whole = await dziPicture(folder, 'overview', mosaic, overview, 512);
      // Near the upper left corners of tiles: OpenSeadragon makes each a px larger.
      for (const left of [0, 512]) {
        const px = await shown(page, left, 0, 64);
        const [here, there] = [left, 512 - left].map((x) => partOf(whole, { left: x, top: 0, width: 64, height: 64 }));
        expect(difference(px, here!.data).mean).toBeLessThan(1.5 * AS_ENCODED);
        expect(difference(px, there!.data).mean).toBeGreaterThan(FACTOR * AS_ENCODED);
      }
      expect(complaints).toEqual([]);
      await page.context().close();
    });
  });

  describe('works in other people’s pages,', () => {
    const hosts: Host[] = [];
    afterAll(async () => {
      for (const one of hosts) await one.close();
    });

    test.each([
      ['its own drawer', 'drawer: PixelDrawer', undefined],
      // Where there is no WebGL, it makes tiles a px larger.
      ['that of OpenSeadragon', 'crossOriginPolicy: "Anonymous"', { mean: 2 * AS_ENCODED, most: 255 }],
    ])('which show two mosaics from elsewhere, with %s', async (_, options, limits) => {
      const sites = { one: compact, two: large.compact };
      const addresses: Record<string, string> = {};
      for (const [name, { folder }] of Object.entries(sites)) {
        const theirs = await host(folder, { 'Access-Control-Allow-Origin': '*' });
        hosts.push(theirs);
        addresses[name] = theirs.url;
      }
      const own = await host(fileURLToPath(new URL('../..', import.meta.url)), {}, pagesShowing(addresses, options));
      hosts.push(own);
      const screen = { width: 320, height: 256 };
      const viewport = { width: screen.width, height: 2 * screen.height };
      const { page, requests, complaints } = await gallery.visit(`${own.url}page.html`, { viewport });
      await page.waitForFunction(() => window.shows);
      // Both at once ask for blocks and pictures of the same names.
      await page.evaluate(() => {
        for (const { viewer } of Object.values(window.shows)) viewer.viewport.zoomTo(50, undefined, true);
      });
      for (const [name, site] of Object.entries(sites)) {
        await page.evaluate((which) => (window.zoomosaic = window.shows[which]!), name);
        await settle(page);
        const shownLevels = site.mosaic.levels.filter(({ cell }) => cell.width === 64 || cell.width === 256);
        for (const level of shownLevels) {
          const [view] = viewsOf(site.mosaic, level, screen);
          const px = await pxOf(page, site.mosaic, view);
          expectSame(site, view, await fromFiles(site, view), px, `${name}, cells of ${level.cell.width} px`, limits);
        }
        expect(requests.filter((path) => path === `${addresses[name]}cells/0_0.js`).length).toBe(1);
      }
      expect(requests).toEqual([...new Set(requests)]);
      expect(complaints.filter((text) => !text.includes('GL Driver Message'))).toEqual([]);
      await page.context().close();
    });
  });
});
