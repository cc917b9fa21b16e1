import { linkSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { fit } from '../../src/fit/fit.ts';
import { type Host, HOSTS, hostOf } from '../../src/fit/hosts.ts';
import { chooseLayout, judgeFit, remedyFor } from '../../src/fit/judge.ts';
import { type LayoutUsage, type Usage, usageOf } from '../../src/fit/usage.ts';
import type { Layout } from '../../src/types.ts';
import { soundMosaic } from '../helpers/mosaics.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';
import { usage } from '../helpers/usage.ts';

/** Writes files of these sizes. */
function write(site: string, files: Readonly<Record<string, number>>): void {
  for (const [path, bytes] of Object.entries(files)) {
    mkdirSync(dirname(join(site, path)), { recursive: true });
    writeFileSync(join(site, path), Buffer.alloc(bytes));
  }
}

const host = (limits: Partial<Host>): Host => ({
  id: 's3',
  name: 'A host',
  note: '',
  source: 'https://example.com',
  checked: '2026-11-25',
  ...limits,
});

/** A site of all layouts: 4 common files (one of them an original), and those of each layout. */
async function mixedSite(): Promise<string> {
  const site = await temporaryFolder();
  write(site, {
    'index.html': 100,
    'viewer/viewer.js': 200,
    'originals/0/0.TIF': 5000,
    'checksums.bin': 300,
    'mosaic.dzi': 10,
    'mosaic_files/0/0_0.jpg': 40,
    'mosaic_files/1/0_0.jpg': 41,
    'mosaic_files/1/1_0.jpg': 42,
    'overview.dzi': 11,
    'overview_files/0/0_0.jpg': 50,
    'sheets/12/0.jpg': 700,
    'tiles/0/0.jpg': 60,
    'iiif/info.json': 20,
    'iiif/0,0,1,1/1,/0/default.jpg': 80,
  });
  return site;
}

describe('usageOf', () => {
  it('attributes files to layouts by their paths', async () => {
    const site = await mixedSite();
    const { layouts, whole } = await usageOf(site, ['dzi', 'compact', 'iiif']);
    expect(layouts.map(({ layout, files, folders, bytes }) => ({ layout, files, folders, bytes }))).toEqual([
      { layout: 'dzi', files: 9, folders: 8, bytes: 5600 + 10 + 123 + 60 },
      { layout: 'compact', files: 8, folders: 9, bytes: 5600 + 11 + 50 + 700 + 60 },
      { layout: 'iiif', files: 6, folders: 7, bytes: 5600 + 100 },
    ]);
    expect(whole).toMatchObject({ files: 14, folders: 16, bytes: 5600 + 133 + 761 + 60 + 100 });
  });

  it('finds the largest file and the fullest folder, of each layout', async () => {
    const site = await mixedSite();
    write(site, Object.fromEntries(Array.from({ length: 9 }, (_, i) => [`mosaic_files/2/${i}_0.jpg`, 6000 + i])));
    const { layouts, whole } = await usageOf(site, ['dzi', 'compact']);
    expect(layouts[0]!.largestFile).toEqual({ path: 'mosaic_files/2/8_0.jpg', bytes: 6008 });
    expect(layouts[0]!.fullestFolder).toEqual({ path: 'mosaic_files/2', entries: 9 });
    expect(layouts[1]!.largestFile).toEqual({ path: 'originals/0/0.TIF', bytes: 5000 });
    // index.html, viewer, originals, checksums.bin, overview.dzi, overview_files, sheets, tiles
    expect(layouts[1]!.fullestFolder).toEqual({ path: '.', entries: 8 });
    expect(whole.fullestFolder).toEqual({ path: '.', entries: 11 });
  });

  it('counts hard links as files, as an upload does', async () => {
    const site = await temporaryFolder();
    write(site, { 'tiles/0/0.jpg': 1000, 'mosaic_files/9/0_0.jpg': 1 });
    for (let i = 1; i <= 5; i++) linkSync(join(site, 'tiles/0/0.jpg'), join(site, `mosaic_files/9/${i}_0.jpg`));
    const { layouts } = await usageOf(site, ['dzi', 'compact']);
    expect(layouts.map(({ files, bytes }) => [files, bytes])).toEqual([
      [7, 6001],
      [1, 1000],
    ]);
  });

  it('tells what leaving out originals saves', async () => {
    const { layouts } = await usageOf(await mixedSite(), ['dzi']);
    const { withoutOriginals, types } = layouts[0]!;
    expect(types).toEqual(['bin', 'dzi', 'html', 'jpg', 'js', 'tif']);
    expect(withoutOriginals).toMatchObject({ files: 8, bytes: 793, largestFile: { path: 'checksums.bin' } });
    expect(withoutOriginals!.types).toEqual(['bin', 'dzi', 'html', 'jpg', 'js']);
    const [plain] = (await usageOf(join(await mixedSite(), 'tiles'), ['dzi'])).layouts;
    expect(plain).not.toHaveProperty('withoutOriginals');
    expect(plain).not.toHaveProperty('withoutReport');
  });

  it('survives links to nowhere and to folders, passes over .git, and stops where it is told', async () => {
    const site = await mixedSite();
    write(site, { '.git/HEAD': 40 });
    symlinkSync('nowhere', join(site, 'broken'));
    symlinkSync('.', join(site, 'loop'));
    expect((await usageOf(site, [])).whole.files).toBe(14);
    await expect(usageOf(site, ['dzi'], AbortSignal.abort())).rejects.toThrow(/abort/i);
  });
});

describe('judgeFit', () => {
  const limits: [string, Partial<Host>, (n: number) => Partial<Usage>][] = [
    ['siteBytes', { siteBytes: 5000 }, (bytes) => ({ bytes })],
    ['files', { files: 5000 }, (files) => ({ files })],
    ['files', { files: 5000, foldersCount: true }, (n) => ({ files: n - 100, folders: 100 })],
    ['fileBytes', { fileBytes: 5000 }, (bytes) => ({ largestFile: { path: 'a', bytes } })],
    ['folderFiles', { folderFiles: 5000 }, (entries) => ({ fullestFolder: { path: 'b', entries } })],
  ];
  it.each(limits)('allows as much as %s says, and not one more', (limit, has, given) => {
    expect(judgeFit(usage('dzi', given(5000)), host(has))).toEqual({ fits: true, exceeded: [], refused: [] });
    const more = judgeFit(usage('dzi', given(5001)), host(has));
    expect(more.fits).toBe(false);
    expect(more.exceeded).toEqual([expect.objectContaining({ limit, has: 5001, allows: 5000 })]);
  });

  it('names the file and the folder that are too large, and every limit that is exceeded', () => {
    const { exceeded } = judgeFit(usage('dzi'), host({ siteBytes: 1, files: 1, fileBytes: 1, folderFiles: 1 }));
    expect(exceeded.map(({ limit, path }) => [limit, path])).toEqual([
      ['siteBytes', undefined],
      ['files', undefined],
      ['fileBytes', 'tiles/0/0.jpg'],
      ['folderFiles', 'tiles/0'],
    ]);
  });

  it('tells types that are refused, and does without descriptors', () => {
    const images = host({ types: ['html', 'jpg'] });
    const withDzi = judgeFit(usage('dzi', { types: ['dzi', 'html'] }), images);
    expect(withDzi).toEqual({ fits: true, exceeded: [], refused: ['dzi'] });
    expect(judgeFit(usage('dzi', { types: ['html', 'tif'] }), images)).toMatchObject({ fits: false, refused: ['tif'] });
    const { types: _, ...unknown } = usage('dzi');
    expect(judgeFit(unknown, images).fits).toBe(true);
  });

  it('finds what zoomosaic writes acceptable at Neocities', () => {
    const types = ['avif', 'bin', 'css', 'csv', 'dzi', 'html', 'jpg', 'js', 'json', 'png', 'txt', 'webp'];
    expect(judgeFit(usage('dzi', { types }), hostOf('neocities'))).toMatchObject({ fits: true, refused: ['dzi'] });
  });
});

describe('remedyFor', () => {
  const few = host({ name: 'few', files: 100, siteBytes: 10_000 });

  it('is none where a site fits', () => {
    expect(remedyFor({ host: few, usage: usage('dzi'), cellSize: 256, tileSize: 256 })).toBeUndefined();
  });

  it('is the compact layout, for certain if that is known to fit', () => {
    for (const layout of ['dzi', 'iiif'] as const) {
      const large = usage(layout, { files: 101 });
      expect(remedyFor({ host: few, usage: large, cellSize: 256, tileSize: 256 })).toEqual({
        option: '--layout compact',
        certain: false,
      });
      const compact = usage('compact', { files: 100 });
      expect(remedyFor({ host: few, usage: large, compact, cellSize: 256, tileSize: 256 })).toEqual({
        option: '--layout compact',
        certain: true,
      });
    }
  });

  it('is the largest cell whose square is small enough', () => {
    const remedy = (bytes: number) =>
      remedyFor({ host: few, usage: usage('compact', { bytes }), cellSize: 256, tileSize: 256 })?.option;
    expect(remedy(10_001)).toBe('--cell-size 128');
    expect(remedy(40_000)).toBe('--cell-size 128');
    expect(remedy(40_001)).toBe('--cell-size 64');
    expect(remedy(2_560_000)).toBe('--cell-size 16');
    expect(remedy(2_560_001)).toBe('fewer images');
  });

  it('is fewer images where there are too many files, and both where both are too much', () => {
    const remedy = (given: Partial<LayoutUsage>) =>
      remedyFor({ host: few, usage: usage('compact', given), cellSize: 256, tileSize: 256 })?.option;
    expect(remedy({ files: 101 })).toBe('fewer images');
    expect(remedy({ files: 101, bytes: 10_001 })).toBe('--cell-size 128, fewer images');
  });

  it('is smaller cells where those larger than tiles make too many files', () => {
    const remedy = (files: number, cellSize: number, tileSize = 256) =>
      remedyFor({ host: few, usage: usage('compact', { files }), cellSize, tileSize })?.option;
    expect(remedy(101, 512)).toBe('--cell-size 256');
    expect(remedy(25_600, 4096)).toBe('--cell-size 256');
    expect(remedy(101, 512, 512)).toBe('fewer images');
  });

  it('goes through the compact layout where that is too large as well', () => {
    const compact = usage('compact', { bytes: 20_000 });
    expect(
      remedyFor({ host: few, usage: usage('dzi', { files: 5000 }), compact, cellSize: 64, tileSize: 256 }),
    ).toEqual({
      option: '--layout compact --cell-size 32',
      certain: false,
    });
  });

  it('leaves out originals where that is enough, and originals besides where it is not', () => {
    const small = { ...usage('dzi'), types: ['jpg'] };
    const large = { bytes: 50_000 };
    const remedy = (given: Partial<LayoutUsage>, of: Layout = 'dzi') =>
      remedyFor({ host: few, usage: usage(of, { ...large, ...given }), cellSize: 256, tileSize: 256 });
    expect(remedy({ withoutOriginals: small })).toEqual({ option: '--originals none', certain: true });
    expect(remedy({ withoutOriginals: usage('compact', { bytes: 40_000 }) }, 'compact')).toEqual({
      option: '--originals none --cell-size 128',
      certain: false,
    });
  });

  it('names files of types that a host refuses', () => {
    const neocities = hostOf('neocities');
    const types = ['html', 'mp4'];
    expect(
      remedyFor({ host: neocities, usage: usage('compact', { types }), cellSize: 256, tileSize: 256 })?.option,
    ).toBe('without the files ending in .mp4');
  });
});

describe('chooseLayout', () => {
  const many = { files: 20_001 };
  it('prefers dzi, then compact, then nothing', () => {
    const both = (dzi: Partial<LayoutUsage>, compact: Partial<LayoutUsage>) =>
      chooseLayout([usage('compact', compact), usage('dzi', dzi)], 'cloudflare-pages');
    expect(both({}, {})).toBe('dzi');
    expect(both({ files: 20_000 }, {})).toBe('dzi');
    expect(both(many, {})).toBe('compact');
    expect(both(many, many)).toBeUndefined();
  });

  it('never chooses iiif, and knows its hosts', () => {
    expect(chooseLayout([usage('iiif')], 'cloudflare-pages')).toBeUndefined();
    expect(() => chooseLayout([usage('dzi')], 'nowhere')).toThrow(/--host but received nowhere/);
  });
});

describe('fit', () => {
  it('refuses a folder that is no site', async () => {
    await expect(fit({ site: await temporaryFolder() })).rejects.toMatchObject({ code: 'not-a-site' });
  });

  it('counts the layouts that mosaic.json names', async () => {
    const site = await mixedSite();
    const mosaic = soundMosaic({ layouts: ['dzi', 'iiif'], cell: { width: 128, height: 96 } });
    writeFileSync(join(site, 'mosaic.json'), JSON.stringify(mosaic));
    const result = await fit({ site });
    expect(result.layouts.map(({ layout }) => layout)).toEqual(['dzi', 'iiif']);
    expect(result.whole.files).toBe(15);
    expect(result.hosts.map(({ host: { id } }) => id)).toEqual(HOSTS.map(({ id }) => id));
    // An original that Neocities does not take.
    const neocities = result.hosts.find(({ host: { id } }) => id === 'neocities')!;
    expect(neocities.layouts[0]).toMatchObject({
      fits: false,
      refused: ['dzi', 'tif'],
      remedy: { option: '--originals none', certain: true },
    });
  });
});
