/**
 * What the process that builds and the process that decodes say to each other. A file is read and hashed first, since its
 * content may be known already; only then, and only if that is asked for, it is decoded.
 */
import type { ImageInput } from '../image/open-image.ts';

/** To the process of the decoders. */
export type Order =
  | BeginOrder
  | ReadOrder
  /** What to do with a file whose hash was told. */
  | { readonly kind: 'decode' | 'drop'; readonly id: number }
  /** To tell how much memory it has taken. */
  | { readonly kind: 'peak' };

/** How to work from now on. */
export interface BeginOrder {
  readonly kind: 'begin';
  /** Images decoded at the same time. */
  readonly threads: number;
  /** What each thread takes besides decoding, bytes. */
  readonly memory: number;
  /** How long a small image may take, ms. */
  readonly patience: number;
}

/** To read a file of about `size` bytes, and tell its hash; or, without `hash`, to decode it at once, by its path. */
export interface ReadOrder {
  readonly kind: 'read';
  readonly id: number;
  readonly path: string;
  readonly size: number;
  readonly hash: boolean;
  readonly task: unknown;
}

/** From the process of the decoders. */
export type Report =
  | { readonly kind: 'ready' }
  | { readonly kind: 'hash'; readonly id: number; readonly hash: string }
  | { readonly kind: 'done'; readonly id: number; readonly result: unknown }
  | { readonly kind: 'failed'; readonly id: number; readonly error: SentError }
  /** Some image takes too long, or more memory than it may; the process ends itself. `peak` is the most memory it has held. */
  | { readonly kind: 'hang' | 'overweight'; readonly peak: number }
  /** The most memory that it has held, bytes. */
  | { readonly kind: 'peak'; readonly peak: number };

/** To a decoding thread. */
export type ThreadOrder = { readonly input: ImageInput; readonly task: unknown } | { readonly admitted: true };

/** From a decoding thread. */
export type ThreadReport =
  | { readonly ready: true }
  /** Asks for much memory, to decode an image of so many px. */
  | { readonly need: number; readonly px: number }
  | { readonly result: unknown }
  | { readonly error: SentError };

/** An error on its way from one to the other. */
export interface SentError {
  readonly message: string;
  readonly code?: string;
  /** Of the error's class; those of libraries have but `Error`. */
  readonly name: string;
}

/** An error, to be sent. */
export function sentError(error: unknown): SentError {
  const message = error instanceof Error ? error.message : String(error);
  const name = error instanceof Error ? error.name : 'Error';
  const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
  return { message, name, ...(code !== undefined && { code }) };
}

/** An error that was sent. */
export function receivedError({ message, name, code }: SentError): Error {
  return Object.assign(new Error(message), { name }, code === undefined ? {} : { code });
}
