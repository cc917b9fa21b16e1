import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import type { Catalog } from '../catalog/catalog.ts';
import { type KnownImages, openCatalog } from '../catalog/known-images.ts';
import { updateCatalog, type UpdateOptions } from '../catalog/update.ts';
import { fromHex } from '../colour/hex.ts';
import { UserError } from '../errors.ts';
import { blockScript } from '../format/block-script.ts';
import { blocksOf } from '../format/cell-blocks.ts';
import { type Checksums, unpackChecksums } from '../format/checksums.ts';
import type { MosaicJson } from '../format/mosaic-json.ts';
import { siteSets } from '../layout/site-sets.ts';
import type { SiteShape } from '../layout/site-shape.ts';
import { countText } from '../messages.ts';
import { readRecord, recordedCells, type SiteRecord } from '../site/record.ts';
import type { TileSet } from '../tiles/tile-set.ts';
import { pictureId } from '../tiles/variants.ts';
import type { ScannedFile } from '../types.ts';
import { CHECKSUMS_FILE } from '../format/site-paths.ts';

/** The site to reopen, and what it is reopened with. */
export interface ReopenOptions {
  /** Folders of the site, of its reports and of the catalog. */
  readonly site: string;
  readonly report: string;
  readonly catalog: string;
  readonly concurrency: number;
  readonly signal: AbortSignal;
}

/** A site with the facts of its build. */
export interface Reopened {
  readonly mosaic: MosaicJson;
  readonly record: SiteRecord;
  readonly shape: SiteShape;
  readonly sets: readonly TileSet[];
  /** Picture number and cost of each cell. */
  readonly cells: Uint32Array;
  readonly costs: Float32Array;
  /** Names of the sources, by their ids in the record. */
  readonly names: readonly string[];
  /** Catalog of those of the record's sources that it still knows. */
  readonly catalog: Catalog;
  /** All images that the catalog held when it was opened; and the catalog's id of each source of the record. */
  readonly known: KnownImages;
  readonly idOf: readonly (number | undefined)[];
  readonly files: readonly ScannedFile[];
  /** Folder of the reports. */
  readonly report: string;
  readonly indexing: UpdateOptions;
}

/**
 * Reopens a site with its record and the catalog.
 *
 * @param mosaicOf returns the description of the site: its own `mosaic.json`, or that in the record.
 * @throws {UserError} `site` if the reports cannot be used; `catalog`.
 */
export async function reopen(
  mosaicOf: (record: SiteRecord) => Promise<MosaicJson>,
  options: ReopenOptions,
): Promise<Reopened> {
  const { report, catalog: folder, concurrency, signal } = options;
  const record = await readRecord(report);
  const mosaic = await mosaicOf(record);
  const background = fromHex(mosaic.background)!;
  // Sources are named by their content. Some may have been accepted leniently by the build, so all are here.
  const lenient = true;
  const indexing = { folder, recipe: record.recipe, background, lenient, concurrency, signal, onProgress: () => {} };
  const { known } = await openCatalog(indexing);
  const found = known.filesOf(record.sources);
  const files = found.filter((file) => file !== undefined);
  const catalog = await updateCatalog(files, indexing);
  const ids = new Map(catalog.sources.map(({ hash }, id) => [hash, id]));
  const { grid, pictures, layouts, baseUrl, names } = mosaic;
  const shape: SiteShape = { grid, recipe: record.recipe, pictures, layouts, baseUrl, names };
  return {
    mosaic,
    record,
    shape,
    sets: siteSets(shape),
    ...recordedCells(record),
    names: record.names,
    report,
    catalog,
    known,
    idOf: record.sources.map((hash) => ids.get(hash)),
    files,
    indexing,
  };
}

/**
 * Reads the checksums of a site.
 *
 * @throws {UserError} `site` if they cannot be used; a system error if they cannot be read.
 */
export async function readSums(place: string): Promise<Checksums> {
  const path = join(place, CHECKSUMS_FILE);
  // Reading a pipe would block.
  const bytes = (await stat(path)).isFile() ? await readFile(path) : Buffer.alloc(0);
  return unpackChecksums(bytes);
}

/**
 * Tells whether a placement is that of a site, by its checksums; undefined if they cannot be used.
 *
 * @param place folder of the site.
 */
export async function isPlacementOf(
  place: string,
  mosaic: Pick<MosaicJson, 'grid' | 'placement'>,
  cells: Uint32Array,
): Promise<boolean | undefined> {
  let sums: Uint32Array;
  try {
    sums = (await readSums(place)).cells;
  } catch {
    return undefined;
  }
  let i = 0;
  for (const block of blocksOf(mosaic.grid, mosaic.placement.block)) {
    const script = blockScript({ cells, grid: mosaic.grid }, block, mosaic.placement);
    if (crc32(script) !== sums[i++]) return false;
  }
  return i === sums.length;
}

/**
 * Refuses reports that do not match the site as it is now.
 *
 * @throws {UserError} `site`.
 */
export async function refuseForeign(place: string, { mosaic, cells, report }: Reopened): Promise<void> {
  if ((await isPlacementOf(place, mosaic, cells)) !== false) return;
  throw new UserError(
    'site',
    `The reports in ${report} are not of the site as it is now`,
    'Run the command again that was interrupted, name the reports of that site with --report, or build it again.',
  );
}

/** Computes the catalog's id of each picture, by number: variant x number of sources + source. */
export function pictureIds({ record, idOf, catalog }: Reopened): number[] {
  return record.pictures.map(([source, variant]) => pictureId(idOf[source]!, variant, catalog.sources.length));
}

/**
 * Refuses a catalog that no longer knows a needed image of the site.
 *
 * @throws {UserError} `catalog`.
 */
export function refuseForgotten(reopened: Reopened, isNeeded: (source: number) => boolean): void {
  const error = forgottenError(reopened, isNeeded);
  if (error) throw error;
}

/** Makes the error for a catalog that no longer knows a needed image of the site; undefined if it knows them all. */
export function forgottenError(
  { idOf, record, indexing }: Reopened,
  isNeeded: (source: number) => boolean,
): UserError | undefined {
  const forgotten = [...new Set(record.pictures.map(([source]) => source))].filter(
    (source) => isNeeded(source) && idOf[source] === undefined,
  );
  if (forgotten.length === 0) return undefined;
  return new UserError(
    'catalog',
    `The catalog ${indexing.folder} no longer knows ${countText(forgotten.length)} of the images that the site shows`,
    'Name the catalog that it was built with by --catalog, or build the site again.',
  );
}
