/**
 * Working folders: `.zoomosaic-RANDOM` in the folder of a site, made by one build and nobody else.
 *
 *     owner.json  who made it
 *     beat        written anew every few seconds, as long as its owner lives
 *     new/        the site under construction
 *     swap.json   only while the new site takes the place of the old one: see swap.ts
 *     old/        what is taken out for that
 *
 * Whether an owner lives, its process id tells where that means something; on other hosts and in other containers, `beat` does:
 * its age is measured by the clock of the file system, which is the same for all.
 */
import { randomBytes } from 'node:crypto';
import { lstatSync, lutimesSync, readdirSync, renameSync, rmdirSync, statSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { explainDisk, makeFolder, type NamedFolder } from '../store/disk.ts';
import { systemCode } from '../errors.ts';
import { WORKING_FOLDER } from '../format/site-entries.ts';
import { isOwner, isRunning, type Owner, thisProcess } from './owner.ts';
import { readSmallFile } from './small-file.ts';

const BEAT_MS = 5_000;
/** An owner that cannot be looked up is taken for dead after so long without a beat: no stage keeps the event loop that long. */
const SILENT_MS = 300_000;
/** `owner.json` has some hundred bytes. */
const OWNER_BYTES = 2 ** 16;

/** Working folders of this process: whatever else bears its id is left over. */
const living = new Set<string>();

/** A working folder of this process. */
export class WorkingFolder {
  readonly path: string;
  private readonly made: readonly string[];
  private readonly timer: NodeJS.Timeout;

  private constructor(path: string, made: readonly string[]) {
    this.path = path;
    this.made = made;
    living.add(path);
    this.beat();
    this.timer = setInterval(() => this.beat(), BEAT_MS).unref();
  }

  /**
   * Makes one in `place`, and `place` where it is missing.
   *
   * @throws {UserError} `disk-full` or `not-writable`.
   */
  static async make(place: string, named: NamedFolder): Promise<WorkingFolder> {
    const path = newPath(place);
    const made = missingFolders(place);
    await makeFolder(place, named);
    try {
      await makeFolder(path, named);
      await makeFolder(join(path, 'new'), named);
      writeFileSync(join(path, 'owner.json'), JSON.stringify(thisProcess()));
    } catch (error) {
      await rm(path, { recursive: true, force: true });
      for (const folder of made) removeIfEmpty(folder);
      throw explainDisk(error, named);
    }
    return new WorkingFolder(path, made);
  }

  /** Name within the site's folder. */
  get name(): string {
    return this.path.slice(-'.zoomosaic-0123456789abcdef'.length);
  }

  /** Whether it still is there: others may have taken us for dead, or people cleaned up. */
  isThere(): boolean {
    return statSync(join(this.path, 'owner.json'), { throwIfNoEntry: false }) !== undefined;
  }

  /** Now, ms, by the clock that `beat` files are dated with. */
  now(): number {
    this.beat();
    return statSync(join(this.path, 'beat')).mtimeMs;
  }

  /** Removes it, and the folders above that were made for it and are empty. */
  async remove(): Promise<void> {
    clearInterval(this.timer);
    living.delete(this.path);
    await rm(this.path, { recursive: true, force: true });
    for (const folder of this.made) if (!removeIfEmpty(folder)) return;
  }

  /** Leaves it to the next command, of this process, too, to complete what is in it. */
  abandon(): void {
    clearInterval(this.timer);
    living.delete(this.path);
    silence(this.path);
  }

  private beat(): void {
    try {
      writeFileSync(join(this.path, 'beat'), '.');
    } catch {
      // A full disk, or a folder that is gone: whoever writes next says so.
    }
  }
}

/**
 * Takes over what a process left that seems dead. The folder gets another name: one that only seemed dead, as its machine slept, finds
 * nothing any more of what it was about to move.
 *
 * @returns where it is now; undefined if it is gone.
 */
export function takeOver(path: string): string | undefined {
  const taken = newPath(dirname(path));
  try {
    renameSync(path, taken);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw error;
  }
  // It may have woken up since.
  silence(taken);
  return taken;
}

function newPath(place: string): string {
  return join(place, `.zoomosaic-${randomBytes(8).toString('hex')}`);
}

function silence(path: string): void {
  try {
    // A folder that came with a site from elsewhere may hold links: nothing is written through one.
    const nobody = join(path, `owner-${randomBytes(8).toString('hex')}.json`);
    writeFileSync(nobody, '{}', { flag: 'wx' });
    renameSync(nobody, join(path, 'owner.json'));
    lutimesSync(join(path, 'beat'), 0, 0);
  } catch {
    // Then it will have been silent for long enough some time.
  }
}

/** Working folders in a place. */
export function workingFoldersIn(place: string): string[] {
  try {
    return readdirSync(place, { withFileTypes: true })
      .filter((entry) => WORKING_FOLDER.test(entry.name) && entry.isDirectory())
      .map(({ name }) => join(place, name));
  } catch {
    return [];
  }
}

/** Whether the owner of a working folder lives; `now` as {@link WorkingFolder.now} tells it. */
export function isAlive(path: string, now: number): boolean {
  if (living.has(path)) return true;
  const owner = ownerOf(path);
  const running = owner && isRunning(owner);
  // What bears this process's id may be of another of its threads, or left over.
  if (running !== undefined && owner!.pid !== process.pid) return running;
  if (running === false) return false;
  const seen = lstatSync(join(path, 'beat'), { throwIfNoEntry: false }) ?? lstatSync(path, { throwIfNoEntry: false });
  // One of days to come is none of a clock that we share: the folder has come from elsewhere.
  return seen !== undefined && Math.abs(now - seen.mtimeMs) < SILENT_MS;
}

/** Whether the owner of a working folder is known to live, without a look at the clock. */
export function isSurelyAlive(path: string): boolean {
  const owner = ownerOf(path);
  return living.has(path) || (owner !== undefined && owner.pid !== process.pid && isRunning(owner) === true);
}

function ownerOf(path: string): Owner | undefined {
  try {
    const file = readSmallFile(join(path, 'owner.json'), OWNER_BYTES);
    const owner: unknown = typeof file === 'object' ? JSON.parse(file.text) : undefined;
    return isOwner(owner) ? owner : undefined;
  } catch {
    return undefined;
  }
}

/** Folders that have to be made for `path` to be there, deepest first. */
export function missingFolders(path: string): string[] {
  const folders: string[] = [];
  for (let at = path; statSync(at, { throwIfNoEntry: false }) === undefined; at = dirname(at)) {
    folders.push(at);
    if (dirname(at) === at) break;
  }
  return folders;
}

/** Removes a folder, if nothing is in it; whether it is gone. */
export function removeIfEmpty(folder: string): boolean {
  try {
    rmdirSync(folder);
    return true;
  } catch (error) {
    return systemCode(error) === 'ENOENT';
  }
}
