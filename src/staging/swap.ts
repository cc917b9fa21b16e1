/**
 * Puts the new site of a working folder in the place of the old one, by renaming what lies directly in the site's folder: what
 * is not the site's own is not touched, and the folder may be a mount or be reached by a link.
 *
 *   1. `swap.json` names the entries of `new/`; from here on, whoever finds this work undone completes it.
 *   2. The old site's own entries move to `old/`, `index.html` and `mosaic.json` first: a half-taken site is none.
 *   3. Files that people put into folders of the old site move from there into the new one's.
 *   4. The entries of `new/` move in, `mosaic.json` and `index.html` last. `swap.json` is removed.
 *   5. `old/` is removed, file by file: what is not a site's own after all is kept.
 *
 * Every step can be done again, so that a swap that was cut short is completed by doing all of it.
 */
import { mkdirSync, readdirSync, renameSync, rmdirSync, unlinkSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { TOP_FILES, TOP_FOLDERS } from '../format/site-entries.ts';
import { endJournal, type SiteJournal, writeJournal } from './journal.ts';
import { exists, makeFolder, makeWay, Moves } from './moves.ts';
import { obstacle, strangersIn } from './obstacles.ts';
import { isPlain } from './patch.ts';
import { entriesOf } from './site-walk.ts';

const TOP = [...TOP_FILES, ...TOP_FOLDERS];

/**
 * Puts `new/` of the working folder `working` into `place`. If that fails, all is as it was.
 *
 * @throws {UserError} `out-exists` if something that people put there is in the way.
 */
export async function swapIn(place: string, working: string): Promise<void> {
  const [fresh, old] = [join(working, 'new'), join(working, 'old')];
  const strangers = await strangersIn(place);
  const entries = new Set(readdirSync(fresh));
  for (const name of entries) if (!TOP.includes(name)) throw new Error(`${name} is no entry of a site`);
  for (const path of strangers) {
    if (exists(join(fresh, path))) throw obstacle(`${path} in --out is in the way of the site`);
    const top = path.split('/', 1)[0]!;
    makeFolder(join(fresh, top));
    entries.add(top);
  }
  makeFolder(old);
  writeJournal(working, { kind: 'site', entries: [...entries] });
  const moves = new Moves(place, working);
  try {
    takeOut(place, working, [...entries], moves);
    for (const path of strangers) {
      makeWay(fresh, join(fresh, path));
      moves.move(join(old, path), join(fresh, path));
    }
    putIn(place, working, [...entries], moves);
  } catch (error) {
    // What cannot be moved back, the next command brings to its place.
    if (moves.undo()) endJournal(working, moves.folders);
    throw error;
  }
  endJournal(working, moves.folders);
  await clearOld(place, working);
}

/** Completes a swap that was cut short. */
export function completeSwap(place: string, working: string, { entries }: SiteJournal): void {
  const known = entries.filter((name) => TOP.includes(name));
  makeFolder(join(working, 'old'));
  const moves = new Moves(place, working);
  takeOut(place, working, known, moves);
  putIn(place, working, known, moves);
  endJournal(working, moves.folders);
}

/** Moves the old site's entries to `old/`; those of the new one that are in already stay. */
function takeOut(place: string, working: string, entries: readonly string[], { moveAll }: Moves) {
  for (const name of TOP) {
    const isIn = entries.includes(name) && !exists(join(working, 'new', name));
    if (!isIn && exists(join(place, name))) moveAll(join(place, name), join(working, 'old', name));
  }
}

/** Moves the new site's entries in, the page last. */
function putIn(place: string, working: string, entries: readonly string[], { move }: Moves) {
  for (const name of TOP.toReversed()) {
    const from = join(working, 'new', name);
    if (entries.includes(name) && exists(from)) move(from, join(place, name));
  }
}

/** Removes `old/`; what is no site's own moves back to its place. */
export async function clearOld(place: string, working: string): Promise<void> {
  const old = join(working, 'old');
  for await (const { path, kind } of entriesOf(old)) {
    if (kind === 'file') unlinkSync(join(old, path));
    else if (kind === 'left') rmdirSync(join(old, path));
    else keep(join(old, path), place, path);
  }
}

/** Moves what is no site's own to its place; directly into the site's folder, if a link or a file stands on the way there. */
function keep(from: string, place: string, path: string): void {
  const to = join(place, isPlain(place, path) ? path : basename(path));
  mkdirSync(dirname(to), { recursive: true });
  let free = to;
  for (let i = 1; exists(free); i++) free = `${to}.kept-${i}`;
  renameSync(from, free);
}
