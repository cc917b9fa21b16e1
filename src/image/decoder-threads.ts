import { sharp } from './sharp.ts';

/**
 * Number of running pieces of work that need these settings of the decoder; and the settings before the first of them.
 */
let underWay = 0;
let before: { readonly threads: number; readonly cache: ReturnType<typeof sharp.cache> } | undefined;

/**
 * Runs `work` while libvips uses one thread per image and caches nothing: images are many, and threads of libvips would
 * only compete for the processors. These settings apply to the whole process. They are restored once the last piece of
 * work has ended, in whatever order they end.
 */
export async function oneThreadPerImage<Result>(work: () => Promise<Result>): Promise<Result> {
  if (underWay++ === 0) {
    before = { threads: sharp.concurrency(), cache: sharp.cache() };
    sharp.concurrency(1);
    sharp.cache(false);
  }
  try {
    return await work();
  } finally {
    if (--underWay === 0) {
      const { threads, cache } = before!;
      sharp.concurrency(threads);
      sharp.cache({ memory: cache.memory.max, files: cache.files.max, items: cache.items.max });
    }
  }
}
