import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { NamedFolder } from '../disk.ts';
import { LOCK } from '../format/site-entries.ts';
import { withLock } from './lock.ts';
import { readJournal } from './journal.ts';
import { completePatch } from './patch.ts';
import { clearOld, completeSwap } from './swap.ts';
import { isAlive, WorkingFolder, workingFoldersIn } from './working-folder.ts';

/**
 * Mends what builds into `place` that were killed left there: a swap that was cut short is completed, the rest is removed. What
 * belongs to builds that live is left alone.
 *
 * @param place without links.
 * @returns whether there was anything to mend.
 */
export async function recover(place: string, named: NamedFolder, signal?: AbortSignal): Promise<boolean> {
  if (workingFoldersIn(place).length === 0 && !existsSync(join(place, LOCK))) return false;
  const working = await WorkingFolder.make(place, named);
  try {
    const isLeft = (path: string) => path !== working.path && !isAlive(path, working.now());
    if (!workingFoldersIn(place).some(isLeft) && !existsSync(join(place, LOCK))) return false;
    return await withLock(place, working, signal, async () => {
      const left = workingFoldersIn(place).filter(isLeft);
      for (const path of left) {
        const journal = readJournal(path);
        if (journal?.kind === 'site') completeSwap(place, path, journal);
        else if (journal?.kind === 'files') completePatch(place, path, journal);
        await clearOld(place, path);
        await rm(path, { recursive: true, force: true });
      }
      return left.length > 0;
    });
  } finally {
    await working.remove();
  }
}
