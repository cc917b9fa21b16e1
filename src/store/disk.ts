import { mkdir, open, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { systemCode, UserError } from '../errors.ts';

/** A folder, and the option that named it. */
export interface NamedFolder {
  readonly option: '--out' | '--catalog' | '--report';
  readonly path: string;
}

const OUT_OF_SPACE = ['ENOSPC', 'EDQUOT'];
const NO_FOLDER = ['ENOENT', 'ENOTDIR', 'EEXIST', 'ENAMETOOLONG', 'ELOOP'];
const NOT_SYNCED = ['EISDIR', 'EPERM', 'EACCES', 'EINVAL', 'EBADF', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS'];
const NOT_ALLOWED = ['EACCES', 'EPERM', 'EROFS'];

/**
 * Explains a system error at, below or above a folder.
 *
 * @returns a {@link UserError} `disk-full` or `not-writable`; the error itself if it is of another kind.
 */
export function explainDisk(error: unknown, { option, path }: NamedFolder): unknown {
  const code = systemCode(error) ?? '';
  if (OUT_OF_SPACE.includes(code)) {
    return new UserError(
      'disk-full',
      `The disk of ${option} ${path} is full`,
      `Free some space (or inodes), or choose another disk with ${option}; an old site is still as it was.`,
      { cause: error },
    );
  }
  const why = NOT_ALLOWED.includes(code) ? 'not allowed' : NO_FOLDER.includes(code) ? 'no folder can be there' : '';
  if (!why) return error;
  return new UserError(
    'not-writable',
    `Cannot write to ${option} ${path}: ${why} (${code})`,
    `Choose a folder that you may write to with ${option}.`,
    { cause: error },
  );
}

/**
 * Makes a folder and its missing parents. Node 20's `mkdir` with `recursive` never returns on file systems that answer ENOENT
 * for a new folder whose parent exists, as /proc does; this one does.
 *
 * @throws {UserError} `disk-full` or `not-writable`.
 */
export async function makeFolder(path: string, named: NamedFolder): Promise<void> {
  try {
    await makeWithParents(path);
  } catch (error) {
    throw explainDisk(error, named);
  }
}

/** Most retries: other processes may make the same folders at the same time, or remove them while they are empty. */
const ATTEMPTS = 10;

async function makeWithParents(path: string, attempts = ATTEMPTS): Promise<void> {
  try {
    await mkdir(path);
  } catch (error) {
    const code = systemCode(error);
    if (code === 'EEXIST' && (await stat(path).catch(() => undefined))?.isDirectory()) return;
    const retry = code === 'ENOENT' || code === 'EEXIST';
    if (!retry || attempts === 0 || dirname(path) === path) throw error;
    if (code === 'ENOENT') await makeWithParents(dirname(path), attempts - 1);
    await makeWithParents(path, attempts - 1);
  }
}

/**
 * Syncs a folder, so that renames in it survive a power cut. Does nothing where folders cannot be synced (Windows, some
 * mounts).
 */
export async function syncFolder(path: string): Promise<void> {
  try {
    const folder = await open(path, 'r');
    try {
      await folder.sync();
    } finally {
      await folder.close();
    }
  } catch (error) {
    if (!NOT_SYNCED.includes(systemCode(error) ?? '')) throw error;
  }
}
