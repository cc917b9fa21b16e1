import { join } from 'node:path';
import sharp from 'sharp';
import { seeded } from './random.ts';

/** A picture of soft colour waves, different for every seed: RGB, 8-bit sRGB. */
export function waves(width: number, height: number, seed: number): Buffer {
  const random = seeded(seed);
  const px = Buffer.alloc(width * height * 3);
  const channels = [0, 1, 2].map(() => ({
    base: 40 + random() * 175,
    x: random() * 6,
    y: random() * 6,
    size: random() * 40,
  }));
  for (const [c, { base, x: fx, y: fy, size }] of channels.entries()) {
    const across = Float64Array.from({ length: width }, (_, x) => size * Math.sin((x / width) * fx + seed));
    for (let [y, at] = [0, c]; y < height; y++) {
      const down = Math.cos((y / height) * fy);
      for (let x = 0; x < width; x++, at += 3) {
        px[at] = Math.max(0, Math.min(255, Math.round(base + across[x]! * down)));
      }
    }
  }
  return px;
}

/** Writes such a picture as an image file of the format that its name tells. */
export async function writeWaves(path: string, width: number, height: number, seed: number): Promise<void> {
  await sharp(waves(width, height, seed), { raw: { width, height, channels: 3 } }).toFile(path);
}

/** Writes `count` such pictures, 100 x 80 px, as `0.jpg`, `1.jpg`, …; returns their paths. */
export async function writeMany(folder: string, count: number): Promise<string[]> {
  const paths = Array.from({ length: count }, (_, i) => join(folder, `${String(i).padStart(3, '0')}.jpg`));
  for (const [i, path] of paths.entries()) await writeWaves(path, 100, 80, i + 1);
  return paths;
}

/** Decodes an image to RGB. */
export async function decode(input: string | Buffer): Promise<{ data: Buffer; width: number; height: number }> {
  const { data, info } = await sharp(input, { failOn: 'warning' })
    .toColourspace('srgb')
    .removeAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true });
  return { data, width: info.width, height: info.height };
}

/** Mean and largest difference of two pictures' samples. */
export function difference(a: Uint8Array, b: Uint8Array): { mean: number; most: number } {
  if (a.length !== b.length) throw new Error(`expected ${a.length} samples but received ${b.length}`);
  let sum = 0;
  let most = 0;
  for (let i = 0; i < a.length; i++) {
    const off = Math.abs(a[i]! - b[i]!);
    sum += off;
    most = Math.max(most, off);
  }
  return { mean: sum / a.length, most };
}
