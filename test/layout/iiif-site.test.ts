import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Image } from '@allmaps/iiif-parser';
import { Validator } from '@hyperion-framework/validator';
import { normalize } from '@iiif/parser';
import sharp from 'sharp';
import { beforeAll, describe, expect, test } from 'vitest';
import { build, type BuildOptions, type MosaicJson, rebase, type Size, verify } from '../../src/index.ts';
import {
  type IiifImage,
  iiifImageOf,
  iiifLevels,
  iiifTilePaths,
  iiifWholeSizes,
  infoJson,
} from '../../src/format/iiif-image.ts';
import { decode, difference, writeMany, writeWaves } from '../helpers/images.ts';
import {
  dziPicture,
  expectNear,
  filesOf,
  iiifPicture,
  partOf,
  type Picture,
  innerSamples,
  writePlacement,
  writeStructured,
} from '../helpers/levels.ts';
import { refuses } from '../helpers/refuses.ts';
import { readSite, reportOf } from '../helpers/site.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

const BASE = 'https://example.org/mosaic';

let root: string;
beforeAll(async () => {
  root = await temporaryFolder();
  await writeWaves(join(root, 'target.png'), 120, 80, 99);
});

async function make(name: string, options: Partial<BuildOptions> & Pick<BuildOptions, 'images'>) {
  const out = join(root, name);
  const common = { target: join(root, 'target.png'), out, catalog: join(root, 'catalog') };
  const result = await build({ ...common, layout: 'iiif', baseUrl: BASE, nearDuplicates: 'keep', ...options });
  const mosaic = JSON.parse(await readFile(join(out, 'mosaic.json'), 'utf8')) as MosaicJson;
  return { out, result, mosaic };
}

/** Some images of a cell's size in cells, in no order. */
async function placedImages(name: string, cell: Size, count: number, grid: { columns: number; rows: number }) {
  const images = join(root, `images of ${name}`);
  await mkdir(images);
  const names = [...(await writeStructured(images, count, cell)).keys()];
  const placed = Array.from({ length: grid.columns * grid.rows }, (_, i) => names[(i * 7 + (i >> 3)) % count]!);
  const placement = await writePlacement(join(root, `${name}.csv`), grid.columns, placed);
  return { images: [images], placement };
}

interface Document {
  readonly id: string;
  readonly type: string;
  readonly [key: string]: unknown;
}

async function readJson(path: string): Promise<Document> {
  return JSON.parse(await readFile(path, 'utf8')) as Document;
}

interface Case {
  readonly cell: Size;
  readonly grid: { readonly columns: number; readonly rows: number };
  readonly tile: Size;
  readonly options?: Partial<BuildOptions>;
}

const CASES: readonly [string, Case][] = [
  [
    'cells smaller than tiles',
    { cell: { width: 64, height: 64 }, grid: { columns: 13, rows: 9 }, tile: { width: 256, height: 256 } },
  ],
  [
    'more than the largest whole',
    { cell: { width: 256, height: 256 }, grid: { columns: 9, rows: 2 }, tile: { width: 256, height: 256 } },
  ],
  [
    'as large as the largest whole',
    { cell: { width: 256, height: 256 }, grid: { columns: 3, rows: 2 }, tile: { width: 256, height: 256 } },
  ],
  ['one cell', { cell: { width: 256, height: 256 }, grid: { columns: 1, rows: 1 }, tile: { width: 256, height: 256 } }],
  [
    'one small cell',
    { cell: { width: 16, height: 16 }, grid: { columns: 1, rows: 1 }, tile: { width: 256, height: 256 } },
  ],
  [
    'cells of several tiles',
    { cell: { width: 512, height: 512 }, grid: { columns: 5, rows: 1 }, tile: { width: 256, height: 256 } },
  ],
  [
    'cells of several tiles, few',
    { cell: { width: 512, height: 512 }, grid: { columns: 2, rows: 1 }, tile: { width: 256, height: 256 } },
  ],
  [
    'large tiles',
    {
      cell: { width: 512, height: 512 },
      grid: { columns: 5, rows: 1 },
      tile: { width: 512, height: 512 },
      options: { tileSize: 512 },
    },
  ],
  [
    'cells of 4:3',
    {
      cell: { width: 64, height: 48 },
      grid: { columns: 11, rows: 8 },
      tile: { width: 256, height: 192 },
      options: { cellAspect: '4:3', cellSize: 64 },
    },
  ],
  [
    'cells of 3:2, one of them a tile',
    {
      cell: { width: 384, height: 256 },
      grid: { columns: 7, rows: 1 },
      tile: { width: 384, height: 256 },
      options: { cellAspect: '3:2', cellSize: 256 },
    },
  ],
  [
    'cells of 9:16',
    {
      cell: { width: 36, height: 64 },
      grid: { columns: 19, rows: 6 },
      tile: { width: 288, height: 512 },
      options: { cellAspect: '9:16', cellSize: 64 },
    },
  ],
];

describe('the layout iiif', () => {
  test.each(CASES)(
    'is just the files that its functions name, each with its part of the mosaic: %s',
    async (name, { cell, grid, tile, options }) => {
      const given = await placedImages(name, cell, 5, grid);
      // Beside the layout dzi, from which its pictures are known; what it is alone, another test tells.
      const layout = ['dzi', 'iiif'] as const;
      const { out, mosaic } = await make(name, { ...given, cellSize: cell.width, quality: 92, layout, ...options });
      expect(mosaic.cell).toEqual(cell);
      const [width, height] = [grid.columns * cell.width, grid.rows * cell.height];
      const info = await readJson(join(out, 'iiif/image/info.json'));
      // How large the largest whole is, is up to the site; the rest is not.
      const sizes = info['sizes'] as Size[];
      const maxSide = Math.max(...sizes.flatMap((size) => [size.width, size.height]));
      expect(maxSide).toBeGreaterThanOrEqual(Math.min(256, Math.max(width, height)));
      const image: IiifImage = iiifImageOf({ width, height, tileWidth: tile.width, tileHeight: tile.height, maxSide });
      const manifest = `${BASE}/iiif/manifest.json`;
      expect(info).toEqual(JSON.parse(JSON.stringify(infoJson(image, `${BASE}/iiif/image`, { manifest }))));

      // What there should be, and of which part of which level.
      const expected = new Map<string, { factor: number; left: number; top: number }>();
      for (const { scaleFactor: factor, columns, rows } of iiifLevels(image)) {
        for (let i = 0; i < columns * rows; i++) {
          const [column, row] = [i % columns, Math.floor(i / columns)];
          const place = { factor, left: column * tile.width, top: row * tile.height };
          for (const path of iiifTilePaths(image, { scaleFactor: factor, column, row })) expected.set(path, place);
        }
      }
      for (const { scaleFactor: factor, paths } of iiifWholeSizes(image)) {
        for (const path of paths) expected.set(path, { factor, left: 0, top: 0 });
      }
      expect(await filesOf(join(out, 'iiif/image'))).toEqual([...expected.keys(), 'info.json'].toSorted());

      // Each is the part that its address names.
      const levels = new Map<number, Picture>();
      for (const [path, { factor, left, top }] of expected) {
        const level = mosaic.levels.length - 1 - Math.log2(factor);
        const whole = levels.get(factor) ?? (await dziPicture(out, 'mosaic', mosaic, level, mosaic.tileSize));
        levels.set(factor, whole);
        const shown = await decode(join(out, 'iiif/image', path));
        const [, region, size] = /^([^/]+)\/([^/]+)\/0\/default\.jpg$/.exec(path)!;
        const wanted = size === 'max' ? [shown.width, shown.height] : size!.split(',').map(Number);
        expect([shown.width, shown.height], path).toEqual(wanted);
        const [x, y, w, h] =
          region === 'full'
            ? [0, 0, width, height]
            : (region!.split(',').map(Number) as [number, number, number, number]);
        expect([x, y], path).toEqual([left * factor, top * factor]);
        expect([shown.width, shown.height], path).toEqual([Math.ceil(w / factor), Math.ceil(h / factor)]);
        const part = partOf(whole, { left, top, width: shown.width, height: shown.height });
        await expectNear(shown, part, mosaic.tile, path);
        // Where both are put together of the same data, they differ at edges only; a whole of tiles that are pictures is not.
        const { cell: px } = mosaic.levels[level]!;
        const spliced = px.width % 16 === 0 && px.height % 16 === 0;
        const alike = spliced && (region !== 'full' || px.width < mosaic.tileSize);
        if (alike) expect(difference(innerSamples(shown, px), innerSamples(part, px)).most, path).toBe(0);
      }
      const max = await decode(join(out, 'iiif/image/full/max/0/default.jpg'));
      const largest = iiifWholeSizes(image).at(-1);
      expect([max.width, max.height]).toEqual([largest?.width, largest?.height]);
      expect((await verify({ site: out })).problems).toEqual([]);
    },
  );
});

test.each([
  [256, 1],
  [256, 3],
  [512, 2],
])('the layout iiif alone has all that its files refer to: cells of %i px, %i of them', async (side, columns) => {
  const cell = { width: side, height: side };
  const given = await placedImages(`alone ${side} ${columns}`, cell, 3, { columns, rows: 1 });
  const { out, mosaic } = await make(`alone ${side} ${columns}`, { ...given, cellSize: side, quality: 92 });
  expect((await verify({ site: out })).problems).toEqual([]);
  const level = mosaic.levels.length - 1;
  const beside = await make(`dzi ${side} ${columns}`, { ...given, cellSize: side, quality: 92, layout: 'dzi' });
  const whole = await dziPicture(beside.out, 'mosaic', mosaic, level, 256);
  expect(difference((await iiifPicture(out, mosaic, level)).data, whole.data).most).toBe(0);
});

describe('a site with the layout iiif', () => {
  let site: Awaited<ReturnType<typeof make>>;
  let texts: Map<string, string>;
  const DOCUMENTS = ['iiif/image/info.json', 'iiif/manifest.json', 'iiif/annotations.json'];
  beforeAll(async () => {
    const given = await placedImages('documents', { width: 32, height: 32 }, 4, { columns: 10, rows: 6 });
    const about = {
      title: 'A <lighthouse> & more',
      credit: 'Photographs by many',
      rights: 'https://creativecommons.org/licenses/by/4.0/',
      names: 'all',
    } as const;
    site = await make('documents', { ...given, ...about, cellSize: 32, cellAspect: '1:1', baseUrl: `${BASE}/` });
    texts = new Map(
      await Promise.all(DOCUMENTS.map(async (path) => [path, await readFile(join(site.out, path), 'utf8')] as const)),
    );
  });

  test('has documents that others read', async () => {
    const { mosaic, result } = site;
    const [info, manifest, annotations] = DOCUMENTS.map((path) => JSON.parse(texts.get(path)!) as Document);
    const validator = new Validator();
    expect([validator.validateManifest(manifest), validator.validators['manifest']?.errors ?? []]).toEqual([true, []]);
    expect(new Validator().validateAnnotationPage(annotations)).toBe(true);
    const parsed = Image.parse(info);
    expect(parsed).toMatchObject({ uri: `${BASE}/iiif/image`, width: 320, height: 192, majorVersion: 3 });
    for (const zoom of parsed.tileZoomLevels) {
      for (let i = 0; i < zoom.columns * zoom.rows; i++) {
        const request = parsed.getTileImageRequest(zoom, i % zoom.columns, Math.floor(i / zoom.columns));
        const url = parsed.getImageUrl(request);
        expect(url.startsWith(`${BASE}/`)).toBe(true);
        expect((await stat(join(site.out, url.slice(BASE.length)))).isFile()).toBe(true);
      }
    }
    expect(manifest).toMatchObject({
      id: `${BASE}/iiif/manifest.json`,
      label: { none: ['A <lighthouse> & more'] },
      requiredStatement: { value: { none: ['Photographs by many'] } },
      rights: 'http://creativecommons.org/licenses/by/4.0/',
      summary: { none: ['A photomosaic of 60 cells and 4 images, 320 x 192 px.'] },
      items: [{ width: 320, height: 192, annotations: [{ id: annotations!.id }] }],
    });
    // All addresses in it that are files of the site are there.
    const { entities } = normalize(JSON.parse(texts.get('iiif/manifest.json')!) as never);
    const images = Object.values(entities.ContentResource) as {
      id: string;
      type?: string;
      width: number;
      height: number;
    }[];
    for (const { id, width, height } of images.filter(({ type }) => type === 'Image')) {
      const size = await sharp(join(site.out, id.slice(BASE.length))).metadata();
      expect([size.width, size.height], id).toEqual([width, height]);
    }
    for (const path of ['mosaic.json', 'index.html']) expect(await filesOf(site.out)).toContain(path);
    expect(mosaic.layouts.iiif!.baseUrl).toBe(BASE);
    expect(result.fit.layouts.map(({ layout }) => layout)).toEqual(['iiif']);
    // The page is the same wherever it lies.
    expect(await readFile(join(site.out, 'index.html'), 'utf8')).not.toContain(BASE);
  });

  test('has nothing of other layouts, but the same images', async () => {
    expect(site.result.layouts).toEqual(['iiif']);
    expect(Object.keys(site.mosaic.layouts)).toEqual(['iiif']);
    const tops = new Set((await filesOf(site.out)).map((path) => path.split('/')[0]));
    expect([...tops]).toEqual(['cells', 'checksums.bin', 'iiif', 'index.html', 'mosaic.json', 'viewer']);
    const images = [join(root, 'images of documents')];
    const placement = reportOf(site.out, 'placement.csv');
    const both = await make('with dzi', { images, placement, cellSize: 32, layout: ['dzi', 'iiif'] });
    const folder = (out: string) => join(out, 'iiif/image');
    const files = await filesOf(folder(site.out));
    expect(await filesOf(folder(both.out))).toEqual(files);
    for (const path of files.filter((file) => file.endsWith('.jpg'))) {
      const [alone, beside] = await Promise.all([site.out, both.out].map((out) => readFile(join(folder(out), path))));
      expect(alone!.equals(beside!), path).toBe(true);
    }
  });

  test('names what stands in every cell, where it stands', async () => {
    const { items } = JSON.parse(texts.get('iiif/annotations.json')!) as {
      items: { target: string; body: { value: string } }[];
    };
    const { placed } = await readSite(site.out);
    expect(items.map(({ target, body }) => [target, body.value])).toEqual(
      placed.map(({ column, row, source }) => [
        `${BASE}/iiif/canvas/1#xywh=${Number(column) * 32},${Number(row) * 32},32,32`,
        source,
      ]),
    );
    expect(new Set(items.map(({ body }) => body.value)).size).toBe(4);
  });

  test('is verified with what its documents say of the image', async () => {
    const path = join(site.out, 'iiif/image/info.json');
    const text = await readFile(path, 'utf8');
    for (const [from, to] of [
      ['"width": 320', '"width": 321'],
      ['"scaleFactors": [', '"scaleFactors": [ 64,'],
      [BASE, 'https://elsewhere.example'],
      ['}', ''],
    ] as const) {
      expect(text).toContain(from);
      await writeFile(path, text.replace(from, to));
      const { problems } = await verify({ site: site.out });
      expect(problems.map((one) => one.path)).toEqual(['iiif/image/info.json']);
    }
    await writeFile(path, text);
    expect((await verify({ site: site.out })).problems).toEqual([]);
  });

  test('names the source of a cell that is not square, and turned', async () => {
    const given = await placedImages('turned', { width: 48, height: 32 }, 3, { columns: 3, rows: 1 });
    await writePlacement(given.placement, 3, [['002.png', 2], ['000.png', 4], '001.png']);
    const { out } = await make('turned', { ...given, cellSize: 32, cellAspect: '3:2', names: 'all' });
    const { items } = (await readJson(join(out, 'iiif/annotations.json'))) as unknown as {
      items: { target: string; body: { value: string } }[];
    };
    expect(items.map(({ target, body }) => [target.split('#')[1], body.value])).toEqual([
      ['xywh=0,0,48,32', '002.png'],
      ['xywh=48,0,48,32', '000.png'],
      ['xywh=96,0,48,32', '001.png'],
    ]);
    expect((await verify({ site: out })).problems).toEqual([]);
  });

  test.each([
    ['up to 5,000 cells', { columns: 100, rows: 50 }, 5000],
    ['not beyond', { columns: 100, rows: 51 }, 0],
  ])('names cells %s', async (name, grid, count) => {
    const given = await placedImages(name, { width: 16, height: 16 }, 3, grid);
    const { out } = await make(name, { ...given, cellSize: 16, names: 'all' });
    const files = await readdir(join(out, 'iiif'));
    expect(files.includes('annotations.json')).toBe(count > 0);
    const { items } = (await readJson(join(out, 'iiif/manifest.json'))) as unknown as { items: object[] };
    expect('annotations' in items[0]!).toBe(count > 0);
    if (count === 0) return;
    const page = (await readJson(join(out, 'iiif/annotations.json'))) as unknown as { items: object[] };
    expect(page.items.length).toBe(count);
  });

  test('moves to another address and back, and is sound there', async () => {
    const to = 'http://localhost:8080/elsewhere';
    const files = [...DOCUMENTS, 'mosaic.json'];
    const contents = async () =>
      Object.fromEntries(
        await Promise.all(files.map(async (path) => [path, await readFile(join(site.out, path), 'utf8')] as const)),
      );
    const before = await contents();
    expect(await rebase({ site: site.out, baseUrl: `${to}/` })).toEqual({ from: BASE, to, files });
    const moved = await contents();
    for (const path of files) expect(moved[path], path).toBe(before[path]!.replaceAll(BASE, to));
    expect((await verify({ site: site.out })).problems).toEqual([]);
    // As if it had been built for there.
    const images = [join(root, 'images of documents')];
    const about = {
      title: 'A <lighthouse> & more',
      credit: 'Photographs by many',
      rights: 'https://creativecommons.org/licenses/by/4.0/',
      names: 'all',
    } as const;
    const placement = join(root, 'documents.csv');
    const other = await make('moved', { images, placement, ...about, cellSize: 32, baseUrl: to });
    for (const path of files) expect(await readFile(join(other.out, path), 'utf8'), path).toBe(moved[path]);
    await rebase({ site: site.out, baseUrl: BASE });
    expect(await contents()).toEqual(before);
    expect((await verify({ site: site.out })).problems).toEqual([]);
  });

  test.each(DOCUMENTS)('is not sound without %s, or with half of it', async (path) => {
    const whole = join(site.out, path);
    const text = texts.get(path)!;
    await rm(whole);
    const missing = (await verify({ site: site.out })).problems;
    await writeFile(whole, text.slice(0, text.length / 2));
    const half = (await verify({ site: site.out })).problems;
    await writeFile(whole, text);
    expect(missing).toEqual([{ path, problem: 'missing' }]);
    expect(half.map((problem) => problem.path)).toEqual([path]);
  });

  test.each<[string, Partial<BuildOptions>, RegExp]>([
    [
      'an address',
      { baseUrl: undefined as never },
      /^Expected the address that the site will have, as in https:.+example.* for --base-url but received none$/,
    ],
    [
      'one that is an address',
      { baseUrl: 'example.org' },
      /^Expected an absolute http or https URL .* for --base-url but received example\.org$/,
    ],
    ['JPEG tiles', { format: 'webp' }, /^Expected jpeg for --format with --layout iiif but received webp$/],
    ['a licence', { rights: 'all mine' }, /^Expected the URI of a licence .* for --rights but received all mine$/],
  ])('needs %s', async (_, options, message) => {
    for (const layout of ['iiif', ['dzi', 'iiif']] as const) {
      await refuses(
        () => make('refused', { images: [join(root, 'images of documents')], layout, ...options }),
        message,
      );
    }
    await expect(stat(join(root, 'refused'))).rejects.toThrow('ENOENT');
    // Where there is no such layout, most of it is no matter.
    if (options.format)
      await make('no iiif', {
        images: [join(root, 'images of documents')],
        layout: 'dzi',
        cellSize: 32,
        columns: 3,
        ...options,
      });
  });
});

test.each(['iiif', 'compact'] as const)(
  'files of a site with the layout %s are no images to make mosaics of',
  async (layout) => {
    const around = join(root, `around ${layout}`);
    await mkdir(around);
    await writeMany(around, 3);
    for (const round of [1, 2]) {
      const { result, out } = await make(`around ${layout}/site`, {
        images: [around],
        layout,
        originals: 'copy',
        cellSize: 32,
        columns: 4,
      });
      expect(dirname(out)).toBe(around);
      expect(result.sources.found, `round ${round}`).toBe(3);
    }
    expect((await make(`beside ${layout}`, { images: [around], cellSize: 32, columns: 4 })).result.sources.found).toBe(
      3,
    );
  },
);
