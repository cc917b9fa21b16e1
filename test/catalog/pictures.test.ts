import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { Pictures } from '../../src/catalog/pictures.ts';
import { updateCatalog } from '../../src/catalog/update.ts';
import { SourceChanged } from '../../src/errors.ts';
import { scan } from '../../src/scan/scan.ts';
import type { Recipe } from '../../src/types.ts';
import { writeMany, writeWaves } from '../helpers/images.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

let root: string;
beforeAll(async () => {
  root = await temporaryFolder();
});

test.each(['another image', 'no file'])('a source to be turned that is %s by now is named', async (now) => {
  const images = join(root, now);
  await mkdir(images);
  const [first] = await writeMany(images, 3);
  const signal = new AbortController().signal;
  const files = await scan([images], { onProgress: () => {}, signal });
  const recipe: Recipe = {
    cell: { width: 32, height: 32 },
    tileSize: 256,
    format: 'jpeg',
    quality: 85,
    subsampling: '4:2:0',
    crop: 'centre',
  };
  const background = { r: 0, g: 0, b: 0 };
  const options = { folder: join(root, 'catalog'), recipe, background, concurrency: 2, onProgress: () => {}, signal };
  const catalog = await updateCatalog(files, options);
  await (now === 'no file' ? rm(first!) : writeWaves(first!, 64, 64, 99));
  // The first image, turned once.
  const placement = {
    grid: { columns: 1, rows: 1 },
    cells: Uint32Array.of(catalog.sources.length),
    costs: new Float32Array(1),
    gap: 0,
    distanceCost: 0,
    afarCost: 0,
    minDistance: 0,
  };
  const pictures = Pictures.of(
    catalog,
    { ...placement, features: catalog.sourceFeatures(false) },
    { ...options, files },
  );
  await expect(pictures).rejects.toThrow(SourceChanged);
  await expect(pictures).rejects.toMatchObject({ code: 'changed', path: first });
  catalog.close();
});
