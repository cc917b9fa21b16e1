import { copyFile, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { readCsv } from '../../src/format/csv.ts';
import { build, type BuildOptions, type MosaicJson } from '../../src/index.ts';
import { decode, writeMany, writeWaves } from './images.ts';

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

/** Where a report of the build of a site is, unless another folder was asked for. */
export function reportOf(out: string, name: 'placement.csv' | 'sources.csv' | 'skipped.csv' | 'quality.json'): string {
  return join(`${out}-report`, name);
}

/** What a site's reports say, and what it shows. */
export async function readSite(out: string) {
  const mosaic = JSON.parse(await readFile(join(out, 'mosaic.json'), 'utf8')) as MosaicJson;
  const pictures = await readPictures(out, mosaic);
  const csv = async (file: Parameters<typeof reportOf>[1], columns: string[]) =>
    readCsv(await readFile(reportOf(out, file), 'utf8'), columns, file).map(({ fields }) => ({ ...fields }));
  const placed = await csv('placement.csv', ['column', 'row', 'source', 'cost']);
  const sources = await csv('sources.csv', ['source', 'uses', 'column', 'row']);
  const skipped = await csv('skipped.csv', ['path', 'reason']);
  const shown = placed.map(({ source }) => source!);
  const idOf = new Map(sources.map(({ source }, id) => [source, id]));
  const ids = placed.map(({ source, turn }) => Number(turn ?? 0) * sources.length + idOf.get(source)!);
  return { out, mosaic, pictures, ids, placed, sources, skipped, shown, placement: reportOf(out, 'placement.csv') };
}

/** Numbers of the pictures in a site's cells, row by row, by the description of `cells/`. */
export async function readPictures(out: string, { grid, placement }: MosaicJson): Promise<number[]> {
  const { block, type } = placement;
  const numbers = Array.from({ length: grid.columns * grid.rows }, () => -1);
  for (const file of await readdir(join(out, 'cells'))) {
    const script = await readFile(join(out, 'cells', file), 'utf8');
    const [, x, y, base64] = /^zoomosaicCells\("(\d+)_(\d+)","(.*)"\);\n$/.exec(script)!;
    if (file !== `${x}_${y}.js`) throw new Error(`${file} calls itself ${x}_${y}`);
    const bytes = Buffer.from(base64!, 'base64');
    const width = Math.min(block, grid.columns - Number(x) * block);
    const step = type === 'u16' ? 2 : 4;
    for (let i = 0; i < bytes.length / step; i++) {
      const [column, row] = [Number(x) * block + (i % width), Number(y) * block + Math.floor(i / width)];
      numbers[row * grid.columns + column] = bytes.readUIntLE(i * step, step);
    }
  }
  return numbers;
}

/** A cell at full resolution, cut out of the tiles of the deepest level. */
export async function cellPx(
  out: string,
  { grid, levels, cell, tileSize, tile }: MosaicJson,
  index: number,
): Promise<Buffer> {
  const [left, top] = [(index % grid.columns) * cell.width, Math.floor(index / grid.columns) * cell.height];
  const [x, y] = [Math.floor(left / tileSize), Math.floor(top / tileSize)];
  const file = join(out, 'mosaic_files', String(levels.at(-1)!.level), `${x}_${y}.${tile.extension}`);
  const { data, width, height } = await decode(file);
  const whole = sharp(data, { raw: { width, height, channels: 3 } });
  return await whole
    .extract({ left: left % tileSize, top: top % tileSize, ...cell })
    .raw()
    .toBuffer();
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
