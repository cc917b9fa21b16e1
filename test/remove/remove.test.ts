import { cp, mkdir, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { beforeAll, describe, expect, test } from 'vitest';
import { build, type BuildOptions, remove, verify } from '../../src/index.ts';
import { waves, writeWaves } from '../helpers/images.ts';
import { readDirectory } from '../helpers/directory.ts';
import { filesOf } from '../helpers/levels.ts';
import { readIndex } from '../helpers/originals.ts';
import { readSite } from '../helpers/site.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

let root: string;
let images: string;
beforeAll(async () => {
  root = await temporaryFolder();
  images = join(root, 'photos of mine');
  await mkdir(join(images, 'family'), { recursive: true });
  for (let i = 0; i < 24; i++) await writeWaves(join(images, `img_${i}.jpg`), 120 + i, 90, i + 1);
  for (let i = 24; i < 30; i++) await writeWaves(join(images, 'family', `anna_${i}.jpg`), 120 + i, 90, i + 1);
  await writeWaves(join(root, 'target.png'), 240, 160, 99);
});

async function make(name: string, options: Partial<BuildOptions> = {}) {
  const out = join(root, name);
  const catalog = join(root, `${name}-catalog`);
  const files = { target: join(root, 'target.png'), images: [images], catalog, out };
  await build({ ...files, columns: 12, cellSize: 32, variety: 1, ...options });
  return { out, catalog, site: await readSite(out) };
}

async function contents(folder: string): Promise<Map<string, string>> {
  const paths = await filesOf(folder);
  return new Map(
    await Promise.all(paths.map(async (path) => [path, await readFile(join(folder, path), 'latin1')] as const)),
  );
}

/** Pairs of cells within a distance that show the same image. */
function conflicts(shown: readonly string[], columns: number, distance: number): number {
  let found = 0;
  for (const [a, one] of shown.entries()) {
    for (const [b, other] of shown.entries()) {
      const [across, down] = [
        Math.abs((a % columns) - (b % columns)),
        Math.abs(Math.floor(a / columns) - Math.floor(b / columns)),
      ];
      if (a < b && one === other && Math.max(across, down) <= distance) found++;
    }
  }
  return found;
}

describe('taking images out', () => {
  test.each([
    ['dzi', { layout: 'dzi' }],
    [
      'all layouts, with originals',
      { layout: ['dzi', 'compact', 'iiif'], baseUrl: 'https://a.example/m', originals: 'copy', names: 'all' },
    ],
    ['large cells that are not square', { cellSize: 256, cellAspect: '4:3', tileSize: 256 }],
    ['images turned and mirrored', { mirror: true, rotate: true, layout: ['dzi', 'compact'] }],
    ['tiles that are painted', { format: 'png', layout: 'compact' }],
    ['every image at most so often, copied tiles', { maxUses: 5, fullLevel: 'copy', minDistance: 2, cellSize: 256 }],
  ] satisfies [string, Partial<BuildOptions>][])(
    'fills their cells and leaves all else as it was: %s',
    async (name, options) => {
      const { out, catalog, site } = await make(`site ${name.replaceAll(/\W/g, '-')}`, options);
      const gone = site.shown[7]!;
      const before = await contents(out);
      const result = await remove({ site: out, images: [gone], catalog });
      expect(result.images).toEqual([gone]);
      expect(result.cells).toBe(site.shown.filter((source) => source === gone).length);
      expect(result.searched.files).toBeGreaterThan(before.size / 2);
      const after = await readSite(out);
      for (const [cell, source] of site.shown.entries()) {
        if (source === gone) expect(after.shown[cell]).not.toBe(gone);
        else expect(after.shown[cell]).toBe(source);
      }
      const { minDistance } = site.mosaic.quality;
      expect(conflicts(after.shown, 12, minDistance)).toBe(0);
      expect(after.mosaic.quality.distanceConflicts).toBe(0);
      const { maxUses } = options as { maxUses?: number };
      if (maxUses) expect(after.mosaic.quality.mostUses).toBeLessThanOrEqual(maxUses);
      expect(after.sources.map(({ source }) => source)).not.toContain(gone);
      expect(after.mosaic.sources.usable).toBe(site.mosaic.sources.usable - 1);
      expect((await verify({ site: out, deep: true, catalog })).problems).toEqual([]);
      // Tiles that show none of its cells are the same file.
      const same = [...(await contents(out))].filter(([path, text]) => before.get(path) === text);
      expect(same.length).toBeGreaterThan(before.size / 10);
      expect(await stat(join(images, gone))).toBeTruthy();
    },
  );

  test('means files, folders, and names; tells what it does not know', async () => {
    const { out, catalog } = await make('named');
    const copy = join(root, 'a copy elsewhere.jpg');
    await writeFile(copy, await readFile(join(images, 'img_3.jpg')));
    expect((await remove({ site: out, images: [copy], catalog })).images).toEqual(['img_3.jpg']);
    expect((await remove({ site: out, images: ['anna_25.jpg'], catalog })).images).toEqual(['family/anna_25.jpg']);
    const family = await remove({ site: out, images: [join(images, 'family')], catalog });
    expect(family.images).toHaveLength(5);
    for (const unknown of ['nobody.jpg', join(root, 'nowhere'), 'img']) {
      await expect(remove({ site: out, images: [unknown], catalog })).rejects.toMatchObject({ code: 'usage' });
    }
    // What the site does not show is forgotten all the same.
    expect(await remove({ site: out, images: [copy], catalog })).toMatchObject({ images: [], cells: 0 });
    expect((await verify({ site: out, deep: true, catalog })).problems).toEqual([]);
  });

  test('leaves nothing of them anywhere, whatever was taken out before', async () => {
    const captions = join(root, 'captions.csv');
    const lines = Array.from(
      { length: 24 },
      (_, i) => `img_${i}.jpg,Title no. ${i}!,Credit no. ${i}!,https://a.example/${i}!`,
    );
    await writeFile(captions, `path,title,credit,link\n${lines.join('\n')}\n`);
    const { out, catalog, site } = await make('twice', {
      layout: ['dzi', 'compact'],
      originals: 'copy',
      minDistance: 0,
      captions,
    });
    const told = await readDirectory(out, site.mosaic);
    expect(told.sources.filter(({ caption }) => caption.title !== undefined).length).toBeGreaterThan(10);
    const names = [...new Set(site.shown)];
    for (const gone of names.slice(0, 8)) await remove({ site: out, images: [gone], catalog });
    const after = await readSite(out);
    for (const gone of names.slice(0, 8)) expect(after.shown).not.toContain(gone);
    expect((await verify({ site: out, deep: true, catalog })).problems).toEqual([]);
    for (const folder of [out, `${out}-report`, catalog]) {
      for (const [path, text] of await contents(folder)) {
        for (const gone of names.slice(0, 8)) {
          const base = gone.slice(gone.lastIndexOf('/') + 1);
          const number = /_(\d+)/.exec(gone)![1]!;
          const traces = [base, `Title no. ${number}!`, `Credit no. ${number}!`, `https://a.example/${number}!`];
          for (const trace of traces) expect(text.includes(trace), `${trace} in ${path}`).toBe(false);
        }
      }
    }
    // What is left is told as before, of the cells that show it now.
    const { sources, names: named, cells } = await readDirectory(out, after.mosaic);
    expect(cells.map((source) => sources[source]!.name)).toEqual(after.shown);
    expect(sources).toHaveLength(new Set(after.shown).size);
    for (const [number, { name, caption, ...source }] of sources.entries()) {
      expect([...source.cells]).toEqual([...after.shown.keys()].filter((cell) => after.shown[cell] === name));
      expect(named[number]).toEqual({ name, title: caption.title, cell: source.cells[0] });
      const image = /_(\d+)/.exec(name!)![1]!;
      const title = name!.startsWith('img') ? `Title no. ${image}!` : undefined;
      expect(caption.title).toBe(title);
      expect([source.width, source.height]).toEqual([120 + Number(image), 90]);
    }
  });

  test.each<[string, Partial<BuildOptions>]>([
    ['original', { originals: 'copy' }],
    ['close-up', { closeup: 256 }],
  ])('leaves each image its own %s, whatever was taken out before', async (what, options) => {
    const { out, catalog, site } = await make(`each its ${what}`, { minDistance: 0, ...options });
    // Pictures of the lowest numbers go first: their numbers become spare, or those of others.
    const { cells } = await readDirectory(out, site.mosaic);
    const order = [...site.shown].toSorted((a, b) => cells[site.shown.indexOf(a)]! - cells[site.shown.indexOf(b)]!);
    for (const gone of [...new Set(order)].slice(0, 4)) {
      await remove({ site: out, images: [gone], catalog });
      const after = await readSite(out);
      const directory = await readDirectory(out, after.mosaic);
      const rows = options.originals ? await readIndex(out) : [];
      const files = new Set<string>();
      for (const [cell, name] of after.shown.entries()) {
        const row = rows[after.pictures[cell]!];
        const { closeup, width } = directory.sources[directory.cells[cell]!]!;
        const path = options.originals ? `originals/0/${row![0]}.jpg` : `sources/closeups/0/${closeup!}.jpg`;
        files.add(path);
        // Every image has a width of its own.
        const { info } = await sharp(join(out, path)).raw().toBuffer({ resolveWithObject: true });
        const wide = 120 + Number(/_(\d+)/.exec(name)![1]!);
        expect(width).toBe(wide);
        expect(info.width, `${name} in ${path}`).toBe(wide);
      }
      const found = await filesOf(out);
      const folder = options.originals ? 'originals' : 'sources/closeups';
      const kept = found.filter((path) => path.startsWith(`${folder}/`) && path.endsWith('.jpg'));
      expect(kept.toSorted()).toEqual([...files].toSorted());
      expect((await verify({ site: out })).problems).toEqual([]);
    }
  });

  test('tells nothing of names afterwards where a site has none', async () => {
    const { out, catalog, site } = await make('nameless', { names: 'none', minDistance: 0 });
    const gone = site.shown[3]!;
    await remove({ site: out, images: [gone], catalog });
    const after = await readSite(out);
    for (const [path, text] of await contents(out)) expect(/img_|anna_/.test(text), path).toBe(false);
    const { sources, names, cells } = await readDirectory(out, after.mosaic);
    expect(names).toEqual([]);
    expect(sources.every(({ name }) => name === undefined)).toBe(true);
    for (const [cell, name] of after.shown.entries()) {
      const others = [...sources[cells[cell]!]!.cells].map((one) => after.shown[one]);
      expect(new Set(others)).toEqual(new Set([name]));
    }
  });

  test('means what links and odd names mean, and what only reports of skipped files or the catalog know', async () => {
    const odd = join(root, 'odd');
    await mkdir(join(odd, 'family'), { recursive: true });
    const names = ['back\\slash.jpg', 'family/a "quote".jpg', 'family/b.jpg', 'c.jpg', 'd.jpg', 'e.jpg'];
    for (const [i, name] of names.entries()) await writeWaves(join(odd, name), 90 + i, 70, i + 1);
    await writeFile(join(odd, 'family', 'b copy.jpg'), await readFile(join(odd, 'family/b.jpg')));
    await writeFile(join(odd, 'berta.jpg'), (await readFile(join(odd, 'd.jpg'))).subarray(0, -200));
    await writeFile(join(odd, 'family', 'carla.jpg'), 'no image');
    await symlink(odd, join(root, 'link'));
    const { out, catalog } = await make('odd names', { images: [odd], minDistance: 0 });
    const skipped = async () =>
      (await readFile(`${out}-report/skipped.csv`, 'utf8'))
        .split('\r\n')
        .slice(1, -1)
        .map((line) => line.split(',')[0]);
    const sources = async () => (await readSite(out)).sources.map(({ source }) => source);
    expect(await skipped()).toEqual(['berta.jpg', 'family/carla.jpg']);
    expect((await remove({ site: out, images: [names[0]!], catalog })).images).toEqual([names[0]]);
    const family = await remove({ site: out, images: [join(root, 'link', 'family')], catalog });
    const gone = [...names.slice(1, 3), 'family/carla.jpg'];
    // Which of two files of the same content gives an image its name, the order of their paths tells.
    expect(family.images.map((name) => name.replace(' copy', '')).toSorted()).toEqual(gone.toSorted());
    expect(family.copies).toHaveLength(1);
    expect(await sources()).toEqual(names.slice(3));
    expect(await skipped()).toEqual(['berta.jpg']);
    expect((await remove({ site: out, images: ['berta.jpg'], catalog })).images).toEqual(['berta.jpg']);
    expect(await skipped()).toEqual([]);
    // As a command leaves it that is killed between the site and the catalog.
    await cp(catalog, `${catalog} before`, { recursive: true });
    await remove({ site: out, images: ['c.jpg'], catalog });
    await rm(catalog, { recursive: true });
    await cp(`${catalog} before`, catalog, { recursive: true });
    expect(await remove({ site: out, images: ['c.jpg'], catalog })).toMatchObject({ images: [], cells: 0 });
    for (const [path, text] of await contents(catalog)) expect(/\/c\.jpg|berta|family/.test(text), path).toBe(false);
    await expect(remove({ site: out, images: ['c.jpg'], catalog })).rejects.toMatchObject({ code: 'usage' });
    expect((await verify({ site: out, deep: true, catalog })).problems).toEqual([]);
  });

  test('takes nothing for a trace that other images have, too, or any site', async () => {
    const few = join(root, 'small ones');
    await mkdir(few);
    for (let i = 0; i < 5; i++) {
      // So small that tables, which all encoders write, are most of it; and with as large a profile.
      const px = sharp(waves(24, 20, i * 5 + 1), { raw: { width: 24, height: 20, channels: 3 } });
      const file = px.withIccProfile('p3').jpeg({ optimizeCoding: false, quality: 60 });
      await writeFile(join(few, ['title', 'jpeg', 'c.jpg', 'd.jpg', 'e.jpg'][i]!), await file.toBuffer());
    }
    const files = ['title', 'jpeg', '*.jpg'].map((name) => join(few, name));
    const { out, catalog } = await make('tables', { images: files, minDistance: 0, originals: 'copy' });
    for (const gone of ['title', 'jpeg', 'd.jpg']) {
      expect((await remove({ site: out, images: [gone], catalog })).images).toEqual([gone]);
    }
  });

  test('tells of traces in files that are none of its own', async () => {
    const { out, catalog, site } = await make('strangers');
    await writeFile(join(out, 'notes.txt'), `Best: "${site.shown[0]}"`);
    await expect(remove({ site: out, images: [site.shown[0]!], catalog })).rejects.toMatchObject({
      code: 'site',
      message: expect.stringContaining('notes.txt: name') as string,
    });
  });

  test('is refused where no other image may stand, and changes nothing', async () => {
    const few = join(root, 'few');
    await mkdir(few);
    for (let i = 0; i < 4; i++) await writeWaves(join(few, `${i}.jpg`), 80, 60, i + 1);
    const { out, catalog } = await make('tight', {
      images: [few],
      grid: { columns: 2, rows: 2 },
      columns: undefined,
      maxUses: 1,
      variety: 0.5,
    } as never);
    const before = [await contents(out), await contents(`${out}-report`), await contents(catalog)];
    await expect(remove({ site: out, images: ['2.jpg'], catalog })).rejects.toMatchObject({ code: 'no-placement' });
    expect([await contents(out), await contents(`${out}-report`), await contents(catalog)]).toEqual(before);
    expect((await readdir(out)).filter((name) => name.startsWith('.'))).toEqual([]);
  });

  test('needs the reports of just that site, and a catalog that knows its images', async () => {
    const one = await make('one');
    const other = await make('other', { columns: 9 });
    const options = { site: one.out, images: ['img_1.jpg'], catalog: one.catalog };
    await expect(remove({ ...options, report: `${other.out}-report` })).rejects.toMatchObject({ code: 'site' });
    await expect(remove({ ...options, catalog: join(root, 'empty') })).rejects.toMatchObject({ code: 'catalog' });
    await rm(`${one.out}-report`, { recursive: true });
    await expect(remove(options)).rejects.toMatchObject({
      code: 'site',
      remedy: expect.stringContaining('--report') as string,
    });
    expect((await verify({ site: one.out })).problems).toEqual([]);
  });
});
