import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { HOSTS, hostOf } from '../../src/fit/hosts.ts';

const UNITS: Readonly<Record<string, number>> = { MB: 1e6, GB: 1e9, MiB: 2 ** 20, GiB: 2 ** 30 };

/** A limit as docs/hosting.md writes it: `20,000`, `100 MiB`, or a dash. */
function amount(text: string): number | undefined {
  const [, number, unit] = /^([\d,]+)(?: ([MG]i?B))?/.exec(text) ?? [];
  return number === undefined ? undefined : Number(number.replaceAll(',', '')) * (unit ? UNITS[unit]! : 1);
}

describe('the table of hosts', () => {
  it('has a source and a date for every row', () => {
    for (const { id, name, note, source, checked } of HOSTS) {
      expect(id).toMatch(/^[a-z0-9]+(-[a-z0-9]+)*$/);
      expect(name).not.toBe('');
      expect(note).not.toBe('');
      expect(new URL(source).protocol, id).toBe('https:');
      expect(new Date(checked).toISOString().slice(0, 10), id).toBe(checked);
    }
  });

  it('names a host by its id, and refuses others', () => {
    expect(HOSTS.map(({ id }) => hostOf(id).id)).toEqual(HOSTS.map(({ id }) => id));
    expect(new Set(HOSTS.map(({ id }) => id)).size).toBe(HOSTS.length);
    expect(() => hostOf('geocities')).toThrow(/^Expected one of github-pages, .* for --host but received geocities$/);
  });

  it('is what docs/hosting.md shows', () => {
    const page = readFileSync('docs/hosting.md', 'utf8');
    for (const { id, name, source, checked, ...limits } of HOSTS) {
      const row = page.split('\n').find((line) => line.startsWith(`| [${name}](${source}) | \`${id}\` |`));
      expect(row, id).toMatch(new RegExp(`\\| ${checked} \\|$`));
      const cells = row!.split('|').map((cell) => cell.trim());
      const shown = [limits.siteBytes, limits.files, limits.fileBytes, limits.folderFiles];
      expect(cells.slice(3, 7).map(amount), id).toEqual(shown);
    }
  });

  it('is told with commands that publish the site and nothing else', () => {
    const page = readFileSync('docs/hosting.md', 'utf8');
    const blocks = [...page.matchAll(/^```\w*\n(.*?)^```/gms)].map(([, block]) => block!.trim().split('\n'));
    const uploads = /^(cp -r|npx (wrangler|netlify)|neocities push|butler push|aws s3 sync|rclone sync)\b/;
    const named = blocks.flat().filter((line) => uploads.test(line));
    expect(named.length).toBeGreaterThanOrEqual(8);
    for (const line of named) expect(line).toMatch(/ site( |$)/);
    // The others take all that is in the folder that they are in.
    const within = blocks.filter((lines) => lines.some((line) => /\badd --all\b|^zip\b/.test(line)));
    expect(within.map(([first]) => first)).toEqual(['cd site', 'git init --initial-branch main mosaic', 'cd site']);
    expect(blocks.flat().filter((line) => line.includes('report'))).toEqual([]);
  });

  it('takes units as the hosts write them', () => {
    expect(hostOf('cloudflare-pages')).toMatchObject({ files: 20_000, fileBytes: 26_214_400 });
    expect(hostOf('github-pages')).toMatchObject({ siteBytes: 1_000_000_000, fileBytes: 104_857_600 });
    expect(hostOf('itch')).toMatchObject({ siteBytes: 500_000_000, files: 1_000, fileBytes: 200_000_000 });
  });
});
