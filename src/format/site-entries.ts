import type { Dirent } from 'node:fs';
import { MOSAIC_VERSION } from './mosaic-json.ts';

/** File name endings of tiles, as a pattern. */
const IMAGE = String.raw`\.(?:jpg|webp|avif|png)`;
/** A number as sites write it, as a pattern. Leading zeros are not ours: cameras name files 0001.jpg. */
const N = String.raw`(?:0|[1-9]\d*)`;
/** Pictures and originals share a folder if their numbers agree above these bits. */
const FOLDER_BITS = 10;

/** Patterns of all folders and files of a site, as paths within it. Other entries are foreign: people put them there. */
const FOLDERS = [
  String.raw`(?:mosaic|overview)_files(?:/${N})?`,
  String.raw`tiles(?:/${N}(?:/${N})?)?`,
  String.raw`sheets(?:/${N}(?:/${N})?)?`,
  'cells',
  'viewer',
  String.raw`originals(?:/${N}(?:/${N}_files(?:/${N})?)?)?`,
  String.raw`iiif(?:/image(?:/(?:full|${N},${N},${N},${N})(?:/(?:max|${N},${N})(?:/0)?)?)?)?`,
  'report',
];
const FILES = [
  String.raw`index\.html|mosaic\.json|checksums\.bin(?:\.rebase)?`,
  // Leftovers of an interrupted rebase.
  String.raw`(?:mosaic\.json|checksums\.bin(?:\.rebase)?)\.tmp|checksums\.bin\.rebase`,
  String.raw`iiif/(?:manifest|annotations|image/info)\.json\.tmp`,
  String.raw`(?:mosaic|overview)\.dzi`,
  String.raw`(?:mosaic|overview)_files/${N}/${N}_${N}${IMAGE}`,
  String.raw`tiles/${N}/${N}(?:/${N}_${N}_${N})?${IMAGE}`,
  String.raw`sheets/${N}/${N}/${N}${IMAGE}`,
  String.raw`cells/${N}_${N}\.js`,
  String.raw`viewer/(?:viewer\.(?:js|css)|openseadragon(?:\.min\.js|-license\.txt))`,
  String.raw`originals/${N}/(?:index\.js|${N}\.(?:jpg|png|webp|gif|dzi))`,
  String.raw`originals/${N}/${N}_files/${N}/${N}_${N}\.jpe?g`,
  String.raw`iiif/(?:manifest|annotations|image/info)\.json`,
  String.raw`iiif/image/(?:full|${N},${N},${N},${N})/(?:max|${N},${N})/0/default\.jpg`,
  String.raw`report/(?:(?:placement|sources|skipped)\.csv|(?:quality|record)\.json|target\.jpg)`,
];
const OWN_FOLDER = new RegExp(`^(?:${FOLDERS.join('|')})$`);
const OWN_FILE = new RegExp(`^(?:${FILES.join('|')})$`);

/**
 * Own entries directly in a site's folder. The two that mark a folder as a site come first: a swap moves them out first, so
 * that a half-moved site is not taken for one.
 */
export const TOP_FILES: readonly string[] = [
  'index.html',
  'mosaic.json',
  'checksums.bin',
  'checksums.bin.rebase',
  'checksums.bin.rebase.tmp',
  'checksums.bin.tmp',
  'mosaic.json.tmp',
  'mosaic.dzi',
  'overview.dzi',
];
export const TOP_FOLDERS: readonly string[] = [
  'mosaic_files',
  'overview_files',
  'tiles',
  'sheets',
  'cells',
  'viewer',
  'originals',
  'iiif',
  'report',
];

/** Tells whether a path within a site, with `/`, is that of one of the site's own files. */
export function isOwnFile(path: string): boolean {
  return OWN_FILE.test(path) && isInItsFolder(path);
}

/** Tells whether a path is that of one of a site's own files or folders. */
export function isOwnName(path: string): boolean {
  return isOwnFile(path) || isOwnFolder(path);
}

function isOwnFolder(path: string): boolean {
  return OWN_FOLDER.test(path) && isInItsFolder(path);
}

/** Checks that a picture's or original's number belongs to the folder it lies in. */
function isInItsFolder(path: string): boolean {
  const [top, folder, name] = path.split('/', 3);
  if (name === undefined || (top !== 'tiles' && top !== 'originals') || name === 'index.js') return true;
  return Math.floor(Number.parseInt(name) / 2 ** FOLDER_BITS) === Number(folder);
}

/**
 * Lists the own entries directly in a site, as described by its `mosaic.json`. A site of another version may have any entry
 * that sites have or had. Without a `mosaic.json`, nothing is the site's own.
 */
export function topEntriesOf(mosaic: unknown): ReadonlySet<string> {
  const all = [...TOP_FILES, ...TOP_FOLDERS];
  if (typeof mosaic !== 'object' || mosaic === null) return new Set();
  const { version, layouts, originals } = mosaic as Record<string, unknown>;
  if (version !== MOSAIC_VERSION || typeof layouts !== 'object' || layouts === null) return new Set(all);
  const missing = Object.entries(ENTRIES_OF_LAYOUTS).flatMap(([layout, names]) => (layout in layouts ? [] : names));
  if (originals === undefined) missing.push('originals');
  return new Set(all.filter((name) => !missing.includes(name)));
}

const ENTRIES_OF_LAYOUTS = {
  dzi: ['mosaic.dzi', 'mosaic_files'],
  compact: ['overview.dzi', 'overview_files', 'sheets'],
  iiif: ['iiif'],
};

/** Classifies an entry: one of the site's own folders or files, or a foreign one (`stranger`). */
export function kindOf(path: string, entry: Dirent): 'folder' | 'file' | 'stranger' {
  if (entry.isDirectory()) return isOwnFolder(path) ? 'folder' : 'stranger';
  return entry.isFile() && isOwnFile(path) ? 'file' : 'stranger';
}

/** Lock of a site, held while it is changed; see staging/lock.ts. */
export const LOCK = '.zoomosaic-lock';

/** Name of a working folder; see staging/working-folder.ts. */
export const WORKING_FOLDER = /^\.zoomosaic-[0-9a-f]{16}$/;

/** Tells whether a name directly in a site's folder is temporary: a working folder, or the lock. */
export function isTemporary(name: string): boolean {
  return name === LOCK || WORKING_FOLDER.test(name);
}
