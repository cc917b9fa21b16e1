import { copyFile, mkdir, readdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import sharp from 'sharp';
import { beforeAll, describe, expect, test } from 'vitest';
import { build, type BuildOptions, type MosaicJson, type Progress, verify } from '../../src/index.ts';
import { encodeSrgb, halveLinear, LINEAR } from '../../src/colour/linear.ts';
import { decode, difference, waves, writeMany, writeWaves } from '../helpers/images.ts';
import { readSite, reportOf } from '../helpers/site.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

let root: string;
let target: string;
let images: string[];
beforeAll(async () => {
  root = await temporaryFolder();
  target = join(root, 'target.png');
  await writeWaves(target, 300, 200, 99);
  await mkdir(join(root, 'images'));
  images = await writeMany(join(root, 'images'), 12);
});

async function make(name: string, options: Partial<BuildOptions> = {}) {
  const out = join(root, name);
  const grid = options.grid || options.columns ? {} : { columns: 6 };
  const defaults = { target, images: [join(root, 'images')], out, cellSize: 64, catalog: join(root, 'catalog') };
  const result = await build({ ...defaults, ...grid, ...options });
  const mosaic = JSON.parse(await readFile(join(out, 'mosaic.json'), 'utf8')) as MosaicJson;
  return { out, result, mosaic };
}

/** Every file of a folder with its bytes. */
async function contents(folder: string): Promise<Map<string, Buffer>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return new Map(
    await Promise.all(files.toSorted().map(async (file) => [relative(folder, file), await readFile(file)] as const)),
  );
}

/** A level of the Deep Zoom layout, and its tiles across and down. */
function tilesIn({ levels, layouts, tileSize }: MosaicJson, level: number) {
  const { width, height } = levels[level]!;
  const { tile, from } = layouts.dzi!.levels[level]!;
  expect(tile).toEqual({ width: tileSize, height: tileSize });
  return { level, width, height, from, columns: Math.ceil(width / tileSize), rows: Math.ceil(height / tileSize) };
}

/** The picture of a level, put together from its tiles. */
async function levelPicture(
  site: string,
  mosaic: MosaicJson,
  level: number,
): Promise<{ data: Buffer; width: number; height: number }> {
  const { columns, rows, width, height } = tilesIn(mosaic, level);
  const parts = Array.from({ length: columns * rows }, (_, i) => ({
    input: join(
      site,
      'mosaic_files',
      String(level),
      `${i % columns}_${Math.floor(i / columns)}.${mosaic.tile.extension}`,
    ),
    left: (i % columns) * mosaic.tileSize,
    top: Math.floor(i / columns) * mosaic.tileSize,
  }));
  const whole = await sharp({ create: { width, height, channels: 3, background: '#f0f' } })
    .composite(parts)
    .png()
    .toBuffer();
  return await decode(whole);
}

/** What encoding alone does to a level's picture, with the mosaic's own settings. */
async function codingError(px: Buffer, { levels, tile }: MosaicJson, level: number) {
  if (tile.format === 'png') return { mean: 0, most: 0 };
  const { width, height } = levels[level]!;
  const image = sharp(px, { raw: { width, height, channels: 3 } });
  const { quality, subsampling } = tile;
  return difference((await decode(await image.jpeg({ quality, chromaSubsampling: subsampling }).toBuffer())).data, px);
}

describe('the pyramid', () => {
  test.each([
    ['cells smaller than tiles, odd grid', { grid: { columns: 7, rows: 5 }, cellSize: 64 }],
    ['cells as large as tiles', { grid: { columns: 3, rows: 2 }, cellSize: 256 }],
    ['cells larger than tiles', { grid: { columns: 3, rows: 2 }, cellSize: 512 }],
    [
      'large tiles, 4:4:4',
      { grid: { columns: 5, rows: 4 }, cellSize: 256, tileSize: 512, subsampling: '4:4:4' as const },
    ],
    ['tiny cells', { grid: { columns: 37, rows: 23 }, cellSize: 16 }],
    ['one cell', { grid: { columns: 1, rows: 1 }, cellSize: 32 }],
    ['PNG', { grid: { columns: 5, rows: 3 }, cellSize: 128, format: 'png' as const }],
    ['cells of 4:3', { grid: { columns: 11, rows: 6 }, cellSize: 64, cellAspect: '4:3' }],
    [
      'cells of 2:1, of several tiles',
      { grid: { columns: 3, rows: 2 }, cellSize: 512, cellAspect: '2:1', tileSize: 256 },
    ],
    [
      'cells of 3:2, which tiles cut',
      { grid: { columns: 2, rows: 3 }, cellSize: 512, cellAspect: '3:2', tileSize: 256 },
    ],
    [
      'cells of 9:16, which tiles cut, PNG',
      { grid: { columns: 5, rows: 3 }, cellSize: 128, cellAspect: '9:16', format: 'png' as const },
    ],
  ])('is what any Deep Zoom viewer expects: %s', async (name, options) => {
    const { out, mosaic } = await make(`oracle-${name.replaceAll(/\W/g, '-')}`, {
      ...options,
      quality: 95,
      variety: 0,
    });
    const deepest = mosaic.levels.length - 1;
    const whole = await levelPicture(out, mosaic, deepest);
    expect([whole.width, whole.height]).toEqual([mosaic.width, mosaic.height]);

    // Names and sizes: those of libvips' own Deep Zoom writer.
    const raw = { width: whole.width, height: whole.height, channels: 3 as const };
    const format =
      mosaic.tile.format === 'png'
        ? sharp(whole.data, { raw }).png()
        : sharp(whole.data, { raw }).jpeg({ quality: 95, chromaSubsampling: '4:4:4' });
    const oracle = join(root, 'vips', name);
    await mkdir(oracle, { recursive: true });
    await format
      .tile({ layout: 'dz', overlap: 0, size: mosaic.tileSize, depth: 'onepixel' })
      .toFile(join(oracle, 'mosaic.dz'));
    const extension = mosaic.tile.extension === 'jpg' ? 'jpeg' : 'png';
    const theirs = [...(await contents(join(oracle, 'mosaic_files'))).keys()].filter(
      (file) => !file.includes('properties'),
    );
    const ours = [...(await contents(join(out, 'mosaic_files'))).keys()];
    expect(ours.map((file) => file.replace(/\.\w+$/, ''))).toEqual(
      theirs.map((file) => file.replace(`.${extension}`, '')),
    );
    const [mine, reference] = await Promise.all(
      [join(out, 'mosaic.dzi'), join(oracle, 'mosaic.dzi')].map((file) => readFile(file, 'utf8')),
    );
    for (const field of [/TileSize="\d+"/, /Overlap="\d+"/, /Width="\d+"/, /Height="\d+"/]) {
      expect(mine!.match(field)![0]).toBe(reference!.match(field)![0]);
    }
    for (const file of theirs) {
      const { width, height } = await sharp(join(oracle, 'mosaic_files', file)).metadata();
      const own = await sharp(
        join(out, 'mosaic_files', file.replace(`.${extension}`, `.${mosaic.tile.extension}`)),
      ).metadata();
      expect([file, own.width, own.height]).toEqual([file, width, height]);
    }

    // Pixels: every level is the full one, halved again and again in linear light.
    let linear: Float32Array = Float32Array.from(whole.data, (value) => LINEAR[value]!);
    for (let level = deepest - 1; level >= 0; level--) {
      const finer = mosaic.levels[level + 1]!;
      linear = halveLinear(linear, finer.width, finer.height);
      const expected = new Uint8Array(linear.length);
      encodeSrgb(linear, expected);
      const { mean, most } = difference((await levelPicture(out, mosaic, level)).data, expected);
      const allowed = await codingError(Buffer.from(expected), mosaic, level);
      // So few px have no mean to speak of: the first level's rounding decides.
      if (expected.length > 12) expect(mean, `level ${level}`).toBeLessThan(1.25 * allowed.mean + 0.6);
      expect(most, `level ${level}`).toBeLessThan(1.5 * allowed.most + 6);
    }
    expect((await verify({ site: out })).problems).toEqual([]);
  });

  test('agrees with libvips at every level where light is even', async () => {
    // In pictures without detail, it makes no difference that libvips averages sRGB values.
    const flat = join(root, 'flat');
    await mkdir(flat);
    for (const [i, background] of ['#803020', '#208050', '#d0d0e0', '#101820'].entries()) {
      await sharp({ create: { width: 64, height: 64, channels: 3, background } })
        .png()
        .toFile(join(flat, `${i}.png`));
    }
    const { out, mosaic } = await make('even', { images: [flat], grid: { columns: 8, rows: 6 }, format: 'png' });
    const whole = await levelPicture(out, mosaic, mosaic.levels.length - 1);
    await sharp(whole.data, { raw: { width: whole.width, height: whole.height, channels: 3 } })
      .png()
      .tile({ layout: 'dz', overlap: 0, depth: 'onepixel' })
      .toFile(join(root, 'even.dz'));
    await mkdir(join(root, 'even-vips'));
    await rename(join(root, 'even_files'), join(root, 'even-vips/mosaic_files'));
    for (const { level, cell } of mosaic.levels.filter((one) => one.cell.width >= 1)) {
      const [mine, theirs] = [
        await levelPicture(out, mosaic, level),
        await levelPicture(join(root, 'even-vips'), mosaic, level),
      ];
      expect(difference(mine.data, theirs.data).most, `${cell.width} px per cell`).toBeLessThanOrEqual(1);
    }
  });
});

describe('full resolution', () => {
  test('is stored once per source and linked', async () => {
    const { out, mosaic, result } = await make('links', { cellSize: 256, columns: 8, minDistance: 0 });
    const { pictures } = await readSite(out);
    expect(mosaic.pictures).toBe(mosaic.sources.used);
    const { level, columns, rows } = tilesIn(mosaic, mosaic.levels.length - 1);
    const inodes = new Map<number, string>();
    for (const file of await readdir(join(out, 'tiles/0')))
      inodes.set((await stat(join(out, 'tiles/0', file))).ino, file);
    expect(inodes.size).toBe(mosaic.sources.used);
    for (let i = 0; i < columns * rows; i++) {
      const tile = join(out, 'mosaic_files', String(level), `${i % columns}_${Math.floor(i / columns)}.jpg`);
      expect(inodes.get((await stat(tile)).ino)).toBe(`${pictures[i]!}.jpg`);
    }
    expect(result.linkedFiles).toBe(columns * rows);
    const copied = await make('copies', { cellSize: 256, columns: 8, minDistance: 0, fullLevel: 'copy' });
    const tile = await stat(join(copied.out, 'mosaic_files', String(level), '0_0.jpg'));
    expect(tile.nlink).toBe(1);
    expect(copied.result.linkedFiles).toBe(0);
  });

  test('of a cell-sized JPEG is its own data, byte for byte, without its metadata', async () => {
    const folder = join(root, 'verbatim');
    await mkdir(folder);
    const px = sharp(waves(256, 256, 3), { raw: { width: 256, height: 256, channels: 3 } });
    const own = await px.clone().jpeg({ quality: 60, optimiseCoding: true }).toBuffer();
    await px
      .clone()
      .jpeg({ quality: 60, optimiseCoding: true })
      .withExif({ IFD0: { Artist: 'A' }, IFD3: { GPSLatitude: '1/1 2/1 3/1' } })
      .toFile(join(folder, 'a.jpg'));
    await px.clone().jpeg({ progressive: true }).toFile(join(folder, 'progressive.jpg'));
    await px.clone().jpeg().withMetadata({ orientation: 6 }).toFile(join(folder, 'turned.jpg'));
    await px.clone().withIccProfile('p3').jpeg().toFile(join(folder, 'wide.jpg'));
    await px.clone().resize(255).jpeg().toFile(join(folder, 'small.jpg'));
    const { out, mosaic } = await make('own', {
      images: [folder],
      cellSize: 256,
      maxUses: 1,
      nearDuplicates: 'keep',
      grid: { columns: 5, rows: 1 },
    });
    expect(mosaic.sources).toMatchObject({ used: 5, verbatim: 1, enlarged: 1 });
    const { ids, pictures } = await readSite(out);
    expect(new Set(pictures)).toEqual(new Set([0, 1, 2, 3, 4]));
    const tile = await readFile(join(out, `tiles/0/${pictures[ids.indexOf(0)]!}.jpg`));
    const scan = own.subarray(own.indexOf(Buffer.from([0xff, 0xda])));
    expect(tile.subarray(-scan.length).equals(scan)).toBe(true);
    for (const [file, bytes] of await contents(out)) {
      if (file.endsWith('.jpg')) expect(bytes.includes('Exif') || bytes.includes('GPS'), file).toBe(false);
    }
    expect((await readFile(join(folder, 'a.jpg'))).includes('Exif')).toBe(true);
  });
});

describe('a build', () => {
  test('is the same to the byte whatever the concurrency, catalog or order of inputs', async () => {
    const one = await make('same-1', { concurrency: 1, catalog: join(root, 'fresh-1'), maxUses: 5 });
    // Another catalog, into which the images came in two lots, the later ones first.
    const lots = join(root, 'fresh-2');
    await make('same-x', { images: images.slice(6), catalog: lots });
    const two = await make('same-2', { concurrency: 3, catalog: lots, images: images.toReversed(), maxUses: 5 });
    const [a, b] = [await contents(one.out), await contents(two.out)];
    expect([...a.keys()]).toEqual([...b.keys()]);
    for (const [file, bytes] of a) expect(b.get(file)!.equals(bytes), file).toBe(true);
  });

  test('reports what it did', async () => {
    const folder = join(root, 'mixed');
    await mkdir(folder);
    await copyFile(images[0]!, join(folder, 'a.jpg'));
    await copyFile(images[0]!, join(folder, 'b.jpg'));
    await copyFile(images[1]!, join(folder, 'c.jpg'));
    await writeFile(join(folder, 'broken, "really".jpg'), 'x');
    const seen: Progress[] = [];
    const { out, result, mosaic } = await make('report', {
      images: [folder],
      maxUses: 12,
      onProgress: (progress) => void seen.push(progress),
    });
    expect(result).toMatchObject({
      out,
      grid: { columns: 6, rows: 4 },
      layouts: ['dzi'],
      cell: { width: 64, height: 64 },
      tileSize: 256,
      width: 384,
      height: 256,
      levels: 10,
      sources: { found: 4, usable: 2, used: 2, skipped: 1, duplicates: 1 },
    });
    expect(result.files).toBe((await contents(out)).size);
    expect(result.peakRssBytes).toBeGreaterThan(1e7);
    // 24 cells, two images, 12 uses: which cells get which is decided by the auction.
    expect(result.quality.mostUses).toBe(12);
    expect(result.quality.gap).toBeGreaterThanOrEqual(0);
    expect(result.quality.gap).toBeLessThan(0.01);
    expect(Object.keys(result.stages)).toEqual(['scan', 'catalog', 'match', 'measure', 'pyramid', 'originals', 'site']);
    expect(mosaic.sources).toEqual(result.sources);
    expect(await readFile(reportOf(out, 'skipped.csv'), 'utf8')).toMatch(
      /^path,code,reason\r\n".*broken, ""really"".jpg",not-an-image,"not an image, or of a format that cannot be decoded"\r\n$/,
    );
    expect([...new Set(seen.map(({ stage }) => stage))]).toEqual([
      'scan',
      'catalog',
      'match',
      'measure',
      'pyramid',
      'site',
    ]);
    for (const { done, total } of seen) expect(done).toBeLessThanOrEqual(total);
    expect(seen.filter(({ stage }) => stage === 'pyramid').at(-1)).toMatchObject({
      unit: 'tiles',
      done: 11,
      total: 11,
    });
  });

  test('keeps rows in the target’s shape, upright', async () => {
    const tall = join(root, 'tall.jpg');
    await sharp(waves(300, 200, 1), { raw: { width: 300, height: 200, channels: 3 } })
      .withMetadata({ orientation: 6 })
      .jpeg()
      .toFile(tall);
    expect((await make('tall', { target: tall, columns: 4 })).result.grid).toEqual({ columns: 4, rows: 6 });
  });

  test('replaces a site of ours, keeps what else is there, and leaves all alone when it fails', async () => {
    const { out } = await make('swap');
    await writeFile(join(out, 'mine.txt'), 'not the site’s');
    const before = await contents(out);
    const controller = new AbortController();
    const onProgress = ({ stage }: Progress) => stage === 'pyramid' && controller.abort(new Error('enough'));
    await expect(make('swap', { columns: 9, onProgress, signal: controller.signal })).rejects.toThrow('enough');
    expect(await contents(out)).toEqual(before);
    const { mosaic } = await make('swap', { columns: 9 });
    expect(mosaic.grid.columns).toBe(9);
    expect((await contents(out)).has('mine.txt')).toBe(true);
    expect((await readdir(out)).filter((name) => name.startsWith('.'))).toEqual([]);
  });

  test('refuses a folder that is not ours, unless forced, and one that holds its inputs', async () => {
    const foreign = join(root, 'foreign');
    await mkdir(foreign);
    await writeFile(join(foreign, 'diary.txt'), 'dear diary');
    await expect(make('foreign')).rejects.toMatchObject({ code: 'out-exists' });
    expect(await readFile(join(foreign, 'diary.txt'), 'utf8')).toBe('dear diary');
    await expect(make('images', { force: true })).rejects.toMatchObject({ code: 'out-exists' });
    await expect(make('.', { force: true })).rejects.toMatchObject({ code: 'out-exists' });
    await make('foreign', { force: true });
    expect(await readFile(join(foreign, 'diary.txt'), 'utf8')).toBe('dear diary');
    const file = join(root, 'file');
    await writeFile(file, 'no folder');
    await expect(make('file', { force: true })).rejects.toMatchObject({ code: 'out-exists' });
    expect(await readFile(file, 'utf8')).toBe('no folder');
  });

  test('never takes tiles of a mosaic for images', async () => {
    const folder = join(root, 'around');
    await mkdir(folder);
    await writeMany(folder, 3);
    for (const round of [1, 2]) {
      const { result } = await make('around/site', { images: [folder] });
      expect(result.sources.found, `round ${round}`).toBe(3);
    }
    expect((await make('beside', { images: [folder] })).result.sources.found).toBe(3);
  });

  test.each<[string, Partial<BuildOptions>, string, RegExp]>([
    ['no image', { images: ['test/*.nothing'] }, 'no-images', /matches nothing/],
    ['no usable image', { images: ['package.json'] }, 'no-images', /None of 1 images can be used.*not an image/],
    ['a missing target', { target: 'missing.jpg' }, 'target', /missing\.jpg.*ENOENT/],
    ['a target that is none', { target: 'package.json' }, 'target', /package\.json: not an image/],
    [
      'too few images',
      { maxUses: 1 },
      'too-few-images',
      /24 cells at --max-uses 1 need at least 24 images; at most 12 are usable/,
    ],
    [
      'a grid too large',
      { grid: { columns: 10_000_000, rows: 1 }, cellSize: 4096 },
      'grid-too-large',
      /is 40,960,000,000 px long; Deep Zoom holds 2,147,483,647/,
    ],
    [
      'too many tiles',
      { grid: { columns: 10_000, rows: 10_000 }, cellSize: 256 },
      'grid-too-large',
      /100,000,000 tiles/,
    ],
    [
      'too many cells',
      { grid: { columns: 10_000, rows: 10_000 }, cellSize: 16 },
      'grid-too-large',
      /100,000,000 cells; expected at most 16,777,216/,
    ],
    ['an --out where no folder can be', { out: 'package.json/site' }, 'not-writable', /--out package.json\/site/],
    [
      'a catalog where no folder can be',
      { catalog: 'package.json' },
      'not-writable',
      /Cannot write to --catalog package.json: no folder can be there/,
    ],
    [
      'a cell size',
      { cellSize: 100 },
      'usage',
      /Expected a power of two from 16 to 4096, or native for --cell-size but received 100/,
    ],
    ['a tile size', { tileSize: 128 }, 'usage', /Expected 256 or 512 for --tile-size but received 128/],
    ['a quality', { quality: 0 }, 'usage', /Expected a whole number from 1 to 100 for --quality but received 0/],
    [
      'a format',
      { format: 'bmp' as 'png' },
      'usage',
      /Expected one of jpeg, webp, avif, png for --format but received bmp/,
    ],
    [
      'a colour',
      { background: 'pinkish' },
      'usage',
      /Expected a colour such as #ffffff for --background but received pinkish/,
    ],
    ['columns and grid', { grid: { columns: 2, rows: 2 }, columns: 2 }, 'usage', /either --columns or --grid/],
  ])('names %s, and what to do', async (_, options, code, message) => {
    const refusal = {
      code,
      message: expect.stringMatching(message) as string,
      remedy: expect.stringMatching(/\.$/) as string,
    };
    await expect(make('refused', options)).rejects.toMatchObject(refusal);
    await expect(stat(join(root, 'refused'))).rejects.toThrow('ENOENT');
  });

  test('says what transparent images lie on', async () => {
    const folder = join(root, 'clear');
    await mkdir(folder);
    await sharp({ create: { width: 64, height: 64, channels: 4, background: '#0000' } })
      .png()
      .toFile(join(folder, 'a.png'));
    const { result } = await make('clear-site', { images: [folder] });
    expect(result.warnings.join()).toContain(
      `transparent images lie on ${result.background}, the target's mean colour`,
    );
    const red = await make('clear-red', { images: [folder], background: '#f00' });
    expect(red.mosaic.background).toBe('#ff0000');
    const { data } = await decode(join(red.out, 'mosaic_files/0/0_0.jpg'));
    expect(data[0]).toBeGreaterThan(250);
    expect(data[1]).toBeLessThan(5);
  });

  test.each(['webp', 'avif'] as const)('paints %s tiles', async (format) => {
    const { out, result, mosaic } = await make(`as-${format}`, { format, cellSize: 256, columns: 3 });
    expect(mosaic.layouts.dzi!.levels.map(({ from }) => from)).not.toContain('splice');
    expect(result.warnings.join()).toContain(`${format} tiles cannot be spliced`);
    expect((await verify({ site: out })).problems).toEqual([]);
  });
});
