/** Pictures put together from what lies in a site, and what they should look like, with nothing of ours. */
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { expect } from 'vitest';
import type { MosaicJson, Rect, Size } from '../../src/index.ts';
import { decode, difference } from './images.ts';
import { seeded } from './random.ts';
import { readPictures } from './site.ts';

/** RGB, 8-bit sRGB, row-major. */
export interface Picture extends Size {
  readonly data: Uint8Array;
}

/** A picture with edges that tell where it stands and how: waves, and on them a rectangle above and left of the middle. */
export function structured({ width, height }: Size, seed: number): Picture {
  const random = seeded(seed);
  const wave = (length: number, size: number) => {
    const [turns, start] = [1 + random() * 5, random() * 6];
    return Float32Array.from({ length }, (_, i) => size * Math.sin(start + (i / length) * turns));
  };
  const sides = [width, height, width, height].map((side, i) =>
    Math.round(side * (i < 2 ? 0.1 : 0.3) * (1 + random())),
  );
  const [left, top, across, down] = sides as [number, number, number, number];
  const data = new Uint8Array(width * height * 3);
  for (let c = 0; c < 3; c++) {
    const [base, inside] = [60 + random() * 135, random() * 255];
    const [x, y] = [wave(width, 25), wave(height, 25)];
    for (let row = 0, at = c; row < height; row++) {
      for (let column = 0; column < width; column++, at += 3) {
        const within = column >= left && column < left + across && row >= top && row < top + down;
        data[at] = Math.round(within ? inside : base + x[column]! + y[row]!);
      }
    }
  }
  return { data, width, height };
}

/** Sharp's view of a picture. */
export function sharpOf({ data, width, height }: Picture) {
  return sharp(data, { raw: { width, height, channels: 3 } });
}

/** Writes `count` structured pictures as PNGs `000.png`, …; returns them by their names. */
export async function writeStructured(folder: string, count: number, size: Size): Promise<Map<string, Picture>> {
  const pictures = new Map<string, Picture>();
  for (let i = 0; i < count; i++) pictures.set(`${String(i).padStart(3, '0')}.png`, structured(size, i + 1));
  const write = ([name, picture]: [string, Picture]) =>
    sharpOf(picture).png({ compressionLevel: 1 }).toFile(join(folder, name));
  await Promise.all([...pictures].map(write));
  return pictures;
}

/** Images of one size in a folder of `root`, each of which fills a cell px for px. */
export async function sourcesOf(
  root: string,
  count: number,
  side: number,
): Promise<{ folder: string; pictures: Map<string, Picture> }> {
  const folder = join(root, `${count} of ${side}`);
  await mkdir(folder, { recursive: true });
  return { folder, pictures: await writeStructured(folder, count, { width: side, height: side }) };
}

/** What stands in a cell: the name of an image, and its turn. */
export type Placed = string | readonly [name: string, turn: number];

/** Writes a placement as the report `placement.csv` is; returns its path. */
export async function writePlacement(path: string, columns: number, cells: readonly Placed[]): Promise<string> {
  const line = (placed: Placed, cell: number) => {
    const [name, turn] = typeof placed === 'string' ? [placed, 0] : placed;
    return `${cell % columns},${Math.floor(cell / columns)},${name},${turn}`;
  };
  await writeFile(path, `column,row,source,turn\n${cells.map(line).join('\n')}\n`);
  return path;
}

/** Every file of a folder, with `/`, sorted. */
export async function filesOf(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return files.map((file) => file.slice(folder.length + 1)).toSorted();
}

/** A part of a picture. */
export function partOf({ data, width: stride }: Picture, { left, top, width, height }: Rect): Picture {
  const part = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y++) {
    const from = ((top + y) * stride + left) * 3;
    part.set(data.subarray(from, from + width * 3), y * width * 3);
  }
  return { data: part, width, height };
}

/** Puts pictures together; fails if they do not cover all of it. */
export function composed(
  { width, height }: Size,
  parts: Iterable<{ readonly picture: Picture; readonly left: number; readonly top: number }>,
): Picture {
  const data = new Uint8Array(width * height * 3);
  let covered = 0;
  for (const { picture, left, top } of parts) {
    if (left + picture.width > width || top + picture.height > height) throw new Error('a part sticks out');
    for (let y = 0; y < picture.height; y++) {
      const row = picture.data.subarray(y * picture.width * 3, (y + 1) * picture.width * 3);
      data.set(row, ((top + y) * width + left) * 3);
    }
    covered += picture.width * picture.height;
  }
  if (covered !== width * height) throw new Error(`${covered} px of ${width} x ${height} are covered`);
  return { data, width, height };
}

/** A picture cut into tiles that are files: puts it together. */
export async function tiled(
  { width, height }: Size,
  tile: Size,
  pathOf: (column: number, row: number) => string,
): Promise<Picture> {
  const [columns, rows] = [Math.ceil(width / tile.width), Math.ceil(height / tile.height)];
  const parts = Array.from({ length: columns * rows }, async (_, i) => {
    const [column, row] = [i % columns, Math.floor(i / columns)];
    const [left, top] = [column * tile.width, row * tile.height];
    const picture = await decode(pathOf(column, row));
    const size = [Math.min(tile.width, width - left), Math.min(tile.height, height - top)];
    expect([picture.width, picture.height], pathOf(column, row)).toEqual(size);
    return { picture, left, top };
  });
  return composed({ width, height }, await Promise.all(parts));
}

/** A level of `NAME.dzi`, whose tiles have `side` px. */
export async function dziPicture(
  site: string,
  name: 'mosaic' | 'overview',
  { levels, tile }: MosaicJson,
  level: number,
  side: number,
): Promise<Picture> {
  const pathOf = (column: number, row: number) =>
    join(site, `${name}_files`, String(level), `${column}_${row}.${tile.extension}`);
  return await tiled(levels[level]!, { width: side, height: side }, pathOf);
}

/** Pictures of the compact layout at a level below its overview, by number: from sheets, or files of their own. */
export async function sharedPictures(site: string, mosaic: MosaicJson, level: number): Promise<Picture[]> {
  const { layouts, levels, pictures, tile, cell: deepest } = mosaic;
  const { cell } = levels[level]!;
  const sheets = layouts.compact!.sheets.find((one) => one.level === level);
  if (sheets) {
    const all: Picture[] = [];
    const { side } = sheets;
    for (let sheet = 0; sheet * side * side < pictures; sheet++) {
      const picture = await decode(join(site, `sheets/${cell.width}/${sheet >> 10}/${sheet}.${tile.extension}`));
      const rows = Math.min(side, Math.ceil((pictures - sheet * side * side) / side));
      expect([picture.width, picture.height]).toEqual([side * cell.width, rows * cell.height]);
      for (let i = 0; i < side * side && all.length < pictures; i++) {
        const [left, top] = [(i % side) * cell.width, Math.floor(i / side) * cell.height];
        all.push(partOf(picture, { left, top, ...cell }));
      }
    }
    return all;
  }
  const { tile: piece } = layouts.compact!.levels[level]!;
  const whole = cell.width === deepest.width && piece.width === cell.width && piece.height === cell.height;
  const numbers = Array.from({ length: pictures }, (_, number) => number);
  return await Promise.all(
    numbers.map((number) =>
      tiled(cell, piece, (x, y) => {
        const path = join(site, `tiles/${number >> 10}/${number}`);
        return whole ? `${path}.${tile.extension}` : join(path, `${cell.width}_${x}_${y}.${tile.extension}`);
      }),
    ),
  );
}

/** What a viewer makes of the compact layout at a level below its overview. */
export async function sharedPicture(site: string, mosaic: MosaicJson, level: number): Promise<Picture> {
  const { grid, levels } = mosaic;
  const { cell, width, height } = levels[level]!;
  const [pictures, cells] = [await sharedPictures(site, mosaic, level), await readPictures(site, mosaic)];
  const parts = cells.map((number, i) => {
    const [left, top] = [(i % grid.columns) * cell.width, Math.floor(i / grid.columns) * cell.height];
    return { picture: pictures[number]!, left, top };
  });
  return composed({ width, height }, parts);
}

/** Linear light of 8-bit sRGB, exactly as IEC 61966-2-1 defines it. */
const LIGHT = Float64Array.from({ length: 256 }, (_, value) => {
  const s = value / 255;
  return s <= 0.04045 ? s / 12.92 : ((s + 0.055) / 1.055) ** 2.4;
});

/** The 8-bit sRGB value nearest to linear light, by the formula itself: no table, no approximation. */
function srgbOf(light: number): number {
  return Math.round(255 * (light <= 0.0031308 ? 12.92 * light : 1.055 * light ** (1 / 2.4) - 0.055));
}

/** A picture, halved again and again in linear light: px are means of those that exist, sides are rounded up. */
export function* halves(picture: Picture): Generator<Picture> {
  yield picture;
  let { width, height } = picture;
  let light = new Float64Array(picture.data.length);
  for (let i = 0; i < light.length; i++) light[i] = LIGHT[picture.data[i]!]!;
  for (;;) {
    const [w, h] = [Math.ceil(width / 2), Math.ceil(height / 2)];
    const half = new Float64Array(w * h * 3);
    const stride = width * 3;
    for (let y = 0, at = 0; y < h; y++) {
      // At the last of an odd number, one px counts twice, which leaves the mean of those that exist.
      const above = 2 * y * stride;
      const below = 2 * y + 1 < height ? above + stride : above;
      for (let x = 0; x < w; x++) {
        const left = 6 * x;
        const right = 2 * x + 1 < width ? left + 3 : left;
        for (let c = 0; c < 3; c++, at++) {
          const sum = light[above + left + c]! + light[above + right + c]! + light[below + left + c]!;
          half[at] = (sum + light[below + right + c]!) / 4;
        }
      }
    }
    [light, width, height] = [half, w, h];
    const data = new Uint8Array(light.length);
    for (let i = 0; i < data.length; i++) data[i] = srgbOf(light[i]!);
    yield { data, width, height };
  }
}

/** A picture, halved some times. */
export function halved(picture: Picture, times: number): Picture {
  for (const one of halves(picture)) if (times-- === 0) return one;
  throw new Error('unreachable');
}

/** Expects one picture to look like another, but for what coding does to that. */
export async function expectNear(
  shown: Picture,
  expected: Picture,
  { format, quality, subsampling }: MosaicJson['tile'],
  what: string,
): Promise<void> {
  expect([shown.width, shown.height], what).toEqual([expected.width, expected.height]);
  const { mean, most } = difference(shown.data, expected.data);
  // Nothing is lost in coding: only the rounding of linear light remains.
  if (format === 'png') {
    expect(most, what).toBeLessThanOrEqual(1);
    if (expected.data.length > 12) expect(mean, what).toBeLessThan(0.3);
    return;
  }
  const image = sharpOf(expected);
  const coded = format === 'webp' ? image.webp({ quality }) : image.jpeg({ quality, chromaSubsampling: subsampling });
  const allowed = difference((await decode(await coded.toBuffer())).data, expected.data);
  // At the edges of what was put together, decoders mix chroma of what was not side by side when it was coded.
  const mixed = format === 'jpeg' && subsampling === '4:2:0';
  // Of so few px, rounding decides.
  if (expected.data.length > 12) expect(mean, what).toBeLessThan(1.25 * allowed.mean + (mixed ? 1.2 : 0.6));
  expect(most, what).toBeLessThan(1.5 * allowed.most + (mixed ? 40 : 6));
}

/** Samples that are at least 2 px away from the edges of a grid: further, no decoder's chroma interpolation reaches. */
export function innerSamples({ data, width, height }: Picture, { width: across, height: down }: Size): Uint8Array {
  const inner = (at: number, step: number) => at % step >= 2 && at % step < step - 2;
  const samples = new Uint8Array(data.length);
  let count = 0;
  for (let y = 0; y < height; y++) {
    if (!inner(y, down)) continue;
    for (let x = 0; x < width; x++) {
      if (!inner(x, across)) continue;
      for (let c = 0; c < 3; c++) samples[count++] = data[(y * width + x) * 3 + c]!;
    }
  }
  return samples.subarray(0, count);
}

/** A level of the IIIF image, by the addresses that its implementation notes (3) derive. */
export async function iiifPicture(
  site: string,
  { layouts, levels, width, height }: MosaicJson,
  level: number,
): Promise<Picture> {
  const { tile } = layouts.iiif!.levels.find((one) => one.level === level)!;
  const factor = 2 ** (levels.length - 1 - level);
  return await tiled(levels[level]!, tile, (column, row) => {
    const [x, y] = [column * tile.width * factor, row * tile.height * factor];
    const [w, h] = [Math.min(tile.width * factor, width - x), Math.min(tile.height * factor, height - y)];
    const size = `${Math.ceil(w / factor)},${Math.ceil(h / factor)}`;
    return join(site, `iiif/image/${x},${y},${w},${h}/${size}/0/default.jpg`);
  });
}
