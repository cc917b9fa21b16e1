import { cp, mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { build, rebase, verify } from '../../src/index.ts';
import { writeMany, writeWaves } from '../helpers/images.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

const [HERE, THERE, ELSEWHERE] = ['https://example.org/here', 'https://example.org/here/there', 'http://a.test:8080'];
/** Documents, in the order in which they are written. */
const DOCUMENTS = ['iiif/image/info.json', 'iiif/manifest.json', 'iiif/annotations.json', 'mosaic.json', 'index.html'];

let root: string;
/** The same mosaic, built for two addresses. */
let [here, there] = ['', ''];
beforeAll(async () => {
  root = await temporaryFolder();
  await writeWaves(join(root, 'target.png'), 60, 40, 50);
  await mkdir(join(root, 'images'));
  await writeMany(join(root, 'images'), 4);
  const make = async (name: string, baseUrl: string) => {
    const out = join(root, name);
    const files = { target: join(root, 'target.png'), images: [join(root, 'images')], catalog: join(root, 'catalog') };
    await build({ ...files, out, columns: 4, cellSize: 32, layout: 'iiif', baseUrl, names: 'all' });
    return out;
  };
  here = await make('here', HERE);
  there = await make('there', THERE);
});

let copies = 0;
async function copyOf(site: string): Promise<string> {
  const copy = join(root, `copy ${copies++}`);
  await cp(site, copy, { recursive: true });
  return copy;
}

/** All files of a site, by their paths. */
async function contentsOf(site: string): Promise<Map<string, string>> {
  const contents = new Map<string, string>();
  for (const entry of await readdir(site, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isFile()) contents.set(path.slice(site.length + 1), await readFile(path, 'base64'));
  }
  return contents;
}

async function problemsOf(site: string): Promise<string[]> {
  return (await verify({ site })).problems.map(({ path }) => path).toSorted();
}

describe('a site of somebody else', () => {
  test('is refused where a document is nested too deep, or a link that leads nowhere', async () => {
    const site = await copyOf(here);
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

describe('a site that gets another address', () => {
  test('is as if it had been built for there, checksums and all', async () => {
    const site = await copyOf(here);
    await rebase({ site, baseUrl: THERE });
    expect(await contentsOf(site)).toEqual(await contentsOf(there));
    expect(await problemsOf(site)).toEqual([]);
  });

  test.each([0, 1, 2, 3, 4, 5])(
    'can be given it again, or another, after a stop behind document %i',
    async (written) => {
      const site = await copyOf(here);
      await cp(join(there, 'checksums.bin'), join(site, 'checksums.bin.rebase'));
      for (const path of DOCUMENTS.slice(0, written)) await cp(join(there, path), join(site, path));
      await writeFile(join(site, 'checksums.bin.rebase.tmp'), 'half');
      expect(await problemsOf(site)).toEqual(DOCUMENTS.slice(0, written).toSorted());
      const other = await copyOf(site);
      expect((await rebase({ site, baseUrl: THERE })).files).toEqual(DOCUMENTS.slice(written));
      expect(await contentsOf(site)).toEqual(await contentsOf(there));
      await rebase({ site: other, baseUrl: ELSEWHERE });
      expect(await problemsOf(other)).toEqual([]);
      await rebase({ site: other, baseUrl: HERE });
      expect(await contentsOf(other)).toEqual(await contentsOf(here));
    },
  );

  test.each(DOCUMENTS)('keeps damage to %s in sight', async (path) => {
    const site = await copyOf(here);
    const text = await readFile(join(site, path), 'utf8');
    await writeFile(join(site, path), text.replace('"', ' "'));
    expect(await problemsOf(site)).toEqual([path]);
    await rebase({ site, baseUrl: THERE });
    expect(await problemsOf(site)).toEqual([path]);
  });

  test('moves without checksums, too, and makes up none', async () => {
    const site = await copyOf(here);
    await rm(join(site, 'checksums.bin'));
    await rebase({ site, baseUrl: THERE });
    expect((await contentsOf(site)).has('checksums.bin')).toBe(false);
    expect(await problemsOf(site)).toEqual(['checksums.bin']);
  });
});
