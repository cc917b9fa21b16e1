/** Small sites, what lies beside them, and what builds that were cut short left there. */
import { mkdir, readFile, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { build, type BuildOptions } from '../../src/index.ts';
import { writeMany, writeWaves } from './images.ts';
import { filesOf } from './levels.ts';
import { seeded } from './random.ts';

/** Writes a target, and the images that small sites are built of. */
export async function writeInputs(root: string): Promise<void> {
  await mkdir(join(root, 'images'));
  await writeMany(join(root, 'images'), 6);
  await writeWaves(join(root, 'target.png'), 60, 40, 99);
}

/** Builds a small site of them. */
export async function buildInto(root: string, out: string, options: Partial<BuildOptions> = {}) {
  const files = { target: join(root, 'target.png'), images: [join(root, 'images')], catalog: join(root, 'catalog') };
  return await build({ ...files, out, columns: 4, cellSize: 32, ...options });
}

/** Writes texts into a folder, by their paths. */
export async function put(folder: string, files: object): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(join(folder, path, '..'), { recursive: true });
    await writeFile(join(folder, path), text as string);
  }
}

/** Every file of a folder with its contents, hidden ones, too. */
export async function contents(folder: string): Promise<Record<string, string>> {
  const files = await filesOf(folder);
  const texts = files.map(async (path) => [path, await readFile(join(folder, path), 'latin1')] as const);
  return Object.fromEntries(await Promise.all(texts));
}

/** Makes a folder as another build would, on another host or in this one's past. */
export async function workingFolder(place: string, owner: object, ageMs: number): Promise<string> {
  const name = `.zoomosaic-${Math.floor(seeded(ageMs)() * 1e16)
    .toString(16)
    .padStart(16, '0')
    .slice(0, 16)}`;
  const path = join(place, name);
  await mkdir(join(path, 'new/tiles'), { recursive: true });
  await writeFile(join(path, 'owner.json'), JSON.stringify(owner));
  await writeFile(join(path, 'beat'), '.');
  const then = new Date(Date.now() - ageMs);
  await utimes(join(path, 'beat'), then, then);
  return name;
}
