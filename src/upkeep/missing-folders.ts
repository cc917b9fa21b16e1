/**
 * Folders that hold none of the files that the catalog knows there. Their disk may be unplugged, or not mounted: then the
 * files are not gone. A folder is missing
 *
 * - if it does not exist: the highest one that does not is named;
 * - if it exists, but no known file in it or below it is there: an empty mount point looks like that.
 *
 * Links are followed: of a link to a file on a missing disk, the disk's folder is missing.
 */
import { readdirSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { isWithin, realPath } from '../staging/real-path.ts';
import type { FileState } from './known-files.ts';

/** A folder whose known files are all missing, and their number. */
export interface MissingFolder {
  readonly folder: string;
  readonly files: number;
}

/** Files that are gone, and those that may only be missing. */
export interface GoneFiles {
  readonly gone: ReadonlySet<string>;
  /** Folders of all others, those with most files first. */
  readonly missing: readonly MissingFolder[];
}

/**
 * Divides the files that are not there into those that are gone, and those whose folder is missing.
 *
 * @param removedFolders folders whose files count as gone, though they are missing.
 */
export function sortOut(states: ReadonlyMap<string, FileState>, removedFolders: readonly string[]): GoneFiles {
  const lively = foldersAbove([...states].flatMap(([path, { kind }]) => (kind === 'gone' ? [] : [path])));
  const removed = removedFolders.flatMap((folder) => [resolve(folder), realOf(folder)]);
  const homes = new Map<string, string | undefined>();
  const gone = new Set<string>();
  const missing = new Map<string, number>();
  for (const [path, state] of states) {
    if (state.kind !== 'gone') continue;
    const home = dirname(path);
    let folder: string | undefined;
    if (state.link) folder = missingBehind(path);
    else {
      if (!homes.has(home)) homes.set(home, missingAt(home, lively));
      folder = homes.get(home);
    }
    const isRemoved = removed.some((one) => isWithin(one, path) || (folder !== undefined && isWithin(one, folder)));
    if (folder === undefined || isRemoved) gone.add(path);
    else missing.set(folder, (missing.get(folder) ?? 0) + 1);
  }
  const folders = [...missing].map(([folder, files]) => ({ folder, files }));
  return { gone, missing: folders.toSorted((a, b) => b.files - a.files) };
}

/** Returns all folders above some files. */
function foldersAbove(paths: readonly string[]): Set<string> {
  const folders = new Set<string>();
  for (const path of paths) {
    for (let at = dirname(path); !folders.has(at); at = dirname(at)) folders.add(at);
  }
  return folders;
}

/** Returns the missing folder of the files directly in `home`, which are not there; undefined if they are gone. */
function missingAt(home: string, lively: ReadonlySet<string>): string | undefined {
  const real = realOf(home);
  if (!exists(real)) return highestMissing(real);
  return lively.has(home) ? undefined : home;
}

/** Returns the missing folder that a link to a file leads to; undefined if that file is gone. */
function missingBehind(path: string): string | undefined {
  const home = dirname(realOf(path));
  if (!exists(home)) return highestMissing(home);
  return isEmpty(home) ? home : undefined;
}

function highestMissing(folder: string): string {
  let at = folder;
  while (dirname(at) !== at && !exists(dirname(at))) at = dirname(at);
  return at;
}

/** Resolves the links of a path; returns it as it is if that cannot be done. */
function realOf(path: string): string {
  try {
    return realPath(path);
  } catch {
    return resolve(path);
  }
}

function exists(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false }) !== undefined;
  } catch {
    return true;
  }
}

function isEmpty(folder: string): boolean {
  try {
    return readdirSync(folder).length === 0;
  } catch {
    return true;
  }
}
