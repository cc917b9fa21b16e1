import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp, { type JpegOptions } from 'sharp';
import { beforeAll, describe, expect, test } from 'vitest';
import { build, type MosaicJson, verify } from '../../src/index.ts';
import { cutJpeg } from '../../src/jpeg/cut.ts';
import { spliceBound, spliceTile, tileHeaderOf } from '../../src/jpeg/splice.ts';
import { stripToOriginal, stripToTile } from '../../src/jpeg/strip.ts';
import { insert, segment } from '../helpers/file-parts.ts';
import { waves } from '../helpers/images.ts';
import { integer, seeded } from '../helpers/random.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

const SIDE = 64;
/** What is planted: in all places, each by its own name. */
const MARK = 'Anna-at-52.5186N';

const encoded = (side = SIDE, seed = 3, options: JpegOptions = {}) =>
  sharp(waves(side, side, seed), { raw: { width: side, height: side, channels: 3 } }).jpeg({
    chromaSubsampling: '4:4:4',
    ...options,
  });

/** A JPEG of 4 x 4 parts, with restart markers between them. */
async function withRestarts(side: number): Promise<Buffer> {
  const part = side / 4;
  const rect = { left: 0, top: 0, width: part / 8, height: part / 8 };
  const parts = await Promise.all(
    Array.from(
      { length: 16 },
      async (_, i) => cutJpeg(await encoded(part, i, { optimiseCoding: false }).toBuffer(), [rect])[0]!,
    ),
  );
  const bands = [0, 4, 8, 12].map((from) => ({ pieces: parts.slice(from, from + 4), from: 0, to: part / 8 }));
  const header = tileHeaderOf(await encoded(part, 0, { optimiseCoding: false }).toBuffer());
  const out = Buffer.alloc(spliceBound(header, bands));
  return out.subarray(0, spliceTile(out, header, { width: side, height: side, segmentMcus: part / 8, bands }));
}

/** A baseline JPEG with a scan for each component: of three grey ones. */
async function ofThreeScans(side: number): Promise<Buffer> {
  const grey = await Promise.all(
    [1, 2, 3].map((seed) => encoded(side, seed, { optimiseCoding: false }).toColourspace('b-w').toBuffer()),
  );
  const [first] = grey as [Buffer];
  const frame = first.indexOf(Buffer.of(0xff, 0xc0));
  const size = first.subarray(frame + 4, frame + 9);
  const scans = grey.map((jpeg, i) => {
    const data = jpeg.subarray(jpeg.indexOf(Buffer.of(0xff, 0xda)) + 10, -2);
    return Buffer.concat([segment(0xda, Uint8Array.of(1, i + 1, 0, 0, 63, 0)), data]);
  });
  const components = Uint8Array.of(3, 1, 0x11, 0, 2, 0x11, 0, 3, 0x11, 0);
  const afterFrame = first.subarray(frame + 13, first.indexOf(Buffer.of(0xff, 0xda)));
  return Buffer.concat([
    first.subarray(0, frame),
    segment(0xc0, size, components),
    afterFrame,
    ...scans,
    Uint8Array.of(0xff, 0xd9),
  ]);
}

/** Kinds of baseline JPEGs, as they are without anything planted. */
const KINDS: Readonly<Record<string, (side: number) => Promise<Buffer>>> = {
  '4:4:4': (side) => encoded(side).toBuffer(),
  '4:2:0': (side) => encoded(side, 3, { chromaSubsampling: '4:2:0', optimiseCoding: true }).toBuffer(),
  grey: (side) => encoded(side).toColourspace('b-w').toBuffer(),
  'with restart markers': withRestarts,
  'of a scan for each component': ofThreeScans,
};

const jfif = (...rest: Uint8Array[]) => segment(0xe0, 'JFIF\0', Uint8Array.of(1, 2, 1, 0, 72, 0, 72), ...rest);
const lastScan = (jpeg: Buffer) => jpeg.lastIndexOf(Buffer.of(0xff, 0xda));
const atEnd = (jpeg: Buffer, ...parts: Uint8Array[]) => insert(jpeg, jpeg.length - 2, ...parts);
const u16 = (value: number) => Uint8Array.of(value >> 8, value & 255);
const withProfile = async (jpeg: Buffer) => {
  const profile = Buffer.from((await sharp(await encoded(8).withIccProfile('srgb').toBuffer()).metadata()).icc!);
  return insert(jpeg, 2, segment(0xe2, 'ICC_PROFILE\0\x01\x01', profile, MARK));
};

/** Where something can be planted that decoders pass over. */
const PLACES: Readonly<Record<string, (jpeg: Buffer, side: number) => Buffer | Promise<Buffer>>> = {
  'a JFIF thumbnail': (jpeg) => insert(jpeg, 2, jfif(Uint8Array.of(4, 4), Buffer.alloc(48, MARK))),
  'a tail of JFIF': (jpeg) => insert(jpeg, 2, jfif(Uint8Array.of(0, 0), Buffer.from(MARK))),
  JFXX: (jpeg) => insert(jpeg, 2, segment(0xe0, 'JFXX\0\x10', MARK)),
  EXIF: (jpeg) => insert(jpeg, 2, segment(0xe1, 'Exif\0\0MM\0*\0\0\0\x08\0\0\0\0\0\0', MARK)),
  XMP: (jpeg) => insert(jpeg, 2, segment(0xe1, 'http://ns.adobe.com/xap/1.0/\0', MARK)),
  'an ICC profile': withProfile,
  IPTC: (jpeg) => insert(jpeg, 2, segment(0xed, 'Photoshop 3.0\x008BIM\x04\x04\0\0\0\0\0\0', MARK)),
  'a tail of APP14': (jpeg) => insert(jpeg, 2, segment(0xee, 'Adobe', Uint8Array.of(0, 100, 0, 0, 0, 0, 1), MARK)),
  'a comment': (jpeg) => insert(jpeg, 2, segment(0xfe, MARK)),
  'a comment before the last scan': (jpeg) => insert(jpeg, lastScan(jpeg), segment(0xfe, MARK)),
  'APP7 before the last scan': (jpeg) => insert(jpeg, lastScan(jpeg), segment(0xe7, MARK)),
  'a comment behind the last scan': (jpeg) => atEnd(jpeg, segment(0xfe, MARK)),
  'APP1 behind the last scan': (jpeg) => atEnd(jpeg, segment(0xe1, 'Exif\0\0', MARK)),
  'JFIF behind the last scan': (jpeg) => atEnd(jpeg, jfif(Uint8Array.of(1, 1, 1, 2, 3), Buffer.from(MARK))),
  'DNL and a comment': (jpeg, side) => atEnd(jpeg, segment(0xdc, u16(side)), segment(0xfe, MARK)),
  'fill bytes and a comment': (jpeg) => atEnd(jpeg, Buffer.alloc(9, 0xff), segment(0xfe, MARK), Buffer.alloc(3, 0xff)),
  'fill bytes before a header': (jpeg) => insert(jpeg, 2, Buffer.alloc(5, 0xff), segment(0xed, MARK)),
  'bytes behind the last MCU': (jpeg) => atEnd(jpeg, Buffer.from(MARK)),
  'stuffed bytes behind the last MCU': (jpeg) => atEnd(jpeg, Buffer.from(`\xff\0${MARK}\xff\0`, 'latin1')),
  'a trailer': (jpeg) => Buffer.concat([jpeg, Buffer.from(MARK)]),
  'a second JPEG': async (jpeg) =>
    Buffer.concat([
      jpeg,
      await encoded(16)
        .withExif({ IFD0: { Artist: MARK } })
        .toBuffer(),
    ]),
};

const decoded = (jpeg: Uint8Array) => sharp(jpeg, { failOn: 'error', ignoreIcc: true }).raw().toBuffer();

describe.each(Object.entries(KINDS))('a tile of a JPEG %s', (_, make) => {
  test('is the JPEG itself where there is nothing to take out', async () => {
    const jpeg = await make(SIDE);
    expect(Buffer.from(stripToTile(jpeg)!).equals(jpeg)).toBe(true);
  });

  test.each(Object.entries(PLACES))('has nothing of %s, and the same px', async (_place, plant) => {
    const jpeg = await make(SIDE);
    const planted = await plant(jpeg, SIDE);
    expect(planted.includes(MARK)).toBe(true);
    const tile = Buffer.from(stripToTile(planted)!);
    expect(tile.includes(MARK)).toBe(false);
    expect((await decoded(tile)).equals(await decoded(planted))).toBe(true);
    const { exif, icc, iptc, xmp } = await sharp(tile).metadata();
    expect([exif, icc, iptc, xmp]).toEqual([undefined, undefined, undefined, undefined]);
    // Scans of originals stay as they are, and there is a profile.
    const original = stripToOriginal(planted)!;
    expect((await decoded(original)).equals(await decoded(planted))).toBe(true);
    if (!/profile|last MCU/.test(_place)) expect(Buffer.from(original).includes(MARK)).toBe(false);
  });
});

describe('no tile', () => {
  test.each<[string, () => Promise<Buffer>]>([
    ['a progressive JPEG', () => encoded(SIDE, 3, { progressive: true }).toBuffer()],
    ['CMYK', () => encoded().toColourspace('cmyk').toBuffer()],
    [
      'a PNG',
      () =>
        sharp(waves(8, 8, 1), { raw: { width: 8, height: 8, channels: 3 } })
          .png()
          .toBuffer(),
    ],
    ['a JPEG without EOI', async () => (await encoded().toBuffer()).subarray(0, -2)],
    ['bytes between segments', async () => insert(await encoded().toBuffer(), 2, Buffer.from(MARK))],
    [
      'bytes before a restart marker',
      async () => {
        const jpeg = await withRestarts(SIDE);
        return insert(jpeg, jpeg.indexOf(Buffer.of(0xff, 0xd3)), Buffer.from(MARK));
      },
    ],
    [
      'a scan that is repeated',
      async () => {
        const jpeg = await ofThreeScans(SIDE);
        return atEnd(jpeg, jpeg.subarray(lastScan(jpeg), -2));
      },
    ],
    [
      'a scan that is missing',
      async () => {
        const jpeg = await ofThreeScans(SIDE);
        return Buffer.concat([jpeg.subarray(0, lastScan(jpeg)), jpeg.subarray(-2)]);
      },
    ],
  ])('is made of %s', async (_, make) => {
    expect(stripToTile(await make())).toBeUndefined();
  });

  test('is made of damaged data, or it shows what they show', async () => {
    const random = seeded(8);
    const sound = [await KINDS['4:2:0']!(SIDE), await withRestarts(SIDE)];
    const counts = { none: 0, same: 0 };
    for (let round = 0; round < 1500; round++) {
      const jpeg = Buffer.from(sound[round % 2]!);
      for (let i = integer(random, 1, 2); i > 0; i--)
        jpeg[integer(random, 2, jpeg.length - 1)] = integer(random, 0, 255);
      const tile = stripToTile(jpeg);
      counts.none += tile ? 0 : 1;
      const before = tile && (await decoded(jpeg).catch(() => undefined));
      if (!before) continue;
      expect((await decoded(tile)).equals(before), `round ${round}`).toBe(true);
      counts.same++;
    }
    expect(counts.none).toBeGreaterThan(100);
    expect(counts.same).toBeGreaterThan(200);
  });
});

describe('a default site', () => {
  let root: string;
  beforeAll(async () => {
    root = await temporaryFolder();
    await mkdir(join(root, 'images'));
  });

  test('shows sources of just its cells’ size by their own data, and nothing that was planted in them', async () => {
    const images = join(root, 'images');
    const places = Object.entries(PLACES);
    for (const [i, [, plant]] of places.entries()) {
      const jpeg = await encoded(256, i, { chromaSubsampling: '4:2:0' }).toBuffer();
      await writeFile(join(images, `${i + 100}.jpg`), await plant(jpeg, 256));
    }
    const whole = encoded(300, 7).png();
    await whole.toFile(join(root, 'target.png'));
    const out = join(root, 'site');
    const columns = places.length;
    const options = {
      target: join(root, 'target.png'),
      images: [images],
      out,
      catalog: join(root, 'catalog'),
      cellSize: 256,
    };
    await build({ ...options, grid: { columns, rows: 1 }, maxUses: 1, nearDuplicates: 'keep' });
    const mosaic = JSON.parse(await readFile(join(out, 'mosaic.json'), 'utf8')) as MosaicJson;
    expect(mosaic.sources).toMatchObject({ used: columns, verbatim: columns });
    for (let i = 0; i < columns; i++) {
      const tile = await readFile(join(out, `tiles/0/${i}.jpg`));
      expect(tile.includes(MARK), `picture ${i}`).toBe(false);
    }
    expect((await verify({ site: out })).problems).toEqual([]);
  });

  test('takes no tile from a catalog of before, which may have something planted in it', async () => {
    const [images, catalog] = [join(root, 'one'), join(root, 'one-catalog')];
    await mkdir(images);
    await encoded(256).toFile(join(images, '1.jpg'));
    await encoded(256).png().toFile(join(root, 'one.png'));
    const options = {
      target: join(root, 'one.png'),
      images: [images],
      out: join(root, 'one-site'),
      catalog,
      cellSize: 256,
    };
    await build({ ...options, columns: 1 });
    const [key] = await readdir(catalog);
    expect(key).toMatch(/-s2-v\d+$/);
    await rename(join(catalog, key!), join(catalog, key!.replace('-s2', '')));
    await build({ ...options, columns: 1 });
    expect(await readdir(join(catalog, key!))).toHaveLength(2);
  });
});
