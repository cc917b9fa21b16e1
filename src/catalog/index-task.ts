import type { Admit } from '../decoding/thread.ts';
import type { ImageInput } from '../image/open-image.ts';
import type { Recipe, Rgb } from '../types.ts';
import { indexImage, type IndexedImage } from './index-image.ts';

/** Task of a decoding thread: how to index an image. */
export interface IndexTask {
  readonly recipe: Recipe;
  /** Colour that transparent images are laid over. */
  readonly background: Rgb;
  /** Variants to index, in this order. */
  readonly variants: readonly number[];
  /** Accepts the part of a damaged file that decodes; fails if no part does. */
  readonly lenient: boolean;
}

/**
 * Indexes variants of an image, as a job of a decoding thread.
 *
 * @throws errors of decoding; {@link NothingDecodes} if `lenient` and all px are about the same.
 */
export async function indexTask(
  input: ImageInput,
  task: IndexTask,
  admit: Admit,
): Promise<{ result: IndexedImage[]; views: ArrayBufferView[] }> {
  const result = await indexImage(input, { ...task, admit });
  if (task.lenient && isPlain(result[0]!.px)) throw new NothingDecodes();
  const views = result.flatMap(({ features, crops, perceptualHash, px, blobs }) => [
    features,
    crops,
    perceptualHash,
    px,
    ...blobs,
  ]);
  return { result, views };
}

/** Largest range of a channel, of 255, in an image without content: decoders may add a little to nothing. */
const SPECKS = 8;

/** Nothing but the size of a damaged file decodes. */
class NothingDecodes extends Error {
  override readonly name = 'NothingDecodes';

  constructor() {
    super('nothing of it decodes');
  }
}

/** Tells whether all px (RGB) are about the same. */
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
