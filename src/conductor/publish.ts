import type { Catalog } from '../catalog/catalog.ts';
import type { Pictures } from '../catalog/pictures.ts';
import { usageOf, type SiteUsage } from '../fit/usage.ts';
import type { Checksums } from '../format/checksums.ts';
import type { MosaicJson } from '../format/mosaic-json.ts';
import { iiifDocuments } from '../layout/iiif.ts';
import { descriptorsOf } from '../layout/site-sets.ts';
import type { SiteShape } from '../layout/site-shape.ts';
import { turnsOf } from '../match/variants.ts';
import { comparedTarget, type RecordedRules, recordsOf, targetJpeg } from '../site/record.ts';
import { reportsOf } from '../site/reports.ts';
import type { Caption } from '../format/directory.ts';
import { closeupsById } from '../site/directory.ts';
import { writeSite } from '../site/site.ts';
import { type SourceTable, sourceTable } from '../site/source-table.ts';
import type { ReportFolder } from '../staging/report-folder.ts';
import type { Staging } from '../staging/staging.ts';
import type { FolderStore } from '../store/folder-store.ts';
import type { Layout, Placement, Size } from '../types.ts';
import { aboutOf } from '../layout/iiif-about.ts';
import type { MadeOriginals } from './originals.ts';
import type { ResolvedOptions } from './options.ts';
import type { Placed } from './place.ts';
import type { Plan } from './plan.ts';

/** Facts for the documents of a site and its reports; all tiles and originals are written. */
export interface BuiltSite {
  readonly options: ResolvedOptions;
  readonly plan: Plan;
  readonly catalog: Catalog;
  readonly placed: Placed;
  readonly placement: Placement;
  readonly pictures: Pictures;
  readonly shape: SiteShape;
  readonly mosaic: MosaicJson;
  /** Captions by source id. */
  readonly page: { readonly captions: ReadonlyMap<number, Caption> };
  readonly originals: MadeOriginals;
  /** CRC-32 of every tile, in the order of the sets. */
  readonly tileSums: Checksums['tiles'];
  readonly store: FolderStore;
}

/**
 * Writes the documents of a site, moves the site to its place, and writes its reports.
 *
 * @returns number of files and bytes as a host stores them, by layout and in all.
 */
export async function publishSite(
  parts: BuiltSite,
  { staging, report }: { readonly staging: Staging; readonly report: ReportFolder },
  onProgress: (done: number, total: number) => void,
): Promise<SiteUsage> {
  const { options, shape, store } = parts;
  const { signal } = options;
  onProgress(0, 3);
  const table = tableOfSources(parts);
  const targetJpg = await targetJpeg(parts.placed.targetCells.px, shape.grid);
  await writeDocuments(parts, table, parts.mosaic.compare ? await comparedTarget(targetJpg) : undefined);
  onProgress(1, 3);
  const usage = await usageOf(staging.folder, Object.keys(shape.layouts) as Layout[], signal);
  onProgress(2, 3);
  signal.throwIfAborted();
  await staging.commit({ found: usage.whole.files, written: store.files }, () =>
    report.write(() => reportFiles(parts, table, targetJpg)),
  );
  onProgress(3, 3);
  return usage;
}

async function writeDocuments(
  { options, shape, mosaic, catalog, placement, pictures, placed, originals, tileSums, store }: BuiltSite,
  table: SourceTable,
  target: Uint8Array | undefined,
): Promise<void> {
  const nameOf = (cell: number) => placed.names.nameOf(pictures.sourceOf(placement.cells[cell]!).path);
  const { numbers, sums } = originals.closeups;
  const closeups = closeupsById(
    catalog.sources.map(({ hash }) => hash),
    numbers,
  );
  const directory = { pictures, table, closeups };
  const documents = [...descriptorsOf(shape), ...iiifDocuments(shape, aboutOf(mosaic, options, nameOf))];
  await writeSite(store, {
    mosaic,
    placement,
    directory,
    target,
    files: new Map<string, Iterable<string>>(documents),
    sums: { tiles: tileSums, originals: originals.sums, files: new Map([...originals.indexSums, ...sums]) },
  });
}

/** Makes the table of all usable sources. */
function tableOfSources({ catalog: { sources }, placed: { names, features }, page }: BuiltSite): SourceTable {
  const about = { names: sources.map(({ path }) => names.nameOf(path)), captions: page.captions };
  return sourceTable(sources, features.whole, about);
}

function reportFiles(
  { options, plan, catalog, mosaic, placement, pictures, placed }: BuiltSite,
  table: SourceTable,
  targetJpg: Buffer,
) {
  const { sources, skipped } = catalog;
  const { recipe } = plan;
  const nameOf = (path: string) => placed.names.nameOf(path);
  const parts = { mosaic, placement, pictures, sources, skipped, nameOf };
  const rules = rulesOf(options, recipe.cell, { minDistance: placement.minDistance, crops: placed.crops });
  const { credit, rights } = options;
  const record = { ...parts, credit, rights, recipe, rules, table, weights: placed.weights, targetJpg };
  return new Map([...reportsOf(parts), ...recordsOf(record)]);
}

/** Returns the rules of the placement, for the record. */
function rulesOf(
  options: ResolvedOptions,
  cellSize: Size,
  kept: Pick<RecordedRules, 'minDistance' | 'crops'>,
): RecordedRules {
  const { maxUses, variety, useAll, nearDuplicates, adapt } = options;
  const most = Number.isFinite(maxUses) ? maxUses : null;
  return { maxUses: most, variety, useAll, nearDuplicates, adapt, turns: turnsOf(options, cellSize), ...kept };
}
