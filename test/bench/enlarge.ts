import { existsSync } from 'node:fs';
import { mkdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { filesOf } from './data.ts';

/** Size of the enlarged photographs, px: 12 megapixels, as cameras and phones take them. */
const [LONG, SHORT] = [4000, 3000];

/**
 * Makes photographs of 12 megapixels: small ones enlarged, with the noise of a camera, which makes their files as large as
 * real ones. Those that are there already stay.
 *
 * @returns their paths.
 */
export async function enlarged(photos: string, folder: string, count: number): Promise<string[]> {
  const files = await filesOf(photos);
  await mkdir(folder, { recursive: true });
  const noise = { type: 'gaussian' as const, mean: 128, sigma: 8 };
  const grain = await sharp({ create: { width: LONG, height: SHORT, channels: 3, background: '#808080', noise } })
    .raw()
    .toBuffer();
  const paths: string[] = [];
  for (let i = 0; i < count; i++) {
    const path = join(folder, `${i}.jpg`);
    paths.push(path);
    if (existsSync(path)) continue;
    const { data, info } = await sharp(files[Math.floor((i * files.length) / count)])
      .autoOrient()
      .toColourspace('srgb')
      .removeAlpha()
      .raw()
      .toBuffer({ resolveWithObject: true });
    const upright = info.height > info.width;
    const [width, height] = upright ? [SHORT, LONG] : [LONG, SHORT];
    const small = { raw: { width: info.width, height: info.height, channels: info.channels } };
    const px = await sharp(data, small)
      .resize(width, height, { kernel: 'cubic' })
      .toColourspace('srgb')
      .raw()
      .toBuffer();
    for (let at = 0; at < px.length; at++) px[at] = Math.max(0, Math.min(255, px[at]! + grain[at]! - 128));
    await sharp(px, { raw: { width, height, channels: 3 } })
      .jpeg({ quality: 90 })
      .toFile(`${path}.part`);
    await rename(`${path}.part`, path);
  }
  return paths;
}
