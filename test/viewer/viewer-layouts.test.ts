import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findBrowser } from '../helpers/browser.ts';
import { Gallery, SCREEN } from '../helpers/gallery.ts';
import { fromDisk, settle, type Visit } from '../helpers/page.ts';
import { expectSame, pxOf, type Viewed, viewsOf } from '../helpers/views.ts';

// With CI set, a missing browser fails in `launchBrowser` instead.
const skipped = !findBrowser() && !process.env['CI'];

describe.skipIf(skipped)('whatever the layout, the viewer', () => {
  let gallery: Gallery;
  let dzi: Viewed;
  let compact: Viewed;
  let oblong: Record<'dzi' | 'compact' | 'iiif', Viewed>;
  let large: Record<'dzi' | 'compact', Viewed>;

  beforeAll(async () => {
    gallery = await Gallery.open();
    dzi = await gallery.most('dzi');
    compact = await gallery.most('compact');
    oblong = {
      dzi: await gallery.oblong('dzi'),
      compact: await gallery.oblong('compact'),
      iiif: await gallery.oblong('iiif'),
    };
    large = { dzi: await gallery.large('dzi'), compact: await gallery.large('compact') };
  });

  afterAll(() => gallery?.close());

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
      const address = await gallery.addressOf(dzi, scheme);
      const pages = [
        [address, 'dzi'],
        [await gallery.addressOf(compact, scheme), 'compact'],
        [`${address}?layout=iiif`, 'iiif'],
      ] as const;
      await expectAlike(dzi, pages, { cells });
    });

    test('on a screen of twice as many px', async () => {
      const pages = [
        [await gallery.addressOf(dzi, 'http'), 'dzi'],
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
      site: Viewed,
      pages: readonly (readonly [address: string, name: string])[],
      { density = 1, cells }: { readonly density?: number; readonly cells?: readonly number[] | undefined },
    ): Promise<Visit[]> {
      const viewport = { width: SCREEN.width / density, height: SCREEN.height / density };
      const visits = await Promise.all(
        pages.map(([address]) => gallery.visit(address, { viewport, deviceScaleFactor: density })),
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
});
