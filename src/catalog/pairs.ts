import { basename, dirname, extname, join } from 'node:path';
import type { Source } from '../types.ts';
import type { Catalog } from './catalog.ts';
import { differ } from './near-duplicates.ts';

/** Formats that phones and cameras write, beside which the same photograph often lies as JPEG. */
const CAMERA_FORMATS: ReadonlySet<string> = new Set(['heic', 'raw']);

/**
 * Colours of one photograph in two formats differ by so much at most, root mean square of OKLab: re-encoded and resized ones by
 * some 0.005. That they have one name speaks for them already.
 */
const DIFFERENCE = 0.03;

/**
 * Has photographs count once that lie there twice: as HEIC or raw and as JPEG, side by side under one name (`IMG_1234.HEIC`,
 * `IMG_1234.JPG`), and looking alike. The one of more px stays.
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

/** Sources of one name in one folder, some of them of a camera's format; in each the one of most px first. */
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
  // Of as many px, the one that needs no decoder of its own.
  const own = (id: number) => Number(CAMERA_FORMATS.has(sources[id]!.format));
  const more = (a: number, b: number) => px(b) - px(a) || own(a) - own(b);
  return [...groups.values()].filter((ids) => ids.length > 1).map((ids) => ids.toSorted(more));
}
