import type { Admit } from '../decoding/thread.ts';
import type { ImageInput } from '../image/open-image.ts';
import { isOfContent, reasonOf } from '../reasons.ts';
import type { Recipe, Rgb } from '../types.ts';
import { indexImage, type IndexedImage } from './index-image.ts';

/** What a decoding thread is told of an image to be indexed. */
export interface IndexTask {
  readonly recipe: Recipe;
  /** What transparent images are laid over. */
  readonly background: Rgb;
  /** Takes what decodes of a damaged file. */
  readonly lenient: boolean;
}

/** Indexes an image, as a job of a decoding thread. */
export async function indexTask(
  input: ImageInput,
  task: IndexTask,
  admit: Admit,
): Promise<{ result: IndexedImage; views: ArrayBufferView[] }> {
  const result = await indexAny(input, task, admit);
  const { features, look, px, blobs } = result;
  return { result, views: [features, look, px, ...blobs] };
}

/** Indexes an image; if it is damaged, as far as it decodes, where that is asked for. */
async function indexAny(
  input: ImageInput,
  { recipe, background, lenient }: IndexTask,
  admit: Admit,
): Promise<IndexedImage> {
  try {
    return await indexImage(input, recipe, background, { admit });
  } catch (error) {
    const partial = reasonOf(error);
    if (!lenient || !isOfContent(partial)) throw error;
    try {
      return { ...(await indexImage(input, recipe, background, { admit, lenient })), partial };
    } catch (other) {
      // Of what cannot be taken at all, the first reason is the better one.
      throw isOfContent(reasonOf(other)) ? error : other;
    }
  }
}
