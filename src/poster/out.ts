import { open } from 'node:fs/promises';
import { basename, dirname, join, relative, sep } from 'node:path';
import { systemCode, UserError } from '../errors.ts';
import { isOwnName, isTemporary } from '../format/site-entries.ts';
import { isWithin, realPath } from '../staging/real-path.ts';
import { reportFolderOf } from '../staging/report-folder.ts';
import { explainDisk } from '../store/disk.ts';
import { checkPictureFile } from '../store/picture-file.ts';
import { MARK } from './making.ts';

/** Bytes at the start of a file in which posters have their mark. */
const MARKED = 4096;

/**
 * Checks that a poster can be written to a path. It may lie in the site's folder, where foreign files stay, but not under a name that
 * sites have; and it replaces nothing but posters: whoever mistypes a name loses no photograph.
 *
 * @throws {UserError} `out-exists`, `not-writable`.
 */
export async function checkPosterFile(out: string, site: string): Promise<void> {
  const named = { option: '--out', path: out } as const;
  try {
    await checkPictureFile(out, []);
    const real = join(realPath(dirname(out)), basename(out));
    const home = realPath(site);
    const way = relative(home, real).split(sep);
    // Some disks do not tell upper case from lower case.
    const names = [way.join('/'), way.join('/').toLowerCase()];
    if (isWithin(home, real) && (names.some(isOwnName) || isTemporary(way[0]!)))
      throw refusal(`${out} is a name of the site's own files`);
    if (isWithin(realPath(reportFolderOf(site)), real)) throw refusal(`${out} lies among the site's reports`);
    if (!(await isPoster(out))) throw refusal(`${out} exists, and is no poster`);
  } catch (error) {
    throw explainDisk(error, named);
  }
}

/** Tells whether a file is a poster that was written before, or missing. */
async function isPoster(path: string): Promise<boolean> {
  try {
    const file = await open(path);
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(MARKED), 0, MARKED, 0);
      return buffer.toString('latin1', 0, bytesRead).includes(MARK);
    } finally {
      await file.close();
    }
  } catch (error) {
    if (systemCode(error) === 'ENOENT' || systemCode(error) === 'ENOTDIR') return true;
    throw error;
  }
}

function refusal(what: string): UserError {
  return new UserError('out-exists', `--out ${what}`, 'Choose another name for the poster with --out.');
}
