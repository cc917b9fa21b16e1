/**
 * Puts some files of a working folder's `new/` in the place of those of a site, and removes others:
 *
 *   1. `swap.json` names them; from here on, whoever finds this work undone completes it.
 *   2. `index.html` and `mosaic.json` move to `old/`: a half-patched site is none.
 *   3. File by file, the old one moves to `old/`, and the new one in.
 *   4. `mosaic.json` and `index.html` move in, or back. `swap.json` is removed.
 */
import { lstatSync, mkdirSync, renameSync, rmdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { UserError } from '../errors.ts';
import { isOwnFile } from '../format/site-entries.ts';
import { endJournal, type FilesJournal, writeJournal } from './journal.ts';

/** What tells that a folder is a site: goes first and comes last. */
const TELLING = ['index.html', 'mosaic.json'];

/** Files that take the place of others, and files to be removed: paths within the site, with `/`. */
export type Patch = Pick<FilesJournal, 'files' | 'gone'>;

/** Brings a patch to its place. If that fails, all is as it was. */
export function patchIn(place: string, working: string, { files, gone }: Patch): void {
  const journal: FilesJournal = { kind: 'files', files, gone };
  writeJournal(working, journal);
  const moves: (readonly [from: string, to: string])[] = [];
  try {
    apply(place, working, journal, (from, to) => {
      mkdirSync(dirname(to), { recursive: true });
      renameSync(from, to);
      moves.push([from, to]);
    });
  } catch (error) {
    for (const [from, to] of moves.toReversed()) renameSync(to, from);
    endJournal(place, working);
    throw error;
  }
  endJournal(place, working);
}

/** Completes a patch that was cut short. */
export function completePatch(place: string, working: string, journal: FilesJournal): void {
  apply(place, working, journal, (from, to) => {
    mkdirSync(dirname(to), { recursive: true });
    renameSync(from, to);
  });
  endJournal(place, working);
}

function apply(
  place: string,
  working: string,
  { files, gone }: FilesJournal,
  move: (from: string, to: string) => void,
) {
  // A journal may come with a site from elsewhere: it moves nothing but files of sites, within this one.
  const stray = [...files, ...gone].find((path) => !isOwnFile(path) || !isPlain(place, path));
  if (stray !== undefined) throw new UserError('site', `${stray} is no file of a site`, 'Build the site again.');
  const fresh = (path: string) => join(working, 'new', path);
  const old = (path: string) => join(working, 'old', path);
  const here = (path: string) => join(place, path);
  const takeOut = (path: string) => exists(here(path)) && !exists(old(path)) && move(here(path), old(path));
  const replace = (path: string) => {
    if (!exists(fresh(path))) return; // done before
    takeOut(path);
    move(fresh(path), here(path));
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
    else if (exists(old(path))) move(old(path), here(path));
  }
}

/** Whether no link stands on the way to a file. */
function isPlain(place: string, path: string): boolean {
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

function exists(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}
