/**
 * `checksums.bin`: what every tile of the pyramid was when it was written. 8 bytes "ZMCRC\0\0\1" (the last is the version),
 * then a u32 LE CRC-32 per tile: levels from 0 up, row-major within a level.
 */
import { UserError } from '../errors.ts';
import type { Level } from '../types.ts';

export const CHECKSUMS_FILE = 'checksums.bin';
const MAGIC = 'ZMCRC\0\0\x01';

/** CRC-32 of every tile, by level, row-major. */
export type Checksums = readonly Uint32Array[];

/** Room for the checksums of `levels`. */
export function emptyChecksums(levels: readonly Level[]): Checksums {
  return levels.map(({ columns, rows }) => new Uint32Array(columns * rows));
}

/** The file's bytes. */
export function packChecksums(checksums: Checksums): Uint8Array {
  const sums = checksums.map((level) => {
    const bytes = Buffer.alloc(level.length * 4);
    for (const [i, sum] of level.entries()) bytes.writeUInt32LE(sum, i * 4);
    return bytes;
  });
  return Buffer.concat([Buffer.from(MAGIC, 'latin1'), ...sums]);
}

/** Reads what {@link packChecksums} made; {@link UserError} `site` if it does not fit `levels`. */
export function unpackChecksums(bytes: Buffer, levels: readonly Level[]): Checksums {
  const checksums = emptyChecksums(levels);
  const total = checksums.reduce((sum, level) => sum + level.length, 0);
  if (bytes.toString('latin1', 0, 8) !== MAGIC || bytes.length !== 8 + total * 4) {
    throw new UserError('site', `${CHECKSUMS_FILE} does not fit mosaic.json`, 'Build the site again.');
  }
  let at = 8;
  for (const level of checksums) {
    for (let i = 0; i < level.length; i++, at += 4) level[i] = bytes.readUInt32LE(at);
  }
  return checksums;
}
