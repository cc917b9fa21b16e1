import { crc32 } from 'node:zlib';

/** A marker segment of a JPEG. */
export function segment(marker: number, ...body: (string | Uint8Array)[]): Buffer {
  const bytes = Buffer.concat(body.map((part) => (typeof part === 'string' ? Buffer.from(part, 'latin1') : part)));
  return Buffer.concat([Uint8Array.of(0xff, marker, (bytes.length + 2) >> 8, (bytes.length + 2) & 255), bytes]);
}

/** `bytes` with others at an offset. */
export function insert(bytes: Buffer, at: number, ...parts: Uint8Array[]): Buffer {
  return Buffer.concat([bytes.subarray(0, at), ...parts, bytes.subarray(at)]);
}

/** A chunk of a PNG. */
export function pngChunk(type: string, data: string | Uint8Array): Buffer {
  const body = Buffer.concat([Buffer.from(type), typeof data === 'string' ? Buffer.from(data, 'latin1') : data]);
  const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(body.length - 4);
  sum.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, sum]);
}

/** A chunk of a RIFF file. */
export function riffChunk(name: string, data: string | Uint8Array): Buffer {
  const body = Buffer.from(data);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(body.length);
  return Buffer.concat([Buffer.from(name), length, body, Buffer.alloc(body.length & 1)]);
}

/** A WebP of chunks. */
export function riff(...chunks: Buffer[]): Buffer {
  return riffChunk('RIFF', Buffer.concat([Buffer.from('WEBP'), ...chunks]));
}

/** An extension of a GIF, of one data sub-block after another. */
export function gifExtension(label: number, ...blocks: (string | Uint8Array)[]): Buffer {
  const coded = blocks.map((block) => Buffer.concat([Uint8Array.of(block.length), Buffer.from(block)]));
  return Buffer.concat([Uint8Array.of(0x21, label), ...coded, Uint8Array.of(0)]);
}

/** Behind the header and the global colour table of a GIF. */
export function gifStart(gif: Buffer): number {
  return 13 + (gif[10]! & 0x80 ? 3 * 2 ** ((gif[10]! & 7) + 1) : 0);
}
