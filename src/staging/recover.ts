/**
 * Recovery: completes or removes what killed commands left in a site's folder. Each command that reads or changes a site runs
 * it first.
 *
 *   1. List the working folders and the lock. If there are none, or all owners surely live, end here; nothing is written.
 *   2. Make a working folder. The time of its heartbeat file is the file system's present time, with which other heartbeats are
 *      compared. If no owner is dead and there is no lock, end here.
 *   3. Take the lock; see lock.ts.
 *   4. Rename each dead owner's working folder, so that an owner that was only suspended cannot go on. If it holds a journal,
 *      complete the swap or patch. Move foreign files in `old/` back to the site, and remove the working folder.
 */
import { lstatSync, unlinkSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { explainDisk, type NamedFolder } from '../store/disk.ts';
import { systemCode } from '../errors.ts';
import { LOCK } from '../format/site-entries.ts';
import { notCompleted, readJournal } from './journal.ts';
import { withLock } from './lock.ts';
import { exists } from './moves.ts';
import { completePatch } from './patch.ts';
import { clearOld, completeSwap } from './swap.ts';
import { isAlive, isSurelyAlive, takeOver, WorkingFolder, workingFoldersIn } from './working-folder.ts';

/**
 * Recovers the site in `place`: completes interrupted swaps and patches, removes other leftovers. Working folders of live
 * processes stay.
 *
 * @param place without links.
 * @returns whether there was anything to recover.
 */
export async function recover(place: string, named: NamedFolder, signal?: AbortSignal): Promise<boolean> {
  const found = workingFoldersIn(place);
  if (found.length === 0 ? !exists(join(place, LOCK)) : found.every(isSurelyAlive)) return false;
  const working = await WorkingFolder.make(place, named);
  try {
    if (leftIn(place, working).length === 0 && !exists(join(place, LOCK))) return false;
    return await withLock({ place, working, signal }, async () => await completeLeft(place, working, named));
  } finally {
    await working.remove();
  }
}

/** Recovers a site whose lock is held. Returns whether there was anything to recover. */
export async function completeLeft(place: string, working: WorkingFolder, named: NamedFolder): Promise<boolean> {
  const left = leftIn(place, working);
  for (const path of left) {
    const taken = takeOver(path);
    if (taken !== undefined) await settle(place, taken, named);
  }
  return left.length > 0;
}

function leftIn(place: string, working: WorkingFolder): string[] {
  return workingFoldersIn(place).filter((path) => path !== working.path && !isAlive(path, working.now()));
}

/** Completes the swap or patch of a left-over working folder, if it has a journal, and removes the folder. */
async function settle(place: string, path: string, named: NamedFolder): Promise<void> {
  try {
    // The folder may come with a site from elsewhere: nothing is moved or removed through a link.
    for (const name of ['new', 'old']) unlinkIfLink(join(path, name));
    const journal = readJournal(path);
    if (journal?.kind === 'site') completeSwap(place, path, journal);
    else if (journal?.kind === 'files') completePatch(place, path, journal);
    await clearOld(place, path);
    await rm(path, { recursive: true, force: true });
  } catch (error) {
    const explained = explainDisk(error, named);
    const code = systemCode(explained);
    throw code === undefined ? explained : notCompleted(path, code, error);
  }
}

function unlinkIfLink(path: string): void {
  if (lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink()) unlinkSync(path);
}
