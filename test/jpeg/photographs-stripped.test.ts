/** Runs where the real photographs of the bench are at hand (test/bench/shared-data.ts); vitest.config.ts leaves it out elsewhere. */
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp, { type Sharp } from 'sharp';
import { describe, expect, test } from 'vitest';
import { convertToSrgb } from '../../src/image/convert.ts';
import { imageSize } from '../../src/image/open-image.ts';
import { originalFile } from '../../src/originals/original-file.ts';
import { stripMetadata } from '../../src/originals/strip-metadata.ts';
import { SHARED_DATA } from '../bench/shared-data.ts';
import { difference } from '../helpers/images.ts';
import { expectStripped, look } from '../helpers/stripped.ts';

/** Of the many files of `torture`, every third; with ZOOMOSAIC_EVERY=1 all. */
const EVERY = Number(process.env['ZOOMOSAIC_EVERY'] ?? 3);

describe('metadata taken out of real files', () => {
  const files = async (folder: string) => {
    const found = await readdir(join(SHARED_DATA, folder), { recursive: true });
    return found.toSorted().map((name) => join(SHARED_DATA, folder, name));
  };

  test.each(['torture', 'large', 'photos-1k', 'icons'])('%s', { timeout: 300_000 }, async (folder) => {
    let stripped = 0;
    let refused = 0;
    const all = folder === 'large' || folder === 'torture';
    for (const [i, path] of (await files(folder)).slice(0, all ? undefined : 40).entries()) {
      if (folder === 'torture' && i % EVERY > 0) continue;
      const bytes = await readFile(path).catch(() => undefined); // folders
      const before = bytes && (await look(bytes).catch(() => undefined));
      if (!bytes || !before) continue;
      const { format, space } = await sharp(bytes).metadata();
      if (space === 'cmyk' || !['jpeg', 'png', 'webp', 'gif'].includes(format)) {
        expect(stripMetadata(bytes, format), path).toBeUndefined();
        continue;
      }
      if (!canStrip(bytes, format)) {
        // Readers do not agree on it: how it is turned, where it ends, whether it can be shown at all.
        await expectEncodedAnew(path, bytes);
        refused++;
        continue;
      }
      await expectStripped(bytes, format, Promise.resolve(before));
      stripped++;
    }
    expect(stripped).toBeGreaterThan(10);
    expect(refused).toBeLessThan(stripped / 20);
  });
});

function canStrip(bytes: Buffer, format: string): boolean {
  try {
    return stripMetadata(bytes, format) !== undefined;
  } catch {
    return false;
  }
}

/** Expects that a site gets another file of the same look, without metadata. */
async function expectEncodedAnew(path: string, bytes: Buffer): Promise<void> {
  const { format, width, height } = await imageSize(bytes);
  const hash = createHash('sha256').update(bytes).digest('hex');
  const crop = { left: 0, top: 0, width, height };
  const source = { path, hash, width, height, format, crop, alpha: false, enlarged: false, verbatim: false };
  const original = await originalFile(source, { r: 0, g: 0, b: 0 });
  if (original.kind !== 'encoded') return expect.fail(`${path}: ${original.kind}`);
  const meta = await sharp(original.bytes).metadata();
  for (const kind of ['exif', 'xmp', 'iptc', 'comments'] as const) expect(meta[kind], path).toBeUndefined();
  const px = async (image: Sharp) => await convertToSrgb(image.autoOrient()).removeAlpha().raw().toBuffer();
  const [ours, theirs] = [await px(sharp(original.bytes)), await px(sharp(bytes, { failOn: 'error' }))];
  expect(difference(ours, theirs).mean, path).toBeLessThan(3);
}
