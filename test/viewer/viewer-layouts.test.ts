/// <reference lib="dom" />
import { cp, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  build,
  type BuildOptions,
  type Grid,
  type Layout,
  rebase,
  serve,
  type Serving,
  type Size,
} from '../../src/index.ts';
import { findBrowser, launchBrowser } from '../helpers/browser.ts';
import { type Host, host, pagesShowing, STOCK_PAGE } from '../helpers/elsewhere.ts';
import { decode, difference, writeWaves } from '../helpers/images.ts';
import {
  dziPicture,
  filesOf,
  partOf,
  type Placed,
  sharpOf,
  writePlacement,
  writeStructured,
} from '../helpers/levels.ts';
import { fromDisk, lookAt, open as openIn, type PageWindow, settle, shown, type Visit } from '../helpers/page.ts';
import { readSite } from '../helpers/site.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';
import {
  AS_ENCODED,
  expectSame,
  FACTOR,
  fromFiles,
  numbersAround,
  PX_FOR_PX,
  pxOf,
  type Viewed,
  viewsOf,
} from '../helpers/views.ts';

// With CI set, a missing browser fails in `launchBrowser` instead.
const skipped = !findBrowser() && !process.env['CI'];
/** Px of the screen. */
const SCREEN = { width: 640, height: 512 };

declare const window: PageWindow & {
  /** Images that the page had asked for when its first view was there. */
  firstView: string[];
  /** Of other people's pages. */
  shows: Record<string, PageWindow['zoomosaic']>;
};

interface Site extends Viewed {
  readonly placement: string;
}

describe.skipIf(skipped)('whatever the layout, the viewer', () => {
  let browser: Browser;
  let root: string;
  /** The same mosaic, of 43 x 27 cells of 256 px and 80 images, in two sites. */
  let dzi: Site;
  let compact: Site;
  /** Another of 13 x 9 cells of 4:3, mirrored; one of 9 x 7 cells of 512 px, turned; and one of seven blocks of cells. */
  let oblong: Record<Layout, Site>;
  let large: Record<'dzi' | 'compact', Site>;
  let wide: Site;
  const servings = new Map<Viewed, Serving>();

  async function make(name: string, options: Partial<BuildOptions> & Pick<BuildOptions, 'images'>): Promise<Site> {
    const folder = join(root, name);
    const common = { target: join(root, 'target.png'), out: folder, catalog: join(root, 'catalog') };
    const iiif = options.layout?.includes('iiif') ? { baseUrl: 'https://example.org/mosaic' } : {};
    await build({ ...common, ...iiif, nearDuplicates: 'keep', ...options });
    const { mosaic, pictures, placement } = await readSite(folder);
    return { folder, mosaic, pictures, placement };
  }

  async function imagesOf(name: string, count: number, size: Size): Promise<string[]> {
    const folder = join(root, `images of ${name}`);
    await mkdir(folder);
    await writeStructured(folder, count, size);
    return [folder];
  }

  /** Images of a size in a grid, each in each of some ways, again and again. */
  async function placed(name: string, grid: Grid, size: Size, count: number, turns: readonly number[] = [0]) {
    const cells = Array.from({ length: grid.columns * grid.rows }, (_, i): Placed => {
      return [`${String(i % count).padStart(3, '0')}.png`, turns[Math.floor(i / count) % turns.length]!];
    });
    const images = await imagesOf(name, count, size);
    return { images, placement: await writePlacement(join(root, `${name}.csv`), grid.columns, cells) };
  }

  beforeAll(async () => {
    browser = await launchBrowser();
    root = await temporaryFolder();
    await writeWaves(join(root, 'target.png'), 129, 81, 7);
    const images = await imagesOf('most', 80, { width: 256, height: 256 });
    const grid = { columns: 43, rows: 27 };
    dzi = await make('dzi', { images, grid, minDistance: 0, useAll: true, layout: ['dzi', 'iiif'] });
    compact = await make('compact', { images, placement: dzi.placement, layout: 'compact' });
    await makeOblong();
    await makeLarge();
    const row = await placed('wide', { columns: 897, rows: 2 }, { width: 256, height: 256 }, 9);
    wide = await make('wide', { ...row, layout: ['dzi', 'compact'] });
  });

  async function makeOblong(): Promise<void> {
    const given = await placed('oblong', { columns: 13, rows: 9 }, { width: 256, height: 192 }, 9, [0, 2, 4, 6]);
    const one = (layout: Layout) => make(`oblong ${layout}`, { ...given, cellSize: 256, cellAspect: '4:3', layout });
    oblong = { dzi: await one('dzi'), compact: await one('compact'), iiif: await one('iiif') };
  }

  async function makeLarge(): Promise<void> {
    const turns = [0, 1, 2, 3, 4, 5, 6, 7];
    const given = await placed('large', { columns: 9, rows: 7 }, { width: 512, height: 512 }, 3, turns);
    const one = (name: string, layout: Layout[]) => make(`large ${name}`, { ...given, cellSize: 512, layout });
    large = { dzi: await one('dzi', ['dzi', 'iiif']), compact: await one('compact', ['compact']) };
  }

  afterAll(async () => {
    for (const serving of servings.values()) await serving.close();
    await browser?.close();
  });

  /** Address of a site's page, on a server or on disk. */
  async function addressOf(site: Viewed, scheme: string): Promise<string> {
    if (scheme === 'file') return fromDisk(site);
    const serving = servings.get(site) ?? (await serve({ site: site.folder, port: 0 }));
    servings.set(site, serving);
    return `${serving.url}index.html`;
  }

  /** Opens a page in which nothing moves or fades. */
  const open = (url: string, options: BrowserContextOptions = {}, first?: () => void) =>
    openIn(browser, url, { viewport: SCREEN, reducedMotion: 'reduce', ...options }, first);

  describe('shows the same', () => {
    test.each([
      ['http', undefined],
      ['file', [1, 16, 64, 256]],
    ])('at every level, over %s', async (scheme, cells) => {
      const { sheets, levels } = compact.mosaic.layouts.compact!;
      expect(sheets.length).toBe(3);
      expect(compact.mosaic.pictures).toBeGreaterThan(64);
      expect(levels.at(-1)!.from).toBe('reference');
      expect(compact.pictures).toEqual(dzi.pictures);
      const address = await addressOf(dzi, scheme);
      const pages = [
        [address, 'dzi'],
        [await addressOf(compact, scheme), 'compact'],
        [`${address}?layout=iiif`, 'iiif'],
      ] as const;
      await expectAlike(dzi, pages, { cells });
    });

    test('on a screen of twice as many px', async () => {
      const pages = [
        [await addressOf(dzi, 'http'), 'dzi'],
        [fromDisk(compact), 'compact'],
      ] as const;
      await expectAlike(dzi, pages, { density: 2, cells: [2, 16, 64, 256] });
    });

    test('with cells of 4:3, mirrored', async () => {
      const sites = [oblong.dzi, oblong.compact, oblong.iiif];
      for (const { mosaic } of sites) {
        expect(mosaic.cell).toEqual({ width: 256, height: 192 });
        expect(mosaic.pictures).toBe(36);
      }
      expect(oblong.compact.mosaic.layouts.compact!.sheets.length).toBeGreaterThan(0);
      const layouts = sites.map(({ mosaic }) => Object.keys(mosaic.layouts).join());
      expect(layouts).toEqual(['dzi', 'compact', 'iiif']);
      const pages = sites.map((site, i) => [fromDisk(site), layouts[i]!] as const);
      await expectAlike(oblong.dzi, pages, { cells: [4, 16, 32, 64, 128, 256] });
    });

    test('with cells of 512 px, turned', async () => {
      expect(large.compact.mosaic.layouts.compact!.sheets.length).toBeGreaterThan(0);
      expect(large.compact.mosaic.pictures).toBe(24);
      const pages = [
        [fromDisk(large.dzi), 'dzi'],
        [fromDisk(large.compact), 'compact'],
      ] as const;
      const [, { requests }] = (await expectAlike(large.dzi, pages, { cells: [64, 128, 256, 512] })) as [Visit, Visit];
      expect(requests.some((path) => /^tiles\/0\/\d+\/512_1_1\.jpg$/.test(path))).toBe(true);
    });

    /** Opens pages that should show the same, and compares what they show with the first one, level by level. */
    async function expectAlike(
      site: Site,
      pages: readonly (readonly [address: string, name: string])[],
      { density = 1, cells }: { readonly density?: number; readonly cells?: readonly number[] | undefined },
    ): Promise<Visit[]> {
      const viewport = { width: SCREEN.width / density, height: SCREEN.height / density };
      const visits = await Promise.all(
        pages.map(([address]) => open(address, { viewport, deviceScaleFactor: density })),
      );
      await Promise.all(visits.map(({ page }) => settle(page)));
      const isShown = (width: number) => cells?.includes(width) ?? width >= 1;
      for (const level of site.mosaic.levels.filter(({ cell }) => isShown(cell.width))) {
        for (const view of viewsOf(site.mosaic, level, SCREEN)) {
          const [first, ...others] = await Promise.all(
            visits.map(({ page }) => pxOf(page, site.mosaic, view, density)),
          );
          for (const [i, other] of others.entries()) {
            expectSame(site, view, first!, other, `${pages[i + 1]![1]}, cells of ${level.cell.width} px`);
          }
        }
      }
      for (const { page, complaints, requests } of visits) {
        expect(complaints).toEqual([]);
        expect(requests.filter((path) => /^(https?|file):/.test(path))).toEqual([]);
        expect(requests).toEqual([...new Set(requests)]);
        await page.context().close();
      }
      return visits;
    }
  });

  describe('asks for no more than it shows', () => {
    /** Of a layout's overview, what a page had asked for when its first view was there. */
    const firstView = async (page: Page) => {
      const urls = await page.evaluate(() => window.firstView);
      return urls.map((url) => url.slice(url.indexOf('overview_files'))).toSorted();
    };

    test.each(['http', 'file'])('over %s', async (scheme) => {
      const { mosaic } = compact;
      const { overview, levels } = mosaic.layouts.compact!;
      const screen = { width: 640, height: 420 };
      const address = await addressOf(compact, scheme);
      const { page, requests, complaints } = await open(address, { viewport: screen }, tellFirstView);
      await settle(page);
      // 43 cells are 640 px, so they are shown from those of 16 px; before that, and in the minimap, in one tile.
      const first = await firstView(page);
      const own = new RegExp(String.raw`^overview_files/${overview}/[01]_0\.jpg$`);
      expect(first.filter((path) => own.test(path)).length).toBe(2);
      const coarse = first.filter((path) => !own.test(path));
      expect(coarse).toContain(`overview_files/${overview - 1}/0_0.jpg`);
      expect(coarse.filter((path) => !/^overview_files\/[789]\/0_0\.jpg$/.test(path))).toEqual([]);
      const folders = () => new Set(requests.map((path) => path.split('/')[0]));
      expect(folders()).toEqual(new Set(['index.html', 'viewer', 'overview_files']));
      // From there on straight into the middle of a cell.
      const [x, y] = [21.5 * 256, 13.5 * 256];
      let more = ['cells/0_0.js'];
      for (const { level, tile, from } of levels.slice(overview + 1)) {
        const { width } = mosaic.levels[level]!.cell;
        const before = requests.length;
        await lookAt(page, x, y, (width / 256) * PX_FOR_PX);
        const side = width > 64 ? 4 : 8;
        const needed = [...numbersAround(compact, { level, x, y, tile, screen })].map((number) =>
          from === 'sheets' ? `sheets/${width}/0/${Math.floor(number / side ** 2)}.jpg` : `tiles/0/${number}.jpg`,
        );
        const asked = requests.slice(before).toSorted();
        expect(asked, `cells of ${width} px`).toEqual([...more, ...new Set(needed)].toSorted());
        more = [];
      }
      // Back and forth, all is there.
      const all = requests.length;
      for (const scale of [1 / 4, 1 / 32, 1 / 8, 1]) await lookAt(page, x, y, scale * PX_FOR_PX);
      expect(requests.slice(all)).toEqual([]);
      await lookAt(page, 300, 300, PX_FOR_PX);
      expect(requests.length).toBeGreaterThan(all);
      expect(requests).toEqual([...new Set(requests)]);
      expect(folders()).toEqual(new Set(['index.html', 'viewer', 'overview_files', 'cells', 'sheets', 'tiles']));
      expect(complaints).toEqual([]);
      await page.context().close();
    });

    test.each(['http', 'file'])('of many cells, over %s', async (scheme) => {
      const address = `${await addressOf(wide, scheme)}?layout=compact`;
      const viewport = { width: 3000, height: 300 };
      const { page, requests, complaints } = await open(address, { viewport }, tellFirstView);
      await settle(page);
      // 897 cells are 3,000 px: from those of 4 px, in 8 tiles. What is finer than one tile, and coarser, is not needed.
      const { levels } = wide.mosaic;
      const levelOf = (cell: number) => levels.findIndex(({ cell: { width } }) => width === cell);
      const first = await firstView(page);
      const inFirst = new Set(first.map((path) => Number(path.split('/')[1])));
      expect(first.filter((path) => path.startsWith(`overview_files/${levelOf(4)}/`)).length).toBe(8);
      expect(inFirst).toContain(levelOf(0.5));
      expect([...inFirst].filter((level) => level > levelOf(0.5))).toEqual([levelOf(4)]);
      const blocks = () => requests.filter((path) => path.startsWith('cells/')).toSorted();
      expect(blocks()).toEqual([]);
      for (const [column, names] of [
        [448, '3'],
        [460, '3'],
        [640, '345'],
        [10, '0345'],
        [896, '034567'],
        [448, '034567'],
      ] as const) {
        const { most } = await cellOf(page, wide, column);
        expect(most, `cell ${column}`).toBeLessThanOrEqual(2);
        expect(blocks(), `cell ${column}`).toEqual(names.split('').map((name) => `cells/${name}_0.js`));
      }
      expect(requests).toEqual([...new Set(requests)]);
      expect(complaints).toEqual([]);
      await page.context().close();
    });
  });

  /** What a page shows of a cell of the lower row, and how far that is from the picture's own file. */
  async function cellOf(page: Page, { folder, mosaic, pictures }: Viewed, column: number) {
    const view = { ...mosaic.levels.at(-1)!, left: column, top: 1, columns: 1, rows: 1 };
    const picture = await pxOf(page, mosaic, view);
    const file = await decode(join(folder, `tiles/0/${pictures[mosaic.grid.columns + column]!}.jpg`));
    return { picture, most: difference(picture.data, file.data).most };
  }

  test('does without blocks of cells that are missing or damaged', async () => {
    const folder = join(root, 'damaged');
    await cp(wide.folder, folder, { recursive: true });
    const base64 = (picture: number) => Buffer.from(new Uint16Array(256).fill(picture).buffer).toString('base64');
    const scripts = [
      `zoomosaicCells("0_0","%%%");`,
      `zoomosaicCells("1_0",`,
      `zoomosaicCells("2_0","AAAA");`,
      `zoomosaicCells("0_0","${base64(0)}");`,
      `zoomosaicCells("4_0","${base64(9)}");`,
    ];
    for (const [i, script] of scripts.entries()) await writeFile(join(folder, `cells/${i}_0.js`), script);
    await rm(join(folder, 'cells/5_0.js'));
    const { mosaic, pictures } = wide;
    const { overview } = mosaic.layouts.compact!;
    /** Looks at a cell of a block; it has 16 x 16 px in a tile of the overview. */
    const expectCell = async (layout: string, { page, requests }: Visit, block: number) => {
      const [column, what] = [128 * block + 40, `${layout}, block ${block}`];
      const { picture, most } = await cellOf(page, { folder, mosaic, pictures }, column);
      if (layout === 'dzi') {
        expect(most, what).toBeLessThanOrEqual(2);
        return expect(requests, what).toContain(`mosaic_files/${mosaic.levels.length - 1}/${column}_1.jpg`);
      }
      const tile = await decode(join(folder, `overview_files/${overview}/${4 * block + 1}_0.jpg`));
      const [here, beside] = await Promise.all(
        [128, 144].map(async (left) => {
          const part = partOf(tile, { left, top: 16, width: 16, height: 16 });
          return await sharpOf(part).resize(256, 256).raw().toBuffer();
        }),
      );
      expect(difference(picture.data, here!).mean, what).toBeLessThan(3 * AS_ENCODED);
      expect(difference(picture.data, beside!).mean, what).toBeGreaterThan(FACTOR * AS_ENCODED);
    };
    const look = async (layout: 'dzi' | 'compact') => {
      const visit = await open(`${fromDisk({ folder })}?layout=${layout}`);
      const { page, requests, complaints } = visit;
      await settle(page);
      for (let block = 0; block < 6; block++) await expectCell(layout, visit, block);
      expect(requests.filter((path) => /^(tiles|sheets)/.test(path))).toEqual([]);
      // The others are as ever.
      expect((await cellOf(page, { folder, mosaic, pictures }, 128 * 6 + 40)).most).toBeLessThanOrEqual(2);
      expect(requests.filter((path) => path.startsWith('tiles/')).length).toBeGreaterThan(0);
      // What is missing, what is no script, and that tiles of the compact layout cannot be put together.
      const known = /cells\/5_0\.js|ERR_FILE_NOT_FOUND|Unexpected end of input|It is not known which images stand/;
      expect(complaints.filter((text) => !known.test(text))).toEqual([]);
      await page.context().close();
    };
    await Promise.all([look('dzi'), look('compact')]);
  });

  describe('is not needed: a stock OpenSeadragon', () => {
    async function openStock(site: Site, picture: string, viewport: Size): Promise<Visit> {
      await writeFile(join(site.folder, 'stock.html'), STOCK_PAGE);
      const page = (await addressOf(site, 'http')).replace('index', 'stock');
      const visit = await open(`${page}?open=${encodeURIComponent(picture)}`, { viewport });
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
      await rebase({ site: folder, baseUrl: (await addressOf(site, 'http')).replace('/index.html', '') });
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
        const px = await shown(page, left, 0, 96);
        const [here, there] = [left, 512 - left].map((x) => partOf(whole, { left: x, top: 0, width: 96, height: 96 }));
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
      const { page, requests, complaints } = await open(`${own.url}page.html`, { viewport });
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

/** Has a page tell what it had asked for when its first view was there. */
function tellFirstView(): void {
  Object.defineProperty(window, 'zoomosaic', {
    configurable: true,
    set(told: PageWindow['zoomosaic']) {
      Object.defineProperty(window, 'zoomosaic', { value: told });
      const { viewer } = told;
      viewer.addOnceHandler('open', () => {
        viewer.world.getItemAt(0).addOnceHandler('fully-loaded-change', () => {
          window.firstView = window.images.map(({ src }) => src);
        });
      });
    },
  });
}
