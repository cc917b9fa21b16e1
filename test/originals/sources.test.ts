import { copyFileSync, rmSync } from 'node:fs';
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import sharp from 'sharp';
import { beforeAll, describe, expect, test } from 'vitest';
import { type Progress, verify } from '../../src/index.ts';
import { waves, writeWaves } from '../helpers/images.ts';
import { filesOf, writePlacement } from '../helpers/levels.ts';
import { buildWithOriginals, readIndex } from '../helpers/originals.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

let root: string;
beforeAll(async () => {
  root = await temporaryFolder();
  await writeWaves(join(root, 'target.png'), 120, 80, 99);
});

const make = async (name: string, options: Parameters<typeof buildWithOriginals>[2]) =>
  await buildWithOriginals(root, name, options);

describe('originals', () => {
  test('are files, also of sources that are links to elsewhere', async () => {
    const images = join(root, 'linking');
    await mkdir(images);
    await mkdir(join(root, 'elsewhere'));
    for (const [i, name] of ['a.jpg', 'b.jpg'].entries()) {
      await sharp(waves(80, 60, i), { raw: { width: 80, height: 60, channels: 3 } })
        .jpeg()
        .toFile(join(root, 'elsewhere', name));
      await symlink(`../elsewhere/${name}`, join(images, name));
    }
    for (const originals of ['copy', 'link'] as const) {
      const placement = await writePlacement(join(root, 'links.csv'), 2, ['a.jpg', 'b.jpg']);
      const { out } = await make(`linking-${originals}`, { images: [images], placement, originals });
      const files = await filesOf(join(out, 'originals'));
      expect(files, originals).toEqual(['0/0.jpg', '0/1.jpg', '0/index.js']);
      expect((await verify({ site: out })).problems).toEqual([]);
    }
  });

  test('leave the site that was there as it was when they are stopped, and write nothing after that', async () => {
    const images = join(root, 'stopping');
    await mkdir(images);
    for (const i of [0, 1, 2]) await writeWaves(join(images, `${i}.jpg`), 2400, 2400, i); // pyramids take a while
    const placement = await writePlacement(join(root, 'stopping.csv'), 3, ['0.jpg', '1.jpg', '2.jpg']);
    const options = { images: [images], placement, cellSize: 32 };
    const { out } = await make('left', options);
    const before = await contentsOf(out);
    const stop = new AbortController();
    const onProgress = ({ stage, done }: Progress) =>
      stage === 'originals' && done === 1 && stop.abort(new Error('enough'));
    await expect(make('left', { ...options, onProgress, signal: stop.signal })).rejects.toThrow('enough');
    expect(await contentsOf(out)).toEqual(before);
    // Whatever had still been under way would have made its folders by now.
    await setTimeout(300);
    expect(await contentsOf(out)).toEqual(before);
  });

  test('are made anew from a source that changes meanwhile, which is said', async () => {
    const images = join(root, 'changing');
    await mkdir(images);
    for (const i of [0, 1, 2]) await writeWaves(join(images, `${i}.jpg`), 80, 60, i);
    const placement = await writePlacement(join(root, 'changing.csv'), 3, ['0.jpg', '1.jpg', '2.jpg']);
    const options = { images: [images], placement, cellSize: 32 };
    let told = 0;
    const onProgress = ({ stage }: Progress) => {
      if (stage === 'pyramid' && told++ === 0) copyFileSync(join(root, 'other.jpg'), join(images, '1.jpg'));
    };
    await writeWaves(join(root, 'other.jpg'), 90, 60, 7);
    const { out, result } = await make('changed', { ...options, onProgress });
    expect(result.warnings[0]).toBe('1.jpg changed while it was being used; it was read again');
    const index = await readIndex(out);
    expect(index.map((row) => row[2]).toSorted((a, b) => a - b)).toEqual([80, 80, 90]);
    expect((await verify({ site: out })).problems).toEqual([]);
  });

  test('are left out where a source is gone, which is said; the page shows its cell instead', async () => {
    const images = join(root, 'going');
    await mkdir(images);
    for (const i of [0, 1, 2]) await writeWaves(join(images, `${i}.jpg`), 80, 60, i);
    const placement = await writePlacement(join(root, 'going.csv'), 3, ['0.jpg', '1.jpg', '2.jpg']);
    const onProgress = ({ stage }: Progress) => stage === 'pyramid' && rmSync(join(images, '1.jpg'), { force: true });
    const { out, result } = await make('gone', { images: [images], placement, cellSize: 32, onProgress });
    expect(result.warnings).toContain('the original of 1.jpg was left out: there is no such file (ENOENT)');
    const files = await filesOf(join(out, 'originals'));
    expect(files.filter((file) => file.endsWith('.jpg'))).toHaveLength(2);
    expect((await readIndex(out)).filter((row) => row === null)).toHaveLength(1);
    expect((await verify({ site: out })).problems).toEqual([]);
  });

  test('of slightly damaged photographs are what the catalog takes', async () => {
    const images = join(root, 'damaged');
    await mkdir(images);
    for (const i of [0, 1, 2]) await writeWaves(join(images, `${i}.jpg`), 2400, 1800, i);
    // Bytes between the segments: libjpeg warns of them, and goes on.
    const whole = await readFile(join(images, '1.jpg'));
    await writeFile(
      join(images, '1.jpg'),
      Buffer.concat([whole.subarray(0, 2), Buffer.from('junk'), whole.subarray(2)]),
    );
    const placement = await writePlacement(join(root, 'damaged.csv'), 3, ['0.jpg', '1.jpg', '2.jpg']);
    const { out, result } = await make('damaged-site', { images: [images], placement, cellSize: 32 });
    expect(result.sources.used).toBe(3);
    expect((await filesOf(join(out, 'originals'))).filter((file) => file.endsWith('.dzi'))).toHaveLength(3);
    expect((await verify({ site: out })).problems).toEqual([]);
  });
});

async function contentsOf(site: string): Promise<Map<string, string>> {
  const files = await filesOf(site);
  return new Map(
    await Promise.all(files.map(async (path) => [path, await readFile(join(site, path), 'latin1')] as const)),
  );
}
