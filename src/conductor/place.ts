import type { Catalog } from '../catalog/catalog.ts';
import { leftOutText, leftOutOf } from '../catalog/left-out.ts';
import { groupAlike } from '../catalog/near-duplicates.ts';
import { UserError } from '../errors.ts';
import { reasonText } from '../image/reasons.ts';
import { plural } from '../messages.ts';
import { matchGiven, match, type Matched } from '../match/match.ts';
import { turnsOf } from '../match/variants.ts';
import type { SourceFeatures } from '../colour/features.ts';
import { perSourceOf } from '../tiles/crops.ts';
import { chooseCrops, NO_CROPS } from './crops-in-use.ts';
import type { ResolvedOptions } from './options.ts';
import { givenCells, pinnedCells, PLACEMENT } from './pins.ts';
import type { Plan } from './plan.ts';
import { SourceNames } from './source-names.ts';
import type { StageClock } from './stage-clock.ts';

/** A placement of sources, and the facts behind it. */
export interface Placed extends Matched {
  readonly names: SourceNames;
  readonly features: SourceFeatures;
  /** Number of crops that a source might be shown in. */
  readonly crops: number;
  /** By source: lowest id of its near-duplicates. */
  readonly alike: Uint32Array;
}

/**
 * Places the sources of a catalog in the cells of a plan: by matching, or according to `--placement`.
 *
 * @throws {UserError} `no-images`; `too-few-images`; `no-placement`; `usage` for names that match no image.
 */
export async function placeSources(
  options: ResolvedOptions,
  { target, given, grid, files, recipe }: Plan,
  { catalog, clock }: { readonly catalog: Catalog; readonly clock: StageClock },
): Promise<Placed> {
  const names = new SourceNames(
    files.map(({ path }) => path),
    (path) => catalog.idOf(path),
    options.images,
  );
  refuseNone(catalog, names);
  const { cell } = recipe;
  const { length } = catalog.sources;
  const turns = turnsOf(options, cell);
  const { count: crops, masks } = given ? NO_CROPS : chooseCrops(catalog.sources, recipe, { options, turns });
  const features = catalog.sourceFeatures(given ? given.some(({ crop }) => crop > 0) : crops > 1);
  const alone = Uint32Array.from({ length }, (_, id) => id);
  const alike = options.nearDuplicates === 'group' ? groupAlike(catalog.hashes(), features.whole) : alone;
  const placed = await clock.time('match', (onProgress) =>
    given
      ? matchGiven(target, features, {
          grid,
          cell,
          cells: givenCells(given, { grid, names, usable: length, what: PLACEMENT }),
        })
      : match(target, features, {
          ...options,
          grid,
          cell,
          alike,
          turns,
          crops: masks,
          perSource: perSourceOf(crops),
          pins: pinnedCells(options.pins, grid, names),
          onProgress,
        }),
  );
  return { ...placed, names, features, crops, alike };
}

function refuseNone({ sources, skipped }: Catalog, names: SourceNames): void {
  if (sources.length > 0) return;
  const reasons = skipped.slice(0, 3).map(({ path, reason }) => `${names.nameOf(path)}: ${reasonText(reason)}`);
  throw new UserError(
    'no-images',
    `No usable image among ${plural(skipped.length, 'file')} (${reasons.join('; ')}${skipped.length > 3 ? '; …' : ''})`,
    `Left out: ${leftOutText(leftOutOf(skipped))}.`,
  );
}
