/// <reference lib="dom" />
import { cp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findBrowser } from '../helpers/browser.ts';
import { Gallery } from '../helpers/gallery.ts';
import { decode, difference } from '../helpers/images.ts';
import { partOf, sharpOf } from '../helpers/levels.ts';
import { fromDisk, lookAt, type PageWindow, settle, type Visit } from '../helpers/page.ts';
import { AS_ENCODED, FACTOR, numbersAround, PX_FOR_PX, pxOf, type Viewed } from '../helpers/views.ts';

// With CI set, a missing browser fails in `launchBrowser` instead.
const skipped = !findBrowser() && !process.env['CI'];

declare const window: PageWindow & {
  /** Images that the page had asked for when its first view was there. */
  firstView: string[];
};

describe.skipIf(skipped)('of the compact layout, the viewer', () => {
  let gallery: Gallery;
  let compact: Viewed;
  let wide: Viewed;

  beforeAll(async () => {
    gallery = await Gallery.open();
    compact = await gallery.most('compact');
    wide = await gallery.wide();
  });

  afterAll(() => gallery?.close());

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
      const address = await gallery.addressOf(compact, scheme);
      const { page, requests, complaints } = await gallery.visit(address, { viewport: screen }, tellFirstView);
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
      const address = `${await gallery.addressOf(wide, scheme)}?layout=compact`;
      const viewport = { width: 3000, height: 300 };
      const { page, requests, complaints } = await gallery.visit(address, { viewport }, tellFirstView);
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
    const folder = join(gallery.root, 'damaged');
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
      const visit = await gallery.visit(`${fromDisk({ folder })}?layout=${layout}`);
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
          window.firstView = [...window.asked];
        });
      });
    },
  });
}
