/** Images whose crops can be told to the px, and mosaics of them. */
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { build, type BuildOptions, type MosaicJson, type Rect, type Size } from '../../src/index.ts';
import { partOf, type Picture, sharpOf, structured } from './levels.ts';

/** An image of which a part of a cell's shape is framed in black and white, and all around is magenta. */
interface Framed {
  readonly whole: Picture;
  readonly crop: Rect;
}

/** Makes such an image: so many px of a `cell`'s shape, at a scale, with so much around them. */
export function framed(
  cell: Size,
  scale: number,
  around: readonly [across: number, down: number],
  seed: number,
): Framed {
  const size = { width: cell.width * scale, height: cell.height * scale };
  const inside = structured(size, seed);
  const line = Math.max(1, scale);
  for (let y = 0, at = 0; y < size.height; y++) {
    for (let x = 0; x < size.width; x++, at += 3) {
      const edge = Math.min(x, y, size.width - 1 - x, size.height - 1 - y);
      if (edge < line) inside.data.fill(x < y ? 0 : 255, at, at + 3);
    }
  }
  const [width, height] = [size.width + 2 * around[0], size.height + 2 * around[1]];
  const whole = { width, height, data: new Uint8Array(width * height * 3) };
  for (let at = 0; at < whole.data.length; at++) whole.data[at] = at % 3 === 1 ? 0 : 255;
  const crop = { left: around[0], top: around[1], ...size };
  for (let y = 0; y < size.height; y++) {
    const row = inside.data.subarray(y * size.width * 3, (y + 1) * size.width * 3);
    whole.data.set(row, ((crop.top + y) * width + crop.left) * 3);
  }
  return { whole, crop };
}

/** A part of an image at a cell's size: Keys' cubic in linear light, by its definition. */
export function resized({ whole, crop }: Framed, cell: Size): Picture {
  const part = partOf(whole, crop);
  if (part.width === cell.width && part.height === cell.height) return part;
  const table = Array.from({ length: 256 }, (_, value) => toLinear(value / 255));
  const linear = Float64Array.from(part.data, (value) => table[value]!);
  const down = along(linear, part.height, cell.height, (y) => y * part.width * 3, part.width * 3);
  const across = new Float64Array(cell.width * cell.height * 3);
  for (let y = 0; y < cell.height; y++) {
    const row = down.subarray(y * part.width * 3, (y + 1) * part.width * 3);
    across.set(
      along(row, part.width, cell.width, (x) => x * 3, 3),
      y * cell.width * 3,
    );
  }
  return { ...cell, data: Uint8Array.from(across, (value) => Math.round(255 * fromLinear(value))) };
}

/** Resamples vectors of `length` numbers, of which there are `input`, to `output` ones. */
function along(values: Float64Array, input: number, output: number, at: (i: number) => number, length: number) {
  const out = new Float64Array(output * length);
  const scale = Math.max(1, input / output);
  for (let to = 0; to < output; to++) {
    const centre = ((to + 0.5) * input) / output - 0.5;
    let total = 0;
    const [first, last] = [Math.ceil(centre - 2 * scale), Math.floor(centre + 2 * scale)];
    for (let from = Math.max(0, first); from <= Math.min(last, input - 1); from++) {
      const x = Math.abs(from - centre) / scale;
      const weight = x < 1 ? 1.5 * x ** 3 - 2.5 * x ** 2 + 1 : -0.5 * x ** 3 + 2.5 * x ** 2 - 4 * x + 2;
      total += weight;
      for (let i = 0; i < length; i++) out[to * length + i]! += weight * values[at(from) + i]!;
    }
    for (let i = 0; i < length; i++) out[to * length + i]! /= total;
  }
  return out;
}

/** IEC 61966-2-1. */
const toLinear = (s: number) => (s <= 0.04045 ? s / 12.92 : ((s + 0.055) / 1.055) ** 2.4);
const fromLinear = (linear: number) => {
  const l = Math.max(0, Math.min(1, linear));
  return l <= 0.0031308 ? 12.92 * l : 1.055 * l ** (1 / 2.4) - 0.055;
};

/** Images that fill cells px for px: upright, too wide, too tall, and turned by EXIF; of twice and half the size. */
export async function writeFramed(folder: string, cell: Size): Promise<Map<string, Picture>> {
  const images: Record<string, Framed> = {
    'a-same.png': framed(cell, 1, [0, 0], 1),
    'b-wide.png': framed(cell, 1, [21, 0], 2),
    'c-tall.png': framed(cell, 1, [0, 34], 3),
    'd-large.png': framed(cell, 2, [0, 17], 4),
    'e-small.png': framed(cell, 0.5, [9, 0], 5),
    'f-turned.jpg': framed(cell, 1, [40, 0], 6),
  };
  const cells = new Map<string, Picture>();
  for (const [name, image] of Object.entries(images)) {
    const path = join(folder, name);
    if (name.endsWith('.png')) await sharpOf(image.whole).png({ compressionLevel: 1 }).toFile(path);
    else {
      const jpeg = sharpOf(image.whole).rotate(270).jpeg({ quality: 100, chromaSubsampling: '4:4:4' });
      await jpeg.withMetadata({ orientation: 6 }).toFile(path);
    }
    cells.set(name, resized(image, cell));
  }
  return cells;
}

/** Builds a mosaic of images into a folder of `root`, where its target and its catalog are. */
export async function makeShaped(root: string, name: string, options: ShapedOptions) {
  const out = join(root, name);
  const files = { target: join(root, 'target.png'), out, catalog: join(root, 'catalog') };
  const result = await build({ ...files, cellSize: 256, nearDuplicates: 'keep', ...options });
  const mosaic = JSON.parse(await readFile(join(out, 'mosaic.json'), 'utf8')) as MosaicJson;
  return { out, result, mosaic };
}
/** What a mosaic of theirs is told. */
export type ShapedOptions = Partial<BuildOptions> & Pick<BuildOptions, 'images'>;

/** Makes a folder in another. */
export async function folderIn(root: string, name: string): Promise<string> {
  await mkdir(join(root, name), { recursive: true });
  return join(root, name);
}
