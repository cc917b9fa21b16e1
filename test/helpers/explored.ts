/// <reference lib="dom" />
/** A site whose page has all that can be done in it, and visits to it. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { csvField } from '../../src/format/csv.ts';
import { build, type BuildOptions, serve, type Serving } from '../../src/index.ts';
import { launchBrowser } from './browser.ts';
import { writeWaves } from './images.ts';
import { fromDisk, open, type PageWindow, settle, type Visit } from './page.ts';
import { temporaryFolder } from './temporary-folder.ts';

declare const window: PageWindow & {
  /** Violations of the page's policy. */
  violations?: string[];
  /** Set by code that a site must not run. */
  isOurs?: boolean;
};

/** Names that files may have. */
export const ODD = {
  markup: '<img src=x onerror="window.isOurs=true">.jpg',
  hebrew: 'תמונה של סבתא.jpg',
  emoji: '🐈‍⬛ cat 👨‍👩‍👧.jpg',
  cats: '🎂🎈.jpg',
  long: `${'ä'.repeat(124)}abc.jpg`,
  turned: 'photo\u202Egpj.jpg',
  decomposed: 'Cafe\u0301 Zoe\u0308.jpg',
  japanese: '東京タワー.jpg',
  hindi: 'हिन्दी.jpg',
} as const;

/** Images and their sizes: each fills a cell with its middle. */
const IMAGES: Readonly<Record<string, readonly [width: number, height: number]>> = {
  'wide.jpg': [400, 200],
  'tall.jpg': [180, 360],
  'square.jpg': [128, 128],
  'holidays/sunflower field.jpg': [160, 120],
  'holidays/sunset.jpg': [160, 120],
  'large.jpg': [2304, 2000],
  ...Object.fromEntries(Object.values(ODD).map((name) => [name, [150, 110] as const])),
};
export const NAMES: readonly string[] = Object.keys(IMAGES);

/** Columns and rows of the mosaic. */
export const GRID = { columns: 10, rows: 6 };

/** Captions of some. */
const CAPTIONS = [
  ['wide.jpg', 'A wide <b>title</b>', 'Anna & Bert', 'https://example.org/wide?a=1&b=2'],
  ['holidays/sunset.jpg', 'Evening at the sea', '', ''],
] as const;

/** The name of the image in a cell: that of the last one is a part of the wide one. */
export function nameAt(column: number, row: number): string {
  const cell = row * GRID.columns + column;
  return cell === GRID.columns * GRID.rows - 1 ? 'wide.jpg' : NAMES[cell % NAMES.length]!;
}

/** Cells that show an image, rising. */
export function cellsOf(name: string): [column: number, row: number][] {
  const all = Array.from({ length: GRID.columns * GRID.rows }, (_, i): [number, number] => [
    i % GRID.columns,
    Math.floor(i / GRID.columns),
  ]);
  return all.filter(([column, row]) => nameAt(column, row) === name);
}

/** Devices that pages are held on. */
export const DEVICES: Readonly<Record<'desktop' | 'phone', BrowserContextOptions>> = {
  desktop: { viewport: { width: 1100, height: 760 } },
  phone: { viewport: { width: 390, height: 740 }, hasTouch: true, isMobile: true, deviceScaleFactor: 2 },
};
export type Device = keyof typeof DEVICES;

/** A visit to a page. */
export interface Explored extends Visit {
  readonly device: Device;
}

/** Sites, and a browser for them. */
export class Explorer {
  readonly root: string;
  private readonly browser: Browser;
  private readonly servings = new Map<string, Serving>();
  private readonly built = new Map<string, Promise<string>>();

  private constructor(browser: Browser, root: string) {
    this.browser = browser;
    this.root = root;
  }

  static async open(): Promise<Explorer> {
    const root = await temporaryFolder();
    await writeWaves(join(root, 'target.png'), 100, 60, 7);
    const images = join(root, 'images');
    await mkdir(join(images, 'holidays'), { recursive: true });
    for (const [i, [name, [width, height]]] of Object.entries(IMAGES).entries()) {
      await writeWaves(join(images, name), width, height, i + 1);
    }
    const lines = [['path', 'title', 'credit', 'link'], ...CAPTIONS];
    await writeFile(join(root, 'captions.csv'), csvOf(lines));
    const cells = Array.from({ length: GRID.columns * GRID.rows }, (_, i) => {
      const [column, row] = [i % GRID.columns, Math.floor(i / GRID.columns)];
      const crop = i === GRID.columns * GRID.rows - 1 ? 'half-9' : '';
      return [String(column), String(row), nameAt(column, row), crop];
    });
    await writeFile(join(root, 'placement.csv'), csvOf([['column', 'row', 'source', 'crop'], ...cells]));
    return new Explorer(await launchBrowser(), root);
  }

  async close(): Promise<void> {
    for (const serving of this.servings.values()) await serving.close();
    await this.browser.close();
  }

  /** Writes a file; returns its path. */
  async file(name: string, text: string): Promise<string> {
    const path = join(this.root, name);
    await writeFile(path, text);
    return path;
  }

  /** Folder of a site, built once. */
  site(name: string, options: Partial<BuildOptions> = {}): Promise<string> {
    const { root } = this;
    const out = join(root, `site ${name}`);
    const make = async () => {
      await build({
        target: join(root, 'target.png'),
        images: [join(root, 'images')],
        placement: join(root, 'placement.csv'),
        captions: join(root, 'captions.csv'),
        catalog: join(root, 'catalog'),
        cellSize: 64,
        originals: 'copy',
        title: 'A mosaic',
        out,
        ...options,
      });
      return out;
    };
    const known = this.built.get(name) ?? make();
    this.built.set(name, known);
    return known;
  }

  /** Address of a site's page. */
  async addressOf(folder: string, scheme: 'http' | 'file' = 'http'): Promise<string> {
    if (scheme === 'file') return fromDisk({ folder });
    const serving = this.servings.get(folder) ?? (await serve({ site: folder, port: 0 }));
    this.servings.set(folder, serving);
    return `${serving.url}index.html`;
  }

  /** Opens a page in which flights are at once, unless it may move. */
  async visit(url: string, device: Device = 'desktop', options: BrowserContextOptions = {}): Promise<Explored> {
    const visit = await open(this.browser, url, { ...DEVICES[device], reducedMotion: 'reduce', ...options }, () => {
      window.violations = [];
      document.addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI, sourceFile }) =>
        window.violations!.push(`${violatedDirective} ${blockedURI} ${sourceFile}`),
      );
    });
    await settle(visit.page);
    return { ...visit, device };
  }
}

function csvOf(lines: readonly (readonly string[])[]): string {
  return lines.map((line) => `${line.map(csvField).join(',')}\n`).join('');
}

/** Shows the buttons again, which fade while nothing is done. */
export async function wake(page: Page): Promise<void> {
  await page.evaluate(() => void dispatchEvent(new Event('pointermove')));
}

/** Complaints of a page, violations of its policy, and code that ran. */
export async function troubles({ page, complaints }: Visit): Promise<string[]> {
  const own = await page.evaluate(() => [...window.violations!, ...(window.isOurs ? ['code of the site ran'] : [])]);
  return [...complaints, ...own];
}

/** Where the middle of a cell is on the page. */
export function middleOf(page: Page, [column, row]: readonly [number, number]): Promise<{ x: number; y: number }> {
  return page.evaluate(
    ([left, top]) => {
      const { viewer, mosaic } = window.zoomosaic;
      const { grid, cell } = mosaic;
      const point = new window.OpenSeadragon.Point(
        (left! + 0.5) / grid.columns,
        ((top! + 0.5) * cell.height) / (grid.columns * cell.width),
      );
      const { x, y } = viewer.viewport.pixelFromPoint(point, true);
      return { x, y };
    },
    [column, row],
  );
}

/** Clicks on a cell, or taps on it. */
export async function press({ page, device }: Explored, cell: readonly [number, number]): Promise<void> {
  const { x, y } = await middleOf(page, cell);
  if (device === 'phone') await page.touchscreen.tap(x, y);
  else await page.mouse.click(x, y);
}

/** Waits until the panel shows a cell, its picture and what is alike. */
export async function panelOf(page: Page, cell: readonly [number, number]): Promise<void> {
  await page.waitForSelector(`#panel[data-cell="${cell.join(',')}"]:not([hidden]) figure > :is(img, canvas)`);
  await page.waitForSelector('#panel .alike:not([hidden]) canvas');
}

/** Picks a cell with what the device has, and waits for its panel. */
export async function pick(visit: Explored, cell: readonly [number, number]): Promise<void> {
  await press(visit, cell);
  await panelOf(visit.page, cell);
}

/** Picks a cell by its link, wherever it is, and waits for its panel. */
export async function follow(page: Page, cell: readonly [number, number]): Promise<void> {
  await page.evaluate((hash) => (location.hash = hash), `c=${cell.join(',')}`);
  await panelOf(page, cell);
}

/** What has the focus: its tag, and its id, action, label or text. */
export function focused(page: Page): Promise<string> {
  return page.evaluate(() => {
    const element = document.activeElement as HTMLElement;
    const name = element.id || element.dataset['do'] || element.getAttribute('aria-label') || element.textContent;
    return `${element.localName} ${element.classList.contains('openseadragon-canvas') ? 'map' : name}`;
  });
}

/** The view: its centre and width, in cells. */
export function viewOf(page: Page): Promise<{ x: number; y: number; width: number }> {
  return page.evaluate(() => {
    const { viewer, mosaic } = window.zoomosaic;
    const { grid, cell } = mosaic;
    const { x, y, width, height } = viewer.viewport.getBounds(false);
    const down = (grid.columns * cell.width) / cell.height;
    return { x: (x + width / 2) * grid.columns, y: (y + height / 2) * down, width: width * grid.columns };
  });
}
