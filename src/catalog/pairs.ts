import { basename, dirname, extname, join } from 'node:path';
import type { Source } from '../types.ts';
import type { Catalog } from './catalog.ts';
import { differ } from './near-duplicates.ts';

/** Formats of phones and cameras. The same photograph often lies beside them as JPEG. */
const CAMERA_FORMATS: ReadonlySet<string> = new Set(['heic', 'raw']);

/**
 * Largest difference of colours between two formats of one photograph, root mean square of OKLab. Re-encoded and
 * resized copies differ by about 0.005. Equal names are further evidence, so hashes are not compared.
 */
const DIFFERENCE = 0.03;

/**
 * Folds photographs that are there twice: as HEIC or raw and as JPEG, side by side under one name (`IMG_1234.HEIC`,
 * `IMG_1234.JPG`), and looking alike. The source of more px stays.
 */
export function foldPairs(catalog: Catalog): Catalog {
  const groups = groupsOf(catalog.sources);
  if (groups.length === 0) return catalog;
  const features = catalog.features();
  const folded = new Map<number, number>();
  for (const [kept, ...others] of groups) {
    for (const other of others) {
      const pair = [kept!, other].some((id) => CAMERA_FORMATS.has(catalog.sources[id]!.format));
      if (pair && !differ(features, kept!, other, DIFFERENCE)) folded.set(other, kept!);
    }
  }
  return catalog.folded(folded);
}

/**
 * Groups the sources of one name in one folder, if some of them have a camera's format. The source of most px comes
 * first.
 */
function groupsOf(sources: readonly Source[]): number[][] {
  const groups = new Map<string, number[]>();
  const names = new Set<string>();
  const nameOf = ({ path }: Source) => join(dirname(path), basename(path, extname(path)).toLowerCase());
  for (const source of sources) if (CAMERA_FORMATS.has(source.format)) names.add(nameOf(source));
  if (names.size === 0) return [];
  for (const [id, source] of sources.entries()) {
    const name = nameOf(source);
    if (!names.has(name)) continue;
    const group = groups.get(name);
    if (group) group.push(id);
    else groups.set(name, [id]);
  }
  const px = (id: number) => sources[id]!.width * sources[id]!.height;
  // At equal px, the one in another format comes first: it needs no decoder of its own.
  const own = (id: number) => Number(CAMERA_FORMATS.has(sources[id]!.format));
  const more = (a: number, b: number) => px(b) - px(a) || own(a) - own(b);
  return [...groups.values()].filter((ids) => ids.length > 1).map((ids) => ids.toSorted(more));
}
