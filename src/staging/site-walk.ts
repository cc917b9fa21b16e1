/** Walks what lies below the folders of a site, told apart into what is the site's own and what people put there. */
import { type Dirent, opendirSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { systemCode } from '../errors.ts';
import { kindOf } from '../format/site-entries.ts';

/** An entry below a site's folder; a folder of the site's is told when all that is in it has been: `left`. */
export interface Entry {
  readonly path: string;
  readonly kind: 'file' | 'left' | 'stranger';
}

const ENTRIES_AT_ONCE = 2048;

/** All below `top` of a site in `root`: folders of the site's are entered, strangers are not. */
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

/** Entries of a folder, a few at a time; none if it is not there. */
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
