/** Sites whose pages viewers' tests look at, each built once for all of them. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser, BrowserContextOptions } from 'playwright-core';
import { build, type BuildOptions, type Grid, type Layout, serve, type Serving, type Size } from '../../src/index.ts';
import { launchBrowser } from './browser.ts';
import { writeWaves } from './images.ts';
import { type Placed, writePlacement, writeStructured } from './levels.ts';
import { fromDisk, open, type Visit } from './page.ts';
import { readSite } from './site.ts';
import { temporaryFolder } from './temporary-folder.ts';
import type { Viewed } from './views.ts';

/** Px of the screen. */
export const SCREEN = { width: 640, height: 512 };

type Options = Partial<BuildOptions> & Pick<BuildOptions, 'images'>;

/** A browser, and sites for it; what is not asked for is not built. */
export class Gallery {
  readonly browser: Browser;
  readonly root: string;
  private readonly servings = new Map<Viewed, Serving>();
  private readonly built = new Map<string, Promise<unknown>>();

  private constructor(browser: Browser, root: string) {
    this.browser = browser;
    this.root = root;
  }

  static async open(): Promise<Gallery> {
    const root = await temporaryFolder();
    await writeWaves(join(root, 'target.png'), 129, 81, 7);
    return new Gallery(await launchBrowser(), root);
  }

  async close(): Promise<void> {
    for (const serving of this.servings.values()) await serving.close();
    await this.browser.close();
  }

  /** The same mosaic in several sites, of 43 x 27 cells of 256 px and 80 images; that of the layout dzi has iiif as well. */
  most(layout: 'dzi' | 'compact'): Promise<Viewed> {
    return this.once(`most ${layout}`, async () => {
      const images = await this.once('most', () => this.imagesOf('most', 80, { width: 256, height: 256 }));
      const grid = { columns: 43, rows: 27 };
      const layouts: Layout[] = layout === 'dzi' ? ['dzi', 'iiif'] : ['compact'];
      return await this.make(`most ${layout}`, {
        images,
        grid,
        minDistance: 0,
        useAll: true,
        afar: 0,
        layout: layouts,
      });
    });
  }

  /** A mosaic of 13 x 9 cells of 4:3, mirrored. */
  oblong(layout: Layout): Promise<Viewed> {
    return this.once(`oblong ${layout}`, async () => {
      const given = await this.once('oblong', () =>
        this.placed('oblong', { columns: 13, rows: 9 }, { width: 256, height: 192 }, 9, [0, 2, 4, 6]),
      );
      return await this.make(`oblong ${layout}`, { ...given, cellSize: 256, cellAspect: '4:3', layout });
    });
  }

  /** One of 9 x 7 cells of 512 px, turned; that of the layout dzi has iiif as well. */
  large(layout: 'dzi' | 'compact'): Promise<Viewed> {
    return this.once(`large ${layout}`, async () => {
      const given = await this.once('large', () =>
        this.placed('large', { columns: 9, rows: 7 }, { width: 512, height: 512 }, 3, [0, 1, 2, 3, 4, 5, 6, 7]),
      );
      const layouts: Layout[] = layout === 'dzi' ? ['dzi', 'iiif'] : ['compact'];
      return await this.make(`large ${layout}`, { ...given, cellSize: 512, layout: layouts });
    });
  }

  /** One of seven blocks of cells. */
  wide(): Promise<Viewed> {
    return this.once('wide', async () => {
      const row = await this.placed('wide', { columns: 897, rows: 2 }, { width: 256, height: 256 }, 9);
      return await this.make('wide', { ...row, layout: ['dzi', 'compact'] });
    });
  }

  /** Address of a site's page, on a server or on disk. */
  async addressOf(site: Viewed, scheme: string): Promise<string> {
    if (scheme === 'file') return fromDisk(site);
    const serving = this.servings.get(site) ?? (await serve({ site: site.folder, port: 0 }));
    this.servings.set(site, serving);
    return `${serving.url}index.html`;
  }

  /** Opens a page in which nothing moves or fades. */
  visit(url: string, options: BrowserContextOptions = {}, first?: () => void): Promise<Visit> {
    return open(this.browser, url, { viewport: SCREEN, reducedMotion: 'reduce', ...options }, first);
  }

  private once<Value>(name: string, make: () => Promise<Value>): Promise<Value> {
    const known = this.built.get(name) ?? make();
    this.built.set(name, known);
    return known as Promise<Value>;
  }

  private async make(name: string, options: Options): Promise<Viewed> {
    const folder = join(this.root, name);
    const common = { target: join(this.root, 'target.png'), out: folder, catalog: join(this.root, 'catalog') };
    const iiif = options.layout?.includes('iiif') ? { baseUrl: 'https://example.org/mosaic' } : {};
    await build({ ...common, ...iiif, cellSize: 256, nearDuplicates: 'keep', ...options });
    const { mosaic, pictures } = await readSite(folder);
    return { folder, mosaic, pictures };
  }

  private async imagesOf(name: string, count: number, size: Size): Promise<string[]> {
    const folder = join(this.root, `images of ${name}`);
    await mkdir(folder);
    await writeStructured(folder, count, size);
    return [folder];
  }

  /** Images of a size in a grid, each in each of some ways, again and again. */
  private async placed(name: string, grid: Grid, size: Size, count: number, turns: readonly number[] = [0]) {
    const cells = Array.from({ length: grid.columns * grid.rows }, (_, i): Placed => {
      return [`${String(i % count).padStart(3, '0')}.png`, turns[Math.floor(i / count) % turns.length]!];
    });
    const images = await this.imagesOf(name, count, size);
    return { images, placement: await writePlacement(join(this.root, `${name}.csv`), grid.columns, cells) };
  }
}
