/**
 * Draws the sample images: `npx tsx samples/generate.ts --out DIR --count 600`. The same seed and count give the same
 * pictures.
 */
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import pLimit from 'p-limit';
import sharp from 'sharp';
import { newCanvas } from './canvas.ts';
import { MOTIFS } from './motifs/registry.ts';
import { type Lch, Palette } from './palette.ts';
import { randomFrom } from './random.ts';

export interface SampleOptions {
  /** Folder to write to; made if it is not there. */
  out: string;
  /** How many images. */
  count?: number;
  seed?: number;
  onProgress?: (done: number, total: number) => void;
}

/** Raised when the same seed draws other pictures. */
const VERSION = 2;
/** Of an image, px: landscape, square, portrait. */
const SHAPES = [
  [600, 450],
  [480, 480],
  [450, 600],
] as const;

/** Colours of `target.svg`: lightness, chroma, hue. */
const DUSK = [
  [0.24, 0.08, 274],
  [0.33, 0.09, 278],
  [0.42, 0.11, 283],
  [0.5, 0.1, 295],
  [0.45, 0.09, 312],
  [0.62, 0.12, 5],
  [0.56, 0.13, 350],
  [0.7, 0.13, 30],
  [0.78, 0.13, 58],
  [0.87, 0.09, 80],
  [0.94, 0.05, 90],
  [0.55, 0.19, 25],
  [0.38, 0.14, 18],
  [0.16, 0.03, 285],
  [0.24, 0.06, 300],
  [0.62, 0.05, 290],
] as const;

/** Draws the sample images, unless the folder already holds exactly those; returns their paths. */
export async function generateSamples({ out, count = 600, seed = 1, onProgress }: SampleOptions): Promise<string[]> {
  const stamp = JSON.stringify({ version: VERSION, count, seed });
  const stampFile = join(out, '.samples.json');
  const names = Array.from({ length: count }, (_, i) => `${String(i + 1).padStart(4, '0')}-${motifOf(i)[0]}.jpg`);
  await mkdir(out, { recursive: true });
  const present = new Set(await readdir(out));
  const known = present.has('.samples.json') && (await readFile(stampFile, 'utf8')) === stamp;
  if (!known || !names.every((name) => present.has(name))) {
    await rm(stampFile, { force: true });
    const limit = pLimit(4);
    let done = 0;
    await limit.map(names, async (name, i) => {
      await writeFile(join(out, name), await draw(i, seed));
      onProgress?.(++done, count);
    });
    await writeFile(stampFile, stamp);
  }
  return names.map((name) => join(out, name));
}

function motifOf(i: number) {
  return MOTIFS[i % MOTIFS.length]!;
}

async function draw(i: number, seed: number): Promise<Buffer> {
  const random = randomFrom(seed * 100_003 + i);
  const [width, height] = SHAPES[Math.floor(i / MOTIFS.length) % SHAPES.length]!;
  const canvas = newCanvas(width, height);
  const mean = colourOf(i, seed);
  motifOf(i)[1](canvas, random, new Palette(mean, mean.h + random.pick([35, -40, 150, 180])));
  return await sharp(Buffer.from(canvas.svg())).jpeg({ quality: 88 }).toBuffer();
}

/**
 * Mean colours that cover all there are evenly: the additive recurrence of the plastic number's powers (Martin Roberts,
 * "The unreasonable effectiveness of quasirandom sequences", 2018), one in six nearly grey; and for every other round of
 * motifs the colours of `target.svg`, so that it is shown well.
 */
function colourOf(i: number, seed: number): Lch {
  const at = (ratio: number) => (0.5 + (i + seed * 7) * ratio) % 1;
  if (Math.floor(i / MOTIFS.length) % 2) {
    const [l, c, h] = DUSK[Math.floor(at(0.6180339887) * DUSK.length)]!;
    const jitter = (ratio: number, reach: number) => (at(ratio) - 0.5) * 2 * reach;
    return {
      l: l + jitter(0.8191725134, 0.07),
      c: c * (1 + jitter(0.5497004779, 0.35)),
      h: h + jitter(0.6710436067, 14),
    };
  }
  const l = 0.1 + 0.85 * at(0.8191725134);
  const room = Math.min(1, (1.05 - l) * 2.2, l * 2.4);
  const grey = i % 6 === 5;
  return { l, c: (grey ? 0.015 : 0.05 + 0.13 * at(0.5497004779)) * room, h: 360 * at(0.6710436067) };
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const options = {
    out: { type: 'string', default: 'samples/out/images' },
    count: { type: 'string', default: '600' },
  } as const;
  const { values } = parseArgs({ options });
  const paths = await generateSamples({ out: values.out, count: Number(values.count) });
  console.log(`${paths.length} images in ${values.out}`);
}
