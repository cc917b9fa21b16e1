/**
 * Working folders: `.zoomosaic-RANDOM` in a site's folder. Each belongs to one command.
 *
 *     owner.json  process that made it
 *     beat        heartbeat: rewritten every 5 s while the owner lives
 *     new/        site or files under construction
 *     swap.json   journal; only while the new files are moved in, see swap.ts and patch.ts
 *     old/        what they replace
 *
 * An owner is looked up by its process id where that is possible. On other hosts and in other containers, it counts as alive
 * while its heartbeat is younger than 5 minutes. The age is measured by the file system's clock, which all hosts share.
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
/** Age of the heartbeat from which an owner counts as dead, ms. No stage blocks the event loop for that long. */
const SILENT_MS = 300_000;
/** Most bytes read of `owner.json`; it has some hundred. */
const OWNER_BYTES = 2 ** 16;

/** Paths of this process's working folders. Others that name its process id may be leftovers. */
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
   * Makes a working folder in `place`; makes `place` itself if it is missing.
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

  /** Name of the folder within the site's folder. */
  get name(): string {
    return this.path.slice(-'.zoomosaic-0123456789abcdef'.length);
  }

  /**
   * Tells whether the folder still exists. Another command may have taken this process for dead, or a user may have removed
   * it.
   */
  isThere(): boolean {
    return statSync(join(this.path, 'owner.json'), { throwIfNoEntry: false }) !== undefined;
  }

  /** Current time by the file system's clock, ms: modification time of a new heartbeat. */
  now(): number {
    this.beat();
    return statSync(join(this.path, 'beat')).mtimeMs;
  }

  /** Removes the folder, and the parents that were made for it if they are empty. */
  async remove(): Promise<void> {
    clearInterval(this.timer);
    living.delete(this.path);
    await rm(this.path, { recursive: true, force: true });
    for (const folder of this.made) if (!removeIfEmpty(folder)) return;
  }

  /** Leaves the folder to the next command, which completes its journal. That command may run in this process, too. */
  abandon(): void {
    clearInterval(this.timer);
    living.delete(this.path);
    silence(this.path);
  }

  private beat(): void {
    try {
      writeFileSync(join(this.path, 'beat'), '.');
    } catch {
      // The disk is full or the folder is gone: the next write reports that.
    }
  }
}

/**
 * Takes over a dead process's working folder by renaming it. If that process was only suspended, say because its machine
 * slept, it finds nothing to move when it wakes up.
 *
 * @returns the new path; undefined if the folder is gone.
 */
export function takeOver(path: string): string | undefined {
  const taken = newPath(dirname(path));
  try {
    renameSync(path, taken);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw error;
  }
  // The old owner may have woken up and written a heartbeat.
  silence(taken);
  return taken;
}

function newPath(place: string): string {
  return join(place, `.zoomosaic-${randomBytes(8).toString('hex')}`);
}

function silence(path: string): void {
  try {
    // The folder may come with a site from elsewhere and hold links: write a new file and rename it, so no link is followed.
    const nobody = join(path, `owner-${randomBytes(8).toString('hex')}.json`);
    writeFileSync(nobody, '{}', { flag: 'wx' });
    renameSync(nobody, join(path, 'owner.json'));
    lutimesSync(join(path, 'beat'), 0, 0);
  } catch {
    // Then the heartbeat ages by itself.
  }
}

/** Lists the working folders in a site's folder. */
export function workingFoldersIn(place: string): string[] {
  try {
    return readdirSync(place, { withFileTypes: true })
      .filter((entry) => WORKING_FOLDER.test(entry.name) && entry.isDirectory())
      .map(({ name }) => join(place, name));
  } catch {
    return [];
  }
}

/** Tells whether the owner of a working folder lives. `now` is the time of {@link WorkingFolder.now}. */
export function isAlive(path: string, now: number): boolean {
  if (living.has(path)) return true;
  const owner = ownerOf(path);
  const running = owner && isRunning(owner);
  // A folder with this process's id may belong to another thread's copy of this module, or be a leftover.
  if (running !== undefined && owner!.pid !== process.pid) return running;
  if (running === false) return false;
  const seen = lstatSync(join(path, 'beat'), { throwIfNoEntry: false }) ?? lstatSync(path, { throwIfNoEntry: false });
  // A heartbeat far in the future is of another clock: the folder was copied from elsewhere.
  return seen !== undefined && Math.abs(now - seen.mtimeMs) < SILENT_MS;
}

/** Tells whether the owner of a working folder is known to live, without reading its heartbeat. */
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

/** Lists the missing folders of `path`, itself included, deepest first. */
export function missingFolders(path: string): string[] {
  const folders: string[] = [];
  for (let at = path; statSync(at, { throwIfNoEntry: false }) === undefined; at = dirname(at)) {
    folders.push(at);
    if (dirname(at) === at) break;
  }
  return folders;
}

/** Removes a folder if it is empty. Returns whether it is gone. */
export function removeIfEmpty(folder: string): boolean {
  try {
    rmdirSync(folder);
    return true;
  } catch (error) {
    return systemCode(error) === 'ENOENT';
  }
}
