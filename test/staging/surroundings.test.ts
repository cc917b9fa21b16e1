import fs from 'node:fs';
import { mkdir, readdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { type BuildOptions, type Progress, verify } from '../../src/index.ts';
import { writeMany, writeWaves } from '../helpers/images.ts';
import { buildInto, contents, put, writeInputs } from '../helpers/staged.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

let root: string;
let images: string;
beforeAll(async () => {
  root = await temporaryFolder();
  images = join(root, 'images');
  await writeInputs(root);
});

const make = async (out: string, options?: Partial<BuildOptions>) => await buildInto(root, out, options);

describe('inputs are never written over', () => {
  test('photographs behind a link to the folder that the site would go to', async () => {
    const photos = join(root, 'linked');
    await mkdir(photos);
    await writeMany(photos, 4);
    await symlink('linked', join(root, 'pics'));
    const before = await contents(photos);
    const failing = make(photos, { images: [join(root, 'pics')], force: true });
    await expect(failing).rejects.toMatchObject({ code: 'out-exists' });
    expect(await contents(photos)).toEqual(before);
  });

  test('photographs whose names begin with two dots', async () => {
    const photos = join(root, 'dotted');
    await mkdir(join(photos, '..family'), { recursive: true });
    await writeMany(join(photos, '..family'), 4);
    const file = join(photos, '..family/001.jpg');
    await rename(file, join(photos, '..one.jpg'));
    for (const input of [join(photos, '..one.jpg'), join(photos, '..family/000.jpg')]) {
      await expect(make(photos, { images: [input, images], force: true })).rejects.toMatchObject({
        code: 'out-exists',
        message: expect.stringContaining(input) as string,
      });
    }
  });

  test('links in there, and what links from elsewhere lead to', async () => {
    const place = join(root, 'entangled');
    await mkdir(place);
    await writeWaves(join(place, 'real.jpg'), 60, 40, 1);
    await symlink(join(images, '001.jpg'), join(place, 'link.jpg'));
    await symlink(join(place, 'real.jpg'), join(root, 'outside.jpg'));
    for (const input of [join(place, 'link.jpg'), join(root, 'outside.jpg')]) {
      await expect(make(place, { images: [input], force: true })).rejects.toMatchObject({ code: 'out-exists' });
    }
  });

  test('target, catalog, weights, placements and pins', async () => {
    const place = join(root, 'inputs');
    await mkdir(place);
    await writeWaves(join(place, 'picture.png'), 60, 40, 1);
    await writeFile(join(place, 'list.csv'), 'column,row,source\n0,0,000.jpg\n');
    const picture = join(place, 'picture.png');
    const pin = { column: 0, row: 0, image: '000.jpg', file: join(place, 'list.csv') };
    for (const options of [
      { target: picture },
      { weights: picture },
      { placement: join(place, 'list.csv'), columns: undefined, grid: { columns: 1, rows: 1 } },
      { pins: [pin] },
      { catalog: join(place, 'catalog') },
      { catalog: place },
    ]) {
      const failing = make(place, { ...options, force: true } as Partial<BuildOptions>);
      await expect(failing, JSON.stringify(options)).rejects.toMatchObject({ code: 'out-exists' });
    }
    expect(Object.keys(await contents(place))).toEqual(['list.csv', 'picture.png']);
    const later = join(root, 'not-yet');
    await expect(make(later, { catalog: join(later, 'catalog') })).rejects.toMatchObject({ code: 'out-exists' });
    expect(await readdir(root)).not.toContain('not-yet');
  });
});

describe('what else lies in the folder of a site', () => {
  const STRANGERS = {
    '.git/HEAD': 'ref',
    '.nojekyll': '',
    CNAME: 'example.org',
    _headers: '/*',
    'notes/of/mine.txt': 'mine',
    'viewer/custom.css': 'body {}',
    'tiles/0/readme.txt': 'mine, too',
    'tiles/mine/0.jpg': 'mine',
    'report/notes.txt': 'good',
    'tiles/0/000.jpg.txt': 'mine',
  };

  test('is there after the site was built anew, in another layout, too', async () => {
    const out = join(root, 'published');
    await make(out, { layout: ['dzi', 'compact'] });
    for (const [path, text] of Object.entries(STRANGERS)) {
      await mkdir(join(out, path, '..'), { recursive: true });
      await writeFile(join(out, path), text);
    }
    await symlink('CNAME', join(out, 'viewer/link'));
    await make(out, { columns: 5, layout: 'compact' });
    const after = await contents(out);
    expect(after).toMatchObject(STRANGERS);
    expect(fs.readlinkSync(join(out, 'viewer/link'))).toBe('CNAME');
    const alone = join(root, 'unpublished');
    await make(alone, { columns: 5, layout: 'compact', title: 'Target' });
    const own = Object.keys(after).filter((path) => !(path in STRANGERS) && path !== 'viewer/link');
    expect(own).toEqual(Object.keys(await contents(alone)));
    expect((await verify({ site: out })).problems).toEqual([]);
  });

  test('is refused where the site needs a name for something else, before anything is done', async () => {
    const out = join(root, 'obstructed');
    await mkdir(join(out, 'index.html'), { recursive: true });
    await writeFile(join(out, 'tiles'), 'a file');
    const seen: Progress[] = [];
    const failing = make(out, { force: true, onProgress: (progress) => seen.push(progress) });
    await expect(failing).rejects.toMatchObject({
      code: 'out-exists',
      message: expect.stringMatching(/^index\.html in --out is a folder; a site needs a file|^tiles/) as string,
    });
    expect(seen.filter(({ stage }) => stage !== 'scan')).toEqual([]);
    expect(await contents(out)).toEqual({ tiles: 'a file' });
  });

  test('--force puts the site beside what is in a folder', async () => {
    const out = join(root, 'forced');
    await mkdir(join(out, 'tiles/mine'), { recursive: true });
    await writeFile(join(out, 'diary.txt'), 'dear diary');
    await writeFile(join(out, 'tiles/mine/holiday.jpg'), 'photo');
    await make(out, { force: true });
    expect(await contents(out)).toMatchObject({ 'diary.txt': 'dear diary', 'tiles/mine/holiday.jpg': 'photo' });
    expect((await verify({ site: out })).problems).toEqual([]);
  });

  test("is nobody else's to remove where there is no site, though sites have such names", async () => {
    const out = join(root, 'photographs');
    const files = { 'originals/2019/1.jpg': 'mine', 'originals/0/0001.jpg': 'mine', 'tiles/0/2048.jpg': 'mine' };
    await put(out, files);
    await make(out, { force: true });
    await make(out, { originals: 'copy', columns: 5 });
    expect(await contents(out)).toMatchObject(files);
    for (const path of ['index.html', 'originals/0/1.jpg', 'cells/0_0.js']) {
      const place = join(root, `photographs-${path.replaceAll('/', '-')}`);
      await put(place, { [path]: 'mine' });
      await expect(make(place, { force: true })).rejects.toMatchObject({
        code: 'out-exists',
        message: expect.stringContaining(path) as string,
      });
      expect(await contents(place)).toEqual({ [path]: 'mine' });
    }
  });

  test('is refused before anything is done where the site that is there has no such files, or other things', async () => {
    const out = join(root, 'without-originals');
    await make(out);
    const whole = await contents(out);
    const seen: Progress[] = [];
    const onProgress = (progress: Progress) => seen.push(progress);
    const refused = async (path: string) => {
      await expect(make(out, { columns: 5, onProgress })).rejects.toMatchObject({
        code: 'out-exists',
        message: expect.stringContaining(path) as string,
      });
      expect(seen.filter(({ stage }) => stage !== 'scan')).toEqual([]);
    };
    await put(out, { 'originals/0/1.jpg': 'mine' });
    await refused('originals/0/1.jpg');
    expect(await contents(out)).toEqual({ ...whole, 'originals/0/1.jpg': 'mine' });
    await rm(join(out, 'originals'), { recursive: true });
    await rename(join(out, 'mosaic_files/0'), join(root, 'level-0'));
    await symlink(join(root, 'level-0'), join(out, 'mosaic_files/0'));
    await refused('mosaic_files/0');
    expect(await readdir(join(root, 'level-0'))).toEqual(['0_0.jpg']);
  });

  test('a link as --out is followed, and stays', async () => {
    await mkdir(join(root, 'disk'));
    await symlink('disk/site', join(root, 'link'));
    for (const columns of [4, 5]) {
      await make(join(root, 'link'), { columns });
      expect((await fs.promises.lstat(join(root, 'link'))).isSymbolicLink()).toBe(true);
      expect((await verify({ site: join(root, 'disk/site') })).problems).toEqual([]);
    }
  });
});
