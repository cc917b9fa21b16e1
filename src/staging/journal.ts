/** `swap.json` of a working folder: what has to be done to bring the site of `new/` to its place; see swap.ts and patch.ts. */
import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { UserError } from '../errors.ts';
import { exists } from './moves.ts';
import { readSmallFile } from './small-file.ts';

const [NAME, FORMAT, VERSION] = ['swap.json', 'zoomosaic-swap', 1];
/** What tells that a folder is a site: every site has it. */
export const TELLING = ['index.html', 'mosaic.json'];
/** A journal of some millions of files, bytes. */
const BYTES_MAX = 2 ** 29;

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
 * @throws {UserError} `site` if it is none that can have been written here: sites may come from elsewhere.
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

/** Whether there is a journal: work that was begun. */
export function hasJournal(working: string): boolean {
  return exists(join(working, NAME));
}

/** A swap or patch that somebody left cannot be completed. */
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

/** Names, which no system has a NUL in. */
function areNames(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((name) => typeof name === 'string' && !name.includes('\0'));
}

/**
 * Ends the work: all is in its place, and on the disk.
 *
 * @param folders that something was moved into or out of.
 */
export function endJournal(working: string, folders: Iterable<string>): void {
  for (const folder of folders) syncFolder(folder);
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
