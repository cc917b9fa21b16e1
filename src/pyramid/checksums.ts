/**
 * `checksums.bin`: what every tile of a site was when it was written. 8 bytes "ZMCRC\0\0\2" (the last is the version), then
 * a u32 LE CRC-32 per tile, row by row, set by set in the order of `siteSets`; and one per block of the placement, row by row.
 */
import { UserError } from '../errors.ts';
import type { TileSet } from '../tile-set.ts';

export const CHECKSUMS_FILE = 'checksums.bin';
const MAGIC = 'ZMCRC\0\0\x02';

/** Name of the blocks' checksums. */
export const BLOCKS = 'cells';

/** CRC-32 of every tile, row by row, by the names of sets; and, last, of the placement's blocks. */
export type Checksums = ReadonlyMap<string, Uint32Array>;

/** Room for the checksums of `sets`. */
export function emptyChecksums(sets: readonly TileSet[]): Checksums {
  return new Map(sets.map(({ name, columns, rows }) => [name, new Uint32Array(columns * rows)]));
}

/** The file's bytes. */
export function packChecksums(checksums: Checksums): Uint8Array {
  const sums = [...checksums.values()].map((set) => {
    const bytes = Buffer.alloc(set.length * 4);
    for (const [i, sum] of set.entries()) bytes.writeUInt32LE(sum, i * 4);
    return bytes;
  });
  return Buffer.concat([Buffer.from(MAGIC, 'latin1'), ...sums]);
}

/** Reads what {@link packChecksums} made; {@link UserError} `site` if it does not fit `sets` and so many blocks. */
export function unpackChecksums(bytes: Buffer, sets: readonly TileSet[], blocks: number): Checksums {
  const checksums = new Map([...emptyChecksums(sets), [BLOCKS, new Uint32Array(blocks)] as const]);
  const total = [...checksums.values()].reduce((sum, set) => sum + set.length, 0);
  if (bytes.toString('latin1', 0, 8) !== MAGIC || bytes.length !== 8 + total * 4) {
    throw new UserError('site', `${CHECKSUMS_FILE} does not fit mosaic.json`, 'Build the site again.');
  }
  let at = 8;
  for (const set of checksums.values()) {
    for (let i = 0; i < set.length; i++, at += 4) set[i] = bytes.readUInt32LE(at);
  }
  return checksums;
}
