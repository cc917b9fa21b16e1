/** Mosaics of a dozen images, as most people build them. */
import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { build, type BuildOptions, type MosaicJson } from '../../src/index.ts';
import { writeMany, writeWaves } from './images.ts';

/** Writes what mosaics are built of: a target, and 12 images, whose paths it returns. */
export async function writeInputs(root: string): Promise<string[]> {
  await writeWaves(join(root, 'target.png'), 300, 200, 99);
  await mkdir(join(root, 'images'));
  return await writeMany(join(root, 'images'), 12);
}

/** Builds a mosaic of them, 6 cells wide unless it is told otherwise. */
export async function buildOf(root: string, name: string, options: Partial<BuildOptions> = {}) {
  const out = join(root, name);
  const grid = options.grid || options.columns ? {} : { columns: 6 };
  const files = { target: join(root, 'target.png'), images: [join(root, 'images')], catalog: join(root, 'catalog') };
  const result = await build({ ...files, out, cellSize: 64, ...grid, ...options });
  const mosaic = JSON.parse(await readFile(join(out, 'mosaic.json'), 'utf8')) as MosaicJson;
  return { out, result, mosaic };
}

/** Every file of a folder with its bytes. */
export async function contents(folder: string): Promise<Map<string, Buffer>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return new Map(
    await Promise.all(files.toSorted().map(async (file) => [relative(folder, file), await readFile(file)] as const)),
  );
}
