/**
 * Moves of a swap or a patch. Whoever takes over the work of a process that seemed dead gives its working folder another name; so
 * nothing here may make that folder anew, or a process that wakes up again would go on.
 */
import { lstatSync, mkdirSync, readdirSync, renameSync, rmdirSync } from 'node:fs';
import { dirname, join, sep } from 'node:path';
import { systemCode } from '../errors.ts';

/** Moves that were made, so that they can be undone. */
export class Moves {
  private readonly place: string;
  private readonly working: string;
  private readonly made: (readonly [from: string, to: string])[] = [];

  /** @param working the working folder that things move to and from. */
  constructor(place: string, working: string) {
    this.place = place;
    this.working = working;
  }

  /** Folders of the site that something was moved into or out of, and those above them. */
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

  /** The same; where a folder cannot be moved, as one of a container's lower layers, what is in it is, one by one. */
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

  /** Moves all back; whether that went well. */
  undo(): boolean {
    try {
      for (const [from, to] of this.made.toReversed()) {
        // A folder may have gone with the last that was in it.
        makeWay(from.startsWith(this.working + sep) ? this.working : this.place, from);
        renameSync(to, from);
      }
      return true;
    } catch {
      return false;
    }
  }
}

/** Makes a folder, if it is not there; the one above has to be. */
export function makeFolder(path: string): void {
  try {
    mkdirSync(path);
  } catch (error) {
    if (systemCode(error) !== 'EEXIST') throw error;
  }
}

/** Makes the folders between `root`, which has to be there, and a path below it. */
export function makeWay(root: string, path: string): void {
  const folder = dirname(path);
  if (folder === root || exists(folder)) return;
  makeWay(root, folder);
  makeFolder(folder);
}

/** Whether there is anything, be it a link to nowhere. */
export function exists(path: string): boolean {
  try {
    return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
  } catch (error) {
    if (systemCode(error) === 'ENOTDIR') return false;
    throw error;
  }
}
