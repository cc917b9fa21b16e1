import { createHash } from 'node:crypto';
import { readdir, rm, stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { systemCode } from '../errors.ts';
import { isRunning, thisProcess } from '../staging/owner.ts';

/** Names of shards: a rising number, and a suffix that separates shards written by two builds at once. */
const NAME = /^(\d{8,15})-[0-9a-f-]{8}$/;
/**
 * Names of binaries and temporary files; the latter tell which process writes them, see {@link temporaryEnding}. Shards of versions
 * 1 and 2 had names of 36 characters.
 */
const PART =
  /^(\d{8,15}-[0-9a-f-]{8}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\.(?:bin|(?:bin|json)(?:\.(\d+)-(\d+)-([0-9a-f]{8}))?\.tmp)$/;
/** Age of abandoned files, ms: no build writes one shard for this long. */
const ABANDONED = 24 * 60 * 60 * 1000;

/** Returns the names of the shards among the `files` of a folder, oldest first. */
export function shardNames(files: readonly string[]): string[] {
  const names = files.filter((file) => file.endsWith('.json')).map((file) => file.slice(0, -'.json'.length));
  const numbered = names.flatMap((name) => {
    const number = NAME.exec(name)?.[1];
    return number === undefined ? [] : [{ name, number: Number(number) }];
  });
  return numbered.toSorted((a, b) => a.number - b.number || (a.name < b.name ? -1 : 1)).map(({ name }) => name);
}

/** Tells whether a name is that of a shard. */
export function isShardName(name: string): boolean {
  return NAME.test(name);
}

/** Returns a name that sorts behind all shards among `files`; `random` is 8 hexadecimal digits. */
export function nextShardName(files: readonly string[], random: string): string {
  const newest = shardNames(files).at(-1) ?? '0';
  return `${String(Number.parseInt(newest) + 1).padStart(8, '0')}-${random}`;
}

/**
 * Returns a name for the replacement of the shard `name`. It sorts right behind that shard, except for a small random
 * gap that makes the name unique.
 *
 * @param random 0 (inclusive) to 1 (exclusive).
 */
export function nameBehind(name: string, random: number): string {
  const suffix = Number.parseInt(name.slice(-8), 16) + 1 + Math.floor(random * 2 ** 16);
  // Beyond the last suffix, any other will do: shards of one number were written at once.
  const hex = (suffix < 2 ** 32 ? suffix : Math.floor(random * 2 ** 32)).toString(16).padStart(8, '0');
  return `${name.slice(0, -8)}${hex}`;
}

/** Removes a shard, its JSON first: a binary without JSON is no shard. Files that cannot be removed stay. */
export async function removeShard(folder: string, name: string): Promise<void> {
  for (const ending of ['json', 'bin']) {
    await rm(join(folder, `${name}.${ending}`), { force: true }).catch(() => {});
  }
}

/** Returns the `files` of a folder that belong to no shard: a build is writing them, or was killed. */
export function partsAmong(files: readonly string[]): string[] {
  const all = new Set(files);
  return files.filter((file) => {
    const name = PART.exec(file)?.[1];
    return name !== undefined && !(file.endsWith('.bin') && all.has(`${name}.json`));
  });
}

/**
 * Returns the ending of files that this process is writing: `.PID-START-SPACE.tmp`, by which later builds know whether it still runs;
 * `.tmp` where the system does not tell (see {@link thisProcess}).
 */
export function temporaryEnding(): string {
  const { pid, started, space } = thisProcess();
  return space === undefined || started === undefined ? '.tmp' : `.${pid}-${started}-${spaceKey(space)}.tmp`;
}

function spaceKey(space: string): string {
  return createHash('sha256').update(space).digest('hex').slice(0, 8);
}

/** Tells whether a temporary file was left by a process of this system that runs no more. */
export function isOrphan(file: string): boolean {
  const [, , pid, started, key] = PART.exec(file) ?? [];
  const { space } = thisProcess();
  if (pid === undefined || started === undefined || space === undefined || key !== spaceKey(space)) return false;
  return isRunning({ host: hostname(), pid: Number(pid), started, space }) === false;
}

/** Removes files that killed builds left: of processes that run no more, and files too old for any build to be writing them. */
export async function removeAbandoned(folder: string, now: number = Date.now()): Promise<void> {
  for (const file of partsAmong(await readdir(folder))) {
    const path = join(folder, file);
    try {
      if (isOrphan(file) || now - (await stat(path)).mtimeMs > ABANDONED) await rm(path, { force: true });
    } catch {
      // another build was faster, or it is not ours to remove
    }
  }
}

/** Lists the names in a folder; none if there is no such folder. */
export async function filesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(systemCode(error) ?? '')) return [];
    throw error;
  }
}
