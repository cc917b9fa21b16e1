import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readCsv } from '../format/csv.ts';
import { systemCode } from '../errors.ts';
import type { Reopened } from '../mend/reopen.ts';
import type { Reason } from '../image/reasons.ts';
import { recordedTable, recordedWeights, recordText } from '../site/record.ts';
import { tableOf } from '../site/source-table.ts';
import { reportsOf } from '../site/reports.ts';
import type { SkippedFile } from '../types.ts';
import type { NamedImages } from './named-images.ts';
import { recordedPictures } from './renumber.ts';
import type { TakenOut } from './take-out.ts';

/**
 * Reads `skipped.csv` of a site's reports: the names of files, and the reasons. Empty if there is no such report.
 *
 * @throws {UserError} `usage` if it is malformed.
 */
export async function readSkipped(report: string): Promise<SkippedFile[]> {
  const path = join(report, 'skipped.csv');
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return [];
    throw error;
  }
  const rows = readCsv(text, ['path', 'code'], path);
  return rows.map(({ fields }) => ({ path: fields['path'] ?? '', reason: (fields['code'] ?? '') as Reason }));
}

/** Makes the reports that change when images are removed: name -> blocks. */
export function reportsWithout(
  { record, names, idOf, catalog }: Reopened,
  { mosaic, placement, renumbered }: TakenOut,
  { named, skipped }: { readonly named: NamedImages; readonly skipped: readonly SkippedFile[] },
): Map<string, Iterable<Uint8Array>> {
  const { sources: taken, skipped: forgotten } = named;
  const left = [...record.sources.keys()].filter((source) => !taken.has(source));
  const places = new Map(left.map((source, place) => [source, place]));
  const sourceOf = new Map(idOf.flatMap((id, source) => (id === undefined ? [] : [[id, places.get(source)!]])));
  const pictures = recordedPictures(renumbered, catalog.sources.length, (id) => sourceOf.get(id)!);
  const { recipe, rules, credit, rights } = record;
  const text = recordText({
    mosaic,
    recipe,
    rules,
    credit,
    rights,
    placement,
    pictures,
    weights: recordedWeights(record),
    target: record.target,
    sources: left.map((source) => record.sources[source]!),
    table: tableOf(recordedTable(record), left),
  });
  const reports = reportsOf({
    mosaic,
    placement,
    pictures: {
      origins: Uint32Array.from(pictures, ([source]) => source),
      variants: pictures.map(([, variant]) => variant),
    },
    sources: left.map((source) => ({ path: names[source]! })),
    skipped: skipped.filter(({ path }) => !forgotten.has(path)),
    nameOf: (name) => name,
  });
  if (forgotten.size === 0) reports.delete('skipped.csv');
  return new Map<string, Iterable<Uint8Array>>([...reports, ['record.json', [Buffer.from(text)]]]);
}
