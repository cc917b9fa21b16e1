/** Walks a site's folders, and separates the site's own entries from foreign ones. */
import { type Dirent, opendirSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { systemCode } from '../errors.ts';
import { kindOf } from '../format/site-entries.ts';

/** An entry below a site's folder. An own folder is yielded after its contents, as `left`; a foreign entry is a `stranger`. */
export interface Entry {
  readonly path: string;
  readonly kind: 'file' | 'left' | 'stranger';
}

const ENTRIES_AT_ONCE = 2048;

/** Yields all entries below `top` of the site in `root`. Own folders are entered, foreign ones are not. */
export async function* entriesOf(root: string, top = ''): AsyncGenerator<Entry> {
  const open: { readonly path: string; readonly entries: Generator<Dirent> }[] = [];
  const enter = (path: string) => open.push({ path, entries: read(join(root, path)) });
  enter(top);
  try {
    for (let seen = 1; open.length > 0; seen++) {
      if (seen % ENTRIES_AT_ONCE === 0) await setImmediate();
      const folder = open[open.length - 1]!;
      const { value: entry, done } = folder.entries.next();
      if (done) {
        open.pop();
        if (folder.path !== '') yield { path: folder.path, kind: 'left' };
        continue;
      }
      const path = folder.path === '' ? entry.name : `${folder.path}/${entry.name}`;
      const kind = kindOf(path, entry);
      if (kind === 'folder') enter(path);
      else yield { path, kind };
    }
  } finally {
    for (const { entries } of open) entries.return(undefined);
  }
}

/** Reads a folder's entries in small batches. Yields none if it does not exist. */
function* read(path: string): Generator<Dirent> {
  let folder;
  try {
    folder = opendirSync(path, { bufferSize: 256 });
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return;
    throw error;
  }
  try {
    for (let entry = folder.readSync(); entry; entry = folder.readSync()) yield entry;
  } finally {
    folder.closeSync();
  }
}
