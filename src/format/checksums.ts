/**
 * `checksums.bin`: CRC-32 of every file of a site as written, except itself. Numbers are u32, little endian:
 *
 *     8 bytes "ZMCRC\0\0\3" (the last is the version)
 *     CRC-32 of all that follows
 *     number of tiles, blocks of cells, originals, files of originals, named files; bytes of names
 *     CRC-32 of each tile, row by row, set by set in the order of `siteSets`
 *     CRC-32 of each block of cells, row by row
 *     for each original its number, index of its ending in `ORIGINAL_ENDINGS`, width and height, px
 *     CRC-32 of these files, original by original
 *     CRC-32 of each named file
 *     names of these, UTF-8, each followed by a line feed
 *
 * Tiles, blocks and originals are many, so they have no names here: their paths follow from `mosaic.json` and the index of
 * originals.
 */
import { crc32 } from 'node:zlib';
import { UserError } from '../errors.ts';
import type { TileSet } from '../tiles/tile-set.ts';
import type { Size } from '../types.ts';
import { ORIGINAL_ENDINGS, originalPartCount } from './original-index.ts';
import { CHECKSUMS_FILE } from './site-paths.ts';

const [MAGIC, VERSION] = ['ZMCRC\0\0', 3];
/** Byte offsets of the file's own checksum, of the counts, and of the counted parts. */
const [SUM_AT, COUNTS_AT, BODY_AT] = [8, 12, 36];
/** Words per original: number, ending, width, height. */
const DIRECTORY_WORDS = 4;

/** CRC-32 of all files of a site, except `checksums.bin` itself. */
export interface Checksums {
  /** Of all tiles, set by set; see {@link tileSums}. */
  readonly tiles: Uint32Array;
  /** Of the blocks of cells, row by row. */
  readonly cells: Uint32Array;
  /** Of the files of each original, by the original's number. */
  readonly originals: ReadonlyMap<number, OriginalSums>;
  /** Of all other files, by path. */
  readonly files: ReadonlyMap<string, number>;
}

/** Facts of an original, and CRC-32 of its files in the order of `originalParts`. */
export interface OriginalSums extends Size {
  readonly ending: string;
  readonly sums: Uint32Array;
}

/** Splits the checksums of all tiles: one array, and a view of it for each set, by name. */
export function tileSums(
  sets: readonly TileSet[],
  tiles: Uint32Array = new Uint32Array(sets.reduce((sum, { columns, rows }) => sum + columns * rows, 0)),
): { readonly tiles: Uint32Array; readonly bySet: ReadonlyMap<string, Uint32Array> } {
  const bySet = new Map<string, Uint32Array>();
  let at = 0;
  for (const { name, columns, rows } of sets) bySet.set(name, tiles.subarray(at, (at += columns * rows)));
  return { tiles, bySet };
}

/** Makes the bytes of `checksums.bin`. */
export function packChecksums({ tiles, cells, originals, files }: Checksums): Uint8Array {
  const sumsOfOriginals = [...originals.values()].map(({ sums }) => sums);
  const names = Buffer.from([...files.keys()].map((path) => `${path}\n`).join(''));
  const filesOfOriginals = sumsOfOriginals.reduce((sum, { length }) => sum + length, 0);
  const counts = [tiles.length, cells.length, originals.size, filesOfOriginals, files.size, names.length];
  const directory = [...originals].flatMap(([number, { ending, width, height }]) => {
    return [number, ORIGINAL_ENDINGS.indexOf(ending), width, height];
  });
  const parts = [tiles, cells, directory, ...sumsOfOriginals, [...files.values()]];
  const words = parts.reduce((sum, { length }) => sum + length, 0);
  const bytes = Buffer.alloc(BODY_AT + words * 4 + names.length);
  bytes.write(MAGIC, 'latin1');
  bytes[SUM_AT - 1] = VERSION;
  let at = COUNTS_AT;
  for (const part of [counts, ...parts]) for (const word of part) at = bytes.writeUInt32LE(word, at);
  names.copy(bytes, at);
  bytes.writeUInt32LE(crc32(bytes.subarray(COUNTS_AT)), SUM_AT);
  return bytes;
}

/**
 * Parses the bytes of `checksums.bin`.
 *
 * @throws {UserError} `site` if they are damaged or of another version.
 */
export function unpackChecksums(bytes: Buffer): Checksums {
  if (bytes.length < BODY_AT || bytes.toString('latin1', 0, SUM_AT - 1) !== MAGIC) throw damaged('it is none of ours');
  const version = bytes[SUM_AT - 1];
  if (version !== VERSION) throw damaged(`expected version ${VERSION} but received ${version}`);
  if (crc32(bytes.subarray(COUNTS_AT)) !== bytes.readUInt32LE(SUM_AT)) throw damaged('its own checksum is another');
  const counts = Array.from({ length: 6 }, (_, i) => bytes.readUInt32LE(COUNTS_AT + i * 4));
  const [tiles, cells, originals, filesOfOriginals, files, nameBytes] = counts as [number, ...number[]];
  const words = tiles + cells! + originals! * DIRECTORY_WORDS + filesOfOriginals! + files!;
  if (bytes.length !== BODY_AT + words * 4 + nameBytes!) throw damaged('its size is another');
  let at = BODY_AT;
  const take = (length: number) => {
    const part = new Uint32Array(length);
    for (let i = 0; i < length; i++, at += 4) part[i] = bytes.readUInt32LE(at);
    return part;
  };
  const [sumsOfTiles, sumsOfCells, directory] = [take(tiles), take(cells!), take(originals! * DIRECTORY_WORDS)];
  const [sumsOfOriginals, sumsOfFiles] = [take(filesOfOriginals!), take(files!)];
  return {
    tiles: sumsOfTiles,
    cells: sumsOfCells,
    originals: originalsOf(directory, sumsOfOriginals),
    files: filesOf(bytes.toString('utf8', at), sumsOfFiles),
  };
}

function originalsOf(directory: Uint32Array, sums: Uint32Array): Map<number, OriginalSums> {
  const originals = new Map<number, OriginalSums>();
  let at = 0;
  for (let i = 0; i < directory.length; i += DIRECTORY_WORDS) {
    const [number, place, width, height] = directory.subarray(i, i + DIRECTORY_WORDS) as unknown as [
      number,
      ...number[],
    ];
    const ending = ORIGINAL_ENDINGS[place!];
    if (ending === undefined || !width || !height) throw damaged('it names what is no original');
    const end = at + originalPartCount({ ending, width, height });
    originals.set(number, { ending, width, height, sums: sums.subarray(at, end) });
    at = end;
  }
  if (at !== sums.length) throw damaged('its originals do not add up');
  return originals;
}

function filesOf(names: string, sums: Uint32Array): Map<string, number> {
  const paths = names.split('\n');
  if (paths.pop() !== '' || paths.length !== sums.length) throw damaged('its names do not add up');
  const files = new Map<string, number>();
  for (const [i, path] of paths.entries()) {
    if (!isInside(path)) throw damaged('it names what is no file of a site');
    files.set(path, sums[i]!);
  }
  return files;
}

/** Tells whether a path stays within the site. */
function isInside(path: string): boolean {
  return !/[\\:\0]/.test(path) && path.split('/').every((part) => part !== '' && part !== '.' && part !== '..');
}

function damaged(why: string): UserError {
  return new UserError('site', `${CHECKSUMS_FILE} cannot be used: ${why}`, 'Build the site again.');
}
