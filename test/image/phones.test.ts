import { execFile } from 'node:child_process';
import { cp, mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import sharp from 'sharp';
import { beforeAll, describe, expect, test } from 'vitest';
import { buildSummary } from '../../src/cli/summary.ts';
import { decodeHeic } from '../../src/image/heic.ts';
import { build, type BuildResult, verify } from '../../src/index.ts';
import { coded, exifItem, gridFile, heicFile, irot, nclx } from '../helpers/heic-file.ts';
import { TILES } from '../helpers/heic-tiles.ts';
import { decode, difference, waves, writeMany, writeWaves } from '../helpers/images.ts';
import { RAW_FILES } from '../helpers/raw-files.ts';
import { readSite } from '../helpers/site.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

/** Stands wherever people may not know that something stands. */
const SECRET = 'SECRET-OF-MINE';

let root: string;
let images: string;
beforeAll(async () => {
  root = await temporaryFolder();
  images = join(root, 'images');
  await mkdir(images);
  await writeWaves(join(root, 'target.png'), 60, 40, 9);
  const photo = sharp(waves(480, 320, 3), { raw: { width: 480, height: 320, channels: 3 } });
  const exif = { IFD0: { Artist: SECRET }, IFD3: { GPSLatitudeRef: 'N', GPSLatitude: '48/1 8/1 0/1' } };
  const jpeg = await photo.withExif(exif).jpeg().toBuffer();
  const comment = Buffer.concat([Buffer.from([0xff, 0xfe, 0, SECRET.length + 2]), Buffer.from(SECRET)]);
  const small = await sharp(jpeg).resize(330, 220).jpeg().toBuffer();
  for (const [format, write] of Object.entries(RAW_FILES)) {
    // Different pictures, so that none is another's copy.
    const hue = format.charCodeAt(0) * 3 + format.charCodeAt(2);
    const plain = await sharp(jpeg).modulate({ hue }).jpeg().toBuffer();
    const large = Buffer.concat([plain.subarray(0, 2), comment, plain.subarray(2)]);
    await writeFile(join(images, `${format}.${format.toUpperCase()}`), write({ large, small, orientation: 6 }));
  }
  const { exif: tiff } = await sharp(jpeg).metadata();
  await writeFile(join(images, 'a.HEIC'), heicFile([coded(TILES[0]!, 1), exifItem(2, 1, tiff!.subarray(6))], 1));
  await writeFile(
    join(images, 'b.heic'),
    gridFile({ columns: 2, rows: 2 }, { width: 128, height: 100 }, [irot(1), nclx(12, 13)]),
  );
});

const make = async (name: string, options = {}): Promise<BuildResult> =>
  await build({
    target: join(root, 'target.png'),
    images: [images],
    out: join(root, name),
    catalog: join(root, 'catalog'),
    cellSize: 64,
    columns: 6,
    useAll: true,
    ...options,
  });

describe('what phones and cameras write', () => {
  test('is placed, and its originals are stills that every browser shows, without metadata', async () => {
    const result = await make('site', { originals: 'copy', nearDuplicates: 'keep' });
    const formats = Object.keys(RAW_FILES).length;
    expect(result.leftOut).toEqual([]);
    expect(result.sources).toMatchObject({ found: formats + 2, usable: formats + 2, used: formats + 2 });
    const out = join(root, 'site');
    expect((await verify({ site: out })).problems).toEqual([]);
    const { sources, mosaic } = await readSite(out);
    expect(sources.map(({ source }) => source)).toContain('b.heic');
    expect(mosaic.originals).toBeDefined();
    const originals = (await readdir(join(out, 'originals'), { recursive: true })).filter((path) =>
      path.endsWith('.jpg'),
    );
    expect(originals).toHaveLength(formats + 2);
    const sizes = new Map<string, number>();
    for (const name of originals) {
      const bytes = await readFile(join(out, 'originals', name));
      const { format, exif, icc, width, height, orientation } = await sharp(bytes).metadata();
      expect({ format, exif, icc, orientation }).toEqual({
        format: 'jpeg',
        exif: undefined,
        icc: undefined,
        orientation: undefined,
      });
      const size = `${width} x ${height}`;
      sizes.set(size, (sizes.get(size) ?? 0) + 1);
    }
    // All upright; RAF has no orientation but its JPEG's.
    expect(Object.fromEntries(sizes)).toEqual({
      '320 x 480': formats - 1,
      '480 x 320': 1,
      '64 x 64': 1,
      '100 x 128': 1,
    });
    for (const path of await readdir(out, { recursive: true, withFileTypes: true })) {
      if (!path.isFile()) continue;
      const bytes = await readFile(join(path.parentPath, path.name));
      expect(bytes.includes(SECRET), path.name).toBe(false);
    }
  });

  test('is left out with its remedy where libheif-js is not installed, and taken once it is', async () => {
    const home = await withoutLibheif();
    const folder = join(root, 'phone');
    await mkdir(folder);
    await writeMany(folder, 3);
    await cp(join(images, 'a.HEIC'), join(folder, 'a.heic'));
    await cp(join(images, 'a.HEIC'), join(folder, 'b.heic'));
    const options = [
      '--catalog',
      join(root, 'phone-catalog'),
      '--cell-size',
      '16',
      '--columns',
      '6',
      '--json',
      '--quiet',
    ];
    const args = ['build', join(root, 'target.png'), folder, '-o', join(root, 'phone-site'), ...options];
    const run = async (bin: string) => {
      const { stdout } = await promisify(execFile)(process.execPath, [bin, ...args], {
        env: { ...process.env, PATH: '' },
      });
      return JSON.parse(stdout) as BuildResult;
    };
    const without = await run(join(home, 'dist/cli/bin.cjs'));
    expect(without.leftOut).toEqual([
      { kind: 'heic', count: 2, remedy: 'npm install libheif-js, or install heif-dec' },
    ]);
    const { skipped } = await readSite(join(root, 'phone-site'));
    expect(skipped.map(({ reason }) => reason)).toEqual(
      Array(2).fill('HEIC, and neither libheif-js nor heif-dec is installed'),
    );
    const { leftOut, sources } = await run(resolve('dist/cli/bin.cjs'));
    expect(leftOut).toEqual([]);
    expect(sources).toMatchObject({ usable: 4, duplicates: 1 });
  });
});

/** A copy of what is built beside all that is installed but libheif-js. */
async function withoutLibheif(): Promise<string> {
  const home = join(root, 'home');
  await mkdir(join(home, 'node_modules'), { recursive: true });
  await cp('dist', join(home, 'dist'), { recursive: true });
  for (const file of ['package.json', 'viewer']) await symlink(resolve(file), join(home, file));
  for (const name of await readdir('node_modules')) {
    if (name === 'libheif-js' || name.startsWith('.')) continue;
    await symlink(resolve('node_modules', name), join(home, 'node_modules', name));
  }
  return home;
}

describe('pictures that carry more than a still', () => {
  const jpeg = async () =>
    await sharp(waves(320, 240, 8), { raw: { width: 320, height: 240, channels: 3 } })
      .jpeg()
      .toBuffer();

  /** A film behind the end of the picture, as Google and Samsung put it. */
  const film = Buffer.concat([
    Buffer.from('\0\0\0\x18ftypmp42\0\0\0\0isommp42', 'latin1'),
    Buffer.from(SECRET.repeat(200)),
  ]);

  test('are shown as the still: motion photos and gain maps', async () => {
    const folder = join(root, 'more');
    await mkdir(folder);
    const still = await jpeg();
    const gain = await sharp(waves(160, 120, 2), { raw: { width: 160, height: 120, channels: 3 } })
      .jpeg()
      .toBuffer();
    // MPF (CIPA DC-007) tells of the second picture; readers that do not know it find the first.
    const mpf = Buffer.concat([Buffer.from([0xff, 0xe2, 0, 0x10]), Buffer.from('MPF\0MM\0*\0\0\0\x08\0\0', 'latin1')]);
    await writeFile(join(folder, 'motion.jpg'), Buffer.concat([still, film]));
    await writeFile(
      join(folder, 'samsung.jpg'),
      Buffer.concat([still, Buffer.from('MotionPhoto_Data'), film, Buffer.from('SEFT')]),
    );
    await writeFile(join(folder, 'ultra.jpg'), Buffer.concat([still.subarray(0, 2), mpf, still.subarray(2), gain]));
    await writeFile(join(folder, 'motion.heic'), Buffer.concat([heicFile([coded(TILES[1]!, 1)], 1), film]));
    const options = {
      images: [folder],
      catalog: join(root, 'more-catalog'),
      originals: 'copy',
      nearDuplicates: 'keep',
      layout: ['compact'],
    };
    const result = await make('more-site', options);
    expect(result.sources).toMatchObject({ found: 4, usable: 4, skipped: 0 });
    const originals = join(root, 'more-site/originals');
    const files = (await readdir(originals, { recursive: true })).filter((path) => path.endsWith('.jpg'));
    const shown = await Promise.all(files.map(async (path) => await decode(join(originals, path))));
    const { data } = await decode(still);
    expect(shown.filter(({ width }) => width === 320).map((one) => difference(one.data, data).most)).toEqual([0, 0, 0]);
    for (const path of await readdir(join(root, 'more-site'), { recursive: true, withFileTypes: true })) {
      if (path.isFile()) expect((await readFile(join(path.parentPath, path.name))).includes(SECRET)).toBe(false);
    }
  });
});

describe('a photograph that lies there twice', () => {
  let folder: string;
  beforeAll(async () => {
    folder = join(root, 'twice');
    await mkdir(join(folder, 'other'), { recursive: true });
    const picture = (seed: number, width: number, height: number) =>
      sharp(waves(width, height, seed), { raw: { width, height, channels: 3 } });
    const write = async (name: string, bytes: Buffer | Promise<Buffer>) =>
      await writeFile(join(folder, name), await bytes);
    const tile = (i: number) => heicFile([coded(TILES[i]!, 1)], 1);
    await write('IMG_1.HEIC', gridFile({ columns: 2, rows: 1 }, { width: 128, height: 64 }));
    const two = await sharp(await decodeHeic(await readFile(join(folder, 'IMG_1.HEIC')), { page: 0 }))
      .jpeg()
      .toBuffer();
    await write('IMG_1.JPG', sharp(two).resize(64, 32).jpeg().toBuffer());
    await write('IMG_1.MOV', Buffer.from('a film'));
    await write('IMG_1.AAE', Buffer.from('<plist/>'));
    await write('other/IMG_1.jpg', sharp(two).resize(96, 48).jpeg().toBuffer());
    await write('img_2.heic', tile(2));
    await write('IMG_2.jpg', picture(3, 320, 320).jpeg().toBuffer());
    await write('IMG_3.HEIC', tile(3));
    await write('IMG_3.JPG', picture(11, 320, 320).jpeg().toBuffer());
    const large = await picture(12, 480, 320).jpeg().toBuffer();
    await write('DSC_4.NEF', RAW_FILES['nef']!({ large, small: large, orientation: 1 }));
    await write('DSC_4.JPG', sharp(large).jpeg({ quality: 90 }).toBuffer());
    await write('drawing.png', picture(13, 200, 100).png().toBuffer());
    await write('drawing.jpg', picture(13, 200, 100).jpeg().toBuffer());
  });

  const options = { catalog: 'twice-catalog', nearDuplicates: 'keep' } as const;
  const makeOf = async (name: string, more = {}) =>
    await make(name, { ...options, catalog: join(root, options.catalog), images: [folder], ...more });

  test('counts once, as the file of more px', async () => {
    const result = await makeOf('twice-site');
    expect(result.sources).toMatchObject({ found: 11, usable: 8, duplicates: 0, pairs: 3, skipped: 0 });
    const { sources } = await readSite(join(root, 'twice-site'));
    // Of as many px, the JPEG.
    expect(sources.map(({ source }) => source)).toEqual([
      'DSC_4.JPG',
      'IMG_1.HEIC',
      'IMG_2.jpg',
      'IMG_3.HEIC',
      'IMG_3.JPG',
      'drawing.jpg',
      'drawing.png',
      'other/IMG_1.jpg',
    ]);
    expect(buildSummary(result)).toContain('3 copies in another format');
  });

  test('is found by the name of either file', async () => {
    await makeOf('twice-pinned', {
      pins: [
        { column: 1, row: 1, image: 'img_2.heic' },
        { column: 3, row: 2, image: 'DSC_4.NEF' },
      ],
    });
    const { placed } = await readSite(join(root, 'twice-pinned'));
    const at = (column: string, row: string) =>
      placed.find((cell) => cell.column === column && cell.row === row)!.source;
    expect([at('1', '1'), at('3', '2')]).toEqual(['IMG_2.jpg', 'DSC_4.JPG']);
  });

  test('has films beside it, which are passed over even where they are named', async () => {
    const files = (await readdir(folder)).filter((name) => name.startsWith('IMG_1')).map((name) => join(folder, name));
    expect(files).toHaveLength(4);
    const { sources, leftOut } = await makeOf('twice-named', { images: files });
    expect(leftOut).toEqual([]);
    expect(sources).toMatchObject({ found: 2, usable: 1, pairs: 1 });
    await expect(makeOf('twice-film', { images: [join(folder, 'IMG_1.MOV')] })).rejects.toMatchObject({
      code: 'no-images',
    });
  });
});
