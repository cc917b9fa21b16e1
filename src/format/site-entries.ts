import type { Dirent } from 'node:fs';

/** Endings of tiles. */
const IMAGE = String.raw`\.(?:jpg|webp|avif|png)`;

/**
 * Every folder of a site, and the names of the site's own entries in it, as patterns of paths relative to the site. What matches
 * none of these is not the site's: people put it there.
 */
const FOLDERS = [
  String.raw`(?:mosaic|overview)_files(?:/\d+)?`,
  String.raw`tiles(?:/\d+(?:/\d+)?)?`,
  String.raw`sheets(?:/\d+(?:/\d+)?)?`,
  'cells',
  'viewer',
  String.raw`originals(?:/\d+(?:/\d+_files(?:/\d+)?)?)?`,
  String.raw`iiif(?:/image(?:/(?:full|\d+,\d+,\d+,\d+)(?:/(?:max|\d+,\d+)(?:/0)?)?)?)?`,
  'report',
];
const FILES = [
  String.raw`index\.html|mosaic\.json|checksums\.bin(?:\.rebase)?`,
  // What a rebase that was interrupted leaves.
  String.raw`(?:mosaic\.json|checksums\.bin(?:\.rebase)?)\.tmp|checksums\.bin\.rebase`,
  String.raw`iiif/(?:manifest|annotations|image/info)\.json\.tmp`,
  String.raw`(?:mosaic|overview)\.dzi`,
  String.raw`(?:mosaic|overview)_files/\d+/\d+_\d+${IMAGE}`,
  String.raw`tiles/\d+/\d+(?:/\d+_\d+_\d+)?${IMAGE}`,
  String.raw`sheets/\d+/\d+/\d+${IMAGE}`,
  String.raw`cells/\d+_\d+\.js`,
  String.raw`viewer/(?:viewer\.(?:js|css)|openseadragon(?:\.min\.js|-license\.txt))`,
  String.raw`originals/\d+/(?:index\.js|\d+\.(?:jpg|png|webp|gif|dzi))`,
  String.raw`originals/\d+/\d+_files/\d+/\d+_\d+\.jpe?g`,
  String.raw`iiif/(?:manifest|annotations|image/info)\.json`,
  String.raw`iiif/image/(?:full|\d+,\d+,\d+,\d+)/(?:max|\d+,\d+)/0/default\.jpg`,
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
  return OWN_FILE.test(path);
}

/** What an entry of a site's folder is: one of the site's folders or files, or a stranger that somebody put there. */
export function kindOf(path: string, entry: Dirent): 'folder' | 'file' | 'stranger' {
  if (entry.isDirectory()) return OWN_FOLDER.test(path) ? 'folder' : 'stranger';
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
