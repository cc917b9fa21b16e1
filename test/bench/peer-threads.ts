/**
 * `peer-threads.ts FOLDER CATALOG supervised|plain`: indexes the images of a folder, and prints the seconds. `plain` decodes on threads
 * of this process, which nothing supervises: an image that crashes a decoder would end it.
 */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { updateCatalog, type UpdateOptions } from '../../dist/catalog/update.js';
import type { Decoded, DecodingJob } from '../../dist/decoding/jobs.js';
import { DecoderThreads } from '../../dist/decoding/threads.js';
import { scan } from '../../dist/scan/scan.js';

const [images, folder, how] = process.argv.slice(2) as [string, string, string];
const { signal } = new AbortController();
const onProgress = () => {};
const concurrency = availableParallelism();

function plainDecoders(): NonNullable<UpdateOptions['decoders']> {
  const module = new URL('../../dist/catalog/worker.js', import.meta.url);
  const pool = new DecoderThreads(module);
  pool.most = concurrency;
  return {
    threads: concurrency,
    async run<Result>({ path, task, wanted }: DecodingJob): Promise<Decoded<Result>> {
      const input = await readFile(path);
      const hash = createHash('sha256').update(input).digest('hex');
      if (!wanted?.(hash)) return { hash };
      const result = await pool.run({ input, task, begun: () => {}, admit: () => Promise.resolve() });
      return { hash, result: result as Result };
    },
    close: () => Promise.resolve(),
  };
}

const files = await scan([images], { onProgress, signal });
const start = performance.now();
const catalog = await updateCatalog(files, {
  folder,
  recipe: {
    cell: { width: 256, height: 256 },
    tileSize: 256,
    format: 'jpeg',
    quality: 85,
    subsampling: '4:2:0',
    crop: 'centre',
  },
  background: { r: 0, g: 0, b: 0 },
  concurrency,
  onProgress,
  signal,
  ...(how === 'plain' && { decoders: plainDecoders() }),
});
console.log((performance.now() - start) / 1000);
catalog.close();
process.exit();
