import { readdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { FEATURE_LENGTH } from '../colour/features.ts';
import { systemCode } from '../errors.ts';
import type { Forgotten } from './forget.ts';
import { HASH_BYTES } from './perceptual-hash.ts';
import { type ShardIndex, type ShardRecords, type ShardRows, writeShardAs } from './shard.ts';
import { SHARD_VERSION } from './shard-layout.ts';
import { nameBehind, shardNames } from './shard-folder.ts';
import { readIndex } from './shard-index.ts';
import { explainRead, ShardDamage, ShardReader } from './shard-reader.ts';

/** Start of a shard's JSON, of any version. */
const JSON_START = /^\{"format":"zoomosaic-shard","version":(\d+)/;

/**
 * Replaces a shard by one without the forgotten sources. Removes it if nothing is left, or if it is damaged, or if it
 * is of another version and mentions one of them.
 *
 * @returns number of bytes freed; undefined if the shard knows none of the sources, or is no shard.
 * @throws {UserError} `catalog` if it cannot be read now.
 */
export async function forgetInShard(folder: string, name: string, forgotten: Forgotten): Promise<number | undefined> {
  const reader = new ShardReader();
  try {
    const text = await readJson(join(folder, `${name}.json`));
    if (!text) return undefined;
    const index = readIndex(text, SHARD_VERSION);
    if (index && 'files' in index) return await replace({ folder, name, index, reader }, forgotten);
    const version = index?.version ?? JSON_START.exec(text.toString('latin1', 0, 64))?.[1];
    const other = version !== undefined && Number(version) !== SHARD_VERSION;
    if (other ? !mentions(text, forgotten) : !isShardName(name)) return undefined;
    return await removeWhole(folder, name);
  } catch (error) {
    if (!(error instanceof ShardDamage)) throw error;
    return isShardName(name) ? await removeWhole(folder, name) : undefined;
  } finally {
    reader.close();
  }
}

/** A shard whose index is sound, and a reader of its binary. */
interface SoundShard {
  readonly folder: string;
  readonly name: string;
  readonly index: ShardIndex;
  readonly reader: ShardReader;
}

/**
 * Replaces a shard whose index is sound.
 *
 * @throws {ShardDamage} if its binary is not.
 */
async function replace(
  { folder, name, index, reader }: SoundShard,
  { hashes, paths }: Forgotten,
): Promise<number | undefined> {
  const binary = join(folder, `${name}.bin`);
  // Checked even if nothing is to be forgotten: a binary that does not belong to this JSON may hold anything.
  const { blobs, rasters, crops } = reader.check(binary, { ...index, sources: index.sources.length });
  const files = index.files.filter(({ path, hash }) => !hashes.has(hash) && !paths.has(path));
  const broken = index.broken.filter(({ hash }) => !hashes.has(hash));
  const others = index.sources.flatMap(({ hash }, row) => (hashes.has(hash) ? [] : [row]));
  const known = index.files.length + index.broken.length + index.sources.length;
  if (files.length + broken.length + others.length === known) return undefined;
  const sound = others.filter((row) => isSound(reader, binary, row));
  const rest = { decoder: index.decoder, files, sources: sound.map((row) => index.sources[row]!), broken };
  let added = 0;
  if (recordsOf(rest).length > 0 && !(await isToldBehind(folder, name, rest))) {
    const behind = nameBehind(name, Math.random());
    await writeShardAs(
      { folder, name: behind },
      rest,
      rowsOf(sound, { reader, binary, blobs, rasters, cropLength: crops }),
    );
    added = await bytesOf(folder, behind);
  }
  return (await removeWhole(folder, name)) - added;
}

/** Tells whether the checksums of a row hold. Images of damaged rows are indexed again. */
function isSound(reader: ShardReader, binary: string, row: number): boolean {
  try {
    reader.checkRow(binary, row);
    return true;
  } catch (error) {
    if (error instanceof ShardDamage) return false;
    throw error;
  }
}

/** Some rows of a binary, as the content of another one. */
function rowsOf(
  rows: readonly number[],
  {
    reader,
    binary,
    ...counts
  }: Pick<ShardRows, 'blobs' | 'rasters' | 'cropLength'> & { readonly reader: ShardReader; readonly binary: string },
): ShardRows {
  const [features, crops, hashes] = [reader.features(binary), reader.crops(binary), reader.hashes(binary)];
  const { cropLength } = counts;
  return {
    sources: rows.length,
    ...counts,
    features: (i) => features.subarray(rows[i]! * FEATURE_LENGTH, (rows[i]! + 1) * FEATURE_LENGTH),
    crops: (i) => crops.subarray(rows[i]! * cropLength, (rows[i]! + 1) * cropLength),
    perceptualHash: (i) => hashes.subarray(rows[i]! * HASH_BYTES, (rows[i]! + 1) * HASH_BYTES),
    px: (i) => reader.rasters(binary, rows[i]!),
    blob: (i, index) => reader.blob(binary, rows[i]!, index),
  };
}

/**
 * Tells whether a replacement of the shard `name` already holds all records that are left of it: a run was killed
 * between writing that replacement and removing `name`.
 */
async function isToldBehind(folder: string, name: string, rest: ShardRecords): Promise<boolean> {
  const behind = shardNames(await readdir(folder)).filter((other) => other > name && sameNumber(other, name));
  for (const other of behind) {
    const text = await readJson(join(folder, `${other}.json`));
    const index = text && readIndex(text, SHARD_VERSION);
    if (!index || !('files' in index)) continue;
    const told = new Set(recordsOf(index));
    if (recordsOf(rest).every((record) => told.has(record)) && isWhole(join(folder, `${other}.bin`), index))
      return true;
  }
  return false;
}

function sameNumber(a: string, b: string): boolean {
  return a.length === b.length && a.slice(0, -8) === b.slice(0, -8);
}

function recordsOf({ files, sources, broken }: ShardRecords): string[] {
  return [...files, ...sources, ...broken].map((record) => JSON.stringify(record));
}

function isWhole(binary: string, index: ShardIndex): boolean {
  const reader = new ShardReader();
  try {
    reader.check(binary, { ...index, sources: index.sources.length });
    return index.sources.every((_, row) => isSound(reader, binary, row));
  } catch (error) {
    if (error instanceof ShardDamage) return false;
    throw error;
  } finally {
    reader.close();
  }
}

/** Tells whether the JSON of another version mentions one of the forgotten hashes or paths. */
function mentions(text: Buffer, { hashes, paths }: Forgotten): boolean {
  return [...hashes, ...[...paths].map((path) => JSON.stringify(path))].some((word) => text.includes(word));
}

function isShardName(name: string): boolean {
  return shardNames([`${name}.json`]).length > 0;
}

/**
 * Reads the JSON of a shard.
 *
 * @returns undefined if it is gone, or is a folder.
 */
async function readJson(path: string): Promise<Buffer | undefined> {
  try {
    return await readFile(path);
  } catch (error) {
    if (['ENOENT', 'EISDIR'].includes(systemCode(error) ?? '')) return undefined;
    throw explainRead(error, path);
  }
}

/**
 * Removes a shard, its JSON first: a binary without JSON is no shard.
 *
 * @returns number of bytes freed.
 */
async function removeWhole(folder: string, name: string): Promise<number> {
  const bytes = await bytesOf(folder, name);
  for (const ending of ['json', 'bin']) {
    try {
      await rm(join(folder, `${name}.${ending}`), { force: true });
    } catch (error) {
      // A folder is not ours, and stays.
      if (systemCode(error) !== 'ERR_FS_EISDIR') throw error;
    }
  }
  return bytes;
}

async function bytesOf(folder: string, name: string): Promise<number> {
  let bytes = 0;
  for (const ending of ['json', 'bin']) {
    const found = await stat(join(folder, `${name}.${ending}`)).catch(() => undefined);
    if (found?.isFile()) bytes += found.size;
  }
  return bytes;
}
