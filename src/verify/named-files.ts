import { isDeepStrictEqual } from 'node:util';
import type { Checksums } from '../format/checksums.ts';
import { iiifMembers } from '../layout/iiif.ts';
import { descriptorsOf } from '../layout/site-sets.ts';
import type { SiteShape } from '../layout/site-shape.ts';
import type { Problems } from './problems.ts';
import type { SiteFiles } from './site-files.ts';
import { DAMAGED } from './tile-checker.ts';
import { PAGE_FILE } from '../format/site-paths.ts';

/**
 * Reports files with names of their own (page, viewer, descriptors, documents, indexes) that are missing or differ from their
 * checksum.
 */
export function checkSums(files: SiteFiles, sums: Checksums['files'], problems: Problems): void {
  for (const [path, sum] of sums) {
    const file = files.read(path);
    if (file.problem !== undefined) problems.add(path, file.problem);
    else if (file.sum !== sum) problems.add(path, DAMAGED);
  }
}

/**
 * Reports descriptors and documents that disagree with `mosaic.json`, and the page and files that it loads if they are
 * missing or empty.
 */
export function checkAgreement(files: SiteFiles, shape: SiteShape, problems: Problems): void {
  const check = (path: string, agrees: (text: string) => boolean, problem: string): string => {
    const file = files.read(path);
    if (file.problem !== undefined) {
      problems.add(path, file.problem);
      return '';
    }
    const text = String(file.bytes ?? '');
    if (text === '') problems.add(path, 'empty');
    else if (!agrees(text)) problems.add(path, problem);
    return text;
  };
  for (const [path, expected] of descriptorsOf(shape)) {
    check(path, (text) => text === expected.join(''), 'does not agree with mosaic.json');
  }
  for (const [path, members] of iiifMembers(shape)) {
    check(path, (text) => hasMembers(text, members), 'is damaged, or of another image or address than mosaic.json');
  }
  const page = check(PAGE_FILE, () => true, '');
  for (const [, path] of page.matchAll(/(?:src|href)="(viewer\/[\w.-]+)"/g)) check(path!, () => true, '');
}

/** Tells whether a JSON document has these members; it may have others. */
function hasMembers(text: string, members: object): boolean {
  try {
    const document = JSON.parse(text) as Record<string, unknown>;
    return Object.entries(members).every(([name, value]) => isDeepStrictEqual(document[name], value));
  } catch {
    return false;
  }
}
