import type { Size } from '../types.ts';

/** Format of an uncompressed TIFF's px: row-major, samples of 16 bits little endian. */
export interface TiffPicture extends Size {
  readonly channels: 3 | 4;
  readonly bits: 8 | 16;
  /** Colour profile of the px; without one, they are sRGB. */
  readonly icc?: Uint8Array | undefined;
}

/** Approximate bytes of a strip, which a decoder reads at once. */
const STRIP_BYTES = 2 ** 18;
const [SHORT, LONG, UNDEFINED] = [3, 4, 7];
const [RGB, CHUNKY, UNASSOCIATED_ALPHA] = [2, 1, 2];

/**
 * Makes an uncompressed TIFF (TIFF 6.0) in memory. It passes decoded px to libvips together with their profile.
 *
 * @returns the file, and the part of it that holds the px, which are still black.
 */
export function blankTiff({ width, height, channels, bits, icc }: TiffPicture): { file: Buffer; px: Buffer } {
  const row = width * channels * (bits / 8);
  const rows = Math.max(1, Math.floor(STRIP_BYTES / row));
  const strips = Math.ceil(height / rows);
  const alpha = channels === 4 ? [[338, SHORT, [UNASSOCIATED_ALPHA]] as const] : [];
  const tags: (readonly [tag: number, type: number, values: readonly number[] | Uint8Array])[] = [
    [256, LONG, [width]],
    [257, LONG, [height]],
    [258, SHORT, Array.from({ length: channels }, () => bits)],
    [259, SHORT, [1]], // not compressed
    [262, SHORT, [RGB]],
    [273, LONG, Array.from({ length: strips }, (_, i) => i * rows * row)],
    [277, SHORT, [channels]],
    [278, LONG, [rows]],
    [279, LONG, Array.from({ length: strips }, (_, i) => Math.min(rows, height - i * rows) * row)],
    [284, SHORT, [CHUNKY]],
    ...alpha,
    ...(icc ? [[34675, UNDEFINED, icc] as const] : []),
  ];
  const bytesOf = (type: number) => (type === SHORT ? 2 : type === LONG ? 4 : 1);
  let after = 8 + 2 + 12 * tags.length + 4;
  const places = tags.map(([, type, values]) => {
    const bytes = values.length * bytesOf(type);
    if (bytes <= 4) return undefined;
    const place = after;
    after += bytes + (bytes % 2);
    return place;
  });
  const start = after + (-after & 15);
  const file = Buffer.alloc(start + row * height);
  file.write('II*\0', 'latin1');
  file.writeUInt32LE(8, 4);
  file.writeUInt16LE(tags.length, 8);
  for (const [i, [tag, type, values]] of tags.entries()) {
    const at = 10 + 12 * i;
    file.writeUInt16LE(tag, at);
    file.writeUInt16LE(type, at + 2);
    file.writeUInt32LE(values.length, at + 4);
    const place = places[i];
    if (place !== undefined) file.writeUInt32LE(place, at + 8);
    for (const [j, value] of values.entries()) {
      const where = (place ?? at + 8) + j * bytesOf(type);
      if (type === SHORT) file.writeUInt16LE(value, where);
      else if (type === LONG) file.writeUInt32LE(tag === 273 ? start + value : value, where);
      else file[where] = value;
    }
  }
  return { file, px: file.subarray(start) };
}
