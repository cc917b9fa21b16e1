import { basename, dirname } from 'node:path';
import { SourceChanged } from '../errors.ts';
import type { ScannedFile } from '../types.ts';
import type { Catalog } from './catalog.ts';
import { removeShard } from './shard-folder.ts';
import { damagedNote, updateCatalog, type UpdateOptions } from './update.ts';

/** How pictures are indexed, whose sources were found in `files`. */
export interface PictureOptions extends UpdateOptions {
  readonly files: readonly ScannedFile[];
}

/** Place of a picture's mips: source `id` of a catalog. */
export interface Place {
  readonly catalog: Catalog;
  readonly id: number;
}

/**
 * Verifies all data kept of some pictures. Damaged shards are removed, and the sources in them that the pictures show
 * are indexed again.
 *
 * @returns the places of the pictures after that, and notes for the user.
 * @throws {SourceChanged} if a file that has to be read again is gone, or holds another image.
 */
export async function soundPlaces(
  places: readonly Place[],
  options: PictureOptions,
): Promise<{ readonly places: Place[]; readonly notes: string[] }> {
  const sound = [...places];
  let shards = 0;
  for (const catalog of new Set(places.map((place) => place.catalog))) {
    const own = places.flatMap((place, picture) => (place.catalog === catalog ? [picture] : []));
    const ids = own.map((picture) => places[picture]!.id);
    const damaged = await catalog.damaged(ids, options.signal);
    if (damaged.size === 0) continue;
    shards += damaged.size;
    for (const shard of damaged) await removeShard(dirname(shard), basename(shard, '.bin'));
    const lost = own.filter((picture) => damaged.has(catalog.shardOf(places[picture]!.id)));
    const found = await indexAgain(catalog, new Set(lost.map((picture) => places[picture]!.id)), options);
    for (const picture of lost) sound[picture] = found.get(places[picture]!.id)!;
  }
  return { places: sound, notes: shards ? [damagedNote(shards)] : [] };
}

/**
 * Indexes the sources `lost` of a catalog again.
 *
 * @returns the new place of each, by id.
 */
async function indexAgain(
  catalog: Catalog,
  lost: ReadonlySet<number>,
  options: PictureOptions,
): Promise<Map<number, Place>> {
  const paths = new Set([...lost].map((id) => catalog.sources[id]!.path));
  const own = options.files.filter(({ path }) => paths.has(path));
  const variants = new Map<string, number[]>();
  for (const id of lost) {
    const { path } = catalog.sources[id]!;
    variants.set(path, [...(variants.get(path) ?? []), catalog.variants[id]!]);
  }
  const again = await updateCatalog(own, { ...options, variants, recipe: catalog.recipe });
  const ids = new Map(again.sources.map(({ hash }, id) => [`${hash}/${again.variants[id]!}`, id]));
  return new Map(
    [...lost].map((id) => {
      const { hash, path } = catalog.sources[id]!;
      const now = ids.get(`${hash}/${catalog.variants[id]!}`);
      if (now === undefined) throw new SourceChanged(path);
      return [id, { catalog: again, id: now }];
    }),
  );
}
