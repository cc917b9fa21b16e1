import { mkdir, readdir, readFile, rename, stat } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { beforeAll, describe, expect, test } from 'vitest';
import { type BuildOptions, type MosaicJson, verify } from '../../src/index.ts';
import { buildOf, contents, writeInputs } from '../helpers/built.ts';
import { decode, difference, waves } from '../helpers/images.ts';
import { dziPicture, halves, type Picture } from '../helpers/levels.ts';
import { readSite } from '../helpers/site.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

let root: string;
beforeAll(async () => {
  root = await temporaryFolder();
  await writeInputs(root);
});

const make = (name: string, options?: Partial<BuildOptions>) => buildOf(root, name, options);

/** A level of the Deep Zoom layout, and its tiles across and down. */
function tilesIn({ levels, layouts, tileSize }: MosaicJson, level: number) {
  const { width, height } = levels[level]!;
  const { tile, from } = layouts.dzi!.levels[level]!;
  expect(tile).toEqual({ width: tileSize, height: tileSize });
  return { level, width, height, from, columns: Math.ceil(width / tileSize), rows: Math.ceil(height / tileSize) };
}

/** The picture of a level, put together from its tiles. */
async function levelPicture(site: string, mosaic: MosaicJson, level: number): Promise<Picture> {
  tilesIn(mosaic, level);
  return await dziPicture(site, 'mosaic', mosaic, level, mosaic.tileSize);
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
        ? sharp(whole.data, { raw }).png({ compressionLevel: 0 })
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
    const coarser = halves(whole);
    coarser.next();
    for (let level = deepest - 1; level >= 0; level--) {
      const { data: expected, width, height } = coarser.next().value as Picture;
      expect(mosaic.levels[level]).toMatchObject({ width, height });
      const { mean, most } = difference((await levelPicture(out, mosaic, level)).data, expected);
      const allowed = await codingError(Buffer.from(expected), mosaic, level);
      // So few px have no mean to speak of: the first level's rounding decides.
      if (expected.length > 12) expect(mean, `level ${level}`).toBeLessThan(1.25 * allowed.mean + 0.6);
      expect(most, `level ${level}`).toBeLessThan(mosaic.tile.format === 'png' ? 2 : 1.5 * allowed.most + 6);
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
