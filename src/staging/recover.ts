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
 * Mends what builds into `place` that were killed left there: a swap that was cut short is completed, the rest is removed. What
 * belongs to builds that live is left alone.
 *
 * @param place without links.
 * @returns whether there was anything to mend.
 */
export async function recover(place: string, named: NamedFolder, signal?: AbortSignal): Promise<boolean> {
  const found = workingFoldersIn(place);
  if (found.length === 0 ? !exists(join(place, LOCK)) : found.every(isSurelyAlive)) return false;
  const working = await WorkingFolder.make(place, named);
  try {
    if (leftIn(place, working).length === 0 && !exists(join(place, LOCK))) return false;
    return await withLock(place, working, signal, async () => await completeLeft(place, working, named));
  } finally {
    await working.remove();
  }
}

/** The same, for who holds the lock. */
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

/** Completes what a working folder is left over from, and removes it. */
async function settle(place: string, path: string, named: NamedFolder): Promise<void> {
  try {
    // A site may come from elsewhere: nothing is moved or removed through a link.
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
