import { groupAlike } from '../catalog/near-duplicates.ts';
import { UserError } from '../errors.ts';
import type { MosaicJson } from '../format/mosaic-json.ts';
import { FREE } from '../match/jobs.ts';
import { refill } from '../match/refill.ts';
import { distanceConflicts, measureUses, usesOf } from '../measure/uses.ts';
import { type Reopened, refuseForgotten } from '../mend/reopen.ts';
import type { Changes } from '../mend/touched.ts';
import { readTarget, recordedWeights } from '../site/record.ts';
import { cropMasks } from '../tiles/crops.ts';
import { cropOfVariant, pictureId } from '../tiles/variants.ts';
import type { Placement } from '../types.ts';
import type { NamedImages } from './named-images.ts';
import { type Renumbered, renumber } from './renumber.ts';

/** A mosaic without the removed images. */
export interface TakenOut {
  readonly mosaic: MosaicJson;
  readonly placement: Placement;
  readonly renumbered: Renumbered;
  readonly changes: Changes;
  /** Names of similar images, and of the same photographs in another format; these stay. */
  readonly alike: readonly string[];
}

/**
 * Refills the cells that show removed images.
 *
 * @param report folder of the site's reports.
 * @throws {UserError} `no-images` if none is left; `no-placement`; `catalog`.
 */
export async function takeOut(
  reopened: Reopened,
  { sources: taken, twins }: NamedImages,
  report: string,
): Promise<TakenOut> {
  const { catalog, idOf, record, cells, costs, mosaic } = reopened;
  refuseForgotten(reopened, (source) => !taken.has(source));
  const { grid } = mosaic;
  const usable = catalog.sources.length;
  const goneIds = new Set([...taken].map((source) => idOf[source]));
  if (usable - goneIds.size < 1) {
    throw new UserError(
      'no-images',
      'No image is left for the site',
      'Remove the site instead, or build it of others.',
    );
  }
  const before = record.pictures.map(([source, variant, spare]) => {
    const id = idOf[source];
    return id === undefined || taken.has(source) || spare ? undefined : pictureId(id, variant, usable);
  });
  const shown = cells.map((number) => before[number] ?? FREE);
  const { maxUses, nearDuplicates, useAll, variety, adapt, minDistance, turns, crops } = record.rules;
  const features = catalog.sourceFeatures(
    crops > 1 || record.pictures.some(([, variant]) => cropOfVariant(variant) > 0),
  );
  const own = Uint32Array.from({ length: usable }, (_, id) => id);
  const lookalikes = groupAlike(catalog.hashes(), features.whole);
  const alike = nearDuplicates === 'group' ? lookalikes : own;
  const filled = refill({
    grid,
    cells: shown,
    adapt,
    features,
    turns,
    crops: cropMasks(catalog.sources, record.recipe, crops),
    alike,
    minDistance,
    target: await readTarget(report, record),
    isAllowed: (id) => !goneIds.has(id),
    sharing: useAll ? own : alike,
    rules: { maxUses: maxUses ?? Infinity, variety, useAll },
    weights: recordedWeights(record),
  });
  const renumbered = renumber(before, shown);
  const placement: Placement = {
    grid,
    minDistance,
    gap: mosaic.quality.gap,
    distanceCost: mosaic.quality.distanceCost,
    afarCost: mosaic.quality.afarCost ?? 0,
    cells: renumbered.cells,
    costs: costs.map((cost, cell) => filled.get(cell) ?? cost),
  };
  const goneGroups = new Set([...goneIds].map((id) => (id === undefined ? -1 : lookalikes[id]!)));
  const same = new Set(twins.sources.map((source) => idOf[source]));
  const stay = [...own].filter((id) => !goneIds.has(id) && (same.has(id) || goneGroups.has(lookalikes[id]!)));
  return {
    mosaic: describe(reopened, { taken: taken.size, shown, renumbered, alike, goneIds }),
    placement,
    renumbered,
    changes: {
      cells: Uint8Array.from(cells, (number, cell) => {
        const now = renumbered.cells[cell]!;
        return now !== number || renumbered.changed.has(now) ? 1 : 0;
      }),
      pictures: renumbered.changed,
      before: mosaic.pictures,
      now: renumbered.ids.length,
    },
    alike: stay.map((id) => reopened.names[idOf.indexOf(id)]!),
  };
}

/** Makes the `mosaic.json` of the changed site. The measured likeness is still that of the build. */
function describe(
  { mosaic, catalog }: Reopened,
  {
    taken,
    shown,
    renumbered,
    alike,
    goneIds,
  }: {
    readonly taken: number;
    readonly shown: Uint32Array;
    readonly renumbered: Renumbered;
    readonly alike: Uint32Array;
    readonly goneIds: ReadonlySet<number | undefined>;
  },
): MosaicJson {
  const { grid, sources, quality } = mosaic;
  const usable = catalog.sources.length;
  const shownSources = shown.map((id) => id % usable);
  const uses = usesOf(shownSources, usable).filter((_, id) => !goneIds.has(id));
  const used = [...new Set(shownSources)].map((id) => catalog.sources[id]!);
  const left = [...alike.keys()].filter((id) => !goneIds.has(id));
  return {
    ...mosaic,
    pictures: renumbered.ids.length,
    sources: {
      ...sources,
      found: sources.found - taken,
      usable: sources.usable - taken,
      used: used.length,
      nearDuplicates: left.length - new Set(left.map((id) => alike[id])).size,
      enlarged: used.filter(({ enlarged }) => enlarged).length,
      verbatim: used.filter(({ verbatim }) => verbatim).length,
    },
    placement: { ...mosaic.placement, type: renumbered.ids.length <= 65536 ? 'u16' : 'u32' },
    quality: {
      ...quality,
      ...measureUses(uses, shown.length),
      distanceConflicts: distanceConflicts(grid, shownSources, { alike, distance: quality.minDistance }),
    },
  };
}
