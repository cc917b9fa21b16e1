/** `swap.json` of a working folder: what has to be done to bring the site of `new/` to its place; see swap.ts and patch.ts. */
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { systemCode, UserError } from '../errors.ts';
import { exists } from './moves.ts';

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

/**
 * Reads the journal; undefined if there is none.
 *
 * @throws {UserError} `site` if it is none that can have been written here: sites may come from elsewhere.
 */
export function readJournal(working: string): Journal | undefined {
  let text: string;
  try {
    text = readFileSync(join(working, NAME), 'utf8');
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw error;
  }
  const journal = parse(text);
  if (!journal) throw notCompleted(working, `its ${NAME} is damaged`);
  return journal;
}

/** Whether there is a journal: work that was begun. */
export function hasJournal(working: string): boolean {
  return exists(join(working, NAME));
}

function parse(text: string): Journal | undefined {
  try {
    const { kind, ...rest } = JSON.parse(text) as Record<string, unknown>;
    const isList = (name: string) => {
      const list = rest[name];
      return Array.isArray(list) && list.every((path) => typeof path === 'string');
    };
    const isSound = kind === 'site' ? isList('entries') : kind === 'files' && isList('files') && isList('gone');
    return isSound ? ({ kind, ...rest } as unknown as Journal) : undefined;
  } catch {
    return undefined;
  }
}

/** A swap or patch that somebody left cannot be completed. */
export function notCompleted(working: string, why: string): UserError {
  return new UserError(
    'site',
    `What a command left in ${basename(working)} cannot be completed: ${why}`,
    `Remove ${working}, and build the site again.`,
  );
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
