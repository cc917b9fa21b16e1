import { readdirSync, readFileSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import vm from 'node:vm';
import { Image } from '@allmaps/iiif-parser';
import * as parser from '@iiif/parser/image-3';
import sharp from 'sharp';
import { beforeAll, describe, expect, test } from 'vitest';
import { iiifLevels, iiifTilePaths, iiifWholeSizes, infoJson } from '../../src/format/iiif-image.ts';
import { checkIiifFormat } from '../../src/layout/iiif-manifest.ts';
import { addresses, BASE, ID, named, pathsOf, places, shape } from '../helpers/iiif.ts';
import { refuses } from '../helpers/refuses.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

describe('the image, level 0 of the Image API 3.0', () => {
  test.each(named)('%s: just the files that the implementation notes (3) and info.json ask for', (_, image) => {
    const info = infoJson(image, ID);
    const asked = new Set<string>();
    for (const tiles of info.tiles) {
      for (const s of tiles.scaleFactors) requestsOfNotes(info, tiles, s).forEach((path) => asked.add(path));
    }
    for (const { width, height } of info.sizes) asked.add(`full/${width},${height}/0/default.jpg`);
    asked.add('full/max/0/default.jpg');
    if (info.tiles[0]!.scaleFactors.length === 1) asked.add(`0,0,${image.width},${image.height}/max/0/default.jpg`);
    const paths = pathsOf(image);
    expect(paths.toSorted()).toEqual([...asked].toSorted());
  });

  test.each(named)('%s: scale factors end with the first at which the whole is one tile', (_, image) => {
    const levels = iiifLevels(image);
    expect(levels.map(({ scaleFactor }) => scaleFactor)).toEqual(levels.map((_level, i) => 2 ** i));
    expect(levels.map(({ columns, rows }) => columns * rows === 1)).toEqual(
      levels.map((_level, i) => i === levels.length - 1),
    );
    for (const { scaleFactor, width, height } of levels) {
      expect([width, height]).toEqual([
        Math.floor((image.width + scaleFactor - 1) / scaleFactor),
        Math.floor((image.height + scaleFactor - 1) / scaleFactor),
      ]);
    }
  });

  test.each(named)('%s: sizes are powers of two, up to the largest that is allowed (5.3)', (_, image) => {
    const wholes = iiifWholeSizes(image);
    const factors = wholes.map(({ scaleFactor }) => scaleFactor);
    expect(factors).toEqual(factors.map((_factor, i) => factors[0]! / 2 ** i));
    for (const { scaleFactor, width, height } of wholes) {
      expect(width).toBe(Math.floor((image.width + scaleFactor - 1) / scaleFactor));
      expect(height).toBe(Math.floor((image.height + scaleFactor - 1) / scaleFactor));
    }
    const longer = wholes.map(({ width, height }) => Math.max(width, height));
    expect(longer.at(-1)).toBeLessThanOrEqual(image.maxSide);
    const [nextFactor] = factors.toReversed().map((factor) => factor / 2);
    const next = Math.ceil(Math.max(image.width, image.height) / nextFactor!);
    if (nextFactor! >= 1) expect(next).toBeGreaterThan(image.maxSide);
    expect(longer[0]).toBeLessThan(Math.max(64, image.tileWidth + 1, image.tileHeight + 1));
    expect(wholes.filter(({ paths }) => paths.includes('full/max/0/default.jpg'))).toEqual([wholes.at(-1)]);
  });

  test.each(named)(
    '%s: no tile and no size exceeds maxWidth and maxHeight, and max is the largest size (5.2)',
    (_, image) => {
      const { width, height, maxWidth, maxHeight, sizes, tiles } = infoJson(image, ID);
      const largest = sizes.at(-1)!;
      if (maxWidth === undefined || maxHeight === undefined) {
        expect(largest).toEqual({ width, height });
        return;
      }
      for (const size of [...sizes, ...tiles]) {
        expect(size.width).toBeLessThanOrEqual(maxWidth);
        expect(size.height).toBeLessThanOrEqual(maxHeight);
      }
      const max = maximumOfNotes({ width, height, maxWidth, maxHeight });
      expect(Math.abs(max.width - largest.width)).toBeLessThanOrEqual(1);
      expect(Math.abs(max.height - largest.height)).toBeLessThanOrEqual(1);
    },
  );

  test('a corner that two scale factors see alike is one file, the finer one’s', () => {
    const image = shape(513, 513, 64);
    expect(iiifTilePaths(image, { scaleFactor: 1, column: 8, row: 8 })).toEqual(['512,512,1,1/1,1/0/default.jpg']);
    expect([2, 4, 8].map((s) => iiifTilePaths(image, { scaleFactor: s, column: 8 / s, row: 8 / s }))).toEqual([
      [],
      [],
      [],
    ]);
  });

  test('info.json has what is required (5.2), where it should be, and no more than it can keep', () => {
    const about = { rights: 'http://rightsstatements.org/vocab/InC/1.0/', manifest: `${BASE}/iiif/manifest.json` };
    const info = infoJson(shape(3840, 2560, 256, 128), ID, about);
    expect(Object.keys(info)[0]).toBe('@context');
    expect(info).toEqual({
      '@context': 'http://iiif.io/api/image/3/context.json',
      id: ID,
      type: 'ImageService3',
      protocol: 'http://iiif.io/api/image',
      profile: 'level0',
      width: 3840,
      height: 2560,
      maxWidth: 1920,
      maxHeight: 1280,
      sizes: [
        { width: 60, height: 40 },
        { width: 120, height: 80 },
        { width: 240, height: 160 },
        { width: 480, height: 320 },
        { width: 960, height: 640 },
        { width: 1920, height: 1280 },
      ],
      tiles: [{ width: 256, height: 128, scaleFactors: [1, 2, 4, 8, 16, 32] }],
      rights: about.rights,
      partOf: [{ id: about.manifest, type: 'Manifest' }],
    });
  });

  test('refuses tiles that are no JPEG', async () => {
    checkIiifFormat('jpeg');
    await refuses(() => checkIiifFormat('webp'), /jpeg for --format with --layout iiif but received webp/);
  });
});

/** Implementation notes, 3, in integers; the whole by `full` as well (4.8). */
function requestsOfNotes(
  { width, height }: { width: number; height: number },
  tile: { width: number; height: number },
  scaleFactor: number,
): string[] {
  const [w, h, tw, th, s] = [width, height, tile.width, tile.height, scaleFactor].map(BigInt) as bigint5;
  const requests: string[] = [];
  for (let m = 0n; m * th * s < h; m++) {
    for (let n = 0n; n * tw * s < w; n++) {
      const [xr, yr] = [n * tw * s, m * th * s];
      let [wr, hr, ws, hs] = [tw * s, th * s, tw, th];
      if (xr + wr > w) wr = w - xr;
      if (yr + hr > h) hr = h - yr;
      if (xr + tw * s > w) ws = (w - xr + s - 1n) / s;
      if (yr + th * s > h) hs = (h - yr + s - 1n) / s;
      requests.push(`${xr},${yr},${wr},${hr}/${ws},${hs}/0/default.jpg`);
      if (wr === w && hr === h) requests.push(`full/${ws},${hs}/0/default.jpg`);
    }
  }
  return requests;
}
type bigint5 = [bigint, bigint, bigint, bigint, bigint];

/** Implementation notes, 4. */
function maximumOfNotes(limits: { width: number; height: number; maxWidth: number; maxHeight: number }) {
  const { maxWidth, maxHeight } = limits;
  let { width, height } = limits;
  if (maxWidth < width) {
    width = maxWidth;
    height = Math.floor((limits.height * maxWidth) / limits.width + 0.5);
  }
  if (maxHeight < height) {
    height = maxHeight;
    width = Math.floor((limits.width * maxHeight) / limits.height + 0.5);
  }
  return { width, height };
}

describe('what others ask for is there', () => {
  test.each([
    [256, 256, 256],
    [100, 60, 256],
    [700, 300, 256],
    [515, 1, 256],
    [513, 513, 64],
    [1001, 2003, 128],
    [1024, 1024, 128],
  ])('libvips: of %i x %i px with tiles of %i px', async (width, height, size) => {
    const out = join(await temporaryFolder(), 'vips');
    const picture = sharp({ create: { width, height, channels: 3, background: '#888' } }).jpeg();
    await picture.tile({ layout: 'iiif3', size, overlap: 0, id: BASE }).toFile(out);
    const files = readdirSync(out, { recursive: true, encoding: 'utf8' }).filter((path) =>
      statSync(join(out, path)).isFile(),
    );
    const image = shape(width, height, size);
    const theirs = files.filter((path) => path !== 'info.json').toSorted();
    const first = iiifLevels(image).flatMap(({ scaleFactor, columns, rows }) =>
      places(columns, rows).flatMap(([column, row]) => iiifTilePaths(image, { scaleFactor, column, row }).slice(0, 1)),
    );
    expect(first.toSorted()).toEqual(theirs);
    const { tiles, ...info } = JSON.parse(readFileSync(join(out, 'info.json'), 'utf8')) as ReturnType<typeof infoJson>;
    const ours = infoJson(image, info.id);
    expect(ours).toMatchObject(info);
    expect(ours.tiles).toMatchObject(tiles);
  });

  describe('OpenSeadragon', () => {
    let open: (info: object) => TileSource;
    beforeAll(() => {
      open = openSeadragon();
    });

    test.each(named)('%s', (_, image) => {
      const source = open(infoJson(image, ID));
      const files = addresses(image);
      const missing: string[] = [];
      for (let level = source.minLevel; level <= source.maxLevel; level++) {
        const { x: columns, y: rows } = source.getNumTiles(level);
        const { columns: c, rows: r } = iiifLevels(image)[source.maxLevel - level]!;
        expect([columns, rows]).toEqual([c, r]);
        for (const [column, row] of places(columns, rows)) {
          const url = source.getTileUrl(level, column, row);
          if (!files.has(url)) missing.push(url);
        }
      }
      expect(missing).toEqual([]);
      expect(source.maxLevel + 1).toBe(image.scaleFactors.length);
    });
  });

  test.each(named)('Allmaps: %s', (_, image) => {
    const parsed = Image.parse(infoJson(image, ID));
    expect(parsed).toMatchObject({ majorVersion: 3, supportsAnyRegionAndSize: false, supportedFormats: ['jpg'] });
    const files = addresses(image);
    const urls = parsed.tileZoomLevels.flatMap((level) =>
      places(level.columns, level.rows).map(([column, row]) =>
        parsed.getImageUrl(parsed.getTileImageRequest(level, column, row)),
      ),
    );
    expect(urls.filter((url) => !files.has(url))).toEqual([]);
    expect(urls.length).toBe(iiifLevels(image).reduce((sum, { columns, rows }) => sum + columns * rows, 0));
    const thumbnails = [60, 250, 1000].map((side) => parsed.getImageRequest({ width: side, height: side }, 'contain'));
    for (const request of thumbnails.flat(2)) expect(files).toContain(parsed.getImageUrl(request));
  });

  test.each(named)('@iiif/parser: %s', (_, image) => {
    const info = infoJson(image, ID) as unknown as Parameters<typeof parser.isLevel0>[0];
    const files = addresses(image);
    expect(parser.isLevel0(info)).toBe(true);
    const whole = parser.createImageServiceRequest(info);
    expect(files).toContain(parser.imageServiceRequestToString(whole, info));
    if (whole.type !== 'image') throw new Error('no image');
    for (const { width, height } of info.sizes ?? []) {
      const request = { ...whole, size: { width, height, max: false, upscaled: false, confined: false } };
      expect(files).toContain(parser.imageServiceRequestToString(request, info));
      expect(parser.supports(info, { exactSize: { width, height } })).toEqual([true]);
    }
    // What it reads in a tile's address, it writes in its own canonical way.
    const written = [...files].map((url) =>
      parser.imageServiceRequestToString(parser.parseImageServiceRequest(url), info),
    );
    expect(written.filter((url) => !files.has(url))).toEqual([]);
  });
});

interface TileSource {
  readonly minLevel: number;
  readonly maxLevel: number;
  getNumTiles(level: number): { readonly x: number; readonly y: number };
  getTileUrl(level: number, column: number, row: number): string;
}

/** The viewer's own source, in a browser that has just what it looks for when it is loaded. */
function openSeadragon(): (info: object) => TileSource {
  const file = createRequire(import.meta.url).resolve('openseadragon');
  const events = { addEventListener: () => {}, removeEventListener: () => {} };
  const element = () => ({ ...events, style: {}, getContext: () => null });
  const document = { ...events, createElement: element, documentElement: element(), body: element() };
  const window = {
    ...events,
    document,
    navigator: { userAgent: '', appName: '', appVersion: '' },
    location: { search: '', protocol: 'https:' },
  };
  const module = { exports: {} };
  vm.runInNewContext(readFileSync(file, 'utf8'), {
    ...window,
    window,
    self: window,
    console,
    module,
    Image: Object,
    setTimeout,
  });
  const { IIIFTileSource } = module.exports as {
    IIIFTileSource: (new (options: object) => TileSource) & {
      prototype: { supports(info: object): boolean; configure(info: object, url: string): object };
    };
  };
  return (info) => {
    expect(IIIFTileSource.prototype.supports(info)).toBe(true);
    return new IIIFTileSource(IIIFTileSource.prototype.configure({ ...info }, `${ID}/info.json`));
  };
}
