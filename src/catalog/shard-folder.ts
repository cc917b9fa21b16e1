import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** Shards are numbered as they come; what follows the number keeps apart those that two builds write at once. */
const NAME = /^(\d{8,15})-[0-9a-f-]{8}$/;
/** What a build that was killed may leave: files under a temporary name, binaries without their JSON. */
const LEFT = /^(\d{8,15}-[0-9a-f-]{8})\.(?:bin|bin\.tmp|json\.tmp)$/;
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

/** Takes a shard away, its JSON first: without that, it is not there. What cannot be taken away stays. */
export async function removeShard(folder: string, name: string): Promise<void> {
  for (const ending of ['json', 'bin']) {
    await rm(join(folder, `${name}.${ending}`), { force: true }).catch(() => {});
  }
}

/** Takes away what builds that were killed have left, once nobody can be writing it any more. */
export async function removeAbandoned(folder: string, now: number = Date.now()): Promise<void> {
  const files = await readdir(folder);
  const whole = new Set(shardNames(files));
  for (const file of files) {
    const name = LEFT.exec(file)?.[1];
    if (name === undefined || (file.endsWith('.bin') && whole.has(name))) continue;
    const path = join(folder, file);
    try {
      if (now - (await stat(path)).mtimeMs > ABANDONED) await rm(path, { force: true });
    } catch {
      // another build was faster, or it is not ours to remove
    }
  }
}
