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
import { open, type PageWindow, settle } from '../helpers/page.ts';
import { readSite } from '../helpers/site.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';
import { expectSame, fromFiles, pxOf, type Viewed, viewsOf } from '../helpers/views.ts';

// With CI set, a missing browser fails in `launchBrowser` instead.
const skipped = !findBrowser() && !process.env['CI'];
const REPOSITORY = fileURLToPath(new URL('../..', import.meta.url));
/** Px of the screen, and of the part of it that is compared. */
const [SCREEN, VIEW] = [
  { width: 900, height: 900 },
  { width: 768, height: 768 },
];

declare const window: PageWindow;

/** Returns the fenced code blocks of a language in docs/compact.md. */
async function snippets(language: string): Promise<string[]> {
  const text = await readFile(join(REPOSITORY, 'docs/compact.md'), 'utf8');
  const blocks = text.matchAll(new RegExp(String.raw`^\`\`\`${language}\n(.*?)^\`\`\`$`, 'gms'));
  return [...blocks].map(([, code]) => code!);
}

describe.skipIf(skipped)('the snippets of docs/compact.md', () => {
  let browser: Browser;
  /** Folder of a page: `node_modules/`, and a site as `mosaic/`. */
  let root: string;
  let site: Viewed;
  const hosts: Host[] = [];

  beforeAll(async () => {
    browser = await launchBrowser();
    root = await temporaryFolder();
    await writeWaves(join(root, 'target.png'), 120, 80, 7);
    const images = join(root, 'sources');
    await mkdir(images);
    await writeStructured(images, 9, { width: 256, height: 256 });
    const cells = Array.from({ length: 24 }, (_, i): Placed => [`${String((i * 5) % 9).padStart(3, '0')}.png`, 0]);
    await build({
      target: join(root, 'target.png'),
      images: [images],
      out: join(root, 'mosaic'),
      catalog: join(root, 'catalog'),
      placement: await writePlacement(join(root, 'cells.csv'), 6, cells),
      nearDuplicates: 'keep',
      layout: 'compact',
      cellSize: 256,
    });
    const { mosaic, pictures } = await readSite(join(root, 'mosaic'));
    site = { folder: join(root, 'mosaic'), mosaic, pictures };
    await mkdir(join(root, 'node_modules'));
    await symlink(REPOSITORY, join(root, 'node_modules/zoomosaic'), 'junction');
    const openSeadragon = join(REPOSITORY, 'node_modules/openseadragon');
    await symlink(openSeadragon, join(root, 'node_modules/openseadragon'), 'junction');
    await symlink(join(openSeadragon, 'build/openseadragon/images'), join(root, 'images'), 'junction');
  });

  afterAll(async () => {
    for (const one of hosts) await one.close();
    await browser?.close();
  });

  test('draw the mosaic without a bundler', async () => {
    const blocks = await snippets('html');
    expect(blocks.length).toBe(1);
    await expectDrawn(blocks[0]!);
  });

  test('draw the mosaic with a bundler, from another origin', async () => {
    const blocks = await snippets('js');
    expect(blocks.length).toBe(1);
    const elsewhere = await host(site.folder, { 'Access-Control-Allow-Origin': '*' });
    hosts.push(elsewhere);
    const entry = join(root, 'page.js');
    const code = blocks[0]!.replace('https://example.org/mosaic/', elsewhere.url);
    await writeFile(entry, `${code}globalThis.OpenSeadragon = OpenSeadragon;\n`);
    const { outputFiles } = await bundle({ entryPoints: [entry], bundle: true, format: 'esm', write: false });
    await expectDrawn(
      `<!doctype html><style>#picture { height: 90vh }</style><div id="picture"></div>
      <script type="module" src="bundle.js"></script>`,
      { '/bundle.js': outputFiles[0]!.text },
    );
  });

  /** Opens a page, and compares some levels with the site's files. */
  async function expectDrawn(html: string, files: Readonly<Record<string, string>> = {}): Promise<void> {
    const own = await host(root, {}, { '/page.html': html, '/favicon.ico': '', ...files });
    hosts.push(own);
    const { page, complaints } = await open(browser, `${own.url}page.html`, { viewport: SCREEN });
    const isOpen = () => window.OpenSeadragon?.getViewer('picture')?.isOpen();
    await page.waitForFunction(isOpen).catch((error: unknown) => {
      throw new Error(`The page opened no mosaic: ${complaints.join('; ')}`, { cause: error });
    });
    await page.evaluate(() => {
      const viewer = window.OpenSeadragon.getViewer('picture');
      // They would cover the mosaic.
      viewer.clearControls();
      window.zoomosaic = { viewer } as PageWindow['zoomosaic'];
    });
    await settle(page);
    const { levels, layouts } = site.mosaic;
    const shared = levels.slice(layouts.compact!.overview + 1);
    expect(shared.length).toBeGreaterThan(1);
    for (const level of shared) {
      const [view] = viewsOf(site.mosaic, level, VIEW);
      const px = await pxOf(page, site.mosaic, view);
      expectSame(site, view, await fromFiles(site, view), px, `cells of ${level.cell.width} px`);
    }
    expect(complaints).toEqual([]);
    await page.context().close();
  }
});
