/// <reference lib="dom" />
import { cp, mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { build, type BuildOptions, serve, type Serving, type Size } from '../../src/index.ts';
import { findBrowser, launchBrowser } from '../helpers/browser.ts';
import { difference, writeWaves } from '../helpers/images.ts';
import { dziPicture, partOf, type Picture, type Placed, sharpOf, writePlacement } from '../helpers/levels.ts';
import { fromDisk, lookAt, open as openIn, scaleOf, settle, shown, type Visit } from '../helpers/page.ts';
import { seeded } from '../helpers/random.ts';
import { readSite } from '../helpers/site.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';
import { AS_ENCODED, FACTOR, PX_FOR_PX, type Viewed } from '../helpers/views.ts';

// With CI set, a missing browser fails in `launchBrowser` instead.
const skipped = !findBrowser() && !process.env['CI'];
/** Mean difference of 8-bit samples: of the same px, but for what light transparency is mixed in. */
const AS_IT_IS = 0.5;

/** What stands in a cell, and what its px may differ by: those of images that are encoded anew in JPEG by more. */
interface Standing {
  readonly name: string;
  readonly turn: number;
  readonly differs: number;
}

/** What stands in each row of the mosaic. */
const ROW: readonly Standing[] = [
  ...[0, 1, 2, 3, 4, 5, 6, 7].map((turn) => ({ name: 'photo.png', turn, differs: AS_IT_IS })),
  { name: 'lying.jpg', turn: 0, differs: AS_IT_IS },
  { name: 'clear.png', turn: 0, differs: AS_IT_IS },
  { name: 'large.png', turn: 0, differs: AS_ENCODED },
  { name: 'scan.tif', turn: 0, differs: AS_ENCODED },
  { name: 'lying.jpg', turn: 5, differs: AS_IT_IS },
  { name: 'clear.png', turn: 6, differs: AS_IT_IS },
  { name: 'large.png', turn: 5, differs: AS_ENCODED },
  { name: 'scan.tif', turn: 3, differs: AS_ENCODED },
];

describe.skipIf(skipped)('the viewer, with originals,', () => {
  let browser: Browser;
  let root: string;
  let site: Viewed;
  let serving: Serving;

  beforeAll(async () => {
    browser = await launchBrowser();
    root = await temporaryFolder();
    await writeWaves(join(root, 'target.png'), 120, 80, 7);
    await writeImages();
    const cells = Array.from({ length: 10 }, () => ROW.map(({ name, turn }): Placed => [name, turn])).flat();
    site = await make('site', cells, ROW.length, { cellSize: 64, layout: ['dzi', 'compact', 'iiif'] });
    serving = await serve({ site: site.folder, port: 0 });
  });

  /** Of each, the middle 512 x 512 px fill a cell; of the large one 2,048 x 2,048. */
  async function writeImages(): Promise<void> {
    await mkdir(join(root, 'images'));
    const size = { width: 640, height: 512 };
    const picture = (seed: number) => sharpOf(textured(size, seed));
    const alpha = Buffer.from(textured(size, 6).data.filter((_, i) => i % 3 === 0));
    await picture(1).png().toFile(pathOf('photo.png'));
    await picture(2).jpeg({ quality: 90 }).withMetadata({ orientation: 6 }).toFile(pathOf('lying.jpg'));
    const clear = picture(3).joinChannel(alpha, { raw: { ...size, channels: 1 } });
    await clear.png().toFile(pathOf('clear.png'));
    await picture(4).tiff({ compression: 'lzw' }).toFile(pathOf('scan.tif'));
    const large = sharpOf(textured({ width: 2304, height: 2048 }, 5));
    await large.png({ compressionLevel: 1 }).toFile(pathOf('large.png'));
  }

  const pathOf = (name: string) => join(root, 'images', name);

  async function make(name: string, cells: Placed[], columns: number, options: Partial<BuildOptions>): Promise<Viewed> {
    const folder = join(root, name);
    const common = { target: join(root, 'target.png'), out: folder, catalog: join(root, 'catalog') };
    const placement = await writePlacement(join(root, `${name}.csv`), columns, cells);
    const given = { images: [join(root, 'images')], placement, originals: 'copy', background: '#3366cc' } as const;
    await build({ ...common, ...given, cellSize: 256, baseUrl: 'https://example.org/mosaic', ...options });
    const { mosaic, pictures } = await readSite(folder);
    return { folder, mosaic, pictures };
  }

  afterAll(async () => {
    await serving?.close();
    await browser?.close();
  });

  /** Opens a page in which nothing moves or fades. */
  async function open(url: string): Promise<Visit> {
    const visit = await openIn(browser, url, { viewport: { width: 640, height: 512 }, reducedMotion: 'reduce' });
    await settle(visit.page);
    return visit;
  }

  /** The part of an image that fills a cell, upright, mirrored and turned by sharp. */
  async function standing({ name, turn }: Standing, { cell, background }: Viewed['mosaic']): Promise<Picture> {
    const image = sharp(pathOf(name)).autoOrient().flatten({ background });
    const { data, info } = await image.raw().toBuffer({ resolveWithObject: true });
    const scale = Math.min(info.width / cell.width, info.height / cell.height);
    const size = { width: cell.width * scale, height: cell.height * scale };
    const place = { left: (info.width - size.width) / 2, top: (info.height - size.height) / 2 };
    const upright = sharpOf(partOf({ data, ...info }, { ...place, ...size }));
    const mirrored = await upright
      .flop(turn >= 4)
      .raw()
      .toBuffer();
    const turned = sharpOf({ data: mirrored, ...size }).rotate(90 * (turn % 4));
    return { data: await turned.raw().toBuffer(), ...size };
  }

  /** Looks at a part of a cell in which a px of the original is one on the screen, and expects just these px. */
  async function expectOriginal(page: Page, { mosaic }: Viewed, [column, row]: readonly number[], what: Standing) {
    const { cell, originals } = mosaic;
    const whole = await standing(what, mosaic);
    const title = `${what.name}, turn ${what.turn}`;
    // Of large ones a part in which tiles meet, of the mosaic and of the original.
    const width = 460;
    const height = Math.min(width, whole.height - 24);
    const left = whole.width > 512 ? Math.floor(whole.width / 2) - 200 : 16;
    const top = whole.width > 512 ? Math.floor(whole.height / 2) - 200 : 8;
    const [x, y] = [column! * whole.width + left, row! * whole.height + top];
    // A px of this original, in px of the mosaic at a size at which every original has all its px.
    const px = (2 ** originals!.levels * cell.width) / whole.width;
    await lookAt(page, (x + width / 2) * px, (y + height / 2) * px, PX_FOR_PX / px);
    expect((await scaleOf(page)) * 2 ** originals!.levels, title).toBeCloseTo(whole.width / cell.width);
    const seen = await shown(page, x * px, y * px, width, height);
    const off = (right: number, down: number) =>
      difference(seen, partOf(whole, { left: left + right, top: top + down, width, height }).data).mean;
    expect(off(0, 0), title).toBeLessThan(what.differs);
    const further = Math.min(off(1, 0), off(-1, 0), off(0, 1), off(0, -1));
    expect(further, `${title}, 1 px further`).toBeGreaterThan(FACTOR * Math.max(off(0, 0), AS_IT_IS));
  }

  /** Shows the middle of a mosaic at a scale of CSS px per px of its cells. */
  async function lookAtMiddle(page: Page, { mosaic }: Viewed, scale: number): Promise<void> {
    const times = 2 ** mosaic.originals!.levels;
    await lookAt(page, (mosaic.width * times) / 2, (mosaic.height * times) / 2, scale / times);
  }

  const originalsAsked = ({ requests }: Visit) =>
    requests.filter((path) => path.startsWith('originals/') && !path.endsWith('/index.js'));

  test.each([
    ['http', 'dzi', ROW],
    ['file', 'compact', [6, 8, 9, 10, 11, 14].map((i) => ROW[i]!)],
    ['http', 'iiif', [1, 12, 14].map((i) => ROW[i]!)],
  ])('shows them px for px where their cells are: over %s, layout %s', async (scheme, layout, standings) => {
    expect(site.mosaic.originals!.levels).toBe(5);
    const address = scheme === 'http' ? `${serving.url}index.html` : fromDisk(site);
    const visit = await open(`${address}?layout=${layout}`);
    const { page, requests, complaints } = visit;
    await lookAtMiddle(page, site, PX_FOR_PX);
    expect((await scaleOf(page)) * 2 ** site.mosaic.originals!.levels).toBeCloseTo(1);
    expect(originalsAsked(visit)).toEqual([]);
    for (const [i, what] of standings.entries()) {
      await expectOriginal(page, site, [ROW.indexOf(what), i % 10], what);
    }
    const asked = originalsAsked(visit);
    const endings = new Set(asked.map((path) => /\.png|\.jpg|_files/.exec(path)![0]));
    expect(endings).toEqual(new Set(['.jpg', '.png', '_files']));
    // Each once, however many cells show it, and in however many ways.
    expect(asked).toEqual([...new Set(asked)]);
    expect(requests.filter((path) => path === 'originals/0/index.js').length).toBe(1);
    expect(requests.filter((path) => /^(https?|file):/.test(path))).toEqual([]);
    expect(complaints).toEqual([]);
    await page.context().close();
  });

  test('shows them px for px in cells of 4:3, mirrored and turned by halves', async () => {
    const ways = [0, 2, 4, 6].map((turn): Standing => ({ name: 'wide.png', turn, differs: AS_IT_IS }));
    await sharpOf(textured({ width: 1200, height: 768 }, 8))
      .png()
      .toFile(pathOf('wide.png'));
    const cells = Array.from({ length: 48 }, (_, i): Placed => ['wide.png', ways[i % 4]!.turn]);
    const oblong = await make('oblong', cells, 8, { cellSize: 64, cellAspect: '4:3', layout: 'compact' });
    expect(oblong.mosaic.cell).toEqual({ width: 64, height: 48 });
    const { page, complaints } = await open(fromDisk(oblong));
    for (const [i, what] of ways.entries()) await expectOriginal(page, oblong, [4 + i, i + 1], what);
    expect(complaints).toEqual([]);
    await page.context().close();
  });

  test('zooms in until a px of the original under the middle is two of the screen', async () => {
    const { page, complaints } = await open(`${serving.url}index.html`);
    const { cell, originals } = site.mosaic;
    const times = 2 ** originals!.levels;
    const press = async (key: string, often: number) => {
      for (let i = 0; i < often; i++) {
        await page.keyboard.press(key);
        await settle(page);
      }
      return (await scaleOf(page)) * times;
    };
    const look = (name: string, scale: number) => {
      const column = ROW.findIndex((what) => what.name === name);
      return lookAt(page, (column + 0.5) * cell.width * times, 4.5 * cell.height * times, scale / times);
    };
    // 512 px in a cell of 64, and 2,048.
    await look('photo.png', 1);
    expect(await press('+', 6)).toBeCloseTo(16, 6);
    await look('large.png', 16);
    expect(await press('+', 4)).toBeCloseTo(64, 6);
    // What lies beside it may be smaller: only zooming in goes back to what it has.
    await look('photo.png', 64);
    for (const key of ['ArrowDown', 'ArrowUp']) await page.keyboard.press(key);
    await settle(page);
    expect((await scaleOf(page)) * times).toBeCloseTo(64, 6);
    expect(await press('+', 1)).toBeCloseTo(16, 6);
    expect(await press('-', 1)).toBeCloseTo(8, 6);
    expect(complaints).toEqual([]);
    await page.context().close();
  });

  test('does not ask for them at 100 %, where cells have their full size', async () => {
    const visit = await open(`${serving.url}index.html`);
    const { page } = visit;
    await lookAtMiddle(page, site, 1);
    expect((await scaleOf(page)) * 2 ** site.mosaic.originals!.levels).toBeCloseTo(1);
    expect(originalsAsked(visit)).toEqual([]);
    const { folder, mosaic } = site;
    const whole = await dziPicture(folder, 'mosaic', mosaic, mosaic.levels.length - 1, mosaic.tileSize);
    const place = { left: 250, top: 150, width: 500, height: 300 };
    const times = 2 ** mosaic.originals!.levels;
    const seen = await shown(page, place.left * times, place.top * times, place.width, place.height);
    expect(difference(seen, partOf(whole, place).data).most).toBeLessThanOrEqual(2);
    await page.context().close();
  });

  test('shows cells where the index of originals is missing', async () => {
    const folder = join(root, 'without index');
    await cp(site.folder, folder, { recursive: true });
    await rm(join(folder, 'originals/0/index.js'));
    const visit = await open(fromDisk({ folder }));
    const { page, complaints } = visit;
    const times = 2 ** site.mosaic.originals!.levels;
    await lookAt(page, 32 * times, 32 * times, 4 / times);
    const seen = await shown(page, 0, 0, 256);
    const whole = await standing(ROW[0]!, site.mosaic);
    const small = await sharpOf(whole).resize(64, 64).raw().toBuffer();
    const enlarged = await sharpOf({ data: small, width: 64, height: 64 }).resize(256, 256).raw().toBuffer();
    expect(difference(seen, enlarged).mean).toBeLessThan(3 * AS_ENCODED);
    expect(difference(seen, await sharpOf(whole).resize(256, 256).raw().toBuffer()).mean).toBeGreaterThan(
      FACTOR * AS_ENCODED,
    );
    expect(originalsAsked(visit)).toEqual([]);
    expect(complaints.filter((text) => !/originals\/0\/index\.js|ERR_FILE_NOT_FOUND/.test(text))).toEqual([]);
    await page.context().close();
  });
});

/** A picture of grey specks some 4 px wide, in some colour: no part of it is like another, not even 1 px further. */
function textured({ width, height }: Size, seed: number): Picture {
  const random = seeded(seed);
  const across = Math.ceil(width / 4) + 2;
  const specks = Array.from({ length: across * (Math.ceil(height / 4) + 2) }, () => random() * 150);
  const colour = [random() * 100, random() * 100, random() * 100];
  const data = new Uint8Array(width * height * 3);
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const [i, u, v] = [(y >> 2) * across + (x >> 2), (x & 3) / 4, (y & 3) / 4];
      const above = specks[i]! * (1 - u) + specks[i + 1]! * u;
      const below = specks[i + across]! * (1 - u) + specks[i + across + 1]! * u;
      for (const tint of colour) data[at++] = Math.round(above * (1 - v) + below * v + tint);
    }
  }
  return { data, width, height };
}
