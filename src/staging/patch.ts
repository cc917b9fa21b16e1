/**
 * A patch replaces some files of a site by those in `new/` of a working folder, and removes others. The site's lock is held.
 * Replaced and removed files wait in `old/`, so that a failed patch can be undone.
 *
 *   1. Write the journal `swap.json`. If the process dies from here on, the next command completes the patch.
 *   2. Move `index.html` and `mosaic.json` to `old/`. Without them, a half-patched site is not taken for a site.
 *   3. For each file to replace, move the old one to `old/`, then the new one in. Move files to remove to `old/`; remove folders
 *      that are empty then.
 *   4. Move `mosaic.json` and `index.html` in: the new ones, or else the old ones. Remove the journal.
 *
 * Each step skips moves that are already done. So an interrupted patch is completed by repeating steps 2 to 4.
 */
import { lstatSync, rmdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { shown } from '../messages.ts';
import { isOwnFile } from '../format/site-entries.ts';
import { endJournal, type FilesJournal, notCompleted, TELLING, writeJournal } from './journal.ts';
import { exists, makeFolder, makeWay, Moves } from './moves.ts';

/** Files to replace, and files to remove: paths within the site, with `/`. */
export type Patch = Pick<FilesJournal, 'files' | 'gone'>;

/** Applies a patch. If that fails, all moves are undone; the error is rethrown. */
export function patchIn(place: string, working: string, { files, gone }: Patch): void {
  const journal: FilesJournal = { kind: 'files', files, gone };
  makeFolder(join(working, 'old'));
  writeJournal(working, journal);
  const moves = new Moves(place, working);
  try {
    apply(journal, moves);
  } catch (error) {
    // If the moves cannot be undone, the journal stays, and the next command completes the patch.
    if (moves.undo()) endJournal(working, moves.folders);
    throw error;
  }
  endJournal(working, moves.folders);
}

/** Completes an interrupted patch. */
export function completePatch(place: string, working: string, journal: FilesJournal): void {
  makeFolder(join(working, 'old'));
  const moves = new Moves(place, working);
  apply(journal, moves);
  endJournal(working, moves.folders);
}

/** Moves what is to be replaced and removed out, and what is new in: steps 2 to 4. */
function apply({ files, gone }: FilesJournal, moves: Moves): void {
  const { place, working } = moves;
  // The journal is not trusted, as a site may come from elsewhere: only files of sites are moved, and none through a link.
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
  // Files that are not replaced are taken out as well; they move back at the end.
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

/** Tells whether all existing folders above a file are real folders, not links. */
export function isPlain(place: string, path: string): boolean {
  for (let at = dirname(path); at !== '.'; at = dirname(at)) {
    const stat = lstatSync(join(place, at), { throwIfNoEntry: false });
    if (stat && !stat.isDirectory()) return false;
  }
  return true;
}

/** Removes a folder and its parents within the site, as long as they are empty. */
function removeEmpty(place: string, folder: string): void {
  for (let at = folder; at !== '.'; at = dirname(at)) {
    try {
      rmdirSync(join(place, at));
    } catch {
      return;
    }
  }
}
