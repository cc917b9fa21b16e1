import { lstatSync, readFileSync } from 'node:fs';
import { systemCode } from '../errors.ts';

/** What stands at a path where a file of a few bytes is expected. */
export type SmallFile = { readonly text: string } | 'missing' | 'odd';

/**
 * Reads a file that may come with a site from elsewhere: a link, a pipe or a folder is `odd`, as is what is too long, and nothing of
 * it is looked at.
 *
 * @param most bytes.
 */
export function readSmallFile(path: string, most: number): SmallFile {
  try {
    const stat = lstatSync(path);
    return stat.isFile() && stat.size <= most ? { text: readFileSync(path, 'utf8') } : 'odd';
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return 'missing';
    throw error;
  }
}
