import { describe, expect, it } from 'vitest';
import { bytesText } from '../../src/cli/bytes-text.ts';
import { fitLines, fitSummary } from '../../src/cli/fit-summary.ts';
import { fitOf } from '../../src/fit/fit.ts';
import type { LayoutUsage } from '../../src/fit/usage.ts';
import { usage } from '../helpers/usage.ts';

describe('the texts', () => {
  const dzi = usage('dzi', {
    files: 57_123,
    folders: 40,
    bytes: 1_234_567_890,
    largestFile: { path: 'checksums.bin', bytes: 30_000_000 },
    fullestFolder: { path: 'mosaic_files/15', entries: 54_001 },
    types: ['dzi', 'html', 'jpg'],
  });
  const compact = usage('compact', { files: 1_204, bytes: 210_000_000 });
  const whole = { ...dzi, files: 58_000, bytes: 1_400_000_000 };
  const large = fitOf({ site: 'site', usage: { layouts: [dzi, compact], whole }, cellSize: 256, tileSize: 256 });
  const small = fitOf({
    site: 'site',
    usage: { layouts: [usage('dzi')], whole: usage('dzi') },
    cellSize: 256,
    tileSize: 256,
  });

  it('say what a site takes up', () => {
    const text = fitSummary(large);
    expect(text).toContain('site, as a host stores it:\n');
    expect(text).toContain('  dzi      57,123 files, 1.2 GB, largest 30.0 MB (checksums.bin),');
    expect(text).toContain('fullest folder 54,001 entries (mosaic_files/15)\n');
    expect(text).toContain('  compact  1,204 files, 210.0 MB, ');
    expect(text).toContain('  together 58,000 files, 1.4 GB, ');
    expect(fitSummary(small)).not.toContain('together');
  });

  it('say where it fits, and why not where it does not', () => {
    const text = fitSummary(large);
    expect(text).toContain('Where it fits (limits of 2026-11-25; see docs/hosting.md):');
    expect(text).toMatch(/GitHub Pages +dzi +no: 1\.2 GB, at most 1\.0 GB\n +compact +fits\n/);
    expect(text).toMatch(/ +together no: 1\.4 GB, at most 1\.0 GB\n +fits with --layout compact\n/);
    expect(text).toContain('57,123 files, at most 20,000;');
    expect(text).toContain('30.0 MB in one file (checksums.bin), at most 26.2 MB');
    expect(text).toContain('54,001 entries in one folder (mosaic_files/15), at most 54,000');
    expect(text).toMatch(/itch\.io[^]*compact +no: 1,204 files, at most 1,000\n +try fewer images\n/);
    expect(text).toMatch(/itch\.io +dzi +no: [^\n]*\n +try --layout compact, fewer images\n/);
    expect(text).toMatch(/S3 or R2 +dzi +fits\n/);
    expect(fitSummary(small)).toMatch(/Neocities free +dzi +fits\n/);
  });

  it('count folders where the host does, and are exact where rounding hides a difference', () => {
    const of = (given: Partial<LayoutUsage>) =>
      fitSummary(
        fitOf({
          site: 's',
          usage: { layouts: [usage('dzi', given)], whole: usage('dzi') },
          cellSize: 256,
          tileSize: 256,
        }),
      );
    expect(of({ files: 199_990, folders: 11 })).toContain('200,001 files and folders, at most 200,000');
    expect(of({ bytes: 1_000_000_001 })).toContain('no: 1,000,000,001 bytes, at most 1,000,000,000 bytes');
  });

  it('say which files a host refuses', () => {
    const types = ['', 'dzi', 'html'];
    const text = (given: readonly string[]) =>
      fitSummary(
        fitOf({
          site: 's',
          usage: { layouts: [usage('dzi', { types: given })], whole: usage('dzi') },
          cellSize: 256,
          tileSize: 256,
        }),
      );
    expect(text(['dzi', 'html'])).toMatch(/Neocities free +dzi +fits, without files ending in \.dzi\n/);
    expect(text(types)).toMatch(/Neocities free +dzi +no: refuses files ending in \.dzi or without an ending\n/);
  });

  it('keep to 100 columns', () => {
    for (const text of [fitSummary(large), fitSummary(small), fitLines(large).join('\n'), fitLines(small).join('\n')]) {
      expect(text.split('\n').filter((line) => line.length > 100)).toEqual([]);
    }
  });

  it('are short after a build', () => {
    expect(fitLines(small)).toEqual(['  fits     all 7 hosts of docs/hosting.md']);
    expect(fitLines(large)).toEqual([
      '  fits     dzi: S3 or R2',
      '           compact: GitHub Pages, GitLab Pages, Cloudflare Pages, Netlify, Neocities free, S3 or R2',
      '  else     itch.io perhaps with --layout compact, fewer images',
    ]);
    const one = fitOf({ site: 's', usage: { layouts: [dzi], whole: dzi }, cellSize: 256, tileSize: 256 });
    expect(fitLines(one)).toEqual([
      '  fits     S3 or R2',
      '  else     GitHub Pages, GitLab Pages, Cloudflare Pages, Netlify, Neocities free, itch.io',
      '           perhaps with --layout compact',
    ]);
  });

  it('write sizes in decimal units', () => {
    expect([0, 999, 1000, 999_949, 999_950, 26_214_400, 1e9, 5e12, 5e15].map(bytesText)).toEqual([
      '0 bytes',
      '999 bytes',
      '1.0 kB',
      '999.9 kB',
      '1.0 MB',
      '26.2 MB',
      '1.0 GB',
      '5.0 TB',
      '5000.0 TB',
    ]);
  });
});
