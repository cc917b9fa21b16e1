import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { explainDisk } from '../disk.ts';
import { systemCode, UserError } from '../errors.ts';
import { isTemporary } from '../format/site-entries.ts';
import { withLock } from './lock.ts';
import { realPath, refuseInputsIn } from './real-path.ts';
import { recover } from './recover.ts';
import { readJournal } from './journal.ts';
import { type Patch, patchIn } from './patch.ts';
import { refuseObstacles, swapIn } from './swap.ts';
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
    refuseForeign(place, out, force);
    refuseObstacles(place);
  } catch (error) {
    throw signal.aborted ? error : explainDisk(error, named);
  }
  const working = await WorkingFolder.make(place, named);
  return {
    folder: join(working.path, 'new'),
    async commit({ found, written }, afterwards) {
      if (!working.isThere()) throw gone(out);
      if (found !== written) throw incomplete(out, found, written);
      await withLock(place, working, signal, async () => {
        if (!working.isThere()) throw gone(out);
        try {
          await swapIn(place, working.path);
        } catch (error) {
          throw explainDisk(error, named);
        }
        await afterwards?.();
      });
      await working.remove();
    },
    async discard() {
      // What was taken out and could not be put back is in there; the next command brings it back.
      if (!readJournal(working.path)) await working.remove();
    },
    explain: (error) => (working.isThere() || signal.aborted ? error : gone(out, error)),
  };
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
  return {
    place,
    folder: join(working.path, 'new'),
    async commit(patch, afterwards) {
      await withLock(place, working, signal, async () => {
        if (!working.isThere()) throw gone(site);
        try {
          patchIn(place, working.path, patch);
        } catch (error) {
          throw explainDisk(error, named);
        }
        await afterwards?.();
      });
      await working.remove();
    },
    async discard() {
      if (!readJournal(working.path)) await working.remove();
    },
  };
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
  if (force || shown.length === 0 || isSite(place)) return;
  throw new UserError(
    'out-exists',
    `--out ${out} is not empty and holds no mosaic of ours`,
    'Choose another folder, or say --force to put the site beside what is in it.',
  );
}

/** Whether a folder holds a site that zoomosaic made. */
function isSite(folder: string): boolean {
  const path = join(folder, 'mosaic.json');
  if (!existsSync(path)) return false;
  try {
    return (JSON.parse(readFileSync(path, 'utf8')) as { format?: unknown }).format === 'zoomosaic';
  } catch {
    return false;
  }
}
