import { existsSync, lstatSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { Pictures } from '../catalog/pictures.ts';
import { spliceHeader } from '../catalog/recipe-key.ts';
import { aboutOf } from '../layout/iiif-about.ts';
import { type Checksums, type OriginalSums, tileSums } from '../format/checksums.ts';
import type { MosaicJson } from '../format/mosaic-json.ts';
import { isOwnFile } from '../format/site-entries.ts';
import { originalParts } from '../format/original-index.ts';
import { iiifDocuments } from '../layout/iiif.ts';
import { descriptorsOf, siteSets } from '../layout/site-sets.ts';
import type { SiteShape } from '../layout/site-shape.ts';
import { type Closeup, NO_CLOSEUPS, writeCloseups } from '../originals/closeups.ts';
import { type KeptOriginal, writeOriginals } from '../originals/originals.ts';
import { renderPyramid } from '../pyramid/pyramid.ts';
import { comparedTarget, readTargetFile, recordedTable } from '../site/record.ts';
import { closeupsById } from '../site/directory.ts';
import { writeSite } from '../site/site.ts';
import type { Patch } from '../staging/patch.ts';
import type { FolderStore } from '../store/folder-store.ts';
import type { TileSet } from '../tiles/tile-set.ts';
import type { Placement, SkippedFile } from '../types.ts';
import type { Reopened } from './reopen.ts';
import { CHECKSUMS_FILE } from '../format/site-paths.ts';

/** Parts of a site to rewrite. */
export interface Rewriting {
  /** New description of the site. */
  readonly mosaic: MosaicJson;
  readonly placement: Placement;
  /** Catalog's id of each picture, by number: variant x number of sources + source. */
  readonly ids: readonly number[];
  /** Tells whether a tile must be made; the others keep their `sums`. */
  readonly wants: (set: TileSet, column: number, row: number) => boolean;
  /** Checksums of the site as it is. */
  readonly sums: Checksums;
  /** Intact originals, by the SHA-256 of their sources. */
  readonly kept: ReadonlyMap<string, KeptOriginal>;
  /** Originals that the site had, by the SHA-256 of their sources. One that cannot be made again keeps its entry in the index. */
  readonly former?: ReadonlyMap<string, KeptOriginal>;
  /** Close-ups that the site had, by the SHA-256 of their sources. Those whose file is intact stay. */
  readonly closeups: ReadonlyMap<string, Closeup>;
  readonly isIntact: (path: string) => boolean;
  /** Source of each picture, by its id in the record, and its variant. */
  readonly shown: { readonly origins: ArrayLike<number>; readonly variants: ArrayLike<number> };
  readonly store: FolderStore;
  readonly onProgress: (done: number, total: number) => void;
}

/** Result of {@link rewrite}. */
export interface Rewritten {
  /** Open pictures; the caller closes them. */
  readonly pictures: Pictures;
  /** Originals of the site, by number. */
  readonly originals: ReadonlyMap<number, OriginalSums>;
  /** Sources whose originals or close-ups could not be made, and why. */
  readonly leftOut: readonly SkippedFile[];
  /** Paths of all files of the site with names of their own. */
  readonly files: ReadonlySet<string>;
}

/** Writes the tiles, originals and all other files of a reopened site into a store. */
export async function rewrite(reopened: Reopened, rewriting: Rewriting): Promise<Rewritten> {
  const { catalog, files, indexing, record, sets: before } = reopened;
  const { mosaic, placement, ids, wants, sums, kept, former, closeups: formerCloseups, isIntact, store } = rewriting;
  const { concurrency, signal } = indexing;
  const pictures = await Pictures.numbered(catalog, ids, { ...indexing, files });
  try {
    const { grid, layouts, baseUrl, names } = mosaic;
    const shape = { grid, recipe: record.recipe, pictures: pictures.count, layouts, baseUrl, names };
    const sets = siteSets(shape);
    const fullLevel = layouts.dzi?.fullLevel ?? 'link';
    const header = await spliceHeader(record.recipe);
    const only = { wants, known: knownSums(before, sums.tiles, sets) };
    const tiles = await renderPyramid({
      placement,
      pictures,
      sets,
      header,
      fullLevel,
      store,
      only,
      concurrency,
      onProgress: rewriting.onProgress,
      signal,
    });
    const cells = new Set(placement.cells);
    const shown = pictures.shown().map((one, picture) => (cells.has(picture) ? one : undefined));
    const { background } = indexing;
    const how = { store, background, quality: record.recipe.quality, concurrency, signal, onProgress: () => {} };
    const originals =
      mosaic.originals &&
      (await writeOriginals({
        ...how,
        pictures: shown,
        mode: mosaic.originals.mode,
        kept,
        ...(former && { former }),
      }));
    const sources = shown.map((one) => one?.source);
    const closeups =
      mosaic.closeup === undefined
        ? NO_CLOSEUPS
        : await writeCloseups({ ...how, sources, side: mosaic.closeup, former: formerCloseups, isIntact });
    const paths = await writeDocuments(reopened, shape, {
      ...rewriting,
      closeups: closeups.numbers,
      sums: {
        tiles,
        originals: originals?.sums ?? new Map(),
        files: new Map([...(originals?.indexSums ?? []), ...closeups.sums]),
      },
    });
    return {
      pictures,
      originals: originals?.sums ?? new Map<number, OriginalSums>(),
      leftOut: [...(originals?.leftOut ?? []), ...closeups.leftOut],
      files: paths,
    };
  } catch (error) {
    pictures.close();
    throw error;
  }
}

/**
 * Writes everything but tiles, originals and close-ups; needs no catalog. `sums` are those of tiles, originals, their index and
 * close-ups; `closeups` are the numbers of these, by the SHA-256 of their sources.
 *
 * @returns paths of all files with names of their own.
 */
export async function writeDocuments(
  { record, report }: Reopened,
  shape: SiteShape,
  {
    mosaic,
    placement,
    shown,
    closeups,
    store,
    sums,
  }: Pick<Rewriting, 'mosaic' | 'placement' | 'shown' | 'store'> & {
    readonly closeups: ReadonlyMap<string, number>;
    readonly sums: Omit<Checksums, 'cells'>;
  },
): Promise<ReadonlySet<string>> {
  const { credit, rights, names } = record;
  const nameOf = (cell: number) => names[shown.origins[placement.cells[cell]!]!]!;
  const about = aboutOf(mosaic, { credit, rights, names: mosaic.names }, nameOf);
  return await writeSite(store, {
    mosaic,
    placement,
    directory: { pictures: shown, table: recordedTable(record), closeups: closeupsById(record.sources, closeups) },
    target: mosaic.compare ? await comparedTarget(await readTargetFile(report, record)) : undefined,
    files: new Map<string, Iterable<string>>([...descriptorsOf(shape), ...iiifDocuments(shape, about)]),
    sums,
  });
}

/**
 * Returns the CRC-32 of the tiles of `sets`, as far as they were in `before`; 0 for others. A set grows and shrinks only by
 * rows, so tiles keep their index.
 */
function knownSums(before: readonly TileSet[], sums: Uint32Array, sets: readonly TileSet[]): Uint32Array {
  const old = tileSums(before, sums).bySet;
  const { tiles, bySet } = tileSums(sets);
  for (const [name, part] of bySet) part.set((old.get(name) ?? part).subarray(0, part.length));
  return tiles;
}

const NO_CHANGE = { before: [], after: new Set<string>() };

/**
 * Compares the files in `folder` with those of a site, and removes the equal ones from `folder`.
 *
 * @param paths of all files before and after that a change may leave out; those that are no more are to be removed from the site.
 */
export function differences(
  folder: string,
  site: string,
  { before, after }: { readonly before: Iterable<string>; readonly after: ReadonlySet<string> } = NO_CHANGE,
): Patch {
  const files: string[] = [];
  const found = readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((path) => path.replaceAll('\\', '/'));
  for (const path of found) {
    const [own, old] = [join(folder, path), join(site, path)];
    if (lstatSync(own).isDirectory()) continue;
    if (path !== CHECKSUMS_FILE && isSame(own, old)) rmSync(own);
    else files.push(path);
  }
  const gone = [...before].filter((path) => !after.has(path) && isOwnFile(path) && existsSync(join(site, path)));
  return { files, gone };
}

function isSame(a: string, b: string): boolean {
  const [own, other] = [a, b].map((path) => lstatSync(path, { throwIfNoEntry: false }));
  if (!own || !other?.isFile() || own.size !== other.size) return false;
  if (own.ino === other.ino && own.dev === other.dev) return true;
  return readFileSync(a).equals(readFileSync(b));
}

/** Yields the paths of all files of originals. */
export function* originalPaths(originals: ReadonlyMap<number, OriginalSums>): Generator<string> {
  for (const [original, facts] of originals) for (const { path } of originalParts({ original, ...facts })) yield path;
}
