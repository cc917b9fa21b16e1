import { isMainThread, Worker } from 'node:worker_threads';
import pLimit from 'p-limit';
import { workerModule } from '../threads/pool.ts';
import { packPixels } from './heic-pixels.ts';
import { heifProfile } from './heif-colour.ts';
import { CommandFailed, decodeByCommand, heifCommand, type HeifCommand } from './heif-command.ts';
import { decodeByLibheif, hasLibheif } from './libheif.ts';

/** Nothing that decodes HEIC is installed; the image may be sound. */
export class NoHeicDecoder extends Error {
  override readonly name = 'NoHeicDecoder';

  constructor() {
    super('HEIC cannot be decoded here: neither libheif-js nor heif-dec is installed');
  }
}

/** What there is to decode HEIC with. */
export interface HeicDecoders {
  readonly command: HeifCommand | undefined;
  /** libheif-js is installed. */
  readonly library: boolean;
}

/** How a HEIC file is decoded. */
export interface HeicOptions {
  /** Number of the primary image among those that stand for themselves, from 0. */
  readonly page: number;
  /** Takes what decodes of a file that ends early. */
  readonly lenient?: boolean;
  /** By default what is installed. */
  readonly decoders?: HeicDecoders;
}

/**
 * Decodes the primary image of a HEIC file (HEVC in HEIF): upright, with its colour profile, as a TIFF in memory. By libheif-js,
 * in WebAssembly; by `heif-dec` where that is newer and does not fail itself, or all there is.
 *
 * @throws {NoHeicDecoder} if there is neither; otherwise what the decoder says.
 */
export async function decodeHeic(file: Uint8Array, { page, lenient = false, decoders }: HeicOptions): Promise<Buffer> {
  const { command, library } = decoders ?? { command: await heifCommand(), library: hasLibheif() };
  if (command && (command.newer || !library)) {
    try {
      return packPixels(await decodeByCommand(command, file, { page, lenient }), heifProfile(file));
    } catch (error) {
      if (!(error instanceof CommandFailed && library)) throw error;
    }
  }
  if (!library) throw new NoHeicDecoder();
  // It takes about a second for ten megapixels, all of which the thread is busy with.
  return isMainThread ? await limit(() => inThread({ file, lenient })) : decodeHere(file, lenient);
}

/** Decodes a HEIC file by libheif-js in this thread. */
export function decodeHere(file: Uint8Array, lenient = false): Buffer {
  const profile = heifProfile(file);
  return decodeByLibheif(file, lenient, (pixels) => packPixels(pixels, profile));
}

/** What the thread is given. */
export interface HeicJob {
  readonly file: Uint8Array;
  readonly lenient: boolean;
}

/** Threads at once; each takes some 12 bytes of memory per px. */
const limit = pLimit(2);

/** What the thread answers. */
export type HeicReply = { readonly tiff: Uint8Array<ArrayBuffer> } | { readonly error: string };

async function inThread(job: HeicJob): Promise<Buffer> {
  const thread = new Worker(workerModule('heic-worker', import.meta.url), { workerData: job });
  try {
    const reply = await new Promise<HeicReply>((resolve, reject) => {
      thread.once('message', resolve);
      thread.once('error', reject);
      thread.once('exit', () => reject(new Error('the HEIC decoder ended without an answer')));
    });
    if ('error' in reply) throw new Error(reply.error);
    const { buffer, byteOffset, byteLength } = reply.tiff;
    return Buffer.from(buffer, byteOffset, byteLength);
  } finally {
    await thread.terminate();
  }
}
