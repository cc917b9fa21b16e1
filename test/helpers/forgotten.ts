/** A catalog that is to forget some of its images, and what is left of them there. */
import { copyFile, cp, mkdir, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import sharp from 'sharp';
import { expect } from 'vitest';
import type { ShardIndex } from '../../src/catalog/shard.ts';
import { ShardReader } from '../../src/catalog/shard-reader.ts';
import { updateCatalog } from '../../src/catalog/update.ts';
import { scan } from '../../src/scan/scan.ts';
import type { Recipe } from '../../src/types.ts';
import { writeMany, writeWaves } from './images.ts';
import { filesOf } from './levels.ts';
import { temporaryFolder } from './temporary-folder.ts';

const RECIPE: Recipe = {
  cell: { width: 32, height: 32 },
  tileSize: 256,
  format: 'jpeg',
  quality: 85,
  subsampling: '4:2:0',
  crop: 'centre',
};
/** What differs in a recipe, and the variant of the images. */
type Change = Partial<Recipe> & { readonly variant?: number };
/** What differs in the recipes that the catalog was used with. */
export const RECIPES: readonly Change[] = [{}, { variant: 25 }, { quality: 70 }, { format: 'webp' }];
const signal = new AbortController().signal;
const onProgress = () => {};

/** All that a catalog knows of images: their contents, where they are, and what it keeps of them. */
export interface Gone {
  readonly hashes: Set<string>;
  readonly paths: Set<string>;
  readonly bytes: Buffer[];
}

/** Images that a mosaic goes on with, and a catalog of them that was also used with others, which are to be forgotten. */
export interface Used {
  readonly root: string;
  readonly others: string;
  readonly later: string;
  readonly pristine: string;
  readonly gone: Gone;
}

/** Makes images, and a catalog that was used with them in several recipes. */
export async function useCatalog(): Promise<Used> {
  const root = await temporaryFolder();
  const others = join(root, 'others');
  const pristine = join(root, 'pristine');
  const removed = join(root, 'removed "ones", ü');
  await mkdir(others);
  await mkdir(removed);
  await writeMany(others, 5);
  const later = join(root, 'later');
  await mkdir(later);
  await writeWaves(join(later, 'later.png'), 50, 60, 40);
  await writeWaves(join(root, 'target.png'), 60, 40, 9);
  const [portrait, clear, text] = ['portrait.jpg', 'clear.png', 'text.jpg'].map((name) => join(removed, name)) as [
    string,
    string,
    string,
  ];
  await writeWaves(portrait, 90, 90, 77);
  await sharp({ create: { width: 40, height: 40, channels: 4, background: '#f084' } })
    .png()
    .toFile(clear);
  await copyFile(portrait, join(removed, 'copy.jpg'));
  await writeFile(text, 'no image');
  await writeFile(join(others, 'no.jpg'), 'none, either');
  for (const change of RECIPES) {
    await update(pristine, [others, removed], change);
    // A second lot: shards that know nothing of the removed.
    await update(pristine, [others, later], change);
  }
  // Once more over another background, and the copy has changed its time.
  await utimes(join(removed, 'copy.jpg'), 1, 1);
  await update(pristine, [others, removed], {}, 200);

  const gone = await goneOf(pristine, [portrait, clear, text, join(removed, 'copy.jpg')]);
  expect(gone.hashes.size).toBe(3);
  expect(gone.bytes.length).toBeGreaterThan(40);
  return { root, others, later, pristine, gone };
}

/** All that a catalog knows of the images in some files: hashes, paths and names, and what the binaries keep. */
export async function goneOf(catalog: string, files: readonly string[]): Promise<Gone> {
  const paths = new Set(files);
  const hashes = new Set<string>();
  for (const index of await indexesOf(catalog)) {
    for (const { path, hash } of index.files) if (paths.has(path)) hashes.add(hash);
  }
  const words = [...hashes, ...paths, ...files.map((path) => basename(path)).filter((name) => name !== 'text.jpg')];
  const bytes = words.flatMap((word) => [Buffer.from(word), Buffer.from(JSON.stringify(word).slice(1, -1))]);
  return { hashes, paths, bytes: [...bytes, ...(await rowsOf(catalog, hashes))] };
}

/** Brings a catalog up to date; tells how many shards that has added. */
export async function update(
  folder: string,
  images: string[],
  { variant = 0, ...change }: Change = {},
  grey = 0,
): Promise<number> {
  const before = await filesOf(folder).catch((): string[] => []);
  const files = await scan(images, { onProgress, signal });
  const recipe = { ...RECIPE, ...change };
  const background = { r: grey, g: grey, b: grey };
  const variants = new Map(files.map(({ path }) => [path, [variant]]));
  const options = { folder, recipe, background, variants, concurrency: 1, onProgress, signal };
  const catalog = await updateCatalog(files, options);
  catalog.close();
  const added = (await filesOf(folder)).filter((path) => path.endsWith('.json') && !before.includes(path));
  return added.length;
}

/** What the JSONs of a catalog's shards say, and where they are. */
export async function indexesOf(catalog: string): Promise<(ShardIndex & { path: string })[]> {
  const paths = (await filesOf(catalog)).filter((path) => /^(?:\d|proxies-).*\/\d+-[\da-f]+\.json$/.test(path));
  const read = async (path: string) => ({
    ...(JSON.parse(await readFile(join(catalog, path), 'utf8')) as ShardIndex),
    path,
  });
  return await Promise.all(paths.map(read));
}

/** What shards tell of files and images, by recipe, in order. */
export function recordsOf(indexes: readonly (ShardIndex & { path: string })[]): string[] {
  const records = indexes.flatMap(({ path, files, sources, broken }) =>
    [...files, ...sources, ...broken].map((record) => `${path.split('/')[0]} ${JSON.stringify(record)}`),
  );
  return records.toSorted();
}

/** All that the binaries keep of some sources, piece by piece. */
export async function rowsOf(catalog: string, hashes: ReadonlySet<string>): Promise<Buffer[]> {
  const parts: Buffer[] = [];
  for (const { path, sources, header, bytes } of await indexesOf(catalog)) {
    const binary = join(catalog, path.replace(/json$/, 'bin'));
    const reader = new ShardReader();
    const { blobs } = reader.check(binary, { header, bytes, sources: sources.length });
    for (const [row, { hash }] of sources.entries()) {
      if (!hashes.has(hash)) continue;
      const features = reader.features(binary).slice(row * 48, (row + 1) * 48);
      // Those of proxies are 0, and have no px.
      const means = [Buffer.from(features.buffer), Buffer.from(reader.rasters(binary, row))];
      parts.push(...means.filter((part) => part.some((byte) => byte !== 0)));
      for (let i = 0; i < blobs; i++) parts.push(Buffer.from(reader.blob(binary, row, i)));
    }
    reader.close();
  }
  return parts;
}

/** Files of a catalog that hold anything of the removed sources, and of what. */
export async function traces(catalog: string, gone: Gone): Promise<string[]> {
  const found: string[] = [];
  for (const path of await filesOf(catalog)) {
    const content = await readFile(join(catalog, path));
    for (const [i, bytes] of gone.bytes.entries()) if (content.includes(bytes)) found.push(`${path}: ${i}`);
  }
  return found;
}

/** Copies a catalog to a name beside it. */
export async function copied(from: string, name: string): Promise<string> {
  const catalog = join(dirname(from), name);
  await rm(catalog, { recursive: true, force: true });
  await cp(from, catalog, { recursive: true });
  return catalog;
}

/** The same with the first two of {@link RECIPES}. */
export async function withTwoRecipes(from: string, name: string): Promise<string> {
  const catalog = await copied(from, name);
  for (const key of await readdir(catalog)) if (/webp|q70/.test(key)) await rm(join(catalog, key), { recursive: true });
  return catalog;
}

/** Makes all files of a folder some minutes old. */
export async function age(folder: string): Promise<void> {
  const then = new Date(Date.now() - 300_000);
  for (const path of await filesOf(folder)) await utimes(join(folder, path), then, then);
}

/** Expects that all other images are in a catalog, of every recipe. */
export async function expectOthers(
  catalog: string,
  { others, later }: Used,
  message?: string,
  recipes: readonly Partial<Recipe>[] = RECIPES,
): Promise<void> {
  for (const change of recipes) {
    expect(await update(catalog, [others, later], change), message).toBe(0);
  }
}
