import type { Admit } from '../decoding/thread.ts';
import type { ImageInput } from '../image/open-image.ts';
import type { Recipe, Rect, Rgb } from '../types.ts';
import { decodeImage, type DecodedImage } from './decode.ts';
import { indexDecoded, type IndexedImage } from './index-image.ts';
import { decodeProxy, makeProxy, type MadeProxy, type ProxyFacts, smallestOf } from './proxy.ts';

/** Task of a decoding thread: how to index an image. */
export interface IndexTask {
  readonly recipe: Recipe;
  /** Colour that transparent images are laid over. */
  readonly background: Rgb;
  /** Variants to index, in this order. */
  readonly variants: readonly number[];
  /** Accepts the part of a damaged file that decodes; fails if no part does. */
  readonly lenient: boolean;
  /** The input is no file, but the proxy of an image: the facts about it, and the crop, if that is known. */
  readonly from?: ProxyFacts & { readonly crop?: Rect | undefined };
}

/** Result of a task: the variants in their order, and a proxy if one is worth keeping. */
export interface Indexed {
  readonly images: readonly IndexedImage[];
  readonly proxy?: MadeProxy;
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
): Promise<{ result: Indexed; views: ArrayBufferView[] }> {
  const decoded = await decodedFor(input, task, admit);
  const images = await indexDecoded(input, decoded, task);
  if (task.lenient && isPlain(images[0]!.px)) throw new NothingDecodes();
  const proxy = task.lenient || task.from ? undefined : await makeProxy(decoded);
  const views: ArrayBufferView[] = images.flatMap(({ features, crops, perceptualHash, px, blobs }) => [
    features,
    crops,
    perceptualHash,
    px,
    ...blobs,
  ]);
  if (proxy) views.push(proxy.bytes);
  return { result: { images, ...(proxy && { proxy }) }, views };
}

async function decodedFor(
  input: ImageInput,
  { recipe, variants, lenient, from }: IndexTask,
  admit: Admit,
): Promise<DecodedImage> {
  if (from && typeof input !== 'string') return await decodeProxy(input, from, { recipe, variants, crop: from.crop });
  const { cell, crop } = recipe;
  return await decodeImage(input, { cell, crop, smallest: smallestOf(variants), lenient, admit });
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
