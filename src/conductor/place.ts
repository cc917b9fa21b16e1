import type { Catalog } from '../catalog/catalog.ts';
import { leftOutText, leftOutOf } from '../catalog/left-out.ts';
import { groupAlike } from '../catalog/near-duplicates.ts';
import { UserError } from '../errors.ts';
import { reasonText } from '../image/reasons.ts';
import { plural } from '../messages.ts';
import type { TargetPx } from '../image/target.ts';
import { matchGiven, match, type Matched } from '../match/match.ts';
import { MatchParts } from '../match/parts.ts';
import { turnsOf } from '../match/variants.ts';
import type { SourceFeatures } from '../colour/features.ts';
import { cropMasks, perSourceOf } from '../tiles/crops.ts';
import type { NearDuplicates, Size } from '../types.ts';
import { chooseCrops, NO_CROPS } from './crops-in-use.ts';
import type { ResolvedOptions } from './options.ts';
import { givenCells, pinnedCells, PLACEMENT } from './pins.ts';
import type { Plan } from './plan.ts';
import { SourceNames } from './source-names.ts';
import type { Clock } from './stage-clock.ts';

/** A placement of sources, and the facts behind it. */
export interface Placed extends Matched {
  readonly names: SourceNames;
  readonly features: SourceFeatures;
  /** Number of crops that a source might be shown in. */
  readonly crops: number;
  /** By source: lowest id of its near-duplicates. */
  readonly alike: Uint32Array;
}

/** Facts of a catalog and a target for placements; each is found once, at its first use. */
export class PlacingFacts {
  readonly catalog: Catalog;
  private readonly plan: Pick<Plan, 'target' | 'recipe'>;
  private readonly decode: ((shape: Size) => Promise<TargetPx>) | undefined;
  private readonly known = new Map<string, unknown>();

  /** @param decode returns the px of the target, cropped to a shape; by default, it is decoded for each match. */
  constructor(catalog: Catalog, plan: Pick<Plan, 'target' | 'recipe'>, decode?: (shape: Size) => Promise<TargetPx>) {
    this.catalog = catalog;
    this.plan = plan;
    this.decode = decode;
  }

  /** Returns the features of the sources. */
  features(crops: boolean): SourceFeatures {
    // Features with crops serve placements without them, too.
    const all = this.known.get('features true') as SourceFeatures | undefined;
    return all ?? this.once(`features ${crops}`, () => this.catalog.sourceFeatures(crops));
  }

  /** Returns the parts that matches share. */
  parts(crops: boolean): MatchParts {
    const features = this.features(crops);
    return this.once(
      `parts ${features.crops !== undefined}`,
      () => new MatchParts(this.plan.target, features, this.decode),
    );
  }

  /** Returns, by source, the lowest id of its near-duplicates. */
  alike(treatment: NearDuplicates): Uint32Array {
    return this.once(`alike ${treatment}`, () => {
      if (treatment === 'group') return groupAlike(this.catalog.hashes(), this.features(false).whole);
      return Uint32Array.from(this.catalog.sources, (_, id) => id);
    });
  }

  /** Returns, by source, the crops that it may be shown in, of the first `count`. */
  masks(count: number): Uint32Array {
    return this.once(`masks ${count}`, () => cropMasks(this.catalog.sources, this.plan.recipe, count));
  }

  private once<Value>(key: string, find: () => Value): Value {
    if (!this.known.has(key)) this.known.set(key, find());
    return this.known.get(key) as Value;
  }
}

/**
 * Places the sources of a catalog in the cells of a plan: by matching, or according to `--placement`.
 *
 * @throws {UserError} `no-images`; `too-few-images`; `no-placement`; `usage` for names that match no image.
 */
export async function placeSources(
  options: ResolvedOptions,
  { target, given, grid, files, recipe }: Plan,
  { clock, facts, quick }: { readonly clock: Clock<'match'>; readonly facts: PlacingFacts; readonly quick?: boolean },
): Promise<Placed> {
  const { catalog } = facts;
  const names = new SourceNames(
    files.map(({ path }) => path),
    (path) => catalog.idOf(path),
    options.images,
  );
  refuseNone(catalog, names);
  const { cell } = recipe;
  const turns = turnsOf(options, cell);
  const { count: crops, masks } = given ? NO_CROPS : chooseCrops((count) => facts.masks(count), options, turns.length);
  const withCrops = given ? given.some(({ crop }) => crop > 0) : masks.some((mask) => mask > 1);
  const features = facts.features(withCrops);
  const alike = facts.alike(options.nearDuplicates);
  const placed = await clock.time('match', (onProgress) =>
    given
      ? matchGiven(target, features, {
          grid,
          cell,
          cells: givenCells(given, { grid, names, usable: catalog.sources.length, what: PLACEMENT }),
        })
      : match(target, features, {
          ...options,
          grid,
          cell,
          alike,
          turns,
          crops: masks,
          perSource: perSourceOf(crops),
          ...(quick && { quick }),
          parts: facts.parts(withCrops),
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
