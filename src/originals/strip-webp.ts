import { readOrientation } from '../jpeg/exif-orientation.ts';

const KEPT = new Set(['VP8X', 'ICCP', 'ANIM', 'ANMF', 'ALPH', 'VP8 ', 'VP8L']);
const KEPT_IN_FRAMES = new Set(['ALPH', 'VP8 ', 'VP8L']);
/** Chunks that hold an image. */
const PICTURES = new Set(['VP8 ', 'VP8L']);
const VP8X_BYTES = 10;
/** Flags of VP8X that announce EXIF and XMP. */
const METADATA_FLAGS = 0x08 | 0x04;
/** Bytes in ANMF before the chunks of the frame. */
const FRAME_HEADER_BYTES = 16;

/**
 * Removes from a WebP what does not change how it looks: EXIF, XMP, unknown chunks (in frames, too), and bytes behind the
 * RIFF container (RFC 9649, 2.7). Other chunks stay byte for byte.
 *
 * @returns undefined if EXIF turns the image: Chromium ignores that, sharp does not.
 * @throws if the chunks are broken.
 */
export function stripWebpMetadata(webp: Uint8Array): Uint8Array | undefined {
  const bytes = Buffer.from(webp.buffer, webp.byteOffset, webp.byteLength);
  if (bytes.length < 12 || nameAt(bytes, 0) !== 'RIFF' || nameAt(bytes, 8) !== 'WEBP') {
    throw new Error('not a WebP: no RIFF header');
  }
  const end = 8 + bytes.readUInt32LE(4);
  if (end > bytes.length) throw new Error('WebP ends early');
  const parts: Uint8Array[] = [];
  for (const { name, body } of chunks(bytes.subarray(12, end))) {
    if (name === 'EXIF' && readOrientation(body) !== 1) return undefined;
    if (KEPT.has(name)) parts.push(chunk(name, neededBody(name, body)));
  }
  return chunk('RIFF', Buffer.concat([Buffer.from('WEBP'), ...parts]));
}

function neededBody(name: string, body: Buffer): Uint8Array {
  if (name === 'VP8X') {
    if (body.length !== VP8X_BYTES) throw new Error('VP8X of a WebP has a wrong length');
    return Buffer.concat([Uint8Array.of(body[0]! & ~METADATA_FLAGS), body.subarray(1)]);
  }
  if (name !== 'ANMF') return body;
  if (body.length < FRAME_HEADER_BYTES) throw new Error('frame of a WebP is too short');
  const parts: Uint8Array[] = [body.subarray(0, FRAME_HEADER_BYTES)];
  let shows = false;
  for (const { name: inner, body: data } of chunks(body.subarray(FRAME_HEADER_BYTES))) {
    if (KEPT_IN_FRAMES.has(inner)) parts.push(chunk(inner, data));
    shows ||= PICTURES.has(inner);
  }
  // Decoders skip a frame without an image only while it holds another chunk: stripped, it might fail.
  if (!shows) throw new Error('frame of a WebP holds no picture');
  return Buffer.concat(parts);
}

function* chunks(bytes: Buffer): Generator<{ name: string; body: Buffer }> {
  for (let at = 0; at < bytes.length;) {
    if (at + 8 > bytes.length) throw new Error('WebP ends within a chunk header');
    const end = at + 8 + bytes.readUInt32LE(at + 4);
    if (end > bytes.length) throw new Error('WebP chunk runs past the end');
    yield { name: nameAt(bytes, at), body: bytes.subarray(at + 8, end) };
    at = end + (end & 1); // padded to even length; chunks start at even offsets
  }
}

/** Makes a chunk: name, length, data, and a padding byte if the length is odd. */
function chunk(name: string, body: Uint8Array): Uint8Array {
  const length = Buffer.alloc(4);
  length.writeUInt32LE(body.length);
  return Buffer.concat([Buffer.from(name, 'latin1'), length, body, new Uint8Array(body.length & 1)]);
}

function nameAt(bytes: Buffer, at: number): string {
  return bytes.toString('latin1', at, at + 4);
}
