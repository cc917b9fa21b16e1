import { parentPort, workerData } from 'node:worker_threads';
import { sharp } from '../image/sharp.ts';
import { messageOf } from '../errors.ts';
import type { ImageInput } from '../image/open-image.ts';
import type { Reply } from '../pool.ts';
import type { Recipe, Rgb } from '../types.ts';
import { indexImage, type IndexedImage } from './index-image.ts';

const { recipe, background } = workerData as { recipe: Recipe; background: Rgb };
sharp.concurrency(1);
sharp.cache(false);

parentPort!.on('message', (input: ImageInput) => {
  void indexImage(input, recipe, background).then(
    (image) => answer({ result: image }, image),
    (error: unknown) => answer({ error: messageOf(error) }),
  );
});

function answer(reply: Reply<IndexedImage>, image?: IndexedImage): void {
  parentPort!.postMessage(reply, image ? buffersOf(image) : []);
}

/** The buffers that can be handed over whole; views of a shared slab (small Node buffers) are copied instead. */
function buffersOf({ features, look, px, blobs }: IndexedImage): ArrayBuffer[] {
  const whole = [features, look, px, ...blobs].filter((view) => view.byteLength === view.buffer.byteLength);
  return [...new Set(whole.map((view) => view.buffer as ArrayBuffer))];
}
