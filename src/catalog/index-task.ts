import type { Admit } from '../decoding/thread.ts';
import type { ImageInput } from '../image/open-image.ts';
import type { Recipe, Rgb } from '../types.ts';
import { indexImage, type IndexedImage } from './index-image.ts';

/** What a decoding thread is told of an image to be indexed. */
export interface IndexTask {
  readonly recipe: Recipe;
  /** What transparent images are laid over. */
  readonly background: Rgb;
  /** Takes what decodes of a damaged file; nothing, where no part of it does. */
  readonly lenient: boolean;
}

/**
 * Indexes an image, as a job of a decoding thread.
 *
 * @throws what decoding throws; {@link NothingDecodes}.
 */
export async function indexTask(
  input: ImageInput,
  { recipe, background, lenient }: IndexTask,
  admit: Admit,
): Promise<{ result: IndexedImage; views: ArrayBufferView[] }> {
  const result = await indexImage(input, recipe, background, { admit, lenient });
  const { features, look, px, blobs } = result;
  if (lenient && isPlain(px)) throw new NothingDecodes();
  return { result, views: [features, look, px, ...blobs] };
}

/** Decoders make a little of nothing: what differs by no more than this of 255. */
const SPECKS = 8;

/** A damaged file of which nothing decodes but its size. */
class NothingDecodes extends Error {
  override readonly name = 'NothingDecodes';

  constructor() {
    super('nothing of it decodes');
  }
}

/** Whether all px, RGB, are about the same. */
function isPlain(px: Uint8Array): boolean {
  const [least, most] = [
    [255, 255, 255],
    [0, 0, 0],
  ];
  for (const [i, value] of px.entries()) {
    least[i % 3] = Math.min(least[i % 3]!, value);
    most[i % 3] = Math.max(most[i % 3]!, value);
  }
  return most.every((value, c) => value - least[c]! <= SPECKS);
}
