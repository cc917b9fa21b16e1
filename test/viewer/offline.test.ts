import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { build, serve } from '../../src/index.ts';
import { findBrowser, launchBrowser } from '../helpers/browser.ts';
import { writeStructured } from '../helpers/levels.ts';
import { open, settle } from '../helpers/page.ts';
import { writeWaves } from '../helpers/images.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

// With CI set, a missing browser fails in `launchBrowser` instead.
const skipped = !findBrowser() && !process.env['CI'];

describe.skipIf(skipped)('a site built with offline', () => {
  let browser: Browser;
  let root: string;

  beforeAll(async () => {
    browser = await launchBrowser();
    root = await temporaryFolder();
    await writeWaves(join(root, 'target.png'), 120, 80, 7);
    await mkdir(join(root, 'sources'));
    await writeStructured(join(root, 'sources'), 9, { width: 64, height: 64 });
  });

  afterAll(() => browser?.close());

  const make = (title: string) =>
    build({
      target: join(root, 'target.png'),
      images: [join(root, 'sources')],
      out: join(root, 'site'),
      catalog: join(root, 'catalog'),
      columns: 6,
      cellSize: 64,
      layout: 'compact',
      offline: true,
      title,
    });

  test('shows what was seen without a network, and a new site as soon as there is one', async () => {
    await make('First');
    const server = await serve({ site: join(root, 'site'), port: 0 });
    const { page } = await open(browser, server.url);
    await settle(page);
    await page.evaluate(() => navigator.serviceWorker.ready.then(() => {}));
    // What the first visit loaded before the worker was there is loaded through it now.
    await page.reload();
    await settle(page);
    await page.context().setOffline(true);
    await page.reload();
    await settle(page);
    expect(await page.title()).toBe('First');
    expect(await page.locator('#notice').textContent()).toContain('offline');
    await page.context().setOffline(false);
    await expect.poll(() => page.locator('#notice').isHidden()).toBe(true);

    await make('Second');
    await page.reload();
    await settle(page);
    expect(await page.title()).toBe('Second');
    await page.context().setOffline(true);
    await page.reload();
    await settle(page);
    expect(await page.title()).toBe('Second');
    await page.context().close();
    await server.close();
  });

  test('has the worker only where it was asked for, and takes no file of that name away', async () => {
    const out = join(root, 'plain');
    const plain = { target: join(root, 'target.png'), images: [join(root, 'sources')], out, columns: 6, cellSize: 64 };
    const options = { ...plain, catalog: join(root, 'catalog'), layout: 'compact', noCompare: true } as const;
    for (const name of ['offline.js', 'compare.jpg']) {
      await build(options);
      await expect(readFile(join(out, name))).rejects.toThrow('ENOENT');
      await writeFile(join(out, name), 'mine');
      await expect(build({ ...options, offline: true, noCompare: false })).rejects.toThrow(name);
      expect(await readFile(join(out, name), 'utf8')).toBe('mine');
      await rm(join(out, name));
    }
  });
});
