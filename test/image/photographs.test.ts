/** Runs where the real photographs of the bench are at hand (test/bench/shared-data.ts); vitest.config.ts leaves it out elsewhere. */
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import sharp from 'sharp';
import { beforeAll, describe, expect, test } from 'vitest';
import { decodeCell } from '../../src/catalog/decode.ts';
import { build, type BuildResult, verify } from '../../src/index.ts';
import { headerSize } from '../../src/image/header-size.ts';
import { imageSize } from '../../src/image/open-image.ts';
import { IMAGE_EXTENSIONS } from '../../src/scan/image-extensions.ts';
import { SHARED_DATA } from '../bench/shared-data.ts';
import { difference } from '../helpers/images.ts';
import { reportOf } from '../helpers/site.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

const data = (...path: string[]) => join(SHARED_DATA, ...path);
const GREY = { r: 128, g: 128, b: 128 };

let root: string;
let built: BuildResult;
beforeAll(async () => {
  root = await temporaryFolder();
  const photos = (await readdir(data('photos-1k'))).filter((name) => /\.jpe?g$/i.test(name)).toSorted();
  built = await build({
    target: data('targets/coffee.png'),
    images: [
      data('torture'),
      data('large/misc-colour-small'),
      ...photos.slice(0, 60).map((name) => data('photos-1k', name)),
    ],
    out: join(root, 'site'),
    catalog: join(root, 'catalog'),
    columns: 40,
    cellSize: 128,
  });
});

test('hostile and ordinary files make a sound mosaic', async () => {
  const { found, usable, skipped, duplicates, pairs } = built.sources;
  expect(usable + skipped + duplicates + pairs).toBe(found);
  expect((await verify({ site: built.out })).problems).toEqual([]);
});

/** Files of torture and why they are left out; what sharp's verdict leaves open. */
const NAMED: Readonly<Record<string, string>> = {
  'Pillow/Tests_images_hopper_lzma.tif': 'other-format', // sound, of compressions, colours and depths that libvips does not read
  'Pillow/Tests_images_lab.tif': 'other-format',
  'Pillow/Tests_images_12bit.cropped.tif': 'other-format',
  'Pillow/Tests_images_tiff_tiled_planar_16bit_RGB.tiff': 'other-format',
  'libvips/test_test-suite_images_ojpeg-strip.tif': 'other-format',
  'libvips/test_test-suite_images_ojpeg-tile.tif': 'other-format', // libvips shows it black
  'libvips/test_test-suite_images_17000x17000.avif': 'too-large',
  'libvips/test_test-suite_images_truncated.jpg': 'truncated',
  'libvips/test_test-suite_images_truncated.gif': 'truncated',
  'sharp/test_fixtures_truncated.png': 'damaged',
  'Pillow/Tests_images_broken.png': 'damaged',
  'Pillow/Tests_images_broken_data_stream.png': 'damaged',
};

describe('what is left out', () => {
  /** Why, by path within the data. */
  let reasons: Map<string, string>;
  /** Files of formats that we read, by the names of their files. */
  let claimed: string[];
  beforeAll(async () => {
    const csv = await readFile(reportOf(built.out, 'skipped.csv'), 'utf8');
    const lines = csv.trim().split('\n').slice(1);
    reasons = new Map(lines.map((line) => [line.split(',')[0]!, line.split(',')[1]!]));
    const folders = ['torture', 'large/misc-colour-small'];
    const names = folders.map(async (folder) =>
      (await readdir(data(folder), { recursive: true })).map((name) => `${folder}/${name}`),
    );
    const kind = (name: string) => IMAGE_EXTENSIONS.get(extname(name).slice(1).toLowerCase());
    claimed = (await Promise.all(names)).flat().filter((name) => kind(name) === '');
    for (const [path, reason] of reasons) if (kind(path) !== '') expect(reason, path).toBe('other-format');
  });

  test('is what sharp cannot decode, and nothing else', { timeout: 300_000 }, async () => {
    expect(claimed.length).toBeGreaterThan(200);
    for (const name of claimed) {
      const bytes = await readFile(data(name));
      const verdict = await verdictOf(bytes);
      const reason = reasons.get(name);
      if (bytes.length === 0) expect(reason, name).toBe('empty');
      else if (verdict === 'heic') continue;
      else if (verdict === 'no-image') expect(reason, name).toBe('not-an-image');
      else if (verdict === 'fails') expect(reason, name).toMatch(/^(damaged|truncated|other-format|too-large)$/);
      // Of what it shows in one colour, it may be that nothing was decoded.
      else if (verdict !== 'plain') expect(reason, name).toBeUndefined();
    }
  });

  test('has reasons that are true', () => {
    for (const [name, reason] of Object.entries(NAMED)) {
      if (claimed.includes(`torture/${name}`)) expect(reasons.get(`torture/${name}`), name).toBe(reason);
    }
    // PngSuite: names of files that must fail begin with x.
    const broken = claimed.filter((name) => /pngsuite\/x.*\.png$/.test(name));
    expect(broken.length).toBeGreaterThan(10);
    for (const name of broken) expect(reasons.get(name), name).toMatch(/^(damaged|not-an-image)$/);
  });

  test('what is taken looks as sharp has it', { timeout: 300_000 }, async () => {
    let compared = 0;
    for (const name of claimed.filter((other) => !reasons.has(other))) {
      const bytes = await readFile(data(name));
      const meta = await sharp(bytes, LIKE_OURS).metadata();
      const { width, height } = meta.autoOrient;
      // Others are decoded, laid over something or reduced otherwise on purpose.
      const plain = !meta.hasAlpha && meta.space !== 'cmyk' && meta.format !== 'svg' && meta.compression !== 'hevc';
      if (!plain || width * height > SMALL_PX) continue;
      const { px } = await decodeCell(bytes, { cell: { width, height }, crop: 'centre', background: GREY });
      const theirs = await sharp(bytes, LIKE_OURS).autoOrient().toColourspace('srgb').raw().toBuffer();
      expect(difference(px, theirs).mean, name).toBeLessThan(3);
      compared++;
    }
    expect(compared).toBeGreaterThan(200);
  });
});

const LIKE_OURS = { failOn: 'error' } as const;
/** Px up to which files are compared in full. */
const SMALL_PX = 2 ** 16;

/** What sharp makes of a file: `heic` is not for it to decode, `plain` a picture of one colour. */
async function verdictOf(bytes: Buffer): Promise<'decodes' | 'plain' | 'fails' | 'heic' | 'no-image'> {
  try {
    const { compression } = await sharp(bytes, LIKE_OURS).metadata();
    if (compression === 'hevc') return 'heic';
    const px = await sharp(bytes, LIKE_OURS).resize(8, 8, { fit: 'fill' }).raw().toBuffer();
    return px.every((value, i) => value === px[i % (px.length / 64)]) ? 'plain' : 'decodes';
  } catch (error) {
    return /unsupported image format/.test(String(error)) ? 'no-image' : 'fails';
  }
}

test.each(['Landscape', 'Portrait'])('%s photographs of every EXIF orientation show the same', async (name) => {
  const cell = async (orientation: number) =>
    await decodeCell(await readFile(data('torture/exif-orientation', `${name}_${orientation}.jpg`)), {
      cell: { width: 64, height: 64 },
      crop: 'centre',
      background: GREY,
    });
  const upright = await cell(1);
  for (const orientation of [0, 2, 3, 4, 5, 6, 7, 8]) {
    if (!existsSync(data('torture/exif-orientation', `${name}_${orientation}.jpg`))) continue;
    const { px, width, height } = await cell(orientation);
    expect([width, height], `orientation ${orientation}`).toEqual([upright.width, upright.height]);
    expect(difference(px, upright.px).mean, `orientation ${orientation}`).toBeLessThan(3);
  }
});

test('sizes in headers are those that the decoder tells', async () => {
  const names = (await readdir(data('photos-1k'))).filter((_, i) => i % 50 === 0);
  expect(names.length).toBeGreaterThan(10);
  for (const name of names) {
    const path = data('photos-1k', name);
    const { width, height } = await imageSize(path);
    expect(await headerSize(path), name).toEqual({ width, height });
  }
});
