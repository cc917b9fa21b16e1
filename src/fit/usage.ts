import { type Dir, opendirSync, statSync } from 'node:fs';
import { extname, join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { isTemporary } from '../format/site-entries.ts';
import type { Layout } from '../types.ts';
import { FOLDERS, PYRAMIDS, dziFile, dziFolder } from '../format/site-paths.ts';

/** Number and bytes of files as a host stores them: each hard link counts as a file of its own. */
export interface Usage {
  readonly files: number;
  /** Number of folders, without the site's own. */
  readonly folders: number;
  readonly bytes: number;
  /** Path relative to the site, with `/`. */
  readonly largestFile: { readonly path: string; readonly bytes: number };
  /** Folder with the most direct entries (files and folders); `.` is the site's own. */
  readonly fullestFolder: { readonly path: string; readonly entries: number };
  /** File name endings, lower case, without the dot, sorted; missing if unknown. */
  readonly types?: readonly string[];
}

/** Usage of a site with just one layout. */
export interface LayoutUsage extends Usage {
  readonly layout: Layout;
  /** Usage without `originals/`, if there are any; the page works without them. */
  readonly withoutOriginals?: Usage;
}

/** Usage of a site. */
export interface SiteUsage {
  /** For each layout, in the order asked for. */
  readonly layouts: readonly LayoutUsage[];
  /** Of all files in the folder, of any layout. */
  readonly whole: Usage;
}

/** Part of a site that a file belongs to, by the first part of its path. */
type Owner = Layout | 'dzi and compact' | 'originals' | 'common';

const OWNERS: Readonly<Record<string, Owner>> = {
  [dziFile(PYRAMIDS.dzi)]: 'dzi',
  [dziFolder(PYRAMIDS.dzi)]: 'dzi',
  [dziFile(PYRAMIDS.compact)]: 'compact',
  [dziFolder(PYRAMIDS.compact)]: 'compact',
  [FOLDERS.sheets]: 'compact',
  [FOLDERS.tiles]: 'dzi and compact',
  [FOLDERS.iiif]: 'iiif',
  [FOLDERS.originals]: 'originals',
};

/** Sums over the files of one owner. */
interface Tally {
  files: number;
  folders: number;
  bytes: number;
  largestFile: { path: string; bytes: number };
  /** Among the folders below the site's own. */
  fullestFolder: { path: string; entries: number };
  /** Number of files and folders directly in the site's own folder. */
  top: number;
  readonly types: Set<string>;
}

type Tallies = Map<Owner, Tally>;

/**
 * Counts the files of a site, for each of these layouts and for the whole.
 *
 * Folders are read entry by entry, so memory is bounded. Calls are synchronous, which is several times faster for such small
 * operations, with a pause now and then.
 *
 * @param layouts layouts of the site, by its `mosaic.json`.
 */
export async function usageOf(site: string, layouts: readonly Layout[], signal?: AbortSignal): Promise<SiteUsage> {
  const tallies = await tallySite(site, signal);
  return {
    layouts: layouts.map((layout) => {
      const without = (part: Owner) => total(tallies, (owner) => owner !== part && serves(owner, layout));
      return {
        layout,
        ...total(tallies, (owner) => serves(owner, layout)),
        ...(tallies.has('originals') && { withoutOriginals: without('originals') }),
      };
    }),
    whole: total(tallies, () => true),
  };
}

function serves(owner: Owner, layout: Layout): boolean {
  if (owner === 'dzi and compact') return layout !== 'iiif';
  return owner === layout || owner === 'common' || owner === 'originals';
}

/** A folder that is being read. */
interface OpenFolder {
  readonly dir: Dir;
  readonly path: string;
  entries: number;
}

async function tallySite(site: string, signal?: AbortSignal): Promise<Tallies> {
  const tallies: Tallies = new Map();
  const open: OpenFolder[] = [];
  const enter = (path: string) => {
    open.push({ dir: opendirSync(join(site, path), { bufferSize: 256 }), path, entries: 0 });
  };
  try {
    enter('');
    for (let seen = 1, folder = open.at(-1); folder; seen++, folder = open.at(-1)) {
      if (seen % 4096 === 0) await setImmediate();
      signal?.throwIfAborted();
      const entry = folder.dir.readSync();
      if (!entry) {
        open.pop();
        folder.dir.closeSync();
        if (folder.path) noteFolder(tallyOf(tallies, folder.path), folder);
        continue;
      }
      const path = folder.path ? `${folder.path}/${entry.name}` : entry.name;
      // Whoever publishes with git has a .git here; no host shows it.
      if (path === '.git' || isTemporary(path)) continue;
      const isFolder = entry.isDirectory();
      const bytes = isFolder ? 0 : bytesOf(join(site, path));
      if (bytes === undefined) continue;
      folder.entries++;
      const tally = tallyOf(tallies, path);
      if (!folder.path) tally.top++;
      if (isFolder) {
        tally.folders++;
        enter(path);
      } else noteFile(tally, path, bytes);
    }
  } finally {
    for (const { dir } of open) dir.closeSync();
  }
  return tallies;
}

/** Size of a file, bytes; undefined if it is no file, or gone. */
function bytesOf(path: string): number | undefined {
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat?.isFile() ? stat.size : undefined;
}

function tallyOf(tallies: Tallies, path: string): Tally {
  const end = path.indexOf('/');
  const first = end < 0 ? path : path.slice(0, end);
  const owner = Object.hasOwn(OWNERS, first) ? OWNERS[first]! : 'common';
  let tally = tallies.get(owner);
  if (!tally) tallies.set(owner, (tally = emptyTally()));
  return tally;
}

function emptyTally(): Tally {
  return {
    files: 0,
    folders: 0,
    bytes: 0,
    largestFile: { path: '', bytes: 0 },
    fullestFolder: { path: '', entries: 0 },
    top: 0,
    types: new Set(),
  };
}

function noteFile(tally: Tally, path: string, bytes: number): void {
  tally.files++;
  tally.bytes += bytes;
  if (bytes > tally.largestFile.bytes) tally.largestFile = { path, bytes };
  tally.types.add(extname(path).slice(1).toLowerCase());
}

function noteFolder(tally: Tally, { path, entries }: OpenFolder): void {
  if (entries > tally.fullestFolder.entries) tally.fullestFolder = { path, entries };
}

function total(tallies: Tallies, counts: (owner: Owner) => boolean): Usage {
  const sum = emptyTally();
  for (const [owner, tally] of tallies) {
    if (!counts(owner)) continue;
    sum.files += tally.files;
    sum.folders += tally.folders;
    sum.bytes += tally.bytes;
    sum.top += tally.top;
    if (tally.largestFile.bytes > sum.largestFile.bytes) sum.largestFile = tally.largestFile;
    if (tally.fullestFolder.entries > sum.fullestFolder.entries) sum.fullestFolder = tally.fullestFolder;
    for (const type of tally.types) sum.types.add(type);
  }
  const { files, folders, bytes, largestFile, fullestFolder, top, types } = sum;
  return {
    files,
    folders,
    bytes,
    largestFile,
    fullestFolder: top >= fullestFolder.entries ? { path: '.', entries: top } : fullestFolder,
    types: [...types].toSorted(),
  };
}
