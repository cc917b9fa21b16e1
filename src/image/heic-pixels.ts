import type { Size } from '../types.ts';
import { blankTiff } from './tiff.ts';

/** Result of a HEIC decoder: upright px of a file's primary image. Rows are `stride` bytes apart. */
export interface HeicPixels extends Size {
  readonly channels: 3 | 4;
  /** Bits per sample; samples of more than 8 bits take two bytes, little endian. */
  readonly bits: number;
  readonly px: Uint8Array;
  readonly stride: number;
  /** Colours are multiplied by their alpha. */
  readonly premultiplied: boolean;
}

/** Packs decoded px and their colour profile into a TIFF in memory, of 8 or 16 bits per sample. */
export function packPixels(decoded: HeicPixels, icc: Uint8Array | undefined): Buffer {
  const { width, height, channels, bits, px: from, stride, premultiplied } = decoded;
  const { file, px } = blankTiff({ width, height, channels, bits: bits > 8 ? 16 : 8, icc });
  const row = width * channels * (bits > 8 ? 2 : 1);
  for (let y = 0; y < height; y++) px.set(from.subarray(y * stride, y * stride + row), y * row);
  if (bits > 8) widen(px, bits);
  if (premultiplied && channels === 4) divideByAlpha(px, bits > 8 ? 2 : 1);
  return file;
}

/** Scales samples of `bits` bits to the full range of 16 bits, in place. */
function widen(px: Buffer, bits: number): void {
  for (let at = 0; at < px.length; at += 2) {
    const value = Math.min(2 ** bits - 1, px.readUInt16LE(at));
    px.writeUInt16LE(((value << (16 - bits)) | (value >> (2 * bits - 16))) & 0xffff, at);
  }
}

function divideByAlpha(px: Buffer, bytes: 1 | 2): void {
  const most = 2 ** (8 * bytes) - 1;
  for (let at = 0; at < px.length; at += 4 * bytes) {
    const alpha = px.readUIntLE(at + 3 * bytes, bytes);
    if (alpha === 0 || alpha === most) continue;
    for (let c = 0; c < 3; c++) {
      const value = Math.min(most, Math.round((px.readUIntLE(at + c * bytes, bytes) * most) / alpha));
      px.writeUIntLE(value, at + c * bytes, bytes);
    }
  }
}
