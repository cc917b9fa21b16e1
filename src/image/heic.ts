import { isMainThread, Worker } from 'node:worker_threads';
import pLimit from 'p-limit';
import { workerModule } from '../threads/pool.ts';
import { packPixels } from './heic-pixels.ts';
import { heifProfile } from './heif-colour.ts';
import { CommandFailed, decodeByCommand, heifCommand, type HeifCommand } from './heif-command.ts';
import { decodeByLibheif, hasLibheif } from './libheif.ts';

/** No HEIC decoder is installed; the image may be sound. */
export class NoHeicDecoder extends Error {
  override readonly name = 'NoHeicDecoder';

  constructor() {
    super('HEIC cannot be decoded here: neither libheif-js nor heif-dec is installed');
  }
}

/** HEIC decoders that are installed. */
export interface HeicDecoders {
  readonly command: HeifCommand | undefined;
  /** libheif-js is installed. */
  readonly library: boolean;
}

/** Options of decoding a HEIC file. */
export interface HeicOptions {
  /** Index of the primary image among the top-level images, from 0. */
  readonly page: number;
  /** Accepts the part of a file that decodes, if the file ends early. */
  readonly lenient?: boolean;
  /** Decoders to use; by default those that are installed. */
  readonly decoders?: HeicDecoders;
}

/**
 * Decodes the primary image of a HEIC file (HEVC in HEIF) to a TIFF in memory: upright, with its colour profile. Uses
 * libheif-js, in WebAssembly. Uses `heif-dec` if that is newer, or if libheif-js is missing; if the command itself
 * fails, libheif-js takes over.
 *
 * @throws {NoHeicDecoder} if there is neither; otherwise errors of the decoder.
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
  // Decoding takes about a second per ten megapixels, and blocks the thread.
  return isMainThread ? await limit(() => inThread({ file, lenient })) : decodeHere(file, lenient);
}

/** Decodes a HEIC file with libheif-js in this thread. */
export function decodeHere(file: Uint8Array, lenient = false): Buffer {
  const profile = heifProfile(file);
  return decodeByLibheif(file, lenient, (pixels) => packPixels(pixels, profile));
}

/** Input of the thread. */
export interface HeicJob {
  readonly file: Uint8Array;
  readonly lenient: boolean;
}

/** Limits the number of threads; each takes about 12 bytes of memory per px. */
const limit = pLimit(2);

/** Answer of the thread. */
export type HeicReply = { readonly tiff: Uint8Array<ArrayBuffer> } | { readonly error: string };

async function inThread(job: HeicJob): Promise<Buffer> {
  const thread = new Worker(workerModule('heic-worker', import.meta.url), { workerData: job, execArgv: [] });
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
