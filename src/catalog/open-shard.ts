import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { systemCode } from '../errors.ts';
import { type ShardRow, rowOf } from './read-shard.ts';
import { isProxyKey, recipeOfKey } from './recipe-key.ts';
import type { ShardIndex } from './shard.ts';
import { isShardName } from './shard-folder.ts';
import { readIndex } from './shard-index.ts';
import { SHARD_VERSION } from './shard-layout.ts';
import { explainRead, ShardDamage } from './shard-reader.ts';

/** Start of a shard's JSON, of any version. */
const JSON_START = /^\{"format":"zoomosaic-shard","version":(\d+)/;
const PROXY_ROW: ShardRow = { blobs: 1, rasters: 0 };

/** Name of a shard, and the path of its folder. */
export interface ShardPlace {
  readonly folder: string;
  readonly name: string;
}

/** What the JSON of a shard is: sound, of another version (with its text), damaged; or gone, or none of ours. */
export type OpenedShard =
  | { readonly kind: 'sound'; readonly index: ShardIndex }
  | { readonly kind: 'other-version'; readonly version: number; readonly text: Buffer }
  | { readonly kind: 'damaged' }
  | { readonly kind: 'none' };

/**
 * Reads the JSON of a shard of any version. The binary is not looked at.
 *
 * @throws {UserError} `catalog` if it cannot be read now.
 */
export async function openShard({ folder, name }: ShardPlace): Promise<OpenedShard> {
  const damaged: OpenedShard = isShardName(name) ? { kind: 'damaged' } : { kind: 'none' };
  let text: Buffer | undefined;
  try {
    text = await readJson(join(folder, `${name}.json`));
  } catch (error) {
    if (error instanceof ShardDamage) return damaged;
    throw error;
  }
  if (!text) return { kind: 'none' };
  const index = readIndex(text, SHARD_VERSION);
  if (index && 'files' in index) return { kind: 'sound', index };
  const version = Number(index?.version ?? JSON_START.exec(text.toString('latin1', 0, 64))?.[1] ?? SHARD_VERSION);
  return version === SHARD_VERSION ? damaged : { kind: 'other-version', version, text };
}

/**
 * Reads the JSON of a shard.
 *
 * @returns undefined if it is gone, or is a folder.
 * @throws {ShardDamage} if the disk cannot read it; {UserError} `catalog` if it cannot be read now.
 */
async function readJson(path: string): Promise<Buffer | undefined> {
  try {
    return await readFile(path);
  } catch (error) {
    if (['ENOENT', 'EISDIR'].includes(systemCode(error) ?? '')) return undefined;
    throw explainRead(error, path);
  }
}

/** Returns what each source has in the shards of a folder, by the folder's name; undefined if the name does not tell. */
export function rowOfKey(key: string): ShardRow | undefined {
  if (isProxyKey(key)) return PROXY_ROW;
  const recipe = recipeOfKey(key);
  return recipe && rowOf({ quality: 0, subsampling: '4:2:0', ...recipe });
}
