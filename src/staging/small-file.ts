import { lstatSync, readFileSync } from 'node:fs';
import { systemCode } from '../errors.ts';

/** The text at a path; `missing` if there is nothing, `odd` if it is not a plain file or too long. */
export type SmallFile = { readonly text: string } | 'missing' | 'odd';

/**
 * Reads a small file from an untrusted site. Links, pipes, folders and files that are too long are `odd`; they are not
 * opened.
 *
 * @param most most bytes.
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
