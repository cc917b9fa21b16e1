import { readOrientation } from '../jpeg/exif-orientation.ts';

const SIGNATURE = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1');

/**
 * What stays, byte for byte (PNG, third edition, chapter 11): the picture and its animation; what its colours mean; and
 * three that are a few bytes of plain numbers about the px, which say nothing of people: the bits that count, what to lay
 * it over, px per metre. Palettes to fall back on (sPLT, hIST) are nothing to browsers, and sPLT has a name.
 */
const KEPT = new Set(
  [
    ['IHDR', 'PLTE', 'tRNS', 'IDAT', 'IEND', 'acTL', 'fcTL', 'fdAT'],
    ['gAMA', 'cHRM', 'sRGB', 'iCCP', 'cICP', 'mDCV', 'cLLI'],
    ['sBIT', 'bKGD', 'pHYs'],
  ].flat(),
);

/**
 * Takes out of a PNG what does not change how it looks: texts, EXIF, times, chunks unknown, and whatever follows IEND.
 *
 * @returns undefined if EXIF turns it: some browsers and libvips heed that, others do not.
 * @throws if the chunks are broken, or if there is one that must not be ignored, yet is unknown.
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

/** Chunks from IHDR to IEND; `start` at the length, `end` behind the checksum. */
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

/** Bit 5 of the first letter, which makes it a small one, marks chunks that may be ignored (5.4). */
function isCritical(type: string): boolean {
  return (type.charCodeAt(0) & 0x20) === 0;
}
