import { crc32 } from 'node:zlib';
import sharp, { type Sharp } from 'sharp';
import { expect } from 'vitest';
import { stripMetadata } from '../../src/originals/strip-metadata.ts';

/** What sharp makes of a file: px as stored and upright, of all frames; sizes, colours, timing. */
export async function look(bytes: Uint8Array) {
  const { width, height, autoOrient, space, depth, channels, icc, pages, loop, delay, ...meta } = await sharp(bytes, {
    animated: true,
  }).metadata();
  const deeper = depth === 'ushort';
  const px = async (picture: Sharp) => {
    const raw = picture.toColourspace(deeper ? 'rgb16' : 'srgb').raw({ depth: deeper ? 'ushort' : 'uchar' });
    const { data, info } = await raw.toBuffer({ resolveWithObject: true });
    return { sum: crc32(data), width: info.width, height: info.height, channels: info.channels };
  };
  const stored = await px(sharp(bytes, { animated: true, ignoreIcc: true, failOn: 'error' }));
  const upright = await px(sharp(bytes, { animated: true, failOn: 'error' }).autoOrient());
  const turned = meta.orientation ?? 1;
  const profile = icc && crc32(icc);
  return { width, height, autoOrient, turned, space, depth, channels, profile, pages, loop, delay, stored, upright };
}

/** Expects a file to be handed back as it is: the very same, since comparing megabytes byte by byte takes its time. */
export function expectUnchanged(bytes: Uint8Array, format: string): void {
  const again = stripMetadata(bytes, format)!;
  expect(again.changed).toBe(false);
  expect(again.bytes).toBe(bytes);
}

/** Expects a file to be stripped of all, once and for all, and to look the same. */
export async function expectStripped(bytes: Uint8Array, format: string, before = look(bytes)): Promise<Uint8Array> {
  const stripped = stripMetadata(bytes, format)!;
  expectUnchanged(stripped.bytes, format);
  expect(stripped.changed).toBe(!Buffer.from(bytes).equals(stripped.bytes));
  const after = await look(stripped.bytes);
  expect(after).toEqual(await before);
  const meta = await sharp(stripped.bytes).metadata();
  for (const kind of ['xmp', 'iptc', 'comments', 'tifftagPhotoshop'] as const) expect(meta[kind]).toBeUndefined();
  expect(meta.exif === undefined).toBe(after.turned === 1);
  return stripped.bytes;
}
