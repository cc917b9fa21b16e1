/**
 * Moves of a swap or a patch. A command that takes over a dead process's work renames its working folder. So nothing here may
 * create that folder again: a process that was only suspended would go on when it wakes up.
 */
import { lstatSync, mkdirSync, readdirSync, renameSync, rmdirSync } from 'node:fs';
import { dirname, join, sep } from 'node:path';
import { systemCode } from '../errors.ts';

/** Moves files and folders, and records the moves so that they can be undone. */
export class Moves {
  /** Folder of the site. */
  readonly place: string;
  /** The working folder that files are moved to and from. */
  readonly working: string;
  private readonly made: (readonly [from: string, to: string])[] = [];

  constructor(place: string, working: string) {
    this.place = place;
    this.working = working;
  }

  /** The site's folders that something was moved into or out of, and their parents up to the site's own. */
  get folders(): Set<string> {
    const folders = new Set([this.place]);
    for (const path of this.made.flat()) {
      if (path.startsWith(this.working + sep)) continue;
      for (let at = dirname(path); at.startsWith(this.place + sep) && !folders.has(at); at = dirname(at))
        folders.add(at);
    }
    return folders;
  }

  /** Moves a file or folder. */
  readonly move = (from: string, to: string): void => {
    renameSync(from, to);
    this.made.push([from, to]);
  };

  /**
   * Moves a file or folder. Moves the entries of a folder one by one if it cannot be moved whole, as in a lower layer of a
   * container.
   */
  readonly moveAll = (from: string, to: string): void => {
    try {
      this.move(from, to);
    } catch (error) {
      const isApart = ['EXDEV', 'ENOTEMPTY', 'EEXIST'].includes(systemCode(error) ?? '');
      if (!isApart || !lstatSync(from).isDirectory()) throw error;
      makeFolder(to);
      for (const name of readdirSync(from)) this.moveAll(join(from, name), join(to, name));
      rmdirSync(from);
    }
  };

  /** Undoes all moves, the last one first; false if one of them failed. */
  undo(): boolean {
    try {
      for (const [from, to] of this.made.toReversed()) {
        // The folder may have been removed with its last file.
        makeWay(from.startsWith(this.working + sep) ? this.working : this.place, from);
        renameSync(to, from);
      }
      return true;
    } catch {
      return false;
    }
  }
}

/** Makes a folder unless it exists. Its parent must exist. */
export function makeFolder(path: string): void {
  try {
    mkdirSync(path);
  } catch (error) {
    if (systemCode(error) !== 'EEXIST') throw error;
  }
}

/** Makes the missing folders between `root`, which must exist, and a path below it. */
export function makeWay(root: string, path: string): void {
  const folder = dirname(path);
  if (folder === root || exists(folder)) return;
  makeWay(root, folder);
  makeFolder(folder);
}

/** Tells whether a path exists. A broken link counts. */
export function exists(path: string): boolean {
  try {
    return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
  } catch (error) {
    if (systemCode(error) === 'ENOTDIR') return false;
    throw error;
  }
}
