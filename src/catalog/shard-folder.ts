import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** Shards are numbered as they come; what follows the number keeps apart those that two builds write at once. */
const NAME = /^(\d{8,15})-[0-9a-f-]{8}$/;
/** Files under a temporary name, and binaries; shards of versions 1 and 2 had names of 36 characters. */
const PART = /^(\d{8,15}-[0-9a-f-]{8}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\.(?:bin|bin\.tmp|json\.tmp)$/;
/** Nobody writes a shard for so long, ms. */
const ABANDONED = 24 * 60 * 60 * 1000;

/** Names of the shards among the `files` of a folder, oldest first. */
export function shardNames(files: readonly string[]): string[] {
  const names = files.filter((file) => file.endsWith('.json')).map((file) => file.slice(0, -'.json'.length));
  const numbered = names.flatMap((name) => {
    const number = NAME.exec(name)?.[1];
    return number === undefined ? [] : [{ name, number: Number(number) }];
  });
  return numbered.toSorted((a, b) => a.number - b.number || (a.name < b.name ? -1 : 1)).map(({ name }) => name);
}

/** A name that sorts behind all shards among `files`; `random` is 8 hexadecimal digits. */
export function nextShardName(files: readonly string[], random: string): string {
  const newest = shardNames(files).at(-1) ?? '0';
  return `${String(Number.parseInt(newest) + 1).padStart(8, '0')}-${random}`;
}

/**
 * A name for what takes the place of the shard `name`: it sorts right behind that, but for a few that nobody else will have.
 *
 * @param random 0 (inclusive) to 1 (exclusive).
 */
export function nameBehind(name: string, random: number): string {
  const suffix = Number.parseInt(name.slice(-8), 16) + 1 + Math.floor(random * 2 ** 16);
  // Past the last one, any will do: shards of one number were written at once.
  const hex = (suffix < 2 ** 32 ? suffix : Math.floor(random * 2 ** 32)).toString(16).padStart(8, '0');
  return `${name.slice(0, -8)}${hex}`;
}

/** Takes a shard away, its JSON first: without that, it is not there. What cannot be taken away stays. */
export async function removeShard(folder: string, name: string): Promise<void> {
  for (const ending of ['json', 'bin']) {
    await rm(join(folder, `${name}.${ending}`), { force: true }).catch(() => {});
  }
}

/** What of the `files` of a folder belongs to no shard: builds are just writing it, or were killed. */
export function partsAmong(files: readonly string[]): string[] {
  const all = new Set(files);
  return files.filter((file) => {
    const name = PART.exec(file)?.[1];
    return name !== undefined && !(file.endsWith('.bin') && all.has(`${name}.json`));
  });
}

/** Takes away what builds that were killed have left, once nobody can be writing it any more. */
export async function removeAbandoned(folder: string, now: number = Date.now()): Promise<void> {
  for (const file of partsAmong(await readdir(folder))) {
    const path = join(folder, file);
    try {
      if (now - (await stat(path)).mtimeMs > ABANDONED) await rm(path, { force: true });
    } catch {
      // another build was faster, or it is not ours to remove
    }
  }
}
