/**
 * The lock of a site: the file `.zoomosaic-lock` in the site's folder. Its text is the name of its holder's working folder. A
 * command holds the lock while it changes the site.
 *
 *   1. Create the lock exclusively, and write the name of the own working folder into it. If that worked, go to 2; if there is a
 *      lock already, go to 3.
 *   2. Wait 25 ms and read the lock again: a process at step 4 may have moved it away for an instant. If it still names us, it is
 *      held: do the work, and remove the lock. Otherwise start again.
 *   3. Look up the holder named in the lock. If it lives (see working-folder.ts), wait 100 ms and start again.
 *   4. If the holder is dead, rename its working folder, so that a holder that was only suspended finds nothing to move. Then move
 *      the lock into the own working folder. If the moved lock names another process, which locked the site in between, move it
 *      back; otherwise delete it. Start again.
 *
 * An empty lock belongs to a process that is between creating and writing it; it counts as dead after 10 s. A lock with any
 * other content counts as dead at once.
 */
import { closeSync, lstatSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { systemCode } from '../errors.ts';
import { LOCK, WORKING_FOLDER } from '../format/site-entries.ts';
import { readSmallFile } from './small-file.ts';
import { isAlive, takeOver, type WorkingFolder } from './working-folder.ts';

const WAIT_MS = 100;
/**
 * Wait before a new lock counts as held, ms. Another process that removes a dead holder's lock may move ours away; it is back
 * sooner.
 */
const SETTLE_MS = 25;
/** Age from which a lock without a name counts as dead, ms: the name is written right after the lock is created. */
const NAMELESS_MS = 10_000;
/** Most bytes read of a lock: more than the name of a working folder has. */
const NAME_BYTES = 64;
/** Stands for the holder of a lock that no process of ours can have made. */
const STRANGE = '?';

/** A command that waits for the lock of the site in `place`. */
export interface Waiting {
  readonly place: string;
  readonly working: WorkingFolder;
  readonly signal: AbortSignal | undefined;
}

/**
 * Runs `act` while holding the lock of a site. Waits for a live holder; removes the lock of a dead one.
 *
 * @throws `signal`'s reason if aborted while waiting.
 */
export async function withLock<Result>(
  { place, working, signal }: Waiting,
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

/** Creates the lock; false if there is one already. */
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
    // The disk is full. An empty lock would keep other processes waiting.
    rmSync(lock, { force: true });
    throw error;
  } finally {
    closeSync(file);
  }
  return true;
}

/**
 * Reads the holder of a lock, the name of its working folder: `''` if it is not written yet, {@link STRANGE} if the lock is
 * none of ours, undefined if there is no lock.
 */
function holderOf(lock: string): string | undefined {
  const file = readSmallFile(lock, NAME_BYTES);
  if (file === 'missing') return undefined;
  return file !== 'odd' && (file.text === '' || WORKING_FOLDER.test(file.text)) ? file.text : STRANGE;
}

/** Removes the lock of a dead holder. Puts it back if another process has taken it in the meantime. */
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
