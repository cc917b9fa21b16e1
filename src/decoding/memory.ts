/** Memory that the process of the decoders may take with two threads, bytes; a build of two stays below 600 MB with that. */
const LIMIT = 440 * 2 ** 20;
/** What each further thread adds: an image of 24 megapixels, as cameras make them. */
const LIMIT_PER_THREAD = 64 * 2 ** 20;
/** Images that take no more than this are decoded by all threads at once, bytes. */
export const FREE = 64 * 2 ** 20;
/** Images that take more share this; one that takes even more has it all, by itself. */
export const SHARED: number = 280 * 2 ** 20;
/** Files that are read and wait to be decoded share this. */
export const READ_AHEAD: number = 24 * 2 ** 20;
/** Between two looks at how much memory is taken, ms. */
const LOOK_MS = 50;

/** Memory that is shared by those who wait for each other. */
export class MemoryShare {
  /** Bytes that are taken. */
  taken = 0;
  private readonly limit: number;
  private readonly queue: { readonly bytes: number; readonly start: () => void }[] = [];

  constructor(limit: number) {
    this.limit = limit;
  }

  /** Waits until there is room, or nobody else; returns how to give it back. */
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
 * Memory that a process of decoders may take, bytes.
 *
 * @param extra what each thread takes besides decoding, bytes.
 */
export function memoryLimit(threads: number, extra: number): number {
  return LIMIT + Math.max(0, threads - 2) * LIMIT_PER_THREAD + threads * extra;
}

/**
 * Looks at how much memory this process takes, as long as it lives.
 *
 * @param limit of the moment, bytes.
 * @param over called once it is more than it should be, whatever was estimated.
 */
export function watchMemory(limit: () => number, share: MemoryShare, over: () => void): void {
  const timer = setInterval(() => {
    if (process.memoryUsage.rss() > limit() + Math.max(0, share.taken - SHARED)) over();
  }, LOOK_MS);
  timer.unref();
}
