import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Image } from '@allmaps/iiif-parser';
import { Validator } from '@hyperion-framework/validator';
import { normalize } from '@iiif/parser';
import sharp from 'sharp';
import { beforeAll, describe, expect, test } from 'vitest';
import { type BuildOptions, rebase, verify } from '../../src/index.ts';
import { BASE, type Document, makeIiif, placedImages, readJson } from '../helpers/iiif-mosaics.ts';
import { writeMany, writeWaves } from '../helpers/images.ts';
import { filesOf, writePlacement } from '../helpers/levels.ts';
import { refuses } from '../helpers/refuses.ts';
import { readSite, reportOf } from '../helpers/site.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

let root: string;
beforeAll(async () => {
  root = await temporaryFolder();
  await writeWaves(join(root, 'target.png'), 120, 80, 99);
});

const make = (name: string, options: Parameters<typeof makeIiif>[2]) => makeIiif(root, name, options);

describe('a site with the layout iiif', () => {
  let site: Awaited<ReturnType<typeof make>>;
  let texts: Map<string, string>;
  const DOCUMENTS = ['iiif/image/info.json', 'iiif/manifest.json', 'iiif/annotations.json'];
  beforeAll(async () => {
    const given = await placedImages(root, 'documents', { width: 32, height: 32 }, 4, { columns: 10, rows: 6 });
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
    expect(mosaic.baseUrl).toBe(BASE);
    expect(result.fit.layouts.map(({ layout }) => layout)).toEqual(['iiif']);
    // The page is the same wherever it lies, but for the addresses of its preview and of itself.
    const page = await readFile(join(site.out, 'index.html'), 'utf8');
    expect(page.split(BASE).length).toBe(4);
    expect(page).toContain(`content="${BASE}/preview.jpg"`);
  });

  test('has nothing of other layouts, but the same images', async () => {
    expect(site.result.layouts).toEqual(['iiif']);
    expect(Object.keys(site.mosaic.layouts)).toEqual(['iiif']);
    const tops = new Set((await filesOf(site.out)).map((path) => path.split('/')[0]));
    expect([...tops]).toEqual([
      'cells',
      'checksums.bin',
      'compare.jpg',
      'iiif',
      'index.html',
      'mosaic.json',
      'preview.jpg',
      'sources',
      'viewer',
    ]);
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
    const given = await placedImages(root, 'turned', { width: 48, height: 32 }, 3, { columns: 3, rows: 1 });
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
    const given = await placedImages(root, name, { width: 16, height: 16 }, 3, grid);
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
    const files = [...DOCUMENTS, 'mosaic.json', 'index.html'];
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
