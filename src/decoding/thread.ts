import { parentPort } from 'node:worker_threads';
import type { ImageInput } from '../image/open-image.ts';
import { sharp } from '../image/sharp.ts';
import { FREE } from './memory.ts';
import { sentError, type ThreadOrder, type ThreadReport } from './protocol.ts';

// Both settings apply to the whole process. One thread of libvips per image suffices: each decoding thread has an image
// of its own.
sharp.concurrency(1);
sharp.cache(false);

/** Waits until there are `need` bytes of memory for an image of `px` px. */
export type Admit = (need: number, px: number) => Promise<void>;

/**
 * Makes the calling module a decoding thread: `handle` decodes every image that the thread is given.
 *
 * @param handle returns the result, and views whose buffers may be transferred.
 */
export function answerJobs(
  handle: (
    input: ImageInput,
    task: unknown,
    admit: Admit,
  ) => Promise<{ result: unknown; views: readonly ArrayBufferView[] }>,
): void {
  const port = parentPort!;
  const report = (message: ThreadReport, buffers: ArrayBuffer[] = []) => port.postMessage(message, buffers);
  let admitted = () => {};
  const admit: Admit = async (need, px) => {
    if (need <= FREE) return;
    const waiting = new Promise<void>((resolve) => (admitted = resolve));
    report({ need, px });
    await waiting;
  };
  port.on('message', (order: ThreadOrder) => {
    if ('admitted' in order) return admitted();
    void handle(order.input, order.task, admit).then(
      ({ result, views }) => report({ result }, buffersOf(views)),
      (error: unknown) => report({ error: sentError(error) }),
    );
  });
  report({ ready: true });
}

/**
 * Returns the buffers that can be transferred whole. Views of a shared slab (small Node buffers) are copied instead.
 */
function buffersOf(views: readonly ArrayBufferView[]): ArrayBuffer[] {
  const whole = views.filter((view) => view.byteLength === view.buffer.byteLength);
  return [...new Set(whole.map((view) => view.buffer as ArrayBuffer))];
}
