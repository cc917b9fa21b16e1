/** `swap.json` of a working folder: what has to be done to bring the site of `new/` to its place; see swap.ts and patch.ts. */
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const NAME = 'swap.json';

/** A whole site takes the place of another: `entries` lie directly in `new/`. */
export interface SiteJournal {
  readonly kind: 'site';
  readonly entries: readonly string[];
}

/** Some files take the place of others, or are removed: paths within the site. */
export interface FilesJournal {
  readonly kind: 'files';
  readonly files: readonly string[];
  readonly gone: readonly string[];
}

export type Journal = SiteJournal | FilesJournal;

/** Writes the journal; from here on, the work it describes is completed by whoever finds it undone. */
export function writeJournal(working: string, journal: Journal): void {
  const path = join(working, NAME);
  const file = openSync(`${path}.tmp`, 'w');
  try {
    writeFileSync(file, JSON.stringify({ format: 'zoomosaic-swap', version: 1, ...journal }));
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(`${path}.tmp`, path);
}

/** Reads the journal; undefined if there is none. */
export function readJournal(working: string): Journal | undefined {
  try {
    return JSON.parse(readFileSync(join(working, NAME), 'utf8')) as Journal;
  } catch {
    return undefined;
  }
}

/** Ends the work: all is in its place, and on the disk. */
export function endJournal(place: string, working: string): void {
  syncFolder(place);
  rmSync(join(working, NAME), { force: true });
}

/** Where the system can do that, a rename is on the disk after this. */
function syncFolder(path: string): void {
  try {
    const folder = openSync(path, 'r');
    try {
      fsyncSync(folder);
    } finally {
      closeSync(folder);
    }
  } catch {
    // Windows syncs no folders.
  }
}
