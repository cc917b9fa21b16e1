/**
 * Pictures for docs/choosing.md: the sample mosaic under other options, so that they can be compared.
 * `npm run build && npx tsx samples/choosing.ts` writes them to docs/choosing.
 */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
// The compiled program, as users get it.
import { build, type BuildOptions } from '../dist/index.js';
import { generateSamples } from './generate.ts';

const VARIANTS: Readonly<Record<string, Partial<BuildOptions>>> = {
  default: {},
  closest: { variety: 0, minDistance: 0 },
  even: { variety: 1 },
  capacity: { maxUses: 12, useAll: true },
  apart: { minDistance: 5 },
  turned: { mirror: true, rotate: true },
};
/** Targets that are shown with one crop of each image and the closest image everywhere, and as they come by default. */
const TARGETS: Readonly<Record<string, string>> = {
  portrait: 'targets/portrait.svg',
  'still-life': 'targets/still-life.svg',
  snow: 'targets/snow.svg',
  lighthouse: 'target.svg',
};
const WAYS: Readonly<Record<string, Partial<BuildOptions>>> = { before: { crops: 'none', afar: 0 }, after: {} };
const COLUMNS = 60;
/** Px per cell of the pictures. */
const CELL = 8;
/** Of the mosaics, px; and of their tiles. */
const CELL_SIZE = 32;
const TILE_SIZE = 256;

const here = fileURLToPath(new URL('.', import.meta.url));
const docs = join(here, '../docs/choosing');
await mkdir(docs, { recursive: true });
const folder = await mkdtemp(join(tmpdir(), 'zoomosaic-choosing-'));
try {
  const images = join(folder, 'images');
  await generateSamples({ out: images });
  const make = async (name: string, drawing: string, options: Partial<BuildOptions>) => {
    const site = join(folder, name);
    const given = { target: join(here, drawing), images: [images], out: site, catalog: join(folder, 'catalog') };
    const result = await build({ ...given, columns: COLUMNS, cellSize: CELL_SIZE, ...options });
    const { width, height } = await picture(site, result.levels, result.grid.rows, join(docs, `${name}.jpg`));
    const { likeness, mostUses, afar } = result.quality;
    const { ssim, ciede2000 } = likeness.find(({ cellPx }) => cellPx === 2)!;
    const told = `SSIM ${ssim.toFixed(2)}, CIEDE2000 ${ciede2000.toFixed(1)}, from afar ${afar!.toFixed(1)}`;
    console.log(`${name}: ${width} x ${height} px; ${told}; ${result.sources.used} images, ${mostUses} times at most`);
  };
  for (const [name, options] of Object.entries(VARIANTS)) await make(name, 'target.svg', options);
  for (const [target, drawing] of Object.entries(TARGETS)) {
    for (const [way, options] of Object.entries(WAYS)) await make(`${target}-${way}`, drawing, options);
  }
} finally {
  await rm(folder, { recursive: true });
}

/** Puts the level of {@link CELL} px per cell together. */
async function picture(site: string, levels: number, rows: number, out: string) {
  const level = levels - 1 - Math.log2(CELL_SIZE / CELL);
  const [width, height] = [COLUMNS * CELL, rows * CELL];
  const across = Math.ceil(width / TILE_SIZE);
  const tiles = Array.from({ length: across * Math.ceil(height / TILE_SIZE) }, (_, i) => {
    const [x, y] = [i % across, Math.floor(i / across)];
    return { input: join(site, `mosaic_files/${level}/${x}_${y}.jpg`), left: x * TILE_SIZE, top: y * TILE_SIZE };
  });
  const whole = sharp({ create: { width, height, channels: 3, background: '#000' } }).composite(tiles);
  return await whole.jpeg({ quality: 82, mozjpeg: true }).toFile(out);
}
