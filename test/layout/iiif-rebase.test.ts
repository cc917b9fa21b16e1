import { link, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { infoJson } from '../../src/format/iiif-image.ts';
import { annotationPageJson, manifestJson } from '../../src/layout/iiif-manifest.ts';
import { rebase } from '../../src/rebase/rebase.ts';
import { ABOUT, BASE, cells, IMAGE } from '../helpers/iiif.ts';
import { soundMosaic } from '../helpers/mosaics.ts';
import { refuses } from '../helpers/refuses.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';
import { IIIF_PATHS } from '../../src/format/site-paths.ts';

describe('rebase', () => {
  const OTHER = 'http://localhost:8080/x';
  const MOSAIC = soundMosaic({ layouts: ['dzi', 'iiif'] });
  const FILES = [IIIF_PATHS.info, IIIF_PATHS.manifest, IIIF_PATHS.annotations, 'mosaic.json'];

  function textsOf(baseUrl: string): Record<string, string> {
    const text = (json: object) => `${JSON.stringify(json, undefined, 2)}\n`;
    const info = infoJson(IMAGE, `${baseUrl}/iiif/image`, { manifest: `${baseUrl}/iiif/manifest.json` });
    // Texts that look like addresses within the site stay what they are.
    const words = [{ name: `${BASE}/iiif/image`, x: 0, y: 0, width: 9, height: 9 }, ...cells(700)];
    return {
      [IIIF_PATHS.info]: text(info),
      [IIIF_PATHS.manifest]: text(manifestJson({ ...ABOUT, baseUrl })),
      [IIIF_PATHS.annotations]: [...annotationPageJson(baseUrl, words)].join(''),
      'mosaic.json': text({
        ...MOSAIC,
        title: BASE,
        baseUrl,
        layouts: { dzi: MOSAIC.layouts.dzi, iiif: { ...MOSAIC.layouts.iiif, tiles: 3 } },
        z: 1,
      }),
    };
  }

  async function siteOf(texts: Record<string, string>): Promise<string> {
    const site = await temporaryFolder();
    for (const [path, text] of Object.entries(texts)) {
      await mkdir(dirname(join(site, path)), { recursive: true });
      await writeFile(join(site, path), text);
    }
    return site;
  }

  async function read(site: string): Promise<Record<string, string>> {
    const entries = FILES.map(async (path) => [path, await readFile(join(site, path), 'utf8')] as const);
    return Object.fromEntries(await Promise.all(entries));
  }

  test.each([OTHER, `${BASE}/iiif`, 'https://example.org', `${BASE}2`])(
    'to %s and back is the site as it would have been built',
    async (to) => {
      const site = await siteOf(textsOf(BASE));
      expect(await rebase({ site, baseUrl: `${to}/` })).toEqual({ from: BASE, to, files: FILES });
      expect(await read(site)).toEqual(textsOf(to));
      expect(await rebase({ site, baseUrl: to })).toEqual({ from: to, to, files: [] });
      expect(await rebase({ site, baseUrl: BASE })).toEqual({ from: to, to: BASE, files: FILES });
      expect(await read(site)).toEqual(textsOf(BASE));
      expect(await readdir(join(site, 'iiif'))).toEqual(['annotations.json', 'image', 'manifest.json']);
    },
  );

  test('leaves hard links to the old files as they are', async () => {
    const site = await siteOf(textsOf(BASE));
    const copy = await temporaryFolder();
    for (const path of FILES) await link(join(site, path), join(copy, path.replaceAll('/', '_')));
    await rebase({ site, baseUrl: OTHER });
    for (const path of FILES) {
      expect(await readFile(join(copy, path.replaceAll('/', '_')), 'utf8')).toBe(textsOf(BASE)[path]);
    }
  });

  test('leaves addresses of neighbours alone that only begin alike', async () => {
    const manifest = { ...manifestJson(ABOUT), provider: [{ id: `${BASE}2/about`, type: 'Agent' }] };
    const site = await siteOf({ ...textsOf(BASE), [IIIF_PATHS.manifest]: JSON.stringify(manifest) });
    await rebase({ site, baseUrl: OTHER });
    expect(JSON.parse((await read(site))[IIIF_PATHS.manifest]!)).toEqual({
      ...manifestJson({ ...ABOUT, baseUrl: OTHER }),
      provider: manifest.provider,
    });
  });

  test('finishes what was interrupted, even where the new address begins with the old one', async () => {
    const to = `${BASE}/iiif`;
    const site = await siteOf({ ...textsOf(BASE), [IIIF_PATHS.manifest]: textsOf(to)[IIIF_PATHS.manifest]! });
    await writeFile(join(site, `${IIIF_PATHS.info}.tmp`), 'half');
    expect((await rebase({ site, baseUrl: to })).files).toEqual(FILES.filter((path) => path !== IIIF_PATHS.manifest));
    expect(await read(site)).toEqual(textsOf(to));
    expect(await readdir(join(site, 'iiif/image'))).toEqual(['info.json']);
  });

  test('does without annotations and mosaic.json', async () => {
    const site = await siteOf(textsOf(BASE));
    await rm(join(site, IIIF_PATHS.annotations));
    await rm(join(site, 'mosaic.json'));
    expect((await rebase({ site, baseUrl: OTHER })).files).toEqual([IIIF_PATHS.info, IIIF_PATHS.manifest]);
    expect(await readdir(site)).toEqual(['iiif']);
  });

  test.each([
    ['that is empty', {}, /there is no mosaic.json/],
    ['without a manifest', { [IIIF_PATHS.info]: textsOf(BASE)[IIIF_PATHS.info]! }, /there is no iiif\/manifest.json/],
    ['with half an info.json', { [IIIF_PATHS.info]: '{"id": "htt' }, /info.json is damaged/],
    [
      'with an info.json of something else',
      { [IIIF_PATHS.info]: '{"id": "https://a.org/b"}' },
      /does not name the address/,
    ],
    [
      'with a mosaic.json that no build wrote',
      { ...textsOf(BASE), 'mosaic.json': JSON.stringify({ ...MOSAIC, pictures: 25 }) },
      /Expected a whole number from 1 to 24 for pictures in mosaic.json but received 25/,
    ],
    ['with a list for an info.json', { [IIIF_PATHS.info]: '[]' }, /info.json is damaged/],
  ])('refuses a folder %s, and writes nothing', async (_, texts, message) => {
    const site = await siteOf(texts);
    const before = await readdir(site, { recursive: true });
    await expect(rebase({ site, baseUrl: OTHER })).rejects.toMatchObject({
      code: 'not-a-site',
      message: expect.stringMatching(message) as string,
      remedy: expect.stringMatching(/\.$/) as string,
    });
    expect(await readdir(site, { recursive: true })).toEqual(before);
  });

  test('refuses an address that is none before it looks at the folder', async () => {
    await refuses(() => rebase({ site: '/nowhere', baseUrl: 'mosaic' }), /for --base-url but received mosaic/);
  });
});
