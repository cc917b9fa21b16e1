import { cp, mkdir, open, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32, inflateSync } from 'node:zlib';
import sharp from 'sharp';
import { beforeAll, describe, expect, test } from 'vitest';
import { type BuildOptions, type MosaicJson, poster, type PosterOptions } from '../../src/index.ts';
import { Shrunk } from '../../src/poster/shrunk.ts';
import type { PxSource } from '../../src/poster/site-level.ts';
import { TiffFile } from '../../src/poster/tiff-file.ts';
import { PictureFile } from '../../src/store/picture-file.ts';
import { decode, difference } from '../helpers/images.ts';
import {
  dziPicture,
  iiifPicture,
  innerSamples,
  partOf,
  type Picture,
  sharedPicture,
  structured,
} from '../helpers/levels.ts';
import { buildOf, writeInputs } from '../helpers/built.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

type Layout = 'dzi' | 'compact' | 'iiif';
interface Site {
  readonly out: string;
  readonly mosaic: MosaicJson;
}

let root: string;
/** Of one mosaic, 40 x 27 cells: chroma in full, so that a decoder shows the same px whatever stands beside them. */
let sites: Record<Layout, Site>;
beforeAll(async () => {
  root = await temporaryFolder();
  await writeInputs(root);
  const layout = ['dzi', 'compact', 'iiif'] as const;
  const options = {
    columns: 40,
    cellSize: 64,
    layout: [...layout],
    subsampling: '4:4:4',
    baseUrl: 'https://a.example',
  } as const;
  const all = await buildOf(root, 'all', options);
  const only = async (name: Layout) => [name, await withOnly(all, name)] as const;
  sites = Object.fromEntries(await Promise.all(layout.map(only))) as typeof sites;
});

/** A copy of a site that says it has one of its layouts only. */
async function withOnly({ out, mosaic }: Site, layout: Layout): Promise<Site> {
  const copy = join(root, `only-${layout}`);
  await cp(out, copy, { recursive: true });
  const changed = { ...mosaic, layouts: { [layout]: mosaic.layouts[layout] } };
  await writeFile(join(copy, 'mosaic.json'), JSON.stringify(changed));
  return { out: copy, mosaic: changed };
}

let made = 0;
async function posterOf({ out: site }: Site, ending: string, options: Partial<PosterOptions> = {}) {
  const out = join(root, `poster-${made++}${ending}`);
  const result = await poster({ site, out, ...options });
  return { out, result };
}

/** The px of a poster, as sharp decodes them; its profile is sRGB, as are its px. */
async function pxOf(out: string): Promise<Picture> {
  const image = sharp(out, { failOn: 'warning', ignoreIcc: true });
  const { data, info } = await image.raw().toBuffer({ resolveWithObject: true });
  expect(info.channels).toBe(3);
  return { data, width: info.width, height: info.height };
}

/** A level of a site, put together from its tiles by the documents of its layout. */
async function levelPicture({ out, mosaic }: Site, layout: Layout, level: number): Promise<Picture> {
  if (layout === 'iiif') return await iiifPicture(out, mosaic, level);
  if (layout === 'dzi') return await dziPicture(out, 'mosaic', mosaic, level, mosaic.tileSize);
  const { overview, levels } = mosaic.layouts.compact!;
  if (level > overview) return await sharedPicture(out, mosaic, level);
  return await dziPicture(out, 'overview', mosaic, level, levels[level]!.tile.width);
}

const LAYOUTS: Layout[] = ['dzi', 'compact', 'iiif'];

describe('a poster of a size that the site has', () => {
  test.each(LAYOUTS)('has just the px of the tiles, in every format: %s', async (layout) => {
    const site = sites[layout];
    const { levels } = site.mosaic;
    // From the cells themselves down to levels whose sides are rounded up.
    for (const { level, width, height } of levels.slice(-5).toReversed()) {
      const tiles = await levelPicture(site, layout, level);
      for (const ending of ['.png', '.tif', '.jpg']) {
        const { out, result } = await posterOf(site, ending, { width });
        const what = `${layout}, level ${level}, ${ending}`;
        expect(result, what).toMatchObject({ width, height, from: { layout, level, width, height } });
        expect(result.bytes).toBe((await readFile(out)).length);
        const px = await pxOf(out);
        expect([px.width, px.height], what).toEqual([width, height]);
        const { mean, most } = difference(px.data, tiles.data);
        const isCopy = ending !== '.png' && level > levels.length - 4;
        if (isCopy) expect(result.copied, what).toBe(1);
        if (isCopy || ending === '.png') expect([mean, most], what).toEqual([0, 0]);
        else expect(mean, what).toBeLessThan(4);
      }
    }
  });

  test('has them at 4:2:0, too, but where decoders mix chroma at the edges of cells', async () => {
    const site = await buildOf(root, 'halved', { columns: 9, cellSize: 64, layout: 'compact' });
    const { levels, cell, width } = site.mosaic;
    const tiles = await levelPicture(site, 'compact', levels.length - 1);
    for (const ending of ['.tif', '.jpg']) {
      const { out, result } = await posterOf(site, ending, { width });
      expect(result.copied).toBe(1);
      const px = await pxOf(out);
      expect(difference(innerSamples(px, cell), innerSamples(tiles, cell)).most).toBe(0);
      expect(difference(px.data, tiles.data).mean).toBeLessThan(1);
    }
  });

  test('consists of files as they are where tiles are pictures: a TIFF has each once', async () => {
    const site = await buildOf(root, 'files', { columns: 9, cellSize: 256, layout: 'dzi' });
    const { levels, width } = site.mosaic;
    const tiles = await levelPicture(site, 'dzi', levels.length - 1);
    const { out, result } = await posterOf(site, '.tif', { width });
    expect(result.copied).toBe(1);
    expect(Buffer.compare((await pxOf(out)).data, tiles.data)).toBe(0);
    const pictures = Array.from({ length: site.mosaic.pictures }, (_, i) =>
      readFile(join(site.out, `tiles/0/${i}.jpg`)),
    );
    const bytes = (await Promise.all(pictures)).reduce((sum, { length }) => sum + length, 0);
    expect(result.bytes).toBeLessThan(bytes + 16_384);
    const jpeg = await posterOf(site, '.jpg', { width });
    expect(jpeg.result.copied).toBe(1);
    expect(difference((await pxOf(jpeg.out)).data, tiles.data).mean).toBeLessThan(0.5);
  });

  test('takes images that are tiles themselves only where they are alike; the rest is encoded', async () => {
    const images = join(root, 'own');
    await mkdir(images);
    for (let i = 0; i < 6; i++) {
      const { data } = structured({ width: 256, height: 256 }, i + 1);
      const image = sharp(data, { raw: { width: 256, height: 256, channels: 3 } });
      const chromaSubsampling = i % 2 ? '4:2:0' : '4:4:4';
      await image.jpeg({ quality: 95, chromaSubsampling }).toFile(join(images, `${i}.jpg`));
    }
    const options = {
      images: [images],
      columns: 6,
      cellSize: 256,
      cellAspect: '1:1',
      variety: 1,
      crops: 'none',
    } as const;
    const site = await buildOf(root, 'verbatim', { ...options, layout: 'dzi' });
    expect(site.mosaic.sources.verbatim).toBe(6);
    const tiles = await levelPicture(site, 'dzi', site.mosaic.levels.length - 1);
    const { width } = site.mosaic;
    const tiff = await posterOf(site, '.tif', { width });
    expect(tiff.result.copied).toBeGreaterThan(0.2);
    expect(tiff.result.copied).toBeLessThan(0.8);
    expect(difference((await pxOf(tiff.out)).data, tiles.data).mean).toBeLessThan(1.5);
    const jpeg = await posterOf(site, '.jpg', { width, quality: 100 });
    expect(jpeg.result.copied).toBe(0);
    expect(difference((await pxOf(jpeg.out)).data, tiles.data).mean).toBeLessThan(1);
  });

  test.each<[string, Partial<BuildOptions>]>([
    ['cells of 4:3', { cellAspect: '4:3', cellSize: 128, columns: 7, layout: 'compact' }],
    ['cells of 4:3 as tiles', { cellAspect: '4:3', cellSize: 128, columns: 7, layout: 'dzi' }],
    ['PNG tiles', { format: 'png', columns: 7, layout: 'compact' }],
    ['WebP tiles', { format: 'webp', columns: 7, layout: 'dzi' }],
  ])('has them whatever the site is like: %s', async (name, options) => {
    const site = await buildOf(root, name, options);
    const [layout] = Object.keys(site.mosaic.layouts) as [Layout];
    for (const { level, width } of site.mosaic.levels.slice(-3)) {
      const tiles = await levelPicture(site, layout, level);
      for (const ending of ['.png', '.tif', '.jpg']) {
        const { out, result } = await posterOf(site, ending, { width });
        const px = await pxOf(out);
        expect([px.width, px.height]).toEqual([tiles.width, tiles.height]);
        const { mean, most } = difference(px.data, tiles.data);
        if (ending === '.png') expect(most).toBe(0);
        else expect(mean).toBeLessThan(result.copied === 1 ? 1 : 3);
      }
    }
  });
});

describe('a poster of another size', () => {
  test('is shrunk in linear light from the next larger level, as sharp shrinks it', async () => {
    const site = sites.compact;
    const { levels } = site.mosaic;
    for (const [width, level] of [
      [2559, levels.length - 1],
      [1777, levels.length - 1],
      [1001, levels.length - 2],
    ] as const) {
      const { out, result } = await posterOf(site, '.png', { width });
      expect(result.from.level).toBe(level);
      const tiles = await levelPicture(site, 'compact', level);
      const size = { width, height: Math.round((width * 27) / 40) };
      const whole = sharp(tiles.data, { raw: { width: tiles.width, height: tiles.height, channels: 3 } });
      const theirs = await whole
        .pipelineColourspace('scrgb')
        .resize({ ...size, fit: 'fill', kernel: 'cubic' })
        .toColourspace('srgb')
        .raw()
        .toBuffer();
      const own = await pxOf(out);
      expect([own.width, own.height]).toEqual([size.width, size.height]);
      // At the edges there are several ways to go on beyond the px.
      const inner = { left: 4, top: 4, width: size.width - 8, height: size.height - 8 };
      const { mean, most } = difference(partOf(own, inner).data, partOf({ data: theirs, ...size }, inner).data);
      expect(mean).toBeLessThan(0.3);
      expect(most).toBeLessThan(24);
    }
  });

  test('has no seams: parts are those of the whole', async () => {
    const large = structured({ width: 311, height: 207 }, 7);
    const source: PxSource = { ...large, read: async (rect) => partOf(large, rect).data };
    const small = new Shrunk(source, { width: 310.5, height: 206.25 }, { width: 211, height: 140 });
    const whole = { data: await small.read({ left: 0, top: 0, width: 211, height: 140 }), width: 211, height: 140 };
    for (const part of [
      { left: 0, top: 0, width: 211, height: 1 },
      { left: 50, top: 31, width: 97, height: 64 },
      { left: 210, top: 139, width: 1, height: 1 },
      { left: 3, top: 100, width: 5, height: 40 },
    ]) {
      expect(difference(await small.read(part), partOf(whole, part).data).most).toBeLessThanOrEqual(1);
    }
  });

  test.each([90, 60])('is encoded as sharp encodes all of it at once, quality %d', async (quality) => {
    const site = sites.dzi;
    // Several bands, of which the last is shorter and ends within an MCU.
    const [png, jpeg, tiff] = await Promise.all([
      posterOf(site, '.png', { width: 2333 }),
      posterOf(site, '.jpg', { width: 2333, quality }),
      posterOf(site, '.tif', { width: 2333, quality }),
    ]);
    expect([jpeg.result.copied, tiff.result.copied]).toEqual([0, 0]);
    const chromaSubsampling = quality < 90 ? '4:2:0' : '4:4:4';
    const px = await pxOf(png.out);
    const whole = sharp(px.data, { raw: { width: px.width, height: px.height, channels: 3 } });
    const theirs = await decode(await whole.jpeg({ quality, chromaSubsampling, optimiseCoding: false }).toBuffer());
    expect(Buffer.compare((await pxOf(jpeg.out)).data, theirs.data)).toBe(0);
    expect(await sharp(jpeg.out).metadata()).toMatchObject({ chromaSubsampling, density: 300, hasProfile: true });
    const inner = { left: 0, top: 0, width: 512, height: 512 };
    const tile = partOf(px, inner);
    const theirTile = await decode(
      await sharp(tile.data, { raw: { width: 512, height: 512, channels: 3 } })
        .jpeg({ quality, chromaSubsampling })
        .toBuffer(),
    );
    expect(Buffer.compare(partOf(await pxOf(tiff.out), inner).data, theirTile.data)).toBe(0);
    expect(difference((await pxOf(tiff.out)).data, theirs.data).mean).toBeLessThan(0.5);
  });

  test('by default has the greatest width up to 30,000 px that the site has', async () => {
    const { result } = await posterOf(sites.dzi, '.tif');
    expect([result.width, result.height]).toEqual([2560, 1728]);
    expect(result.cell).toEqual({ width: 64, height: 64 });
    expect(result.prints.map(({ dpi }) => dpi)).toEqual([150, 300]);
    expect(result.prints[1]!.width).toBeCloseTo((2560 / 300) * 2.54, 6);
    expect(result.prints[0]!.cell.width).toBeCloseTo((64 / 150) * 25.4, 6);
    const tiny = await posterOf(sites.dzi, '.jpg', { width: 1 });
    expect([tiny.result.width, tiny.result.height]).toEqual([1, 1]);
    expect(await pxOf(tiny.out)).toMatchObject({ width: 1, height: 1 });
  });
});

test('a poster notes 300 px per inch and the profile of its colours, in every format', async () => {
  for (const ending of ['.png', '.tif', '.jpg']) {
    const { out } = await posterOf(sites.compact, ending, { width: 640 });
    const { density, icc, exif, xmp } = await sharp(out).metadata();
    expect(density, ending).toBe(300);
    expect(icc!.toString('latin1'), ending).toContain('s\0R\0G\0B');
    expect([exif, xmp]).toEqual([undefined, undefined]);
    expect((await readFile(out)).subarray(0, 4096).toString('latin1')).toContain('zoomosaic poster');
  }
});

test('the chunks of a PNG and its compressed stream have the right sums', async () => {
  const { out, result } = await posterOf(sites.compact, '.png', { width: 2048 });
  const bytes = await readFile(out);
  const data: Buffer[] = [];
  for (let at = 8; at < bytes.length;) {
    const end = at + 8 + bytes.readUInt32BE(at);
    expect(crc32(bytes.subarray(at + 4, end))).toBe(bytes.readUInt32BE(end));
    if (bytes.toString('latin1', at + 4, at + 8) === 'IDAT') data.push(bytes.subarray(at + 8, end));
    at = end + 4;
  }
  // Several bands, and the stream's header and end; `inflate` checks its sum.
  expect(data.length).toBeGreaterThan(3);
  expect(inflateSync(Buffer.concat(data)).length).toBe(result.height * (1 + result.width * 3));
});

test('a TIFF is a BigTIFF where 32 bits do not hold its offsets', async () => {
  const tile = { width: 64, height: 32 };
  for (const [classicMax, version] of [
    [2 ** 32 - 1, 42],
    [0, 43],
  ] as const) {
    const out = join(root, `version-${version}.tif`);
    const file = await PictureFile.open(out);
    const profile = Buffer.alloc(3);
    const tiff = await TiffFile.start(file, { width: 150, height: 60, tile, sampling: 1, profile, classicMax });
    expect([tiff.columns, tiff.rows]).toEqual([3, 2]);
    const tiles = [0, 1, 2].map((i) => structured(tile, i + 1));
    const jpegs = tiles.map(({ data }) =>
      sharp(data, { raw: { ...tile, channels: 3 } }).jpeg({ chromaSubsampling: '4:4:4' }),
    );
    for (const [i, jpeg] of jpegs.entries()) await tiff.add(i, await jpeg.toBuffer());
    for (const i of [3, 4, 5]) tiff.repeat(i, 5 - i);
    await tiff.finish();
    await file.finish();
    const header = await open(out);
    expect((await header.read(Buffer.alloc(4), 0, 4, 0)).buffer.readUInt16LE(2)).toBe(version);
    await header.close();
    const px = await pxOf(out);
    expect([px.width, px.height]).toEqual([150, 60]);
    for (const [i, shown] of [0, 1, 2, 2, 1, 0].entries()) {
      const place = {
        left: (i % 3) * 64,
        top: Math.floor(i / 3) * 32,
        width: i % 3 === 2 ? 22 : 64,
        height: i < 3 ? 32 : 28,
      };
      const theirs = await decode(await jpegs[shown]!.toBuffer());
      const part = partOf(theirs, { left: 0, top: 0, width: place.width, height: place.height });
      expect(Buffer.compare(partOf(px, place).data, part.data)).toBe(0);
    }
  }
});
