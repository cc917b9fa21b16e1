/**
 * A swap replaces the old site by the new one in `new/` of a working folder. The site's lock is held. Only entries directly
 * in the site's folder are renamed: foreign entries there are not touched, and the folder itself may be a mount point or a
 * link.
 *
 *   1. Write the journal `swap.json`, which names the entries of `new/`. If the process dies from here on, the next command
 *      completes the swap.
 *   2. Move the old site's entries to `old/`, `index.html` and `mosaic.json` first. Without them, a half-moved site is not taken
 *      for a site.
 *   3. Move foreign files (which people put into the old site's folders) from `old/` to the same paths in `new/`.
 *   4. Move the entries of `new/` in, `mosaic.json` and `index.html` last. Remove the journal.
 *   5. Remove `old/`, file by file. Foreign files that are still in it move back to the site.
 *
 * An interrupted swap is completed by repeating steps 2, 4 and 5: each skips moves that are already done.
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
 * Replaces the site in `place` by that in `new/` of the working folder `working`. If that fails, all moves are undone.
 *
 * @throws {UserError} `out-exists` if a foreign entry is in the way.
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
    takeOut([...entries], moves);
    for (const path of strangers) {
      makeWay(fresh, join(fresh, path));
      moves.move(join(old, path), join(fresh, path));
    }
    putIn([...entries], moves);
  } catch (error) {
    // If the moves cannot be undone, the journal stays, and the next command completes the swap.
    if (moves.undo()) endJournal(working, moves.folders);
    throw error;
  }
  endJournal(working, moves.folders);
  await clearOld(place, working);
}

/** Completes steps 2 and 4 of an interrupted swap; the caller does step 5. */
export function completeSwap(place: string, working: string, { entries }: SiteJournal): void {
  const known = entries.filter((name) => TOP.includes(name));
  makeFolder(join(working, 'old'));
  const moves = new Moves(place, working);
  takeOut(known, moves);
  putIn(known, moves);
  endJournal(working, moves.folders);
}

/** Moves the old site's entries to `old/`. Entries of the new site that are already in place stay. */
function takeOut(entries: readonly string[], { place, working, moveAll }: Moves) {
  for (const name of TOP) {
    const isIn = entries.includes(name) && !exists(join(working, 'new', name));
    if (!isIn && exists(join(place, name))) moveAll(join(place, name), join(working, 'old', name));
  }
}

/** Moves the new site's entries in, `index.html` last. */
function putIn(entries: readonly string[], { place, working, move }: Moves) {
  for (const name of TOP.toReversed()) {
    const from = join(working, 'new', name);
    if (entries.includes(name) && exists(from)) move(from, join(place, name));
  }
}

/** Removes `old/`. Foreign entries in it move back to the site. */
export async function clearOld(place: string, working: string): Promise<void> {
  const old = join(working, 'old');
  for await (const { path, kind } of entriesOf(old)) {
    if (kind === 'file') unlinkSync(join(old, path));
    else if (kind === 'left') rmdirSync(join(old, path));
    else keep(join(old, path), place, path);
  }
}

/**
 * Moves a foreign entry back to its path in the site. It goes directly into the site's folder if a link or file blocks that
 * path, and gets a suffix if its name is taken.
 */
function keep(from: string, place: string, path: string): void {
  const to = join(place, isPlain(place, path) ? path : basename(path));
  mkdirSync(dirname(to), { recursive: true });
  let free = to;
  for (let i = 1; exists(free); i++) free = `${to}.kept-${i}`;
  renameSync(from, free);
}
