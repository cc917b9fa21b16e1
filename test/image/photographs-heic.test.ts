/** Runs where the real photographs of the bench are at hand (test/bench/shared-data.ts); vitest.config.ts leaves it out elsewhere. */
import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import sharp, { type Sharp } from 'sharp';
import { describe, expect, test } from 'vitest';
import { linearToCielab } from '../../src/colour/cielab.ts';
import { convertToSrgb } from '../../src/image/convert.ts';
import { LINEAR } from '../../src/colour/linear.ts';
import { decodeHere } from '../../src/image/heic.ts';
import { findHeifCommand } from '../../src/image/heif-command.ts';
import { openImage } from '../../src/image/open-image.ts';
import { ciede2000 } from '../../src/measure/ciede2000.ts';
import { SHARED_DATA } from '../bench/shared-data.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

const files = (await readdir(SHARED_DATA, { recursive: true })).filter((name) => /\.(heic|heif|hif)$/i.test(name));
const command = await findHeifCommand();

test('there are HEIC files of phones', () => {
  expect(files.length).toBeGreaterThanOrEqual(4);
});

describe.each(files)('%s', (name) => {
  const path = join(SHARED_DATA, name);

  test('is decoded', async () => {
    const { format, metadata } = await openImage(await readFile(path));
    expect(format).toBe('heic');
    const { autoOrient } = await sharp(path).metadata();
    expect(metadata.autoOrient).toEqual(autoOrient);
  });

  // An independent decoder, where there is one (in CI it has to be): the command of libheif.
  test.skipIf(!command && !process.env['CI'])('looks as the command of libheif has it', async () => {
    const folder = await temporaryFolder();
    await promisify(execFile)(command!.name, ['--quiet', path, join(folder, 'out.png')]);
    const { pagePrimary = 0, pages = 1 } = await sharp(path).metadata();
    const png = join(folder, pages > 1 ? `out-${pagePrimary + 1}.png` : 'out.png');
    const [ours, theirs] = await Promise.all([rgb(sharp(decodeHere(await readFile(path)))), rgb(sharp(png))]);
    expect(ours.length).toBe(theirs.length);
    expect(meanDifference(ours, theirs)).toBeLessThanOrEqual(1);
  });
});

async function rgb(image: Sharp): Promise<Buffer> {
  return await convertToSrgb(image).removeAlpha().raw().toBuffer();
}

/** Mean CIEDE2000 of two pictures, at every 31st px. */
function meanDifference(a: Uint8Array, b: Uint8Array): number {
  const [one, other] = [new Float32Array(3), new Float32Array(3)];
  const light = (px: Uint8Array, i: number) => LINEAR[px[i]!]!;
  let sum = 0;
  let count = 0;
  for (let i = 0; i < a.length; i += 3 * 31, count++) {
    linearToCielab(light(a, i), light(a, i + 1), light(a, i + 2), one, 0);
    linearToCielab(light(b, i), light(b, i + 1), light(b, i + 2), other, 0);
    sum += ciede2000(one[0]!, one[1]!, one[2]!, other[0]!, other[1]!, other[2]!);
  }
  return sum / count;
}
