import type { Reopened } from '../mend/reopen.ts';
import { recordText } from '../site/record.ts';
import { reportsOf } from '../site/reports.ts';
import { recordedPictures } from './renumber.ts';
import type { TakenOut } from './take-out.ts';

/** The reports that change when images are taken out, by their names. */
export function reportsWithout(
  { record, names, idOf, catalog }: Reopened,
  { mosaic, placement, renumbered }: TakenOut,
  taken: ReadonlySet<number>,
): Map<string, Iterable<Uint8Array>> {
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
    target: record.target,
    sources: left.map((source) => record.sources[source]!),
    names: left.map((source) => names[source]!),
  });
  const reports = reportsOf({
    mosaic,
    placement,
    pictures: {
      origins: Uint32Array.from(pictures, ([source]) => source),
      turns: pictures.map(([, turn]) => turn),
    },
    sources: left.map((source) => ({ path: names[source]! })),
    skipped: [],
    nameOf: (name) => name,
  });
  reports.delete('skipped.csv');
  return new Map<string, Iterable<Uint8Array>>([...reports, ['record.json', [Buffer.from(text)]]]);
}
