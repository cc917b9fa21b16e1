import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { tryAgain } from '../decoding/try-again.ts';
import { systemCode, UserError } from '../errors.ts';
import { mipsOf, rastersOf } from '../tiles/tile-plan.ts';
import type { Recipe } from '../types.ts';
import type { ShardIndex } from './shard.ts';
import { SHARD_VERSION } from './shard-layout.ts';
import { readIndex } from './shard-index.ts';
import { explainRead, ShardDamage, ShardReader } from './shard-reader.ts';

/** Number of blobs and of raster bytes of each source of a shard. */
export interface ShardRow {
  readonly blobs: number;
  readonly rasters: number;
}

/**
 * Reads a shard's index, and verifies the sections of its binary that are read whole. The other sections are verified
 * row by row, when they are read.
 *
 * @returns `damaged` if the shard is not what was written; `gone` if it was removed.
 * @throws {UserError} `catalog` if an unknown version wrote it, or it cannot be read now.
 */
export async function readShard(folder: string, name: string, row: ShardRow): Promise<ShardIndex | 'damaged' | 'gone'> {
  const json = join(folder, `${name}.json`);
  let bytes: Buffer;
  try {
    bytes = await tryAgain(() => readFile(json));
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return 'gone';
    const explained = explainRead(error, json);
    if (explained instanceof ShardDamage) return 'damaged';
    throw explained;
  }
  const index = readIndex(bytes, SHARD_VERSION);
  if (!index) return 'damaged';
  if (!('files' in index)) {
    throw new UserError(
      'catalog',
      `Expected catalog version ${SHARD_VERSION} in ${folder} but received ${index.version}`,
      'Choose another folder with --catalog, or use the zoomosaic that made it.',
    );
  }
  const reader = new ShardReader();
  try {
    const expected = { ...row, header: index.header, bytes: index.bytes, sources: index.sources.length };
    reader.check(join(folder, `${name}.bin`), expected);
    return index;
  } catch (error) {
    if (error instanceof ShardDamage) return 'damaged';
    throw error;
  } finally {
    reader.close();
  }
}

/** Returns what a recipe keeps of each source. */
export function rowOf(recipe: Recipe): ShardRow {
  const kept = mipsOf(recipe).filter(({ from }) => from !== 'paint');
  return {
    blobs: kept.reduce((sum, { across, down }) => sum + across * down, 0),
    rasters: rastersOf(recipe).reduce((sum, { width, height }) => sum + width * height * 3, 0),
  };
}
