import { csvBlocks } from '../format/csv.ts';
import type { MosaicJson } from '../format/mosaic-json.ts';
import { pageAddress } from '../format/page-address.ts';
import { reasonText } from '../image/reasons.ts';
import { cropName } from '../tiles/crops.ts';
import { cropOfVariant, turnOfVariant } from '../tiles/variants.ts';
import type { Placement, SkippedFile, Source } from '../types.ts';

/** Facts that reports are made from. */
export interface ReportParts {
  readonly mosaic: MosaicJson;
  readonly placement: Placement;
  /** Source id and variant of each picture, by number. */
  readonly pictures: { readonly origins: Uint32Array; readonly variants: readonly number[] };
  /** All usable sources, by id. */
  readonly sources: readonly Pick<Source, 'path'>[];
  readonly skipped: readonly SkippedFile[];
  /** Name that reports give to the image at a path. */
  readonly nameOf: (path: string) => string;
}

/** File names of the reports. */
export const REPORTS = [
  'skipped.csv',
  'placement.csv',
  'sources.csv',
  'links.csv',
  'quality.json',
  'record.json',
  'target.jpg',
] as const;

/** Makes the reports but the record: name -> blocks. There may be millions of lines, one per cell. */
export function reportsOf({
  mosaic,
  placement,
  pictures,
  sources,
  skipped,
  nameOf,
}: ReportParts): Map<(typeof REPORTS)[number], Iterable<Buffer>> {
  const names = sources.map(({ path }) => nameOf(path));
  return new Map<(typeof REPORTS)[number], Iterable<Buffer>>([
    ['skipped.csv', csvBlocks(skippedLines(skipped, nameOf))],
    ['placement.csv', csvBlocks(placementLines(placement, pictures, names))],
    ['sources.csv', csvBlocks(sourceLines(placement, pictures, names))],
    ['links.csv', csvBlocks(linkLines(mosaic, { placement, pictures, names }))],
    ['quality.json', [Buffer.from(`${JSON.stringify(qualityReport(mosaic), undefined, 2)}\n`)]],
  ]);
}

function* skippedLines(
  skipped: readonly SkippedFile[],
  nameOf: (path: string) => string,
): Generator<readonly (string | number)[]> {
  yield ['path', 'code', 'reason'];
  for (const { path, reason } of skipped) yield [nameOf(path), reason, reasonText(reason)];
}

function* placementLines(
  { cells, costs, grid }: Placement,
  { origins, variants }: ReportParts['pictures'],
  names: readonly string[],
): Generator<readonly (string | number)[]> {
  const turned = variants.some((variant) => turnOfVariant(variant) > 0);
  const cropped = variants.some((variant) => cropOfVariant(variant) > 0);
  yield ['column', 'row', 'source', 'cost', ...(turned ? ['turn'] : []), ...(cropped ? ['crop'] : [])];
  for (const [cell, picture] of cells.entries()) {
    const place = [cell % grid.columns, Math.floor(cell / grid.columns)];
    const variant = variants[picture]!;
    const turn = turned ? [turnOfVariant(variant)] : [];
    const crop = cropped ? [cropName(cropOfVariant(variant))] : [];
    yield [...place, names[origins[picture]!]!, Number(costs[cell]!.toPrecision(5)), ...turn, ...crop];
  }
}

function* sourceLines(
  { cells, grid }: Placement,
  { origins }: ReportParts['pictures'],
  names: readonly string[],
): Generator<readonly (string | number)[]> {
  const uses = new Uint32Array(names.length);
  const first = new Int32Array(names.length).fill(-1);
  for (const [cell, picture] of cells.entries()) {
    const source = origins[picture]!;
    if (uses[source]!++ === 0) first[source] = cell;
  }
  yield ['source', 'uses', 'column', 'row'];
  for (const [source, name] of names.entries()) {
    const cell = first[source]!;
    const place = cell < 0 ? ['', ''] : [cell % grid.columns, Math.floor(cell / grid.columns)];
    yield [name, uses[source]!, ...place];
  }
}

/** Makes the lines of the links that open the page at each source; sources that no cell shows have none. */
function* linkLines(
  { names: told, baseUrl }: Pick<MosaicJson, 'names' | 'baseUrl'>,
  {
    placement: { cells, grid },
    pictures: { origins },
    names,
  }: Pick<ReportParts, 'placement' | 'pictures'> & { readonly names: readonly string[] },
): Generator<readonly (string | number)[]> {
  const first = new Map<number, number>();
  for (const [cell, picture] of cells.entries()) {
    const source = origins[picture]!;
    if (!first.has(source)) first.set(source, cell);
  }
  const page = pageAddress(baseUrl);
  yield ['source', 'link'];
  for (const [source, name] of names.entries()) {
    const cell = first.get(source);
    // The page of a site without names knows places only.
    const place = cell === undefined ? '' : `${page}#c=${cell % grid.columns},${Math.floor(cell / grid.columns)}`;
    yield [name, cell === undefined || told === 'none' ? place : `${page}#s=${encodeURIComponent(name)}`];
  }
}

function qualityReport({ grid, sources, quality }: MosaicJson) {
  return { format: 'zoomosaic-quality', version: 1, grid, sources, quality };
}
