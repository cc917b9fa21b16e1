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
import {
  type Dirent,
  existsSync,
  lstatSync,
  mkdirSync,
  opendirSync,
  readdirSync,
  renameSync,
  rmdirSync,
  unlinkSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { systemCode, UserError } from '../errors.ts';
import { endJournal, type SiteJournal, writeJournal } from './journal.ts';
import { kindOf, TOP_FILES, TOP_FOLDERS } from '../format/site-entries.ts';

const TOP = [...TOP_FILES, ...TOP_FOLDERS];

/** A file that was moved, so that it can be moved back. */
type Move = readonly [from: string, to: string];

/**
 * Puts `new/` of the working folder `working` into `place`. If that fails, all is as it was.
 *
 * @throws {UserError} `out-exists` if something that people put there is in the way.
 */
export async function swapIn(place: string, working: string): Promise<void> {
  const [fresh, old] = [join(working, 'new'), join(working, 'old')];
  refuseObstacles(place);
  const strangers = await strangersIn(place);
  for (const path of strangers) {
    if (exists(join(fresh, path))) throw obstacle(`${join(place, path)} is in the way of the site`);
    mkdirSync(join(fresh, path.split('/', 1)[0]!), { recursive: true });
  }
  const entries = readdirSync(fresh);
  const unknown = entries.find((name) => !TOP.includes(name));
  if (unknown !== undefined) throw new Error(`${unknown} is no entry of a site`);
  mkdirSync(old, { recursive: true });
  writeJournal(working, { kind: 'site', entries });
  const moves: Move[] = [];
  const move = (from: string, to: string) => {
    renameSync(from, to);
    moves.push([from, to]);
  };
  try {
    takeOut(place, working, entries, move);
    for (const path of strangers) {
      mkdirSync(dirname(join(fresh, path)), { recursive: true });
      move(join(old, path), join(fresh, path));
    }
    putIn(place, working, entries, move);
  } catch (error) {
    for (const [from, to] of moves.toReversed()) renameSync(to, from);
    endJournal(place, working);
    throw error;
  }
  endJournal(place, working);
  await clearOld(place, working);
}

/** Completes a swap that was cut short. */
export function completeSwap(place: string, working: string, { entries }: SiteJournal): void {
  const known = entries.filter((name) => TOP.includes(name));
  mkdirSync(join(working, 'old'), { recursive: true });
  takeOut(place, working, known, renameSync);
  putIn(place, working, known, renameSync);
  endJournal(place, working);
}

/** Moves the old site's entries to `old/`; those of the new one that are in already stay. */
function takeOut(place: string, working: string, entries: readonly string[], move: (from: string, to: string) => void) {
  for (const name of TOP) {
    const isIn = entries.includes(name) && !exists(join(working, 'new', name));
    if (!isIn && exists(join(place, name))) move(join(place, name), join(working, 'old', name));
  }
}

/** Moves the new site's entries in, the page last. */
function putIn(place: string, working: string, entries: readonly string[], move: (from: string, to: string) => void) {
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
    else keep(join(old, path), join(place, path));
  }
}

function keep(from: string, to: string): void {
  mkdirSync(dirname(to), { recursive: true });
  let free = to;
  for (let i = 1; exists(free); i++) free = `${to}.kept-${i}`;
  renameSync(from, free);
}

/** Paths of what is in the folders of the site in `place` and is not the site's own. */
async function strangersIn(place: string): Promise<string[]> {
  const strangers: string[] = [];
  for (const name of TOP_FOLDERS) {
    for await (const { path, kind } of entriesOf(place, name)) if (kind === 'stranger') strangers.push(path);
  }
  return strangers;
}

/** An entry below a site's folder; a folder of the site's is told when all that is in it has been: `left`. */
interface Entry {
  readonly path: string;
  readonly kind: 'file' | 'left' | 'stranger';
}

const ENTRIES_AT_ONCE = 2048;

/** All below `top` of a site in `root`: folders of the site's are entered, strangers are not. */
async function* entriesOf(root: string, top = ''): AsyncGenerator<Entry> {
  const open: { readonly path: string; readonly entries: Generator<Dirent> }[] = [];
  const enter = (path: string) => open.push({ path, entries: read(join(root, path)) });
  enter(top);
  try {
    for (let seen = 1; open.length > 0; seen++) {
      if (seen % ENTRIES_AT_ONCE === 0) await setImmediate();
      const folder = open[open.length - 1]!;
      const { value: entry, done } = folder.entries.next();
      if (done) {
        open.pop();
        if (folder.path !== '') yield { path: folder.path, kind: 'left' };
        continue;
      }
      const path = folder.path === '' ? entry.name : `${folder.path}/${entry.name}`;
      const kind = kindOf(path, entry);
      if (kind === 'folder') enter(path);
      else yield { path, kind };
    }
  } finally {
    for (const { entries } of open) entries.return(undefined);
  }
}

/** Entries of a folder, a few at a time; none if it is not there. */
function* read(path: string): Generator<Dirent> {
  let folder;
  try {
    folder = opendirSync(path, { bufferSize: 256 });
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return;
    throw error;
  }
  try {
    for (let entry = folder.readSync(); entry; entry = folder.readSync()) yield entry;
  } finally {
    folder.closeSync();
  }
}

/**
 * Refuses what people put where a site needs a file or a folder of its own.
 *
 * @throws {UserError} `out-exists`.
 */
export function refuseObstacles(place: string): void {
  const entries = existsSync(place) ? readdirSync(place, { withFileTypes: true }) : [];
  for (const entry of entries) {
    const { name } = entry;
    if (!TOP.includes(name) || kindOf(name, entry) !== 'stranger') continue;
    const needed = TOP_FILES.includes(name) ? 'file' : 'folder';
    const is = entry.isSymbolicLink() ? 'a link' : entry.isDirectory() ? 'a folder' : 'a file';
    throw obstacle(`${name} in --out is ${is}; a site needs a ${needed} of that name`);
  }
}

function obstacle(message: string): UserError {
  return new UserError('out-exists', message, 'Move it elsewhere, or choose another --out.');
}

/** Whether there is anything, be it a link to nowhere. */
function exists(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}
