import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { kindOf, leftOutOf, leftOutText } from '../../src/catalog/left-out.ts';
import { buildSummary } from '../../src/cli/summary.ts';
import { build, type BuildOptions, type MosaicJson } from '../../src/index.ts';
import { writeMany, writeWaves } from '../helpers/images.ts';
import { type Reason, reasonOf } from '../../src/image/reasons.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

let root: string;
let images: string;
beforeAll(async () => {
  root = await temporaryFolder();
  images = join(root, 'images');
  await mkdir(images);
  await writeWaves(join(root, 'target.png'), 60, 40, 9);
  const [first] = await writeMany(images, 6);
  const jpeg = await readFile(first!);
  await writeFile(join(images, 'short.jpg'), jpeg.subarray(0, jpeg.length - 100));
  await writeFile(join(images, 'empty.png'), '');
  await writeFile(join(images, 'text.jpg'), 'no image');
  for (const name of ['a.bmp', 'b.jxl', 'c.psd']) await writeFile(join(images, name), name);
});

const make = async (options: Partial<BuildOptions>) =>
  await build({
    target: join(root, 'target.png'),
    images: [images],
    out: join(root, 'site'),
    catalog: join(root, 'catalog'),
    cellSize: 16,
    columns: 6,
    ...options,
  });

/** What is left out of them, and how that reads. */
const LEFT_OUT = [
  { kind: 'format', count: 3, remedy: 'convert them to JPEG or PNG' },
  { kind: 'damaged', count: 2, remedy: 'fetch them anew from the camera or a backup' },
  { kind: 'no-image', count: 1, remedy: 'name them after what they are' },
];
const TEXT =
  '3 in other formats (convert them to JPEG or PNG), ' +
  '2 damaged (fetch them anew from the camera or a backup), 1 not an image (name it after what it is)';

describe('what is left out', () => {
  test('is counted by kind, with what to do about it', async () => {
    const result = await make({});
    expect(result.leftOut).toEqual(LEFT_OUT);
    const counts = { format: 3, damaged: 2, 'no-image': 1 };
    expect(result.sources).toMatchObject({ found: 12, usable: 6, skipped: 6, leftOut: counts });
    const mosaic = JSON.parse(await readFile(join(root, 'site/mosaic.json'), 'utf8')) as MosaicJson;
    expect(mosaic.sources.leftOut).toEqual(counts);
    expect(buildSummary(result)).toMatch(
      new RegExp(`\\n {2}images {3}\\d of 12 images used.*; left out: ${escaped(TEXT)}\\n`),
    );
  });

  test('is told first where all images were asked for', async () => {
    const result = await make({ useAll: true });
    expect(buildSummary(result, true).trimStart()).toMatch(
      new RegExp(`^Left out in spite of --use-all: ${escaped(TEXT)}\\n`),
    );
    expect(result.warnings[0]).toBe(`--use-all cannot include 6 files: ${TEXT}`);
  });

  test('is the remedy where nothing is left', async () => {
    await expect(make({ images: [join(images, '*.{bmp,jxl,psd}')] })).rejects.toMatchObject({
      code: 'no-images',
      remedy: 'Left out: 3 in other formats (convert them to JPEG or PNG).',
    });
  });
});

function escaped(text: string): string {
  return text.replaceAll(/[()]/g, String.raw`\$&`);
}

test.each([
  ['a.heic: bad seek to 865819', 'damaged'],
  ['heif: Error while loading plugin: Support for this compression format has not been built in', 'format'],
  ['HEIC cannot be decoded here: neither libheif-js nor heif-dec is installed', 'heic'],
  ['heif: Invalid input: Unexpected end of file: Extent in iloc box', 'damaged'],
  [
    'heif: Memory allocation error: Security limit exceeded: Image size 9000x9000 exceeds the maximum image size',
    'too-large',
  ],
  ['the HEIC decoder failed', 'undecodable'],
  ['Input image exceeds pixel limit', 'too-large'],
  ['VipsJpeg: premature end of JPEG image', 'damaged'],
  ['pngload_buffer: libspng read error', 'damaged'],
  ['Input buffer contains unsupported image format', 'no-image'],
  ['Input buffer has corrupt header: image: bad labq format', 'format'],
  ['Input buffer has corrupt header: tiff2vips: samples_per_pixel not a whole number of bytes', 'format'],
  ['Input buffer has corrupt header: ', 'damaged'],
  ['tiff2vips: LZMA compression support is not configured', 'format'],
  ['tiff2vips: tiled separate planes not supported', 'format'],
  ['VipsJpeg: Unsupported JPEG data precision 12', 'format'],
  ['VipsIcc: not an ICC profile\nsource: bad seek to 4909', 'damaged'],
  ['source: bad seek to 9\nheif: Invalid input: Unexpected end of file', 'damaged'],
  ['tiff2vips: Bad code word at line 27 of strip 0 (x 0)', 'damaged'],
  ['Input buffer has corrupt header: source: bad seek to 1024', 'damaged'],
  ['Input buffer has corrupt header: VipsJpeg: premature end of JPEG image', 'damaged'],
  ["EACCES: permission denied, open 'a.jpg'", 'unreadable'],
  ['something that no decoder has said before', 'undecodable'],
])('%s: the file is %s', (message, kind) => {
  expect(kindOf(reasonOf(message))).toBe(kind);
});

test('kinds add up to all that is left out', () => {
  const reasons: Reason[] = ['heic', 'raw', 'EACCES', 'EIO', 'too-large', 'not-indexed'];
  const leftOut = leftOutOf(reasons.map((reason, i) => ({ path: String(i), reason })));
  expect(leftOut.map(({ kind, count }) => [kind, count])).toEqual([
    ['heic', 1],
    ['raw', 1],
    ['too-large', 1],
    ['unreadable', 2],
    ['undecodable', 1],
  ]);
  expect(leftOutText([])).toBe('');
});
