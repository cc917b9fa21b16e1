import { createHash } from 'node:crypto';
import type { Stats } from 'node:fs';
import { type FileHandle, open, readFile } from 'node:fs/promises';
import type { ImageInput } from '../image/open-image.ts';

/** An image file that was read and hashed. */
export interface ReadInput {
  /** SHA-256, hex. */
  readonly hash: string;
  readonly input: ImageInput;
  /** State of the file before it was read, if `input` is its path: it is read again to be decoded. */
  readonly before?: Stats;
}

/** Files up to this size, bytes, are read at once. */
const SMALL_BYTES = 2 ** 20;
/** Files up to this size, bytes, are read at once unless they are JPEGs. */
export const WHOLE_BYTES: number = 16 * 2 ** 20;
/** Bytes hashed at a time of files that are not read at once. */
const CHUNK_BYTES = 2 ** 18;
/** Chunks that nobody uses now: memory that was used before costs no page faults. */
const chunks: Buffer[] = [];

/**
 * Reads an image file, and hashes it. A large file is hashed while it is read, piece by piece, and its decoder reads it
 * again: a decoder of JPEG needs little of it at a time. Other decoders take a file that fits into memory as a whole.
 */
export async function readInput(path: string, size: number): Promise<ReadInput> {
  if (size <= SMALL_BYTES) return hashed(await readFile(path));
  const handle = await open(path);
  const chunk = chunks.pop() ?? Buffer.allocUnsafeSlow(CHUNK_BYTES);
  try {
    const before = await handle.stat();
    const { bytesRead } = await handle.read(chunk, 0, CHUNK_BYTES, 0);
    if (before.size <= WHOLE_BYTES && !isJpeg(chunk)) return hashed(await readFile(path));
    return { hash: await hashRest(handle, chunk, bytesRead), input: path, before };
  } finally {
    chunks.push(chunk);
    await handle.close();
  }
}

function hashed(input: Buffer): ReadInput {
  return { hash: createHash('sha256').update(input).digest('hex'), input };
}

function isJpeg(head: Buffer): boolean {
  return head[0] === 0xff && head[1] === 0xd8 && head[2] === 0xff;
}

/** Hashes a file whose first `first` bytes are in `chunk`. */
async function hashRest(handle: FileHandle, chunk: Buffer, first: number): Promise<string> {
  const hash = createHash('sha256');
  for (let [at, count] = [0, first]; count > 0;) {
    hash.update(chunk.subarray(0, count));
    at += count;
    ({ bytesRead: count } = await handle.read(chunk, 0, CHUNK_BYTES, at));
  }
  return hash.digest('hex');
}
