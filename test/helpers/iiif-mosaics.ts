/** Mosaics with the layout iiif. */
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { build, type BuildOptions, type MosaicJson, type Size } from '../../src/index.ts';
import { writePlacement, writeStructured } from './levels.ts';

/** Where they will be. */
export const BASE = 'https://example.org/mosaic';

/** Builds a mosaic with the layout iiif, unless it is told another, into a folder of `root`. */
export async function makeIiif(
  root: string,
  name: string,
  options: Partial<BuildOptions> & Pick<BuildOptions, 'images'>,
) {
  const out = join(root, name);
  const common = { target: join(root, 'target.png'), out, catalog: join(root, 'catalog'), cellSize: 256 };
  const result = await build({ ...common, layout: 'iiif', baseUrl: BASE, nearDuplicates: 'keep', ...options });
  const mosaic = JSON.parse(await readFile(join(out, 'mosaic.json'), 'utf8')) as MosaicJson;
  return { out, result, mosaic };
}

/** Some images of a cell's size in cells, in no order. */
export async function placedImages(
  root: string,
  name: string,
  cell: Size,
  count: number,
  grid: { columns: number; rows: number },
) {
  const images = join(root, `images of ${name}`);
  await mkdir(images);
  const names = [...(await writeStructured(images, count, cell)).keys()];
  const placed = Array.from({ length: grid.columns * grid.rows }, (_, i) => names[(i * 7 + (i >> 3)) % count]!);
  const placement = await writePlacement(join(root, `${name}.csv`), grid.columns, placed);
  return { images: [images], placement };
}

/** A document of IIIF. */
export interface Document {
  readonly id: string;
  readonly type: string;
  readonly [key: string]: unknown;
}

/** Reads one. */
export async function readJson(path: string): Promise<Document> {
  return JSON.parse(await readFile(path, 'utf8')) as Document;
}
