/**
 * The journal `swap.json` of a working folder. It names the moves that bring the files of `new/` to their place in the site.
 * While it exists, the swap or patch has begun and must be completed; see swap.ts and patch.ts.
 */
import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { UserError } from '../errors.ts';
import { exists } from './moves.ts';
import { readSmallFile } from './small-file.ts';
import { MOSAIC_FILE, PAGE_FILE } from '../format/site-paths.ts';

const [NAME, FORMAT, VERSION] = ['swap.json', 'zoomosaic-swap', 1];
/** Files that mark a folder as a site: every site has both. */
export const TELLING = [PAGE_FILE, MOSAIC_FILE];
/** Largest journal that is read, bytes: enough for some millions of files. */
const BYTES_MAX = 2 ** 29;

/** Journal of a swap: the new site replaces the old one. `entries` are the names directly in `new/`. */
export interface SiteJournal {
  readonly kind: 'site';
  readonly entries: readonly string[];
}

/** Journal of a patch: `files` are replaced, `gone` are removed. Both are paths within the site. */
export interface FilesJournal {
  readonly kind: 'files';
  readonly files: readonly string[];
  readonly gone: readonly string[];
}

export type Journal = SiteJournal | FilesJournal;

/** Writes the journal atomically and syncs it. From here on, the next command completes the work if this process dies. */
export function writeJournal(working: string, journal: Journal): void {
  const path = join(working, NAME);
  const file = openSync(`${path}.tmp`, 'w');
  try {
    writeFileSync(file, JSON.stringify({ format: FORMAT, version: VERSION, ...journal }));
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(`${path}.tmp`, path);
  syncFolder(working);
}

/**
 * Reads the journal; undefined if there is none.
 *
 * @throws {UserError} `site` if it is damaged or malformed. It is not trusted: a site may come from elsewhere.
 */
export function readJournal(working: string): Journal | undefined {
  let journal: unknown;
  try {
    const file = readSmallFile(join(working, NAME), BYTES_MAX);
    if (file === 'missing') return undefined;
    if (file !== 'odd') journal = JSON.parse(file.text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  if (!isJournal(journal)) throw notCompleted(working, `its ${NAME} is damaged`);
  return journal;
}

/** Tells whether there is a journal, which means that a swap or patch has begun. */
export function hasJournal(working: string): boolean {
  return exists(join(working, NAME));
}

/** Makes the error for a left-over swap or patch that cannot be completed. */
export function notCompleted(working: string, why: string, cause?: unknown): UserError {
  return new UserError(
    'site',
    `What a command left in ${basename(working)} cannot be completed: ${why}`,
    `Remove ${working}, and build the site again.`,
    { cause },
  );
}

function isJournal(value: unknown): value is Journal {
  if (typeof value !== 'object' || value === null) return false;
  const { format, version, kind, entries, files, gone } = value as Readonly<Record<string, unknown>>;
  if (format !== FORMAT || version !== VERSION) return false;
  if (kind === 'site') return areNames(entries) && TELLING.every((name) => entries.includes(name));
  return kind === 'files' && areNames(files) && areNames(gone);
}

/** Tells whether a value is a list of names: strings without NUL, which no file system allows. */
function areNames(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((name) => typeof name === 'string' && !name.includes('\0'));
}

/**
 * Ends the work: syncs the folders, then removes the journal.
 *
 * @param folders those that something was moved into or out of.
 */
export function endJournal(working: string, folders: Iterable<string>): void {
  for (const folder of folders) syncFolder(folder);
  rmSync(join(working, NAME), { force: true });
}

/** Syncs a folder, so that renames in it survive a power cut. Does nothing where folders cannot be synced. */
function syncFolder(path: string): void {
  try {
    const folder = openSync(path, 'r');
    try {
      fsyncSync(folder);
    } finally {
      closeSync(folder);
    }
  } catch {
    // Windows cannot sync folders.
  }
}
