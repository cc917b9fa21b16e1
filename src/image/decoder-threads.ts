import { sharp } from './sharp.ts';

/** Pieces of work under way that want the decoder as it is set here; and what it was set to before the first of them. */
let underWay = 0;
let before: { readonly threads: number; readonly cache: ReturnType<typeof sharp.cache> } | undefined;

/**
 * Has libvips use one thread per image while `work` goes on, and keep nothing that it has decoded: images are many, and its own
 * threads would only compete for the processors. These settings are the whole process's, so whoever else uses sharp in it
 * finds them as they were once the last piece of work has ended, in whatever order they end.
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
