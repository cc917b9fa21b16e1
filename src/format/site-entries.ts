import type { Dirent } from 'node:fs';
import { MOSAIC_VERSION } from './mosaic-json.ts';

/** Endings of tiles. */
const IMAGE = String.raw`\.(?:jpg|webp|avif|png)`;
/** A number as sites write it: people's photographs are called 0001.jpg. */
const N = String.raw`(?:0|[1-9]\d*)`;
/** Pictures and originals that share a folder. */
const FOLDER_BITS = 10;

/**
 * Every folder of a site, and the names of the site's own entries in it, as patterns of paths relative to the site. What matches
 * none of these is not the site's: people put it there.
 */
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
  // What a rebase that was interrupted leaves.
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

/** Directly in a site: what tells that it is one comes first, so that a half-taken site is none. */
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

/** Whether a path within a site, with `/`, is that of a file of the site's own. */
export function isOwnFile(path: string): boolean {
  return OWN_FILE.test(path) && isInItsFolder(path);
}

/** Whether sites have a file or folder of that path. */
export function isOwnName(path: string): boolean {
  return isOwnFile(path) || isOwnFolder(path);
}

function isOwnFolder(path: string): boolean {
  return OWN_FOLDER.test(path) && isInItsFolder(path);
}

/** The number of a picture tells in which folder of `tiles` or `originals` it lies. */
function isInItsFolder(path: string): boolean {
  const [top, folder, name] = path.split('/', 3);
  if (name === undefined || (top !== 'tiles' && top !== 'originals') || name === 'index.js') return true;
  return Math.floor(Number.parseInt(name) / 2 ** FOLDER_BITS) === Number(folder);
}

/**
 * What lies directly in a site, as its `mosaic.json` tells. A site of another version may have anything that sites have or had; where
 * there is no `mosaic.json`, there is no site, and nothing is its own.
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

/** What an entry of a site's folder is: one of the site's folders or files, or a stranger that somebody put there. */
export function kindOf(path: string, entry: Dirent): 'folder' | 'file' | 'stranger' {
  if (entry.isDirectory()) return isOwnFolder(path) ? 'folder' : 'stranger';
  return entry.isFile() && isOwnFile(path) ? 'file' : 'stranger';
}

/** Held while one site takes the place of another. */
export const LOCK = '.zoomosaic-lock';

/** Working folders, each of one build. */
export const WORKING_FOLDER = /^\.zoomosaic-[0-9a-f]{16}$/;

/** Whether a name directly in a site's folder is there for a while only: a working folder, or the lock. */
export function isTemporary(name: string): boolean {
  return name === LOCK || WORKING_FOLDER.test(name);
}
