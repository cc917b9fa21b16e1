import { readdirSync, readFileSync, statSync } from 'node:fs';
import { link, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import vm from 'node:vm';
import { IIIF, Image, type Manifest } from '@allmaps/iiif-parser';
import { Validator } from '@hyperion-framework/validator';
import { normalize } from '@iiif/parser';
import * as parser from '@iiif/parser/image-3';
import sharp from 'sharp';
import { beforeAll, describe, expect, test } from 'vitest';
import {
  iiifFileCount,
  type IiifImage,
  iiifImageOf,
  iiifLevels,
  iiifTilePaths,
  iiifWholeSizes,
  infoJson,
} from '../../src/format/iiif-image.ts';
import {
  checkIiifFormat,
  annotationPageJson,
  checkBaseUrl,
  checkRights,
  type IiifCell,
  manifestJson,
} from '../../src/layout/iiif-manifest.ts';
import { rebase } from '../../src/rebase/rebase.ts';
import { soundMosaic } from '../helpers/mosaics.ts';
import { integer, seeded } from '../helpers/random.ts';
import { refuses } from '../helpers/refuses.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';
import { IIIF_PATHS } from '../../src/format/site-paths.ts';

const BASE = 'https://example.org/mosaic';
const ID = `${BASE}/iiif/image`;

const shape = (width: number, height: number, tileWidth = 256, tileHeight = tileWidth, maxSide?: number): IiifImage =>
  iiifImageOf({ width, height, tileWidth, tileHeight, ...(maxSide && { maxSide }) });

/** Widths and heights, px, of wholes and tiles: what mosaics have, and what nobody has but rounding breaks at. */
const SHAPES: readonly IiifImage[] = [
  shape(256, 256), // one tile, one cell
  shape(16, 16),
  shape(100, 60),
  shape(257, 256),
  shape(512, 512),
  shape(700, 300),
  shape(3840, 2560),
  shape(7680, 5120, 512),
  shape(1, 5000), // tall, and no wider than a px at any size
  shape(5000, 1),
  shape(256, 8192),
  shape(24, 4000, 16),
  shape(9000, 4500, 256, 128), // not square
  shape(4800, 6400, 320, 240),
  shape(513, 513, 64), // corners of 1 px at four scale factors
  shape(514, 514, 16),
  shape(2049, 2049, 512),
  shape(4097, 2048, 512, 512, 1024),
  shape(3000, 2999, 300, 200, 100), // maxSide below a tile
  ...seededShapes(60),
];

function seededShapes(many: number): IiifImage[] {
  const random = seeded(30);
  return Array.from({ length: many }, () => {
    const [tileWidth, tileHeight] = [integer(random, 5, 300), integer(random, 5, 300)];
    const [width, height] = [tileWidth, tileHeight].map((side) => Math.ceil(side * 30 ** (2 * random() - 0.8)));
    return shape(width!, height!, tileWidth, random() < 0.5 ? tileWidth : tileHeight, integer(random, 1, 3000));
  });
}

const named = SHAPES.map((image) => {
  const { width, height, tileWidth, tileHeight } = image;
  return [`${width} x ${height} px, tiles ${tileWidth} x ${tileHeight}`, image] as const;
});

/** All files that a site would have, as addresses. */
function addresses(image: IiifImage): Set<string> {
  return new Set(pathsOf(image).map((path) => `${ID}/${path}`));
}

function pathsOf(image: IiifImage): string[] {
  const tiles = iiifLevels(image).flatMap(({ scaleFactor, columns, rows }) =>
    places(columns, rows).flatMap(([column, row]) => iiifTilePaths(image, scaleFactor, column, row)),
  );
  const wholes = iiifWholeSizes(image).filter(({ isTile }) => !isTile);
  return [...tiles, ...wholes.flatMap(({ paths }) => paths)];
}

function places(columns: number, rows: number): [number, number][] {
  return Array.from({ length: columns * rows }, (_, i) => [i % columns, Math.floor(i / columns)]);
}

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
    expect(paths.length).toBe(iiifFileCount(image));
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
    expect(iiifTilePaths(image, 1, 8, 8)).toEqual(['512,512,1,1/1,1/0/default.jpg']);
    expect([2, 4, 8].map((s) => iiifTilePaths(image, s, 8 / s, 8 / s))).toEqual([[], [], []]);
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
      places(columns, rows).flatMap(([column, row]) => iiifTilePaths(image, scaleFactor, column, row).slice(0, 1)),
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

const IMAGE = shape(3840, 2560);
const ABOUT = {
  baseUrl: BASE,
  title: 'A lighthouse of 9,600 cells',
  image: IMAGE,
  credit: `${BASE}/ shows photographs by many`,
  rights: 'http://creativecommons.org/licenses/by/4.0/',
  summary: 'Every cell is an image in its own colours.',
  annotations: true,
};
const validator = () => new Validator();

function cells(many: number): IiifCell[] {
  return Array.from({ length: many }, (_, i) => ({
    name: `photos/${i} "quoted", ünïcode, <b>.jpg`,
    x: (i % 15) * 256,
    y: Math.floor(i / 15) * 256,
    width: 256,
    height: 256,
  }));
}

describe('the manifest, Presentation API 3.0', () => {
  test.each([
    ['with everything', ABOUT],
    ['with a title only', { baseUrl: BASE, title: 'T', image: shape(100, 60) }],
    ['of a tall one', { baseUrl: BASE, title: 'T', image: shape(256, 81920) }],
  ])('%s, satisfies the schema of the validator', (_, about) => {
    const manifest = manifestJson(about);
    const schema = validator();
    expect([schema.validateManifest(manifest), schema.validators['manifest']?.errors ?? []]).toEqual([true, []]);
    expect(validator().validateManifest({ ...manifest, rights: 'all mine' })).toBe(false);
    expect(validator().validateManifest({ ...manifest, label: 'no language' })).toBe(false);
    expect(validator().validateManifest({ ...manifest, items: [{ ...manifest.items[0], items: [{}] }] })).toBe(false);
  });

  test('says what it was told, and where things are', () => {
    const manifest = manifestJson(ABOUT);
    expect(Object.keys(manifest)[0]).toBe('@context');
    expect(manifest).toMatchObject({
      id: `${BASE}/iiif/manifest.json`,
      label: { none: [ABOUT.title] },
      summary: { none: [ABOUT.summary] },
      requiredStatement: { label: { en: ['Credit'] }, value: { none: [ABOUT.credit] } },
      rights: ABOUT.rights,
      homepage: [{ id: `${BASE}/`, type: 'Text', format: 'text/html' }],
      seeAlso: [{ id: `${BASE}/mosaic.json`, type: 'Dataset', format: 'application/json' }],
      items: [{ id: `${BASE}/iiif/canvas/1`, width: 3840, height: 2560 }],
    });
    expect(Object.keys(manifestJson({ baseUrl: BASE, title: 'T', image: IMAGE }))).not.toContain('rights');
  });

  test('is read by @iiif/parser, down to an image service whose files are there', () => {
    const { entities, resource } = normalize(JSON.parse(JSON.stringify(manifestJson(ABOUT))));
    expect(resource).toEqual({ id: `${BASE}/iiif/manifest.json`, type: 'Manifest' });
    expect(Object.keys(entities.Canvas)).toEqual([`${BASE}/iiif/canvas/1`]);
    const [annotation] = Object.values(entities.Annotation);
    expect(annotation).toMatchObject({ motivation: ['painting'] });
    const images = Object.values(entities.ContentResource).filter(
      (content) => (content as { type?: string }).type === 'Image',
    ) as { id: string; width: number; height: number; service: parser.ImageServiceImageRequest[] }[];
    expect(images.length).toBe(2);
    const files = addresses(IMAGE);
    const info = infoJson(IMAGE, ID) as never;
    for (const image of images) {
      const [service, ...others] = parser.getImageServices(image as never);
      expect([parser.isLevel0(service!), service!.id, others]).toEqual([true, ID, []]);
      expect(files).toContain(image.id);
      expect(files).toContain(parser.imageServiceRequestToString(parser.parseImageServiceRequest(image.id), info));
    }
    const [painted, thumbnail] = [
      images.find(({ id }) => id.includes('/max/')),
      images.find(({ id }) => !id.includes('/max/')),
    ];
    expect(painted).toMatchObject({ width: 1920, height: 1280 });
    expect(thumbnail).toMatchObject({ id: `${ID}/full/240,160/0/default.jpg`, width: 240, height: 160 });
  });

  test('is read by Allmaps', () => {
    const manifest = IIIF.parse(manifestJson(ABOUT)) as Manifest;
    expect(manifest.canvases.map(({ image }) => image)).toMatchObject([
      { uri: ID, width: 3840, height: 2560, majorVersion: 3, supportsAnyRegionAndSize: false },
    ]);
  });

  test('an annotation page satisfies the schema, and tags every cell where it stands', () => {
    const page = JSON.parse([...annotationPageJson(BASE, cells(1000))].join('')) as { id: string; items: object[] };
    expect(validator().validateAnnotationPage(page)).toBe(true);
    expect(validator().validateAnnotationPage({ ...page, items: [{ ...page.items[0], target: 7 }] })).toBe(false);
    expect(page.id).toBe(manifestJson(ABOUT).items[0]!.annotations![0]!.id);
    expect(new Set(page.items.map((item) => (item as { id: string }).id)).size).toBe(1000);
    expect(page.items[16]).toEqual({
      id: `${BASE}/iiif/annotation/17`,
      type: 'Annotation',
      motivation: 'tagging',
      body: { type: 'TextualBody', value: 'photos/16 "quoted", ünïcode, <b>.jpg', format: 'text/plain' },
      target: `${BASE}/iiif/canvas/1#xywh=256,256,256,256`,
    });
    const none = JSON.parse([...annotationPageJson(BASE, [])].join('')) as { items: object[] };
    expect(validator().validateAnnotationPage(none)).toBe(true);
    expect(none.items).toEqual([]);
  });

  test('an annotation page comes in blocks, before all of its cells are known', () => {
    let taken = 0;
    function* many(): Generator<IiifCell> {
      for (; taken < 50_000; taken++) yield { name: 'x', x: taken, y: 0, width: 1, height: 1 };
    }
    const blocks = annotationPageJson(BASE, many());
    expect(blocks.next().value!.length).toBeLessThan(200_000);
    expect(taken).toBeLessThan(1000);
    let longest = 0;
    for (const block of blocks) longest = Math.max(longest, block.length);
    expect(taken).toBe(50_000);
    expect(longest).toBeLessThan(200_000);
  });
});

describe('what people type', () => {
  test.each([
    ['https://example.org/mosaic', 'https://example.org/mosaic'],
    ['https://example.org/mosaic//', 'https://example.org/mosaic'],
    ['HTTP://Example.org:80', 'http://example.org'],
    ['http://localhost:8080/', 'http://localhost:8080'],
    ['https://example.org/möwe/', 'https://example.org/m%C3%B6we'],
  ])('--base-url %s', (text, url) => {
    expect(checkBaseUrl(text)).toBe(url);
  });

  test.each([
    '',
    'example.org',
    '/mosaic',
    '//example.org',
    'ftp://example.org',
    'https://',
    'https:example.org',
    'https://example.org/?',
    'https://example.org/?a=b',
    'https://example.org/#',
    'https://example.org/a b',
    'https://me:secret@example.org/',
    'file:///home/me',
  ])('--base-url %s is refused', async (text) => {
    await refuses(() => checkBaseUrl(text), /^Expected an absolute http or https URL .* for --base-url but received /);
  });

  const CC = 'http://creativecommons.org';
  test.each([
    [`${CC}/licenses/by/4.0/`, `${CC}/licenses/by/4.0/`],
    ['https://creativecommons.org/licenses/by-nc-sa/4.0', `${CC}/licenses/by-nc-sa/4.0/`],
    ['https://creativecommons.org/licenses/by/4.0/deed.de', `${CC}/licenses/by/4.0/`],
    ['https://www.creativecommons.org/licenses/by/3.0/us/legalcode', `${CC}/licenses/by/3.0/us/`],
    ['https://creativecommons.org/publicdomain/zero/1.0/', `${CC}/publicdomain/zero/1.0/`],
    ['https://rightsstatements.org/page/InC-EDU/1.0/?language=en', 'http://rightsstatements.org/vocab/InC-EDU/1.0/'],
    ['http://rightsstatements.org/vocab/NoC-US/1.0/', 'http://rightsstatements.org/vocab/NoC-US/1.0/'],
    ['https://example.org/terms#images', 'https://example.org/terms#images'],
  ])('--rights %s', (text, uri) => {
    expect(checkRights(text)).toBe(uri);
    if (!uri.includes('example'))
      expect(validator().validateManifest(manifestJson({ ...ABOUT, rights: uri }))).toBe(true);
  });

  test.each([
    'CC BY 4.0',
    'all mine',
    'https://creativecommons.org/',
    'https://rightsstatements.org/en/',
    'urn:x',
    'https://a b',
  ])('--rights %s is refused', async (text) => {
    await refuses(() => checkRights(text), /^Expected the URI of a licence or rights statement for --rights/);
  });
});

describe('rebase', () => {
  const OTHER = 'http://localhost:8080/x';
  const MOSAIC = soundMosaic({ layouts: ['dzi', 'iiif'] });
  const FILES = [IIIF_PATHS.info, IIIF_PATHS.manifest, IIIF_PATHS.annotations, 'mosaic.json'];

  function textsOf(baseUrl: string): Record<string, string> {
    const text = (json: object) => `${JSON.stringify(json, undefined, 2)}\n`;
    const info = infoJson(IMAGE, `${baseUrl}/iiif/image`, { manifest: `${baseUrl}/iiif/manifest.json` });
    // Texts that look like addresses within the site stay what they are.
    const words = [{ name: `${BASE}/iiif/image`, x: 0, y: 0, width: 9, height: 9 }, ...cells(700)];
    return {
      [IIIF_PATHS.info]: text(info),
      [IIIF_PATHS.manifest]: text(manifestJson({ ...ABOUT, baseUrl })),
      [IIIF_PATHS.annotations]: [...annotationPageJson(baseUrl, words)].join(''),
      'mosaic.json': text({
        ...MOSAIC,
        title: BASE,
        layouts: { dzi: MOSAIC.layouts.dzi, iiif: { ...MOSAIC.layouts.iiif, baseUrl, tiles: 3 } },
        z: 1,
      }),
    };
  }

  async function siteOf(texts: Record<string, string>): Promise<string> {
    const site = await temporaryFolder();
    for (const [path, text] of Object.entries(texts)) {
      await mkdir(dirname(join(site, path)), { recursive: true });
      await writeFile(join(site, path), text);
    }
    return site;
  }

  async function read(site: string): Promise<Record<string, string>> {
    const entries = FILES.map(async (path) => [path, await readFile(join(site, path), 'utf8')] as const);
    return Object.fromEntries(await Promise.all(entries));
  }

  test.each([OTHER, `${BASE}/iiif`, 'https://example.org', `${BASE}2`])(
    'to %s and back is the site as it would have been built',
    async (to) => {
      const site = await siteOf(textsOf(BASE));
      expect(await rebase({ site, baseUrl: `${to}/` })).toEqual({ from: BASE, to, files: FILES });
      expect(await read(site)).toEqual(textsOf(to));
      expect(await rebase({ site, baseUrl: to })).toEqual({ from: to, to, files: [] });
      expect(await rebase({ site, baseUrl: BASE })).toEqual({ from: to, to: BASE, files: FILES });
      expect(await read(site)).toEqual(textsOf(BASE));
      expect(await readdir(join(site, 'iiif'))).toEqual(['annotations.json', 'image', 'manifest.json']);
    },
  );

  test('leaves hard links to the old files as they are', async () => {
    const site = await siteOf(textsOf(BASE));
    const copy = await temporaryFolder();
    for (const path of FILES) await link(join(site, path), join(copy, path.replaceAll('/', '_')));
    await rebase({ site, baseUrl: OTHER });
    for (const path of FILES) {
      expect(await readFile(join(copy, path.replaceAll('/', '_')), 'utf8')).toBe(textsOf(BASE)[path]);
    }
  });

  test('leaves addresses of neighbours alone that only begin alike', async () => {
    const manifest = { ...manifestJson(ABOUT), provider: [{ id: `${BASE}2/about`, type: 'Agent' }] };
    const site = await siteOf({ ...textsOf(BASE), [IIIF_PATHS.manifest]: JSON.stringify(manifest) });
    await rebase({ site, baseUrl: OTHER });
    expect(JSON.parse((await read(site))[IIIF_PATHS.manifest]!)).toEqual({
      ...manifestJson({ ...ABOUT, baseUrl: OTHER }),
      provider: manifest.provider,
    });
  });

  test('finishes what was interrupted, even where the new address begins with the old one', async () => {
    const to = `${BASE}/iiif`;
    const site = await siteOf({ ...textsOf(BASE), [IIIF_PATHS.manifest]: textsOf(to)[IIIF_PATHS.manifest]! });
    await writeFile(join(site, `${IIIF_PATHS.info}.tmp`), 'half');
    expect((await rebase({ site, baseUrl: to })).files).toEqual(FILES.filter((path) => path !== IIIF_PATHS.manifest));
    expect(await read(site)).toEqual(textsOf(to));
    expect(await readdir(join(site, 'iiif/image'))).toEqual(['info.json']);
  });

  test('does without annotations and mosaic.json', async () => {
    const site = await siteOf(textsOf(BASE));
    await rm(join(site, IIIF_PATHS.annotations));
    await rm(join(site, 'mosaic.json'));
    expect((await rebase({ site, baseUrl: OTHER })).files).toEqual([IIIF_PATHS.info, IIIF_PATHS.manifest]);
    expect(await readdir(site)).toEqual(['iiif']);
  });

  test.each([
    ['that is empty', {}, /there is no iiif\/image\/info.json/],
    ['without a manifest', { [IIIF_PATHS.info]: textsOf(BASE)[IIIF_PATHS.info]! }, /there is no iiif\/manifest.json/],
    ['with half an info.json', { [IIIF_PATHS.info]: '{"id": "htt' }, /info.json is damaged/],
    [
      'with an info.json of something else',
      { [IIIF_PATHS.info]: '{"id": "https://a.org/b"}' },
      /does not name the address/,
    ],
    [
      'with a mosaic.json that no build wrote',
      { ...textsOf(BASE), 'mosaic.json': JSON.stringify({ ...MOSAIC, pictures: 25 }) },
      /Expected a whole number from 1 to 24 for pictures in mosaic.json but received 25/,
    ],
    ['with a list for an info.json', { [IIIF_PATHS.info]: '[]' }, /info.json is damaged/],
  ])('refuses a folder %s, and writes nothing', async (_, texts, message) => {
    const site = await siteOf(texts);
    const before = await readdir(site, { recursive: true });
    await expect(rebase({ site, baseUrl: OTHER })).rejects.toMatchObject({
      code: 'not-a-site',
      message: expect.stringMatching(message) as string,
      remedy: expect.stringMatching(/\.$/) as string,
    });
    expect(await readdir(site, { recursive: true })).toEqual(before);
  });

  test('refuses an address that is none before it looks at the folder', async () => {
    await refuses(() => rebase({ site: '/nowhere', baseUrl: 'mosaic' }), /for --base-url but received mosaic/);
  });
});
