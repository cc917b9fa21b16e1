/**
 * Foreign entries: files and folders that people put into a site's folder. Those that block the site's own names are refused;
 * others stay.
 */
import { type Dirent, readdirSync, readFileSync } from 'node:fs';
import { join, sep } from 'node:path';
import { systemCode, UserError } from '../errors.ts';
import { MOSAIC_BYTES_MAX } from '../format/mosaic-json.ts';
import { isOwnName, isTemporary, kindOf, TOP_FILES, TOP_FOLDERS, topEntriesOf } from '../format/site-entries.ts';
import { entriesOf } from './site-walk.ts';
import { readSmallFile } from './small-file.ts';
import { MOSAIC_FILE } from '../format/site-paths.ts';

/**
 * Lists the foreign entries within the folders of the site in `place`, as paths within the site.
 *
 * @throws {UserError} `out-exists` if an entry has a name that a site needs, or if an own entry is a mount point.
 */
export async function strangersIn(place: string): Promise<string[]> {
  refuseMounts(place);
  const own = topEntriesOf(readMosaic(place));
  const strangers: string[] = [];
  for (const entry of entriesIn(place)) {
    const { name } = entry;
    if (!TOP_FILES.includes(name) && !TOP_FOLDERS.includes(name)) continue;
    const kind = kindOf(name, entry);
    if (kind === 'stranger') throw wrongKind(name, entry);
    if (kind === 'file' && !own.has(name)) throw notOurs(name);
    if (kind === 'file') continue;
    for await (const { path, kind: below } of entriesOf(place, name)) {
      if (below === 'file' && !own.has(name)) throw notOurs(path);
      if (below !== 'stranger') continue;
      if (isOwnName(path)) throw obstacle(`${path} in --out is something else than a site has there`);
      strangers.push(path);
    }
  }
  return strangers;
}

/** Reads a folder's `mosaic.json`, unchecked; undefined if it is missing, unreadable or none of ours. */
export function readMosaic(place: string): object | undefined {
  try {
    const file = readSmallFile(join(place, MOSAIC_FILE), MOSAIC_BYTES_MAX);
    const json = typeof file === 'object' ? (JSON.parse(file.text) as { format?: unknown } | null) : undefined;
    return json?.format === 'zoomosaic' ? json : undefined;
  } catch {
    return undefined;
  }
}

function entriesIn(place: string): Dirent[] {
  try {
    return readdirSync(place, { withFileTypes: true });
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return [];
    throw error;
  }
}

/**
 * Refuses mount points at or below a site's own entries: they cannot be moved. Where mounts cannot be listed, the move itself
 * fails later.
 */
function refuseMounts(place: string): void {
  const tops = [...TOP_FILES, ...TOP_FOLDERS].map((name) => join(place, name));
  const mount = mounts().find((at) => tops.some((top) => at === top || at.startsWith(top + sep)));
  if (mount !== undefined) throw obstacle(`${mount} in --out is a mount point, where a site needs a place of its own`);
}

/** Lists the mount points: field 5 of `mountinfo`, see proc(5). Empty on systems without it. */
function mounts(): string[] {
  try {
    const lines = readFileSync('/proc/self/mountinfo', 'utf8').split('\n');
    const unescape = (path: string) =>
      path.replaceAll(/\\([0-7]{3})/g, (_, code: string) => String.fromCharCode(Number.parseInt(code, 8)));
    return lines.flatMap((line) => line.split(' ')[4] ?? []).map(unescape);
  } catch {
    return [];
  }
}

function wrongKind(name: string, entry: Dirent): UserError {
  const needed = TOP_FILES.includes(name) ? 'file' : 'folder';
  const is = entry.isSymbolicLink() ? 'a link' : entry.isDirectory() ? 'a folder' : 'a file';
  return obstacle(`${name} in --out is ${is}; a site needs a ${needed} of that name`);
}

function notOurs(path: string): UserError {
  return obstacle(`${path} in --out is of no site of ours, and a site has a file of that name`);
}

/** Makes the error for a foreign entry where a site must go. */
export function obstacle(message: string): UserError {
  return new UserError('out-exists', message, 'Move it elsewhere, or choose another --out.');
}

/**
 * Refuses a folder that holds something else than a site of ours; hidden files are harmless.
 *
 * @throws {UserError} `out-exists`.
 */
export function refuseForeign(place: string, out: string, force: boolean): void {
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
  // Hidden files such as .git or .nojekyll are harmless.
  const shown = names.filter((name) => !isTemporary(name) && !name.startsWith('.'));
  if (force || shown.length === 0 || readMosaic(place)) return;
  throw new UserError(
    'out-exists',
    `--out ${out} is not empty and holds no mosaic of ours`,
    'Choose another folder, or say --force to put the site beside what is in it.',
  );
}
