import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { FEATURE_LENGTH } from '../colour/features.ts';
import { systemCode } from '../errors.ts';
import type { Forgotten } from './forget.ts';
import { openShard, type ShardPlace } from './open-shard.ts';
import { HASH_BYTES } from './perceptual-hash.ts';
import type { ShardRow } from './read-shard.ts';
import {
  type FileRecord,
  shardBytes,
  type ShardIndex,
  type ShardRecords,
  type ShardRows,
  writeShardAs,
} from './shard.ts';
import { isShardName, nameBehind, shardNames } from './shard-folder.ts';
import { ShardDamage, ShardReader } from './shard-reader.ts';

/** Folder and name of a shard, and what each of its sources has, if that is known. */
export interface ForgetfulShard extends ShardPlace {
  readonly row?: ShardRow | undefined;
  /** Only tells what would be done. */
  readonly isTrial?: boolean | undefined;
}

/** What became of a shard. */
export interface ShardChange {
  /** Number of bytes freed. */
  readonly bytes: number;
  /** Why it was replaced or removed: it knew of what is forgotten; it is damaged; it is of another version. */
  readonly why: 'forgotten' | 'damaged' | 'other-version';
}

/**
 * Replaces a shard by one without what is forgotten. Removes it if nothing is left, or if it is damaged, or if it is of
 * another version and mentions something of that.
 *
 * @returns undefined if nothing of the shard is forgotten, or it is no shard.
 * @throws {UserError} `catalog` if it cannot be read now.
 */
export async function forgetInShard(shard: ForgetfulShard, forgotten: Forgotten): Promise<ShardChange | undefined> {
  const opened = await openShard(shard);
  switch (opened.kind) {
    case 'none':
      return undefined;
    case 'damaged':
      return { bytes: await removeWhole(shard), why: 'damaged' };
    case 'other-version': {
      const goes = forgotten.unusable === true || mentions(opened.text, forgotten);
      return goes ? { bytes: await removeWhole(shard), why: 'other-version' } : undefined;
    }
    case 'sound':
      return await replaceOrRemove(shard, opened.index, forgotten);
  }
}

/** Replaces a shard whose JSON is sound. Removes it if its binary is not, whatever its name. */
async function replaceOrRemove(
  shard: ForgetfulShard,
  index: ShardIndex,
  forgotten: Forgotten,
): Promise<ShardChange | undefined> {
  const reader = new ShardReader();
  try {
    return await replace(shard, { index, reader }, forgotten);
  } catch (error) {
    if (!(error instanceof ShardDamage)) throw error;
    return isShardName(shard.name) ? { bytes: await removeWhole(shard), why: 'damaged' } : undefined;
  } finally {
    reader.close();
  }
}

/**
 * Replaces a shard whose JSON is sound.
 *
 * @throws {ShardDamage} if its binary is not.
 */
async function replace(
  shard: ForgetfulShard,
  { index, reader }: { readonly index: ShardIndex; readonly reader: ShardReader },
  forgotten: Forgotten,
): Promise<ShardChange | undefined> {
  const { hashes, paths, records, unusable = false } = forgotten;
  const binary = join(shard.folder, `${shard.name}.bin`);
  // Checked even if nothing is to be forgotten: a binary that does not belong to this JSON may hold anything.
  const { blobs, rasters, crops } = reader.check(binary, { ...index, ...shard.row, sources: index.sources.length });
  const files = index.files.filter(
    (file) => !hashes.has(file.hash) && !paths.has(file.path) && !records?.has(recordKey(file)),
  );
  const broken = index.broken.filter(({ hash }) => !hashes.has(hash));
  const others = index.sources.flatMap(({ hash }, row) => (hashes.has(hash) ? [] : [row]));
  const known = index.files.length + index.broken.length + index.sources.length;
  const isSame = files.length + broken.length + others.length === known;
  if (isSame && !unusable) return undefined;
  const sound = others.filter((row) => isSound(reader, binary, row));
  if (isSame && sound.length === others.length) return undefined;
  const rest = { decoder: index.decoder, files, sources: sound.map((row) => index.sources[row]!), broken };
  const rows = rowsOf(sound, { reader, binary, blobs, rasters, cropLength: crops });
  const added = recordsOf(rest).length > 0 ? await writeBehind(shard, rest, rows) : 0;
  return { bytes: (await removeWhole(shard)) - added, why: isSame ? 'damaged' : 'forgotten' };
}

/**
 * Writes what is left of a shard under a name right behind its own, unless that is told there already.
 *
 * @returns number of bytes written.
 */
async function writeBehind(shard: ForgetfulShard, rest: ShardRecords, rows: ShardRows): Promise<number> {
  const { folder, name, isTrial } = shard;
  if (await isToldBehind(folder, name, rest)) return 0;
  if (isTrial) return shardBytes(rest, rows);
  const behind = { folder, name: nameBehind(name, Math.random()) };
  await writeShardAs(behind, rest, rows);
  return await bytesOf(behind);
}

/** Spells what tells a record of a file from others of the same file: its state and content. */
export function recordKey({ path, size, mtimeMs, ctimeMs, hash }: FileRecord): string {
  return `${hash} ${size} ${mtimeMs} ${ctimeMs} ${path}`;
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
    const opened = await openShard({ folder, name: other });
    if (opened.kind !== 'sound') continue;
    const { index } = opened;
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

/**
 * Removes a shard, its JSON first: a binary without JSON is no shard.
 *
 * @returns number of bytes freed.
 */
async function removeWhole(shard: ForgetfulShard): Promise<number> {
  const bytes = await bytesOf(shard);
  if (shard.isTrial) return bytes;
  for (const ending of ['json', 'bin']) {
    try {
      await rm(join(shard.folder, `${shard.name}.${ending}`), { force: true });
    } catch (error) {
      // A folder is not ours, and stays.
      if (systemCode(error) !== 'ERR_FS_EISDIR') throw error;
    }
  }
  return bytes;
}

async function bytesOf({ folder, name }: ShardPlace): Promise<number> {
  let bytes = 0;
  for (const ending of ['json', 'bin']) {
    const found = await stat(join(folder, `${name}.${ending}`)).catch(() => undefined);
    if (found?.isFile()) bytes += found.size;
  }
  return bytes;
}
