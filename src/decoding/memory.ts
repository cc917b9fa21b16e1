/** Memory limit of the decoding process with two threads, bytes. It keeps a build of two threads below 600 MB. */
const LIMIT = 440 * 2 ** 20;
/** Addition to the limit per further thread, bytes: an image of 24 megapixels, as cameras make them. */
const LIMIT_PER_THREAD = 64 * 2 ** 20;
/** Images that take no more than this, bytes, are decoded by all threads at once. */
export const FREE = 64 * 2 ** 20;
/** Memory that larger images share, bytes. An image that takes more than that has it all, by itself. */
export const SHARED: number = 280 * 2 ** 20;
/** Memory shared by files that were read and wait to be decoded, bytes. */
export const READ_AHEAD: number = 24 * 2 ** 20;
/** Interval between checks of the memory, ms. */
const LOOK_MS = 50;

/** Budget of memory that its users share. They are served in the order of their requests. */
export class MemoryShare {
  /** Number of bytes taken. */
  taken = 0;
  private readonly limit: number;
  private readonly queue: { readonly bytes: number; readonly start: () => void }[] = [];

  constructor(limit: number) {
    this.limit = limit;
  }

  /**
   * Waits until the bytes fit into the budget, or nobody else holds any.
   *
   * @returns a function that gives the bytes back.
   */
  async take(bytes: number): Promise<() => void> {
    await new Promise<void>((start) => {
      this.queue.push({ bytes, start });
      this.next();
    });
    let given = false;
    return () => {
      if (given) return;
      given = true;
      this.taken -= bytes;
      this.next();
    };
  }

  private next(): void {
    for (let first = this.queue[0]; first; first = this.queue[0]) {
      if (this.taken > 0 && this.taken + first.bytes > this.limit) return;
      this.queue.shift();
      this.taken += first.bytes;
      first.start();
    }
  }
}

/**
 * Returns the memory limit of a decoding process, bytes.
 *
 * @param extra memory of each thread besides decoding, bytes.
 */
export function memoryLimit(threads: number, extra: number): number {
  return LIMIT + Math.max(0, threads - 2) * LIMIT_PER_THREAD + threads * extra;
}

/**
 * Checks the memory of this process periodically, as long as the process lives.
 *
 * @param limit returns the present limit, bytes.
 * @param share budget of large images. What an image takes beyond SHARED raises the limit.
 * @param over called once the memory exceeds the limit, whatever was estimated.
 */
export function watchMemory(limit: () => number, share: MemoryShare, over: () => void): void {
  const timer = setInterval(() => {
    if (process.memoryUsage.rss() > limit() + Math.max(0, share.taken - SHARED)) over();
  }, LOOK_MS);
  timer.unref();
}
