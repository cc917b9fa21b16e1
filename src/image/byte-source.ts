import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

/** File that is read in parts. */
export interface ByteSource {
  /** Size, bytes. */
  readonly size: number;
  /** Returns the bytes from `start` on: fewer if the file ends before, none if `start` is outside the file. */
  read(start: number, length: number): Buffer;
  close(): void;
}

/** Opens bytes in memory, or the file at a path, to be read in parts. */
export function byteSource(input: Uint8Array | string): ByteSource {
  if (typeof input === 'string') return fileSource(input);
  const whole = Buffer.from(input.buffer, input.byteOffset, input.byteLength);
  const read = (start: number, length: number) => whole.subarray(start, start + within(start, length, whole.length));
  return { size: whole.length, read, close: () => {} };
}

function fileSource(path: string): ByteSource {
  const fd = openSync(path, 'r');
  const { size } = fstatSync(fd);
  const read = (start: number, length: number) => {
    const bytes = Buffer.alloc(within(start, length, size));
    return bytes.subarray(0, bytes.length > 0 ? readSync(fd, bytes, 0, bytes.length, start) : 0);
  };
  return { size, read, close: () => closeSync(fd) };
}

/** Limits a length to the bytes that follow `start`. */
function within(start: number, length: number, size: number): number {
  return start >= 0 && start < size ? Math.max(0, Math.min(length, size - start)) : 0;
}
