/// <reference lib="dom" />
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build as bundle } from 'esbuild';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { build } from '../../src/index.ts';
import { findBrowser, launchBrowser } from '../helpers/browser.ts';
import { type Host, host } from '../helpers/elsewhere.ts';
import { writeWaves } from '../helpers/images.ts';
import { type Placed, writePlacement, writeStructured } from '../helpers/levels.ts';
import { open } from '../helpers/page.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

// With CI set, a missing browser fails in `launchBrowser` instead.
const skipped = !findBrowser() && !process.env['CI'];
const REPOSITORY = fileURLToPath(new URL('../..', import.meta.url));

interface Place {
  readonly column: number;
  readonly row: number;
}

/** A part of the viewer's interface, as docs/embedding.md has it. */
interface MosaicViewer {
  readonly view: { readonly x: number; readonly y: number; readonly width: number };
  goTo(goal: unknown, how?: { readonly atOnce: boolean }): Promise<boolean>;
  search(query: string): Promise<readonly { readonly name?: string }[]>;
  about(place: Place): Promise<CellEvent>;
  mark(cells: readonly Place[]): void;
  destroy(): void;
}

interface CellEvent extends Place {
  readonly source?: { readonly name?: string; readonly cells: readonly Place[] };
}

/** What the page of this test keeps for it. */
interface Shows extends Window {
  shows: { one: MosaicViewer; other: MosaicViewer; cells: CellEvent[]; views: unknown[]; opened: string[] };
}
declare const window: Shows;

describe.skipIf(skipped)('createViewer', () => {
  let browser: Browser;
  let root: string;
  const hosts: Host[] = [];

  beforeAll(async () => {
    browser = await launchBrowser();
    root = await temporaryFolder();
    await writeWaves(join(root, 'target.png'), 120, 80, 7);
    const images = join(root, 'sources');
    await mkdir(images);
    await writeStructured(images, 9, { width: 64, height: 64 });
    const cells = Array.from({ length: 24 }, (_, i): Placed => [`${String((i * 5) % 9).padStart(3, '0')}.png`, 0]);
    await build({
      target: join(root, 'target.png'),
      images: [images],
      out: join(root, 'mosaic'),
      catalog: join(root, 'catalog'),
      placement: await writePlacement(join(root, 'cells.csv'), 6, cells),
      nearDuplicates: 'keep',
      layout: 'compact',
      cellSize: 64,
    });
    await mkdir(join(root, 'node_modules'));
    await symlink(REPOSITORY, join(root, 'node_modules/zoomosaic'), 'junction');
    await symlink(join(REPOSITORY, 'node_modules/openseadragon'), join(root, 'node_modules/openseadragon'), 'junction');
  });

  afterAll(async () => {
    for (const one of hosts) await one.close();
    await browser?.close();
  });

  async function page(html: string, files: Readonly<Record<string, string>> = {}) {
    const own = await host(root, {}, { '/page.html': html, '/favicon.ico': '', ...files });
    hosts.push(own);
    return await open(browser, `${own.url}page.html`, { viewport: { width: 800, height: 800 } });
  }

  test('shows two mosaics on one page, bundled, from another origin', async () => {
    const elsewhere = await host(join(root, 'mosaic'), { 'Access-Control-Allow-Origin': '*' });
    hosts.push(elsewhere);
    const entry = join(root, 'page.js');
    await writeFile(
      entry,
      `import { createViewer } from 'zoomosaic/viewer';
      const shows = { cells: [], views: [], opened: [] };
      shows.one = await createViewer(document.querySelector('#one'), ${JSON.stringify(elsewhere.url)}, { minimap: false });
      shows.one.on('open', ({ title }) => shows.opened.push(title));
      shows.one.on('cell', (event) => shows.cells.push(event));
      shows.one.on('view', (view) => shows.views.push(view));
      shows.other = await createViewer(document.querySelector('#other'), ${JSON.stringify(elsewhere.url)});
      window.shows = shows;`,
    );
    const { outputFiles } = await bundle({ entryPoints: [entry], bundle: true, format: 'esm', write: false });
    const { page: shown, complaints } = await page(
      `<!doctype html><style>body { margin: 0 } div { height: 400px }</style><div id="one"></div><div id="other"></div>
      <script type="module" src="bundle.js"></script>`,
      { '/bundle.js': outputFiles[0]!.text },
    );
    await shown.waitForFunction(() => window.shows?.opened.length === 1);
    expect(await shown.evaluate(() => window.shows.opened)).toEqual(['Target']);
    // 6 x 4 cells fill 600 x 400 px in the middle; the click is on column 1, row 2.
    await shown.mouse.click(100 + 150, 250);
    await shown.waitForFunction(() => window.shows.cells.length === 1);
    const [cell] = await shown.evaluate(() => window.shows.cells);
    const names = Array.from({ length: 24 }, (_, i) => `${String((i * 5) % 9).padStart(3, '0')}.png`);
    expect(cell).toMatchObject({ column: 1, row: 2, turn: 0, part: { left: 0, top: 0, width: 64, height: 64 } });
    expect(cell!.source).toMatchObject({ name: names[13], width: 64, height: 64, caption: {} });
    const same = names.flatMap((name, at) => (name === names[13] ? [{ column: at % 6, row: Math.floor(at / 6) }] : []));
    expect(cell!.source!.cells).toEqual(same);

    expect(await shown.evaluate(() => window.shows.one.goTo({ column: 5, row: 3 }, { atOnce: true }))).toBe(true);
    const at = await shown.evaluate(() => window.shows.one.view);
    expect([at.x, at.y]).toEqual([expect.closeTo(5.5), expect.closeTo(3.5)]);
    expect(await shown.evaluate(() => window.shows.other.view.width)).toBeGreaterThan(6);
    await shown.evaluate(() => window.shows.one.goTo({ x: 3, y: 2, width: 2 }, { atOnce: true }));
    const view = await shown.evaluate(() => window.shows.one.view);
    expect([view.x, view.y, view.width]).toEqual([expect.closeTo(3), expect.closeTo(2), expect.closeTo(2)]);
    expect(await shown.evaluate(() => window.shows.one.goTo({ source: '007.png' }, { atOnce: true }))).toBe(true);
    const found = await shown.evaluate(() =>
      window.shows.one.about({
        column: Math.floor(window.shows.one.view.x),
        row: Math.floor(window.shows.one.view.y),
      }),
    );
    expect(found.source!.name).toBe('007.png');
    for (const goal of [{ column: 6, row: 0 }, { column: -1, row: 0 }, { source: 'none' }, { source: 99 }]) {
      expect(await shown.evaluate((where) => window.shows.one.goTo(where), goal)).toBe(false);
    }
    const results = await shown.evaluate(() => window.shows.one.search('007'));
    expect(results[0]).toMatchObject({ name: '007.png', title: undefined });
    await shown.evaluate((cells) => window.shows.one.mark(cells), same);
    expect(await shown.locator('#one canvas:not([hidden])').count()).toBe(2);
    await shown.evaluate(() => window.shows.one.destroy());
    expect(await shown.locator('#one').innerHTML()).toBe('');
    await shown.evaluate(() => window.shows.other.goTo('whole', { atOnce: true }));
    expect(await shown.locator('#other canvas').count()).toBeGreaterThan(0);
    expect(complaints).toEqual([]);
    await shown.context().close();
  });

  test('works in the page of docs/embedding.md', async () => {
    const text = await readFile(join(REPOSITORY, 'docs/embedding.md'), 'utf8');
    const html = [...text.matchAll(/^```html\n(<!doctype.*?)^```$/gms)].map(([, code]) => code!);
    expect(html.length).toBe(1);
    const { page: shown, complaints } = await page(html[0]!);
    await shown.locator('#mosaic .openseadragon-canvas').first().waitFor();
    await expect
      .poll(
        async () => {
          await shown.mouse.click(400, 320);
          return await shown.locator('#about').textContent();
        },
        { interval: 500, timeout: 30_000 },
      )
      .toMatch(/^00\d\.png, shown \d+ times$/);
    await shown.locator('#find').fill('003');
    await shown.keyboard.press('Enter');
    expect(complaints).toEqual([]);
    await shown.context().close();
  });
});
