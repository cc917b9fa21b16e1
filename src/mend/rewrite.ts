import { existsSync, lstatSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { Pictures } from '../catalog/pictures.ts';
import { spliceHeader } from '../catalog/recipe-key.ts';
import { aboutOf } from '../conductor/describe.ts';
import { CHECKSUMS_FILE, type Checksums, type OriginalSums, tileSums } from '../format/checksums.ts';
import type { MosaicJson } from '../format/mosaic-json.ts';
import { originalParts } from '../format/original-index.ts';
import { iiifDocuments } from '../layout/iiif.ts';
import { descriptorsOf, siteSets } from '../layout/site-sets.ts';
import type { SiteShape } from '../layout/site-shape.ts';
import { type KeptOriginal, writeOriginals } from '../originals/originals.ts';
import { renderPyramid } from '../pyramid/pyramid.ts';
import { writeSite } from '../site/site.ts';
import type { Patch } from '../staging/patch.ts';
import type { FolderStore } from '../store/folder-store.ts';
import type { TileSet } from '../tiles/tile-set.ts';
import type { Placement, SkippedFile } from '../types.ts';
import type { Reopened } from './reopen.ts';

/** What of a site is written anew. */
export interface Rewriting {
  /** The site as it will be told. */
  readonly mosaic: MosaicJson;
  readonly placement: Placement;
  /** Id of each picture in the catalog, by number: turn x number of sources + source. */
  readonly ids: readonly number[];
  /** Whether a tile is to be made; the others are as `sums` say. */
  readonly wants: (set: TileSet, column: number, row: number) => boolean;
  /** Of the site as it is. */
  readonly sums: Checksums;
  /** Originals that are as they should be, by the hashes of their sources. */
  readonly kept: ReadonlyMap<string, KeptOriginal>;
  /** Those that there were: ones that cannot be made again are told of as they were. */
  readonly former?: ReadonlyMap<string, KeptOriginal>;
  /** Name of the source of a picture. */
  readonly nameOf: (picture: number) => string;
  readonly store: FolderStore;
  readonly onProgress: (done: number, total: number) => void;
}

/** What was written. */
export interface Rewritten {
  /** The caller closes them. */
  readonly pictures: Pictures;
  /** Originals that the site has. */
  readonly originals: ReadonlyMap<number, OriginalSums>;
  /** Sources whose originals could not be made, and why. */
  readonly leftOut: readonly SkippedFile[];
}

/** Writes tiles, originals and all other files of a site that has been opened again into a store. */
export async function rewrite(reopened: Reopened, rewriting: Rewriting): Promise<Rewritten> {
  const { catalog, files, indexing, record, sets: before } = reopened;
  const { mosaic, placement, ids, wants, sums, kept, former, store, onProgress } = rewriting;
  const { concurrency, signal } = indexing;
  const pictures = await Pictures.numbered(catalog, ids, files, indexing);
  try {
    const { grid, layouts, names } = mosaic;
    const shape = { grid, recipe: record.recipe, pictures: pictures.count, layouts, names };
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
      onProgress,
      signal,
    });
    const originals =
      mosaic.originals &&
      (await writeOriginals({
        pictures: pictures.turns.map((turn, picture) => ({ source: pictures.sourceOf(picture), turn })),
        mode: mosaic.originals.mode,
        store,
        kept,
        ...(former && { former }),
        background: indexing.background,
        quality: record.recipe.quality,
        concurrency,
        signal,
        onProgress: () => {},
      }));
    writeDocuments(reopened, shape, {
      ...rewriting,
      sums: { tiles, originals: originals?.sums ?? new Map(), files: originals?.indexSums ?? new Map() },
    });
    return {
      pictures,
      originals: originals?.sums ?? new Map<number, OriginalSums>(),
      leftOut: originals?.leftOut ?? [],
    };
  } catch (error) {
    pictures.close();
    throw error;
  }
}

/** Writes all but tiles and originals: that needs no catalog. `sums` are those of tiles, originals, and their index. */
export function writeDocuments(
  { record: { credit, rights } }: Reopened,
  shape: SiteShape,
  {
    mosaic,
    placement,
    nameOf,
    store,
    sums,
  }: Pick<Rewriting, 'mosaic' | 'placement' | 'nameOf' | 'store'> & {
    readonly sums: Omit<Checksums, 'cells'>;
  },
): void {
  const about = aboutOf(mosaic, { credit, rights, names: mosaic.names }, (cell) => nameOf(placement.cells[cell]!));
  writeSite(store, {
    mosaic,
    placement,
    files: new Map<string, Iterable<string>>([...descriptorsOf(shape), ...iiifDocuments(shape, about)]),
    sums,
  });
}

/** CRC-32 of the tiles of `sets` as far as they were there `before`; 0 of others. Sets only grow by rows. */
function knownSums(before: readonly TileSet[], sums: Uint32Array, sets: readonly TileSet[]): Uint32Array {
  const old = tileSums(before, sums).bySet;
  const { tiles, bySet } = tileSums(sets);
  for (const [name, part] of bySet) part.set((old.get(name) ?? part).subarray(0, part.length));
  return tiles;
}

/** What of the files in `folder` differs from those of a site, and which of its originals are no longer there: removes the others from `folder`. */
export function differences(folder: string, site: string, before: Iterable<string>, after: ReadonlySet<string>): Patch {
  const files: string[] = [];
  const paths = readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((path) => path.replaceAll('\\', '/'));
  for (const path of paths) {
    const [own, old] = [join(folder, path), join(site, path)];
    if (lstatSync(own).isDirectory()) continue;
    if (path !== CHECKSUMS_FILE && isSame(own, old)) rmSync(own);
    else files.push(path);
  }
  const gone = [...before].filter((path) => !after.has(path) && existsSync(join(site, path)));
  return { files, gone };
}

function isSame(a: string, b: string): boolean {
  const [own, other] = [a, b].map((path) => lstatSync(path, { throwIfNoEntry: false }));
  if (!own || !other?.isFile() || own.size !== other.size) return false;
  if (own.ino === other.ino && own.dev === other.dev) return true;
  return readFileSync(a).equals(readFileSync(b));
}

/** Paths of all files of originals, which are told by their numbers. */
export function* originalPaths(originals: ReadonlyMap<number, OriginalSums>): Generator<string> {
  for (const [original, facts] of originals) for (const { path } of originalParts({ original, ...facts })) yield path;
}
