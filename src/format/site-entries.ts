import type { Dirent } from 'node:fs';
import { MOSAIC_VERSION } from './mosaic-json.ts';
import {
  CHECKSUMS_FILE,
  CLOSEUPS,
  FOLDERS,
  FOLDER_BITS,
  IIIF_PATHS,
  MOSAIC_FILE,
  NEXT_CHECKSUMS_FILE,
  OFFLINE_FILE,
  PAGE_FILE,
  PREVIEW_FILE,
  PYRAMIDS,
  TARGET_FILE,
  dziFile,
  dziFolder,
} from './site-paths.ts';

/** File name endings of tiles, as a pattern. */
const IMAGE = String.raw`\.(?:jpg|webp|avif|png)`;
/** A number as sites write it, as a pattern. Leading zeros are not ours: cameras name files 0001.jpg. */
const N = String.raw`(?:0|[1-9]\d*)`;
/** Patterns of all folders and files of a site, as paths within it. Other entries are foreign: people put them there. */
const { tiles, sheets, cells, sources, viewer, originals, iiif } = FOLDERS;
const PYRAMID = `(?:${Object.values(PYRAMIDS).join('|')})`;
/** A file name as a pattern. */
const literal = (name: string) => name.replaceAll('.', String.raw`\.`);
const IMAGE_FOLDER = String.raw`${IIIF_PATHS.imageFolder}/(?:full|${N},${N},${N},${N})/(?:max|${N},${N})/0`;
const DOCUMENTS = [IIIF_PATHS.manifest, IIIF_PATHS.annotations, IIIF_PATHS.info].map(literal).join('|');
const OWN_FOLDERS = [
  String.raw`${dziFolder(PYRAMID)}(?:/${N})?`,
  String.raw`${tiles}(?:/${N}(?:/${N})?)?`,
  String.raw`${sheets}(?:/${N}(?:/${N})?)?`,
  cells,
  String.raw`${sources}(?:/(?:pictures|names|looks))?`,
  String.raw`${CLOSEUPS}(?:/${N})?`,
  viewer,
  String.raw`${originals}(?:/${N}(?:/${dziFolder(N)}(?:/${N})?)?)?`,
  String.raw`${iiif}(?:/image(?:/(?:full|${N},${N},${N},${N})(?:/(?:max|${N},${N})(?:/0)?)?)?)?`,
  'report',
];
const OWN_FILES = [
  [PAGE_FILE, MOSAIC_FILE, PREVIEW_FILE, TARGET_FILE, OFFLINE_FILE, CHECKSUMS_FILE, NEXT_CHECKSUMS_FILE]
    .map(literal)
    .join('|'),
  // Leftovers of an interrupted rebase.
  String.raw`(?:${[PAGE_FILE, MOSAIC_FILE, CHECKSUMS_FILE, NEXT_CHECKSUMS_FILE].map(literal).join('|')}|${DOCUMENTS})\.tmp`,
  literal(dziFile(PYRAMID)),
  String.raw`${dziFolder(PYRAMID)}/${N}/${N}_${N}${IMAGE}`,
  String.raw`${tiles}/${N}/${N}(?:/${N}_${N}_${N})?${IMAGE}`,
  String.raw`${sheets}/${N}/${N}/${N}${IMAGE}`,
  String.raw`${cells}/${N}_${N}\.js`,
  String.raw`${sources}/(?:(?:pictures|names|looks)/)?${N}\.js`,
  String.raw`${CLOSEUPS}/${N}/${N}\.jpg`,
  String.raw`${viewer}/(?:viewer\.(?:js|css)|extras\.js|openseadragon(?:\.min\.js|-license\.txt))`,
  String.raw`${originals}/${N}/(?:index\.js|${N}\.(?:jpg|png|webp|gif|dzi))`,
  String.raw`${originals}/${N}/${dziFolder(N)}/${N}/${N}_${N}\.jpe?g`,
  DOCUMENTS,
  String.raw`${IMAGE_FOLDER}/default\.jpg`,
  String.raw`report/(?:(?:placement|sources|skipped)\.csv|(?:quality|record)\.json|target\.jpg)`,
];
const OWN_FOLDER = new RegExp(`^(?:${OWN_FOLDERS.join('|')})$`);
const OWN_FILE = new RegExp(`^(?:${OWN_FILES.join('|')})$`);

/**
 * Own entries directly in a site's folder. The two that mark a folder as a site come first: a swap moves them out first, so
 * that a half-moved site is not taken for one.
 */
export const TOP_FILES: readonly string[] = [
  PAGE_FILE,
  MOSAIC_FILE,
  PREVIEW_FILE,
  CHECKSUMS_FILE,
  NEXT_CHECKSUMS_FILE,
  `${PAGE_FILE}.tmp`,
  `${NEXT_CHECKSUMS_FILE}.tmp`,
  `${CHECKSUMS_FILE}.tmp`,
  `${MOSAIC_FILE}.tmp`,
  TARGET_FILE,
  OFFLINE_FILE,
  dziFile(PYRAMIDS.dzi),
  dziFile(PYRAMIDS.compact),
];
export const TOP_FOLDERS: readonly string[] = [
  dziFolder(PYRAMIDS.dzi),
  dziFolder(PYRAMIDS.compact),
  tiles,
  sheets,
  cells,
  sources,
  viewer,
  originals,
  iiif,
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

/** Checks that the number of a picture, original or close-up belongs to the folder it lies in. */
function isInItsFolder(path: string): boolean {
  const top = [tiles, originals, CLOSEUPS].find((one) => path.startsWith(`${one}/`));
  const [folder, name] = top === undefined ? [] : path.slice(top.length + 1).split('/', 2);
  if (name === undefined || name === 'index.js') return true;
  return Math.floor(Number.parseInt(name) / 2 ** FOLDER_BITS) === Number(folder);
}

/**
 * Lists the own entries directly in a site, as described by its `mosaic.json`. A site of another version may have any entry
 * that sites have or had. Without a `mosaic.json`, nothing is the site's own.
 */
export function topEntriesOf(mosaic: unknown): ReadonlySet<string> {
  const all = [...TOP_FILES, ...TOP_FOLDERS];
  if (typeof mosaic !== 'object' || mosaic === null) return new Set();
  const { version, layouts, originals: own, compare, offline } = mosaic as Record<string, unknown>;
  if (version !== MOSAIC_VERSION || typeof layouts !== 'object' || layouts === null) {
    const later = typeof version === 'number' && version < 4 ? SINCE_4 : [];
    return new Set(all.filter((name) => !later.includes(name)));
  }
  const missing = Object.entries(ENTRIES_OF_LAYOUTS).flatMap(([layout, names]) => (layout in layouts ? [] : names));
  if (own === undefined) missing.push(FOLDERS.originals);
  if (compare !== true) missing.push(TARGET_FILE);
  if (offline !== true) missing.push(OFFLINE_FILE);
  return new Set(all.filter((name) => !missing.includes(name)));
}

/** Entries that sites of earlier versions of `mosaic.json` never had. */
const SINCE_4: readonly string[] = [PREVIEW_FILE, TARGET_FILE, OFFLINE_FILE, sources];

const ENTRIES_OF_LAYOUTS = {
  dzi: [dziFile(PYRAMIDS.dzi), dziFolder(PYRAMIDS.dzi)],
  compact: [dziFile(PYRAMIDS.compact), dziFolder(PYRAMIDS.compact), sheets],
  iiif: [iiif],
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
