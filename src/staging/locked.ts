import { systemCode } from '../errors.ts';
import { explainDisk, type NamedFolder } from '../store/disk.ts';
import { hasJournal } from './journal.ts';
import { type Waiting, withLock } from './lock.ts';
import { obstacle } from './obstacles.ts';
import { realPath } from './real-path.ts';
import { completeLeft, recover } from './recover.ts';
import { WorkingFolder } from './working-folder.ts';

/** A command that waits for a site's lock, and the option that names the site's folder. */
export interface Locking extends Waiting {
  readonly named: NamedFolder;
}

/** Runs `act` under the site's lock, and turns system errors into {@link UserError}s. */
export async function locked<Result>(
  { place, working, named, signal }: Locking,
  act: () => Promise<Result>,
): Promise<Result> {
  try {
    return await withLock({ place, working, signal }, act);
  } catch (error) {
    if (systemCode(error) === 'EBUSY') throw obstacle(`Something in --out ${named.path} is in use, or a mount point`);
    throw explainDisk(error, named);
  }
}

/** Removes the working folder. If it holds a journal, parts of the old site may be in it: then the next command completes it. */
export async function discard(working: WorkingFolder): Promise<void> {
  if (hasJournal(working.path)) working.abandon();
  else await working.remove();
}

/**
 * Runs `act` under the lock of a site's or catalog's folder, after recovery.
 *
 * @throws {UserError} `not-writable` or `disk-full`.
 */
export async function alone<Result>(
  named: NamedFolder,
  act: () => Promise<Result>,
  signal?: AbortSignal,
): Promise<Result> {
  const place = realPath(named.path);
  await recover(place, named, signal);
  const working = await WorkingFolder.make(place, named);
  try {
    return await locked({ place, working, named, signal }, async () => {
      await completeLeft(place, working, named);
      return await act();
    });
  } finally {
    await working.remove();
  }
}
