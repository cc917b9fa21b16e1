/**
 * Messages of supervised decoding. Three parties exchange them: the process that builds, the process that decodes
 * (started by the first), and the decoding process' threads.
 *
 * The decoding process reports `ready`, and receives its settings with `begin`. Then each file goes through these
 * steps:
 *
 * 1. `read`: the process reads the file and reports its `hash`. (If the order does not ask for the hash, step 3 is next.)
 * 2. `decode` or `drop`: the building process decides whether it needs that content. Known content is dropped.
 * 3. The process hands the image to a thread. Before decoding one that takes much memory, the thread reports `need`, and
 *    waits until it is `admitted`.
 * 4. `done` with the result, or `failed` with the error of this file.
 *
 * A process that finds an image hanging, or taking too much memory, reports `hang` or `overweight` and kills itself.
 * Files under way are lost then; decoders.ts tries them again.
 */
import type { ImageInput } from '../image/open-image.ts';

/** Messages to the decoding process. */
export type Order =
  | BeginOrder
  | ReadOrder
  /** Decision on a file whose hash was reported. */
  | { readonly kind: 'decode' | 'drop'; readonly id: number }
  /** Asks for the largest memory that the process has held. */
  | { readonly kind: 'peak' };

/** Settings from now on. */
export interface BeginOrder {
  readonly kind: 'begin';
  /** Number of images decoded at the same time. */
  readonly threads: number;
  /** Memory of each thread besides decoding, bytes. */
  readonly memory: number;
  /** Time that a small image may take, ms. */
  readonly patience: number;
}

/**
 * Order to read a file of about `size` bytes, and to report its hash; without `hash`, to decode it at once, by its
 * path, or what is sent as `bytes` in its place.
 */
export interface ReadOrder {
  readonly kind: 'read';
  readonly id: number;
  readonly path: string;
  readonly size: number;
  readonly bytes?: Uint8Array;
  readonly hash: boolean;
  readonly task: unknown;
}

/** Messages from the decoding process. */
export type Report =
  | { readonly kind: 'ready' }
  | { readonly kind: 'hash'; readonly id: number; readonly hash: string }
  | { readonly kind: 'done'; readonly id: number; readonly result: unknown }
  | { readonly kind: 'failed'; readonly id: number; readonly error: SentError }
  /**
   * An image takes too long, or more memory than it may. The process kills itself. `peak` is the largest memory it
   * held, bytes.
   */
  | { readonly kind: 'hang' | 'overweight'; readonly peak: number }
  /** Largest memory that the process has held, bytes. */
  | { readonly kind: 'peak'; readonly peak: number };

/** Messages to a decoding thread. */
export type ThreadOrder = { readonly input: ImageInput; readonly task: unknown } | { readonly admitted: true };

/** Messages from a decoding thread. */
export type ThreadReport =
  | { readonly ready: true }
  /** Asks for `need` bytes of memory, to decode an image of `px` px. */
  | { readonly need: number; readonly px: number }
  | { readonly result: unknown }
  | { readonly error: SentError };

/** Error in a message. */
export interface SentError {
  readonly message: string;
  readonly code?: string;
  /** Name of the error's class; `Error` for those of libraries. */
  readonly name: string;
}

/** Converts an error for a message. */
export function sentError(error: unknown): SentError {
  const message = error instanceof Error ? error.message : String(error);
  const name = error instanceof Error ? error.name : 'Error';
  const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
  return { message, name, ...(code !== undefined && { code }) };
}

/** Restores an error from a message. */
export function receivedError({ message, name, code }: SentError): Error {
  return Object.assign(new Error(message), { name }, code === undefined ? {} : { code });
}
