import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { indexingDecoders, updateCatalog } from '../../src/catalog/update.ts';
import type { DecodingJob } from '../../src/decoding/jobs.ts';
import type { BuildResult } from '../../src/index.ts';
import { memoryAllowance, memoryNeed } from '../../src/image/memory-need.ts';
import { openImage } from '../../src/image/open-image.ts';
import { scan } from '../../src/scan/scan.ts';
import { hostileImages } from '../helpers/hostile-images.ts';
import { writeMany, writeWaves } from '../helpers/images.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

const BIN = fileURLToPath(new URL('../../dist/cli/bin.cjs', import.meta.url));
const MEGABYTE = 2 ** 20;
const run = promisify(execFile);

/** Runs a build of all images in a folder by a shell that was told `limit` before; its result, and its exit code. */
async function build(folder: string, limit: string, ...options: string[]): Promise<BuildResult> {
  const args = ['build', 'target.png', 'images', '-o', 'site', '--catalog', 'catalog', '--cell-size', '32', '--json'];
  const script = `${limit}; exec "$0" "$@"`;
  const { stdout } = await run('bash', ['-c', script, process.execPath, BIN, ...args, ...options], { cwd: folder });
  return JSON.parse(stdout) as BuildResult;
}

async function newFolder(): Promise<string> {
  const folder = await temporaryFolder();
  await mkdir(join(folder, 'images'));
  await writeWaves(join(folder, 'target.png'), 60, 40, 50);
  return folder;
}

test('a build of hostile files stays small, and takes the sound ones', { timeout: 180_000 }, async () => {
  const folder = await newFolder();
  await writeMany(join(folder, 'images'), 4);
  const images = await hostileImages();
  for (const [name, bytes] of images) await writeFile(join(folder, 'images', name), bytes);
  const { sources, leftOut, peakRssBytes } = await build(folder, ':', '--columns', '4', '--concurrency', '2');
  expect(peakRssBytes / MEGABYTE).toBeLessThan(600);
  expect(sources.found).toBe(images.size + 4);
  expect(sources.usable).toBeGreaterThanOrEqual(4);
  // Interlaced, progressive, WebP, AVIF and GIF are decoded as a whole.
  expect(leftOut.find(({ kind }) => kind === 'too-large')?.count).toBe(6);
});

test.skipIf(process.platform === 'win32')(
  'few files may be open: all images are used',
  { timeout: 180_000 },
  async () => {
    const folder = await newFolder();
    await writeMany(join(folder, 'images'), 200);
    for (const files of [100, 256]) {
      const out = ['-o', `site ${files}`, '--catalog', `catalog ${files}`, '--near-duplicates', 'keep'];
      const { sources } = await build(folder, `ulimit -n ${files}`, '--columns', '4', '--concurrency', '16', ...out);
      expect(sources).toMatchObject({ found: 200, usable: 200, skipped: 0 });
    }
  },
);

describe('memory', () => {
  const photo = {
    height: 4000,
    width: 6000,
    channels: 3,
    depth: 'uchar',
    space: 'srgb',
    isProgressive: false,
  } as const;
  const facts = { ...photo, hasProfile: false, hasAlpha: false };

  test('is there for photographs as cameras make them', () => {
    // Of 24 megapixels, and as small as files of them are.
    const files: [format: string, image: Partial<typeof facts> | object, bytes: number][] = [
      ['jpeg', {}, 4e6],
      ['jpeg', { isProgressive: true, chromaSubsampling: '4:4:4', hasProfile: true }, 4e6],
      ['png', { isProgressive: true }, 2e7],
      ['png', { depth: 'ushort', channels: 4, hasAlpha: true, hasProfile: true }, 5e7],
      ['webp', {}, 2e6],
      ['webp', { hasAlpha: true, channels: 4 }, 2e6],
      ['avif', {}, 1.5e6],
      ['avif', { depth: 'ushort' }, 3e6],
      ['heic', {}, 3e6],
      ['heic', { width: 8064, height: 6048 }, 5e6],
      ['tiff', { hasProfile: true }, 7e7],
      ['gif', {}, 1e6],
      // Panoramas.
      ['jpeg', { width: 30_000, height: 8000 }, 3e7],
      ['jpeg', { width: 16_000, height: 4000, isProgressive: true, chromaSubsampling: '4:2:0' }, 1e7],
    ];
    for (const [format, image, bytes] of files) {
      const need = memoryNeed(format, { ...facts, ...image });
      expect(need, `${format} ${JSON.stringify(image)}`).toBeLessThan(memoryAllowance(bytes));
    }
  });

  test('is refused to small files of large pictures before they are decoded', async () => {
    const images = await hostileImages();
    for (const name of ['interlaced.png', 'wide.png', 'progressive.jpg', 'lossy.webp', 'large.avif', 'large.gif']) {
      const asked: number[] = [];
      const admit = (need: number) => Promise.resolve(void asked.push(need));
      await expect(openImage(images.get(name)!, { admit }), name).rejects.toThrow('takes too much memory');
      expect(asked).toEqual([]);
    }
    // What is read line by line is not.
    for (const name of ['plain.png', 'baseline.jpg', 'strip.tif', 'large.svg']) {
      const asked: number[] = [];
      await openImage(images.get(name)!, { admit: (need) => Promise.resolve(void asked.push(need)) });
      expect(asked, name).toHaveLength(1);
      expect(asked[0]! / MEGABYTE, name).toBeLessThan(330);
    }
  });
});

test('verdicts of the moment are not remembered', async () => {
  const folder = await newFolder();
  const signal = new AbortController().signal;
  const images = await hostileImages();
  await writeFile(join(folder, 'images', 'a.png'), images.get('wide.png')!);
  await writeFile(join(folder, 'images', 'b.png'), images.get('wide.png')!);
  const files = await scan([join(folder, 'images')], { onProgress: () => {}, signal });
  const options = {
    folder: join(folder, 'catalog'),
    recipe: {
      cell: { width: 32, height: 32 },
      tileSize: 256,
      format: 'jpeg',
      quality: 85,
      subsampling: '4:2:0',
      crop: 'centre',
    },
    background: { r: 0, g: 0, b: 0 },
    concurrency: 1,
    onProgress: () => {},
    signal,
  } as const;
  for (const round of [1, 2]) {
    const decoders = indexingDecoders(options, 2);
    let decoded = 0;
    const running = decoders.run.bind(decoders);
    decoders.run = <Result>(job: DecodingJob) => running<Result>(job).finally(() => decoded++);
    const { skipped } = await updateCatalog(files, { ...options, decoders });
    await decoders.close();
    expect(skipped.map(({ reason }) => reason)).toEqual(['too-much-memory', 'too-much-memory']);
    expect(decoded, `round ${round}`).toBe(2);
  }
});
