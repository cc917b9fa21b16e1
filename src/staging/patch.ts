/**
 * Puts some files of a working folder's `new/` in the place of those of a site, and removes others:
 *
 *   1. `swap.json` names them; from here on, whoever finds this work undone completes it.
 *   2. `index.html` and `mosaic.json` move to `old/`: they go first and come last, since a half-patched site is none.
 *   3. File by file, the old one moves to `old/`, and the new one in.
 *   4. `mosaic.json` and `index.html` move in, or back. `swap.json` is removed.
 */
import { lstatSync, rmdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { shown } from '../messages.ts';
import { isOwnFile } from '../format/site-entries.ts';
import { endJournal, type FilesJournal, notCompleted, TELLING, writeJournal } from './journal.ts';
import { exists, makeFolder, makeWay, Moves } from './moves.ts';

/** Files that take the place of others, and files to be removed: paths within the site, with `/`. */
export type Patch = Pick<FilesJournal, 'files' | 'gone'>;

/** Brings a patch to its place. If that fails, all is as it was. */
export function patchIn(place: string, working: string, { files, gone }: Patch): void {
  const journal: FilesJournal = { kind: 'files', files, gone };
  makeFolder(join(working, 'old'));
  writeJournal(working, journal);
  const moves = new Moves(place, working);
  try {
    apply(place, working, journal, moves);
  } catch (error) {
    // What cannot be moved back, the next command brings to its place.
    if (moves.undo()) endJournal(working, moves.folders);
    throw error;
  }
  endJournal(working, moves.folders);
}

/** Completes a patch that was cut short. */
export function completePatch(place: string, working: string, journal: FilesJournal): void {
  makeFolder(join(working, 'old'));
  const moves = new Moves(place, working);
  apply(place, working, journal, moves);
  endJournal(working, moves.folders);
}

function apply(place: string, working: string, { files, gone }: FilesJournal, moves: Moves): void {
  // A journal may come with a site from elsewhere: it moves nothing but files of sites, within this one.
  const roots = [place, join(working, 'new'), join(working, 'old')];
  const stray = [...files, ...gone].find((path) => !isOwnFile(path) || !roots.every((root) => isPlain(root, path)));
  if (stray !== undefined) throw notCompleted(working, `${shown(stray)} is no file of a site`);
  const fresh = (path: string) => join(working, 'new', path);
  const old = (path: string) => join(working, 'old', path);
  const here = (path: string) => join(place, path);
  const move = (root: string, from: string, to: string) => {
    makeWay(root, to);
    moves.move(from, to);
  };
  const takeOut = (path: string) =>
    exists(here(path)) && !exists(old(path)) && move(join(working, 'old'), here(path), old(path));
  const replace = (path: string) => {
    if (!exists(fresh(path))) return; // done before
    takeOut(path);
    move(place, fresh(path), here(path));
  };
  // Those that are not replaced, too: they come back at the end.
  for (const path of TELLING) if (!files.includes(path) || exists(fresh(path))) takeOut(path);
  for (const path of files) if (!TELLING.includes(path)) replace(path);
  for (const path of gone) {
    takeOut(path);
    removeEmpty(place, dirname(path));
  }
  for (const path of TELLING.toReversed()) {
    if (files.includes(path)) replace(path);
    else if (exists(old(path))) move(place, old(path), here(path));
  }
}

/** Whether no link stands on the way to a file. */
export function isPlain(place: string, path: string): boolean {
  for (let at = dirname(path); at !== '.'; at = dirname(at)) {
    const stat = lstatSync(join(place, at), { throwIfNoEntry: false });
    if (stat && !stat.isDirectory()) return false;
  }
  return true;
}

/** Folders that nothing is left in go with the last file. */
function removeEmpty(place: string, folder: string): void {
  for (let at = folder; at !== '.'; at = dirname(at)) {
    try {
      rmdirSync(join(place, at));
    } catch {
      return;
    }
  }
}
