import { copyFile, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readCsv } from '../src/csv.ts';
import { build, type BuildOptions, type MosaicJson } from '../src/index.ts';
import { writeMany, writeWaves } from './images.ts';

/** Names of the images that {@link writeImages} writes, by id. */
export const NAMES: readonly string[] = Array.from({ length: 14 }, (_, i) => `${String(i).padStart(3, '0')}.jpg`);

/** Writes a target, and into `images` 14 images; in a folder among them, copies of the last four, and what is no image. */
export async function writeImages(root: string): Promise<void> {
  await writeWaves(join(root, 'target.png'), 300, 200, 99);
  const images = join(root, 'images');
  await mkdir(join(images, 'more'), { recursive: true });
  await writeMany(images, NAMES.length);
  for (const name of ['010', '011', '012', '013']) {
    await copyFile(join(images, `${name}.jpg`), join(images, 'more', `${name}, "${name}".jpg`));
  }
  await writeFile(join(images, 'more/broken, too.jpg'), 'no image');
}

/** Builds a mosaic of them, of 6 x 4 cells unless it is given another grid or a placement. */
export async function make(root: string, name: string, options: Partial<BuildOptions> = {}) {
  const out = join(root, name);
  const files = { target: join(root, 'target.png'), images: [join(root, 'images')], catalog: join(root, 'catalog') };
  const grid = options.grid || options.placement !== undefined ? {} : { columns: 6 };
  const result = await build({ ...files, out, cellSize: 32, nearDuplicates: 'keep', ...grid, ...options });
  return { result, ...(await readSite(out)) };
}

/** What a site's reports say, and what it shows. */
export async function readSite(out: string) {
  const mosaic = JSON.parse(await readFile(join(out, 'mosaic.json'), 'utf8')) as MosaicJson;
  const script = await readFile(join(out, 'placement.js'), 'utf8');
  const bytes = Buffer.from(/"(.*)"/.exec(script)![1]!, 'base64');
  const ids = Array.from({ length: bytes.length / 2 }, (_, cell) => bytes.readUInt16LE(cell * 2));
  const csv = async (file: string, columns: string[]) =>
    readCsv(await readFile(join(out, 'report', file), 'utf8'), columns, file).map((line) => ({ ...line }));
  const placed = await csv('placement.csv', ['column', 'row', 'source', 'cost']);
  const sources = await csv('sources.csv', ['source', 'uses', 'column', 'row']);
  const skipped = await csv('skipped.csv', ['path', 'reason']);
  const shown = placed.map(({ source }) => source!);
  return { out, mosaic, ids, placed, sources, skipped, shown, placement: join(out, 'report/placement.csv') };
}

/** Every tile with its bytes. */
export async function tilesOf(out: string): Promise<Map<string, string>> {
  const tiles = await readdir(join(out, 'mosaic_files'), { recursive: true });
  const files = tiles.filter((path) => path.endsWith('.jpg')).toSorted();
  return new Map(
    await Promise.all(
      files.map(async (path) => [path, await readFile(join(out, 'mosaic_files', path), 'base64')] as const),
    ),
  );
}
