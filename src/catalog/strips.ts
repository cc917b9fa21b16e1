import type { Strips } from '../jpeg/cut.ts';

/** Packs strips as bytes, little endian: u32 number of strips, u32 end of each, data. */
export function packStrips({ ends, data }: Strips): Uint8Array {
  const packed = new Uint8Array(4 + 4 * ends.length + data.length);
  const view = new DataView(packed.buffer);
  view.setUint32(0, ends.length, true);
  for (const [i, end] of ends.entries()) view.setUint32(4 + 4 * i, end, true);
  packed.set(data, 4 + 4 * ends.length);
  return packed;
}

/**
 * Unpacks the result of {@link packStrips}; `data` is a view of `packed`.
 *
 * @returns undefined if `packed` is malformed.
 */
export function unpackStrips(packed: Uint8Array): Strips | undefined {
  if (packed.length < 4) return undefined;
  const view = new DataView(packed.buffer, packed.byteOffset, packed.byteLength);
  const strips = view.getUint32(0, true);
  if (4 + 4 * strips > packed.length) return undefined;
  const ends = Uint32Array.from({ length: strips }, (_, i) => view.getUint32(4 + 4 * i, true));
  // A Uint8Array instead of a Buffer: parts of a Buffer are slow to create, and a tile is spliced of many.
  const from = 4 + 4 * strips;
  const rising = ends.every((end, i) => end >= (i ? ends[i - 1]! : 0));
  if (!rising || from + (ends.at(-1) ?? 0) !== packed.length) return undefined;
  return { ends, data: new Uint8Array(packed.buffer, packed.byteOffset + from, packed.byteLength - from) };
}
