import { createHash } from 'node:crypto';
import { lstatSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { explainDisk, type NamedFolder } from '../store/disk.ts';
import { systemCode, UserError } from '../errors.ts';
import { isTemporary } from '../format/site-entries.ts';
import { withLock } from './lock.ts';
import { realPath, refuseInputsIn } from './real-path.ts';
import { hasJournal } from './journal.ts';
import { obstacle, readMosaic, strangersIn } from './obstacles.ts';
import { type Patch, patchIn } from './patch.ts';
import { completeLeft, recover } from './recover.ts';
import { swapIn } from './swap.ts';
import { WorkingFolder } from './working-folder.ts';

/**
 * A site under construction, in a working folder within the site's folder. It takes the old site's place when it is finished, so
 * that a run that fails leaves the old site as it was.
 */
export interface Staging {
  /** Where the new site is built. */
  readonly folder: string;
  /**
   * Puts the new site in the place of the old one; files that are no site's stay.
   *
   * @param files number of those in `folder`, and how many were written there.
   * @param afterwards done before another build's site takes this place; its error is this call's.
   * @throws {UserError} `out-exists` if files are missing or something is in the way; `signal`'s reason if it waits for another
   *   build's commit and is aborted. Then the old site is as it was.
   */
  commit(files: { readonly found: number; readonly written: number }, afterwards?: () => Promise<void>): Promise<void>;
  /** Removes the unfinished site, once nobody writes into it any more. */
  discard(): Promise<void>;
  /** What an error means, if the working folder is gone; else the error itself. */
  explain(error: unknown): unknown;
}

/** Where a site is to be built. */
export interface StagingOptions {
  readonly out: string;
  /** Whether `out` may hold something that is no site of ours. */
  readonly force: boolean;
  /** Files and folders that must survive: target, images, catalog, … */
  readonly inputs: Iterable<string>;
  readonly signal: AbortSignal;
}

/**
 * Prepares to build into `out`: recovers what earlier builds left there, and makes a working folder.
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
    // While another build's site is just being put there, it looks like none.
    try {
      await withLock(place, working, signal, check);
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

interface Locking {
  readonly place: string;
  readonly working: WorkingFolder;
  readonly named: NamedFolder;
  readonly signal: AbortSignal | undefined;
}

/** Does something while nobody else changes a site, and explains what the disk says to it. */
async function locked<Result>({ place, working, named, signal }: Locking, act: () => Promise<Result>): Promise<Result> {
  try {
    return await withLock(place, working, signal, act);
  } catch (error) {
    if (systemCode(error) === 'EBUSY') throw obstacle(`Something in --out ${named.path} is in use, or a mount point`);
    throw explainDisk(error, named);
  }
}

/** What was taken out of a site and could not be put back is in there; the next command brings it back. */
async function discard(working: WorkingFolder): Promise<void> {
  if (hasJournal(working.path)) working.abandon();
  else await working.remove();
}

/** Files that will take the place of others in a site. */
export interface StagedFiles {
  /** Where they are written. */
  readonly folder: string;
  /** The site's folder, without links. */
  readonly place: string;
  /**
   * Brings them there.
   *
   * @param afterwards done before another command changes the site.
   */
  commit(patch: Patch, afterwards?: () => Promise<void>): Promise<void>;
  discard(): Promise<void>;
}

/**
 * Prepares to change files of a site.
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

/**
 * Does something with a site while no other command changes it.
 *
 * @throws {UserError} `not-writable` or `disk-full`.
 */
export async function alone<Result>(
  folder: string,
  named: NamedFolder,
  act: () => Promise<Result>,
  signal?: AbortSignal,
): Promise<Result> {
  const place = realPath(folder);
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

/** Which site stands in a folder, as its checksums tell; damaged ones differ, too. */
function stateOf(place: string): string {
  const hash = createHash('sha256');
  for (const name of ['mosaic.json', 'checksums.bin']) {
    try {
      const path = join(place, name);
      // To read a pipe is to wait for somebody to write into it.
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

function refuseForeign(place: string, out: string, force: boolean): void {
  let names: string[];
  try {
    names = readdirSync(place);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return;
    if (systemCode(error) === 'ENOTDIR') {
      throw new UserError('out-exists', `--out ${out} is a file`, 'Choose a folder.');
    }
    throw error;
  }
  // Hidden files, as .git or .nojekyll, say nothing of what else is to be here.
  const shown = names.filter((name) => !isTemporary(name) && !name.startsWith('.'));
  if (force || shown.length === 0 || readMosaic(place)) return;
  throw new UserError(
    'out-exists',
    `--out ${out} is not empty and holds no mosaic of ours`,
    'Choose another folder, or say --force to put the site beside what is in it.',
  );
}
