import { cp, mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { build, type BuildOptions, rebase, repair, verify } from '../../src/index.ts';
import { writeMany, writeWaves } from '../helpers/images.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

const [HERE, THERE, ELSEWHERE] = ['https://example.org/here', 'https://example.org/here/there', 'http://a.test:8080'];
/** Documents of a site with the layout iiif, in the order in which they are written; and of one without. */
const DOCUMENTS = ['iiif/image/info.json', 'iiif/manifest.json', 'iiif/annotations.json', 'mosaic.json', 'index.html'];
const FEW = ['mosaic.json', 'index.html'];
const SITES = [
  ['iiif', DOCUMENTS],
  ['dzi', FEW],
] as const;
type Layout = (typeof SITES)[number][0];
/** Every layout with every number of documents that a stopped run has written. */
const STOPS = SITES.flatMap(([layout, documents]) =>
  Array.from({ length: documents.length + 1 }, (_, written) => [layout, written] as const),
);

let root: string;
beforeAll(async () => {
  root = await temporaryFolder();
  await writeWaves(join(root, 'target.png'), 60, 40, 50);
  await mkdir(join(root, 'images'));
  await writeMany(join(root, 'images'), 4);
  // The same mosaic, built for two addresses; and for none.
  for (const [layout] of SITES)
    for (const [name, baseUrl] of Object.entries({ here: HERE, there: THERE })) await make(name, { layout, baseUrl });
  await make('nowhere', { layout: 'dzi' });
});

async function make(name: string, options: Partial<BuildOptions> & { layout: Layout }): Promise<void> {
  const files = { target: join(root, 'target.png'), images: [join(root, 'images')], catalog: join(root, 'catalog') };
  await build({ ...files, out: builtAs(name, options.layout), columns: 4, cellSize: 32, names: 'all', ...options });
}

const builtAs = (name: string, layout: Layout) => join(root, `${name} ${layout}`);

let copies = 0;
/** Copies a site with its reports. */
async function copyOf(site: string): Promise<string> {
  const copy = join(root, `copy ${copies++}`);
  await cp(site, copy, { recursive: true });
  await cp(`${site}-report`, `${copy}-report`, { recursive: true });
  return copy;
}

/** All files of a site and of its reports, by their paths. */
async function contentsOf(site: string): Promise<Map<string, string>> {
  const contents = new Map<string, string>();
  for (const folder of [site, `${site}-report`]) {
    for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
      const path = join(entry.parentPath, entry.name);
      if (entry.isFile()) contents.set(path.slice(site.length), await readFile(path, 'base64'));
    }
  }
  return contents;
}

async function problemsOf(site: string): Promise<string[]> {
  return (await verify({ site })).problems.map(({ path }) => path).toSorted();
}

describe('a site of somebody else', () => {
  test('is refused where a document is nested too deep, or a link that leads nowhere', async () => {
    const site = await copyOf(builtAs('here', 'iiif'));
    const manifest = await readFile(join(site, 'iiif/manifest.json'), 'utf8');
    const deep = '['.repeat(50_000) + ']'.repeat(50_000);
    await writeFile(join(site, 'iiif/manifest.json'), manifest.replace('{', `{"more":${deep},`));
    const refused = { name: 'UserError', code: 'not-a-site' };
    await expect(rebase({ site, baseUrl: THERE })).rejects.toMatchObject(refused);
    await rm(join(site, 'iiif/manifest.json'));
    await symlink('manifest.json', join(site, 'iiif/manifest.json'));
    await expect(rebase({ site, baseUrl: THERE })).rejects.toMatchObject(refused);
  });
});

describe('a page', () => {
  const tagsOf = async (name: string, layout: Layout) => {
    const page = await readFile(join(builtAs(name, layout), 'index.html'), 'utf8');
    return page.split('\n').filter((line) => /og:(?:image"|url)|canonical/.test(line));
  };

  test.each(['dzi', 'iiif'] as const)('names its address, whatever the layout: %s', async (layout) => {
    expect(await tagsOf('here', layout)).toEqual([
      `    <meta property="og:image" content="${HERE}/preview.jpg" />`,
      `    <meta property="og:url" content="${HERE}/" />`,
      `    <link rel="canonical" href="${HERE}/" />`,
    ]);
    const page = await readFile(join(builtAs('here', layout), 'index.html'), 'utf8');
    expect(page.split(HERE).length, 'nowhere else').toBe(4);
    const links = await readFile(`${builtAs('here', layout)}-report/links.csv`, 'utf8');
    expect(links.split('\r\n')[4]).toBe(`003.jpg,${HERE}/#s=003.jpg`);
  });

  test('names none that is not known', async () => {
    expect(await tagsOf('nowhere', 'dzi')).toEqual(['    <meta property="og:image" content="preview.jpg" />']);
    const links = await readFile(`${builtAs('nowhere', 'dzi')}-report/links.csv`, 'utf8');
    expect(links.split('\r\n')[4]).toBe('003.jpg,#s=003.jpg');
  });
});

describe('a site that gets another address', () => {
  test.each(SITES)('is as if it had been built for there, checksums, reports and all: %s', async (layout, files) => {
    const site = await copyOf(builtAs('here', layout));
    expect(await rebase({ site, baseUrl: THERE })).toEqual({ from: HERE, to: THERE, files });
    expect(await contentsOf(site)).toEqual(await contentsOf(builtAs('there', layout)));
    expect(await problemsOf(site)).toEqual([]);
    expect(await rebase({ site, baseUrl: THERE })).toEqual({ from: THERE, to: THERE, files: [] });
  });

  test('needs none before', async () => {
    const site = await copyOf(builtAs('nowhere', 'dzi'));
    expect(await rebase({ site, baseUrl: HERE })).toEqual({ from: undefined, to: HERE, files: FEW });
    expect(await contentsOf(site)).toEqual(await contentsOf(builtAs('here', 'dzi')));
  });

  test('keeps it when it is repaired', async () => {
    const site = await copyOf(builtAs('here', 'dzi'));
    await rebase({ site, baseUrl: THERE });
    for (const path of FEW) await writeFile(join(site, path), 'damaged');
    await repair({ site, catalog: join(root, 'catalog') });
    expect(await contentsOf(site)).toEqual(await contentsOf(builtAs('there', 'dzi')));
  });

  test.each(STOPS)(
    'can be given it again, or another, after a stop: %s, behind document %i',
    async (layout, written) => {
      const [here, there] = [builtAs('here', layout), builtAs('there', layout)];
      const documents = layout === 'iiif' ? DOCUMENTS : FEW;
      const site = await copyOf(here);
      await cp(join(there, 'checksums.bin'), join(site, 'checksums.bin.rebase'));
      for (const path of documents.slice(0, written)) await cp(join(there, path), join(site, path));
      await cp(`${there}-report/links.csv`, `${site}-report/links.csv`);
      for (const path of [`${site}/checksums.bin.rebase.tmp`, `${site}-report/links.csv.tmp`])
        await writeFile(path, 'half');
      expect(await problemsOf(site)).toEqual(documents.slice(0, written).toSorted());
      const other = await copyOf(site);
      expect((await rebase({ site, baseUrl: THERE })).files).toEqual(documents.slice(written));
      expect(await contentsOf(site)).toEqual(await contentsOf(there));
      await rebase({ site: other, baseUrl: ELSEWHERE });
      expect(await problemsOf(other)).toEqual([]);
      await rebase({ site: other, baseUrl: HERE });
      expect(await contentsOf(other)).toEqual(await contentsOf(here));
    },
  );

  test.each(DOCUMENTS)('keeps damage to %s in sight', async (path) => {
    const site = await copyOf(builtAs('here', 'iiif'));
    const text = await readFile(join(site, path), 'utf8');
    await writeFile(join(site, path), text.replace('"', ' "'));
    expect(await problemsOf(site)).toEqual([path]);
    await rebase({ site, baseUrl: THERE });
    expect(await problemsOf(site)).toEqual([path]);
  });

  test.each(SITES)('moves without checksums and reports, too, and makes up none: %s', async (layout) => {
    const site = await copyOf(builtAs('here', layout));
    await rm(join(site, 'checksums.bin'));
    await rm(`${site}-report`, { recursive: true });
    await rebase({ site, baseUrl: THERE });
    expect(await readdir(root)).not.toContain(`${site.slice(root.length + 1)}-report`);
    expect(await problemsOf(site)).toEqual(['checksums.bin']);
  });

  test('leaves reports of another mosaic alone', async () => {
    const site = await copyOf(builtAs('here', 'dzi'));
    const report = `${builtAs('here', 'iiif')}-report`;
    const before = await contentsOf(builtAs('here', 'iiif'));
    await rebase({ site, baseUrl: THERE, report });
    expect(await contentsOf(builtAs('here', 'iiif'))).toEqual(before);
  });

  test('leaves links alone that somebody has changed', async () => {
    const site = await copyOf(builtAs('here', 'dzi'));
    const report = `${site} moved`;
    await cp(`${site}-report`, report, { recursive: true });
    const links = `source,link,note\r\n000.jpg,${HERE}/#s=000.jpg,mine\r\n`;
    await writeFile(join(report, 'links.csv'), links);
    await rebase({ site, baseUrl: THERE, report });
    expect(await readFile(join(report, 'links.csv'), 'utf8')).toBe(links);
    expect(await readFile(join(report, 'record.json'), 'utf8')).toContain(`"baseUrl":"${THERE}"`);
  });
});
