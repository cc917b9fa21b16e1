import { closeSync, lstatSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { systemCode } from '../errors.ts';
import { LOCK, WORKING_FOLDER } from '../format/site-entries.ts';
import { readSmallFile } from './small-file.ts';
import { isAlive, takeOver, type WorkingFolder } from './working-folder.ts';

const WAIT_MS = 100;
/** Whoever takes a dead owner's lock away may, for an instant, hold ours instead; it is back after less than this. */
const SETTLE_MS = 25;
/** The name is written right after the lock is made; a lock that has none for longer is left over. */
const NAMELESS_MS = 10_000;
/** Longer than the name of a working folder, bytes. */
const NAME_BYTES = 64;
/** Stands for a lock that none of us has made. */
const STRANGE = '?';

/**
 * Does something while nobody else changes the site in `place`. The lock is a file that names the working folder of its holder; it
 * is taken away from holders that are dead.
 *
 * @throws `signal`'s reason if aborted while waiting.
 */
export async function withLock<Result>(
  place: string,
  working: WorkingFolder,
  signal: AbortSignal | undefined,
  act: () => Promise<Result>,
): Promise<Result> {
  const lock = join(place, LOCK);
  for (;;) {
    signal?.throwIfAborted();
    if (take(lock, working)) {
      await setTimeout(SETTLE_MS);
      if (holderOf(lock) === working.name) break;
      continue;
    }
    const holder = holderOf(lock);
    if (holder === undefined) continue;
    if (isDead(place, holder, working)) {
      if (WORKING_FOLDER.test(holder)) takeOver(join(place, holder));
      takeAway(lock, working, holder);
    } else await setTimeout(WAIT_MS);
  }
  try {
    return await act();
  } finally {
    if (holderOf(lock) === working.name) rmSync(lock, { force: true });
  }
}

function isDead(place: string, holder: string, working: WorkingFolder): boolean {
  if (holder === STRANGE) return true;
  if (holder !== '') return !isAlive(join(place, holder), working.now());
  const made = lstatSync(join(place, LOCK), { throwIfNoEntry: false })?.mtimeMs;
  return made !== undefined && working.now() - made > NAMELESS_MS;
}

/** Makes the lock, if there is none. */
function take(lock: string, { name }: WorkingFolder): boolean {
  let file: number;
  try {
    file = openSync(lock, 'wx');
  } catch (error) {
    if (systemCode(error) === 'EEXIST') return false;
    throw error;
  }
  try {
    writeFileSync(file, name);
  } catch (error) {
    // A full disk; others would take it for ours.
    rmSync(lock, { force: true });
    throw error;
  } finally {
    closeSync(file);
  }
  return true;
}

/**
 * Name of the working folder that a lock belongs to; `''` if that is not written yet, {@link STRANGE} if it is none of ours, undefined
 * if there is no lock.
 */
function holderOf(lock: string): string | undefined {
  const file = readSmallFile(lock, NAME_BYTES);
  if (file === 'missing') return undefined;
  return file !== 'odd' && (file.text === '' || WORKING_FOLDER.test(file.text)) ? file.text : STRANGE;
}

/** Takes away the lock of a dead owner; puts it back if somebody else took it in the meantime. */
function takeAway(lock: string, working: WorkingFolder, dead: string): void {
  const away = join(working.path, 'lock');
  try {
    renameSync(lock, away);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return;
    throw error;
  }
  if (holderOf(away) !== dead) renameSync(away, lock);
  else rmSync(away, { recursive: true, force: true });
}
