import { readOrientation } from '../jpeg/exif-orientation.ts';

const SIGNATURE = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1');

/**
 * Chunks that are kept byte for byte (PNG, third edition, chapter 11): the image and its animation; its colour space; and
 * three short numeric chunks about the px that reveal nothing of people: significant bits, background colour, px per metre.
 * Suggested palettes (sPLT, hIST) are dropped: browsers ignore them, and sPLT holds a name.
 */
const KEPT = new Set(
  [
    ['IHDR', 'PLTE', 'tRNS', 'IDAT', 'IEND', 'acTL', 'fcTL', 'fdAT'],
    ['gAMA', 'cHRM', 'sRGB', 'iCCP', 'cICP', 'mDCV', 'cLLI'],
    ['sBIT', 'bKGD', 'pHYs'],
  ].flat(),
);

/**
 * Removes from a PNG what does not change how it looks: texts, EXIF, times, unknown chunks, and bytes behind IEND.
 *
 * @returns undefined if EXIF turns the image: some browsers and libvips apply that, others do not.
 * @throws if the chunks are broken, or if an unknown chunk is critical.
 */
export function stripPngMetadata(png: Uint8Array): Uint8Array | undefined {
  const bytes = Buffer.from(png.buffer, png.byteOffset, png.byteLength);
  if (!bytes.subarray(0, 8).equals(SIGNATURE)) throw new Error('not a PNG: no signature');
  const parts: Uint8Array[] = [SIGNATURE];
  for (const { type, start, end } of chunks(bytes)) {
    const body = bytes.subarray(start + 8, end - 4);
    if (type === 'eXIf' && readOrientation(body) !== 1) return undefined;
    if (KEPT.has(type)) parts.push(bytes.subarray(start, end));
    else if (isCritical(type)) throw new Error(`unknown critical PNG chunk at byte ${start}`);
  }
  return Buffer.concat(parts);
}

/** Yields the chunks from IHDR to IEND. `start` is at the length field, `end` behind the checksum. */
function* chunks(bytes: Buffer): Generator<{ type: string; start: number; end: number }> {
  for (let start = 8, type = ''; type !== 'IEND';) {
    if (start + 12 > bytes.length) throw new Error('PNG ends before IEND');
    const length = bytes.readUInt32BE(start);
    const end = start + 12 + length;
    if (end > bytes.length) throw new Error(`PNG chunk at byte ${start} runs past the end`);
    type = bytes.toString('latin1', start + 4, start + 8);
    if ((start === 8) !== (type === 'IHDR')) throw new Error('PNG does not start with its only IHDR');
    if (type === 'IEND' && length > 0) throw new Error('IEND of a PNG holds data');
    yield { type, start, end };
    start = end;
  }
}

/** Tells whether a chunk must not be ignored: bit 5 of its first letter (lower case) marks those that may (PNG, 5.4). */
function isCritical(type: string): boolean {
  return (type.charCodeAt(0) & 0x20) === 0;
}
