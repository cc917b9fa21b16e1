import { open } from 'node:fs/promises';
import { readOrientation } from '../jpeg/exif-orientation.ts';
import { isFrame, MARKER } from '../jpeg/markers.ts';
import { JpegError, jpegParts } from '../jpeg/parts.ts';
import type { Size } from '../types.ts';

/** Bytes that are read of a file: most headers, with a small preview in them, are shorter. */
const HEAD_BYTES = 2 ** 16;
const PNG = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1');
/** Chunks of a PNG that may hold an orientation. */
const PNG_NOTES: ReadonlySet<string> = new Set(['eXIf', 'tEXt', 'zTXt', 'iTXt']);

/**
 * Reads the upright size of a JPEG or PNG from the beginning of its file, without a decoder: in a small part of the time
 * that starting one takes.
 *
 * @returns px; undefined where a decoder has to tell: other formats, long headers, and unusual or damaged ones.
 */
export async function headerSize(path: string): Promise<Size | undefined> {
  let head: Buffer;
  try {
    const file = await open(path);
    try {
      const { buffer, bytesRead } = await file.read(Buffer.allocUnsafe(HEAD_BYTES), 0, HEAD_BYTES, 0);
      head = buffer.subarray(0, bytesRead);
    } finally {
      await file.close();
    }
  } catch {
    return undefined;
  }
  const size = head[0] === 0xff && head[1] === MARKER.SOI ? jpegSize(head) : pngSize(head);
  return size && size.width > 0 && size.height > 0 ? size : undefined;
}

function jpegSize(head: Buffer): Size | undefined {
  let orientation: number | undefined = 1;
  try {
    for (const { marker, start, end } of jpegParts(head)) {
      const body = head.subarray(start + 4, end);
      if (marker === MARKER.APP1 && body.toString('latin1', 0, 4) === 'Exif') orientation = readOrientation(body);
      if (orientation === undefined || marker === MARKER.SOS) return undefined;
      if (!isFrame(marker)) continue;
      if (body.length < 5) return undefined;
      const [height, width] = [body.readUInt16BE(1), body.readUInt16BE(3)];
      return orientation > 4 ? { width: height, height: width } : { width, height };
    }
  } catch (error) {
    if (!(error instanceof JpegError)) throw error;
  }
  return undefined;
}

function pngSize(head: Buffer): Size | undefined {
  if (!head.subarray(0, PNG.length).equals(PNG)) return undefined;
  let size: Size | undefined;
  for (let at = PNG.length; at + 8 <= head.length;) {
    const [length, type] = [head.readUInt32BE(at), head.toString('latin1', at + 4, at + 8)];
    if (type === 'IDAT') return size;
    if (PNG_NOTES.has(type)) return undefined;
    if (type === 'IHDR' && length === 13 && at + 16 <= head.length)
      size = { width: head.readUInt32BE(at + 8), height: head.readUInt32BE(at + 12) };
    at += 12 + length;
  }
  return undefined;
}
