import { imageSize } from '../image/open-image.ts';
import { mapOrdered } from '../ordered.ts';
import type { ScannedFile, Size } from '../types.ts';
import type { ScanOptions } from './scan.ts';

/**
 * Reads the sizes of images, in px, upright; of those that cannot be read, and of drawings, which have none of their own,
 * there is none.
 */
export async function survey(
  files: readonly ScannedFile[],
  { onProgress, signal, concurrency }: ScanOptions & { readonly concurrency: number },
): Promise<Size[]> {
  const sizes: Size[] = [];
  let done = 0;
  for await (const size of mapOrdered(files, concurrency, sizeOf)) {
    if (size) sizes.push(size);
    if (++done % 64 === 0) onProgress(done, files.length);
    signal.throwIfAborted();
  }
  onProgress(files.length, files.length);
  return sizes;
}

async function sizeOf({ path, unsupported }: ScannedFile): Promise<Size | undefined> {
  if (unsupported) return undefined;
  try {
    const { format, width, height } = await imageSize(path);
    return format === 'svg' ? undefined : { width, height };
  } catch {
    return undefined; // the catalog says why
  }
}
