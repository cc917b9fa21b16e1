import { Decoders } from '../decoding/decoders.ts';
import { UserError } from '../errors.ts';
import { headerSize } from '../image/header-size.ts';
import { mapOrdered } from '../threads/ordered.ts';
import { workerModule } from '../threads/pool.ts';
import type { ScannedFile, Size } from '../types.ts';
import type { ScanOptions } from './scan.ts';

/** Number of images under way per thread: most of the time is spent on opening files. */
const AHEAD = 4;

/** Sizes of images. */
export interface Survey {
  /** Upright sizes, px, without drawings. */
  readonly sizes: readonly Size[];
  /** Number of drawings, which have no size of their own. */
  readonly drawings: number;
}

/**
 * Reads the upright sizes of images, from their headers: of plain JPEGs and PNGs at once, of others by a decoder, which is
 * started if there are any. Leaves out images that cannot be read.
 */
export async function survey(
  files: readonly ScannedFile[],
  { onProgress, signal, concurrency }: ScanOptions & { readonly concurrency: number },
): Promise<Survey> {
  const sizes: Size[] = [];
  let [done, drawings] = [0, 0];
  const decoders = new Decoders({ module: workerModule('survey-worker', import.meta.url), threads: concurrency });
  const abort = () => void decoders.close(signal.reason);
  signal.addEventListener('abort', abort, { once: true });
  try {
    signal.throwIfAborted();
    for await (const size of mapOrdered(files, concurrency * AHEAD, (file) => pxSizeOf(file, decoders))) {
      if (size === 'drawing') drawings++;
      else if (size) sizes.push(size);
      if (++done % 64 === 0) onProgress(done, files.length);
      signal.throwIfAborted();
    }
  } finally {
    signal.removeEventListener('abort', abort);
    await decoders.close();
  }
  onProgress(files.length, files.length);
  return { sizes, drawings };
}

async function pxSizeOf(
  { path, size, unsupported }: ScannedFile,
  decoders: Decoders,
): Promise<Size | 'drawing' | undefined> {
  if (unsupported) return undefined;
  const known = await headerSize(path);
  if (known) return known;
  try {
    const { result } = await decoders.run<Size & { readonly format: string }>({ path, size, task: undefined });
    const { format, width, height } = result!;
    return format === 'svg' ? 'drawing' : { width, height };
  } catch (error) {
    if (error instanceof UserError) throw error;
    return undefined; // the catalog reports the reason
  }
}
