import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

/** A file of which parts are read. */
export interface ByteSource {
  /** Bytes. */
  readonly size: number;
  /** The bytes from `start` on, fewer where the file ends before; none where it is not a place in the file. */
  read(start: number, length: number): Buffer;
  close(): void;
}

/** Reads parts of what is in memory, or of the file at a path. */
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

/** As much of a length as there is. */
function within(start: number, length: number, size: number): number {
  return start >= 0 && start < size ? Math.max(0, Math.min(length, size - start)) : 0;
}
