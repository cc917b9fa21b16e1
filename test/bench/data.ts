import { existsSync } from 'node:fs';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import type { Catalog } from '../../dist/catalog/catalog.js';
import { updateCatalog } from '../../dist/catalog/update.js';
import { scan } from '../../dist/scan/scan.js';
import { generateSamples } from '../../samples/generate.ts';
import { waves } from '../helpers/images.ts';
import { SHARED_DATA } from './shared-data.ts';

/** What the benches work on. */
export interface BenchData {
  /** A thousand photographs, a folder. */
  readonly photos: string;
  /** A picture of the shape 3:2. */
  readonly target: string;
  /** 25,000 images of 64 x 64 px, a folder. */
  readonly tiny: string;
  /** In words. */
  readonly about: string;
}

/** Real photographs where they are at hand, otherwise drawn ones. */
export async function benchData(folder: string): Promise<BenchData> {
  if (existsSync(SHARED_DATA)) {
    const [photos, tiny] = [join(SHARED_DATA, 'photos-1k'), join(SHARED_DATA, 'tiny-25k')];
    return {
      photos,
      target: join(SHARED_DATA, 'targets', '08.png'),
      tiny,
      about: '1,000 photographs; 25,000 of 64 x 64 px',
    };
  }
  const [photos, tiny] = [join(folder, 'photos'), join(folder, 'tiny')];
  await generateSamples({ out: photos, count: 1000 });
  await drawTiny(tiny);
  const target = fileURLToPath(new URL('../../samples/target.svg', import.meta.url));
  return { photos, target, tiny, about: '1,000 and 25,000 drawn images' };
}

/** A catalog of all images of a folder, as a build with this cell size makes it. */
export async function catalogOf(images: string, folder: string, cellSize: number): Promise<Catalog> {
  const { signal } = new AbortController();
  const onProgress = () => {};
  return await updateCatalog(await scan([images], { onProgress, signal }), {
    folder,
    recipe: {
      cell: { width: cellSize, height: cellSize },
      tileSize: 256,
      format: 'jpeg',
      quality: 85,
      subsampling: '4:2:0',
      crop: 'centre',
    },
    background: { r: 0, g: 0, b: 0 },
    concurrency: availableParallelism(),
    onProgress,
    signal,
  });
}

/** Features of all images of a folder, by the catalog that a build with this cell size makes. */
export async function catalogFeatures(images: string, folder: string, cellSize: number): Promise<Float32Array> {
  const catalog = await catalogOf(images, folder, cellSize);
  const features = catalog.features();
  catalog.close();
  return features;
}

async function drawTiny(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  if ((await readdir(folder)).length === 25_000) return;
  for (let i = 0; i < 25_000; i++) {
    const raw = { width: 64, height: 64, channels: 3 } as const;
    await writeFile(
      join(folder, `${i}.jpg`),
      await sharp(waves(64, 64, i + 1), { raw })
        .jpeg()
        .toBuffer(),
    );
  }
}

/** Paths of all files of a folder and below, in order. */
export async function filesOf(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile() && !entry.name.startsWith('.'));
  return files.map(({ parentPath, name }) => join(parentPath, name)).toSorted();
}
