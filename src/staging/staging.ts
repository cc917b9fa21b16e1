/**
 * Staging: changes a site without ever leaving it half-written. New files are built in a working folder within the site's
 * folder, and moved to their place by renames at the very end.
 *
 *   1. Recover the site: complete or remove what killed commands left there; see recover.ts.
 *   2. Make a working folder, and write the new files into its `new/`. No lock is held: several commands may do this at once.
 *   3. Commit: take the site's lock (lock.ts), and recover again. Then replace the whole site (swap.ts), or some of its files
 *      (patch.ts).
 *   4. Remove the working folder.
 *
 * A command that fails or dies before step 3 leaves the site as it was. A failed commit is undone. One that cannot be undone,
 * or whose process dies, leaves a journal, and the next command completes it.
 *
 * `stage` is for whole sites, `stageFiles` for some files of a site. `alone` of locked.ts only runs an action under the lock.
 */
import { createHash } from 'node:crypto';
import { lstatSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { explainDisk } from '../store/disk.ts';
import { UserError } from '../errors.ts';
import { withLock } from './lock.ts';
import { discard, locked } from './locked.ts';
import { realPath, refuseInputsIn } from './real-path.ts';
import { refuseForeign, strangersIn } from './obstacles.ts';
import { type Patch, patchIn } from './patch.ts';
import { completeLeft, recover } from './recover.ts';
import { swapIn } from './swap.ts';
import { WorkingFolder } from './working-folder.ts';
import { CHECKSUMS_FILE, MOSAIC_FILE } from '../format/site-paths.ts';

/**
 * A site under construction, in a working folder within the site's folder. It replaces the old site when it is complete; a
 * run that fails leaves the old site as it was.
 */
export interface Staging {
  /** Folder that the new site is written into. */
  readonly folder: string;
  /**
   * Replaces the old site by the new one. Foreign files stay.
   *
   * @param files number of files found in `folder`, and number of files written there.
   * @param afterwards runs before the lock is released to other commands; its error is rethrown.
   * @throws {UserError} `out-exists` if these numbers differ, something is in the way, or the working folder is gone;
   *   `signal`'s reason if aborted while waiting for the lock. Then the old site is as it was.
   */
  commit(files: { readonly found: number; readonly written: number }, afterwards?: () => Promise<void>): Promise<void>;
  /** Removes the unfinished site. Call it once nothing writes into `folder` any more. */
  discard(): Promise<void>;
  /** Explains an error: the working folder is gone if that is so; otherwise returns the error itself. */
  explain(error: unknown): unknown;
}

/** Where a site goes, and what it must not overwrite. */
export interface StagingOptions {
  readonly out: string;
  /** Accept a folder that holds something else than a site of ours. */
  readonly force: boolean;
  /** Files and folders that must not be overwritten: target, images, catalog, … */
  readonly inputs: Iterable<string>;
  readonly signal: AbortSignal;
}

/**
 * Prepares to build into `out`: recovers the site, and makes a working folder.
 *
 * @throws {UserError} `out-exists` if `out` holds something that is no site of ours (unless `force`), or an input;
 *   `not-writable` or `disk-full` if no folder can be made there.
 */
export async function stage({ out, force, inputs, signal }: StagingOptions): Promise<Staging> {
  const named = { option: '--out', path: out } as const;
  let place: string;
  try {
    place = realPath(out);
    refuseInputsIn(out, inputs);
    await recover(place, named, signal);
  } catch (error) {
    throw signal.aborted ? error : explainDisk(error, named);
  }
  const check = async () => {
    refuseForeign(place, out, force);
    await strangersIn(place);
  };
  const before = await check().then(
    () => undefined,
    (error: unknown) => explainDisk(error, named),
  );
  const working = await WorkingFolder.make(place, named).catch((error: unknown) => {
    throw before ?? error;
  });
  if (before !== undefined) {
    // During another build's swap, the folder looks like no site. Check again under the lock.
    try {
      await withLock({ place, working, signal }, check);
    } catch (error) {
      await working.remove();
      throw explainDisk(error, named);
    }
  }
  return {
    folder: join(working.path, 'new'),
    async commit({ found, written }, afterwards) {
      if (!working.isThere()) throw gone(out);
      if (found !== written) throw incomplete(out, found, written);
      await locked({ place, working, named, signal }, async () => {
        if (!working.isThere()) throw gone(out);
        await completeLeft(place, working, named);
        await swapIn(place, working.path);
        await afterwards?.();
      });
      await working.remove();
    },
    discard: async () => await discard(working),
    explain: (error) => (working.isThere() || signal.aborted ? error : gone(out, error)),
  };
}

/** Files under construction that will replace files of a site. */
export interface StagedFiles {
  /** Folder that they are written into. */
  readonly folder: string;
  /** The site's folder, without links. */
  readonly place: string;
  /**
   * Applies the patch to the site.
   *
   * @param afterwards runs before the lock is released to other commands; its error is rethrown.
   * @throws {UserError} `site` if another command has changed the site since; `out-exists` if the working folder is gone.
   */
  commit(patch: Patch, afterwards?: () => Promise<void>): Promise<void>;
  discard(): Promise<void>;
}

/**
 * Prepares to replace files of a site: recovers it, makes a working folder, and remembers the site's state.
 *
 * @throws {UserError} `not-writable` or `disk-full`.
 */
export async function stageFiles(site: string, signal: AbortSignal): Promise<StagedFiles> {
  const named = { option: '--out', path: site } as const;
  const place = realPath(site);
  await recover(place, named, signal);
  const working = await WorkingFolder.make(place, named);
  const before = stateOf(place);
  return {
    place,
    folder: join(working.path, 'new'),
    async commit(patch, afterwards) {
      await locked({ place, working, named, signal }, async () => {
        if (!working.isThere()) throw gone(site);
        await completeLeft(place, working, named);
        if (stateOf(place) !== before) throw changed(site);
        patchIn(place, working.path, patch);
        await afterwards?.();
      });
      await working.remove();
    },
    discard: async () => await discard(working),
  };
}

/** Fingerprint of the site in a folder: SHA-256 of its `mosaic.json` and `checksums.bin`. Works for damaged sites, too. */
function stateOf(place: string): string {
  const hash = createHash('sha256');
  for (const name of [MOSAIC_FILE, CHECKSUMS_FILE]) {
    try {
      const path = join(place, name);
      // Opening a pipe would block until somebody writes to it.
      hash.update(lstatSync(path).isFile() ? readFileSync(path) : 'odd');
    } catch {
      hash.update('none');
    }
    hash.update('\0');
  }
  return hash.digest('hex');
}

function changed(site: string): UserError {
  return new UserError(
    'site',
    `${site} was changed by another command meanwhile`,
    'Run it again; nothing was changed by this one.',
  );
}

function gone(out: string, cause?: unknown): UserError {
  return new UserError(
    'out-exists',
    `The folder .zoomosaic-… in --out ${out}, which this build writes into, was removed while it ran`,
    'Leave such folders alone while a build runs, and run it again.',
    { cause },
  );
}

function incomplete(out: string, found: number, written: number): UserError {
  return new UserError(
    'out-exists',
    `${written} files were written for --out ${out}, but ${found} are there: something else changed them`,
    'Run it again; an old site is still as it was.',
  );
}
