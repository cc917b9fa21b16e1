/** Runs where the real photographs of the bench are at hand (test/bench/shared-data.ts); vitest.config.ts leaves it out elsewhere. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import { stripMetadata } from '../src/originals/strip-metadata.ts';
import { SHARED_DATA } from './bench/shared-data.ts';
import { expectStripped, look } from './stripped.ts';

describe('metadata taken out of real files', () => {
  const files = async (folder: string) => {
    const found = await readdir(join(SHARED_DATA, folder), { recursive: true });
    return found.toSorted().map((name) => join(SHARED_DATA, folder, name));
  };

  test.each(['torture', 'large', 'photos-1k', 'icons'])('%s', { timeout: 300_000 }, async (folder) => {
    let stripped = 0;
    const all = folder === 'large' || folder === 'torture';
    for (const path of (await files(folder)).slice(0, all ? undefined : 40)) {
      const bytes = await readFile(path).catch(() => undefined); // folders
      const before = bytes && (await look(bytes).catch(() => undefined));
      if (!bytes || !before) continue;
      const { format, space } = await sharp(bytes).metadata();
      if (space === 'cmyk' || !['jpeg', 'png', 'webp', 'gif'].includes(format)) {
        expect(stripMetadata(bytes, format), path).toBeUndefined();
        continue;
      }
      await expectStripped(bytes, format, Promise.resolve(before));
      stripped++;
    }
    expect(stripped).toBeGreaterThan(10);
  });
});
