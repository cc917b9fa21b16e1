import { SourceChanged } from '../errors.ts';
import type { Strips } from '../jpeg/cut.ts';
import type { Placement, Recipe, Size, Source, Turn } from '../types.ts';
import type { Catalog } from './catalog.ts';
import { colourOrder } from './colour-order.ts';
import { type PictureOptions, type Place, soundPlaces } from './sound-places.ts';
import { indexingDecoders, updateCatalog } from './update.ts';

/** Pictures that a mosaic shows, numbered in the order of their colours, with access to their mips. */
export class Pictures {
  readonly recipe: Recipe;
  /** Source and turn of each picture. */
  readonly origins: Uint32Array;
  readonly turns: readonly Turn[];
  /** Notes for the user on damaged shards. */
  readonly notes: readonly string[];
  private readonly upright: Catalog;
  private readonly places: readonly Place[];

  private constructor(
    upright: Catalog,
    ids: readonly number[],
    { places, notes }: { readonly places: readonly Place[]; readonly notes: readonly string[] },
  ) {
    const usable = upright.sources.length;
    this.recipe = upright.recipe;
    this.upright = upright;
    this.origins = Uint32Array.from(ids, (id) => id % usable);
    this.turns = ids.map((id) => Math.floor(id / usable) as Turn);
    this.places = places;
    this.notes = notes;
  }

  /**
   * Numbers the pictures that a placement shows, brings the catalogs of turned pictures up to date, and verifies the
   * data kept of each picture.
   *
   * @param placed the placement, and the features of the sources of `catalog`.
   * @returns the pictures, and the placement by their numbers.
   * @throws {SourceChanged} if a file that has to be read again is gone, or holds another image.
   */
  static async of(
    catalog: Catalog,
    { features, ...placement }: Placement & { readonly features: Float32Array },
    options: PictureOptions,
  ): Promise<{ pictures: Pictures; placement: Placement }> {
    const usable = catalog.sources.length;
    const used = [...new Set(placement.cells)].toSorted((a, b) => a - b);
    const ids = colourOrder(used, features, (id) => id % usable);
    const pictures = await Pictures.numbered(catalog, ids, options);
    const numbers = new Map(ids.map((id, number) => [id, number]));
    const cells = placement.cells.map((id) => numbers.get(id)!);
    return { pictures, placement: { ...placement, cells } };
  }

  /**
   * Does the same for pictures that have their numbers: `ids` by number, possibly with repeats.
   *
   * @throws {SourceChanged} as {@link Pictures.of}.
   */
  static async numbered(catalog: Catalog, ids: readonly number[], options: PictureOptions): Promise<Pictures> {
    const usable = catalog.sources.length;
    const turnedIds = [...new Set(ids)].filter((id) => id >= usable).toSorted((a, b) => a - b);
    const turned = await indexTurned(catalog, turnedIds, options);
    const places = ids.map((id) => turned.get(id) ?? { catalog, id });
    return new Pictures(catalog, ids, await soundPlaces(places, options));
  }

  get count(): number {
    return this.places.length;
  }

  /** Returns the source of a picture. */
  sourceOf(picture: number): Source {
    return this.upright.sources[this.origins[picture]!]!;
  }

  /** See {@link Catalog.file}. */
  file(picture: number, size: Size, piece: number): Uint8Array {
    const { catalog, id } = this.places[picture]!;
    return catalog.file(id, size, piece);
  }

  /** See {@link Catalog.strips}. */
  strips(picture: number, size: Size, piece: number): Strips {
    const { catalog, id } = this.places[picture]!;
    return catalog.strips(id, size, piece);
  }

  /** See {@link Catalog.bytesOf}. */
  bytesOf(picture: number, size: Size, piece: number): number {
    const { catalog, id } = this.places[picture]!;
    return catalog.bytesOf(id, size, piece);
  }

  /** See {@link Catalog.pixels}. */
  pixels(picture: number, size: Size): Uint8Array {
    const { catalog, id } = this.places[picture]!;
    return catalog.pixels(id, size);
  }

  /** Closes all catalogs. */
  close(): void {
    for (const catalog of new Set([this.upright, ...this.places.map((place) => place.catalog)])) catalog.close();
  }
}

/**
 * Indexes the turned pictures `ids`.
 *
 * @returns the place of each, by id.
 */
async function indexTurned(
  upright: Catalog,
  ids: readonly number[],
  options: PictureOptions,
): Promise<Map<number, Place>> {
  const usable = upright.sources.length;
  const turned = new Map<number, Place>();
  if (ids.length === 0) return turned;
  const byPath = new Map(options.files.map((file) => [file.path, file]));
  // All turns share one start of the decoders.
  const decoders = indexingDecoders(options, ids.length);
  let done = 0;
  try {
    for (const turn of new Set(ids.map((id) => Math.floor(id / usable) as Turn))) {
      const own = ids.filter((id) => Math.floor(id / usable) === turn);
      const sources = own.map((id) => upright.sources[id % usable]!);
      const catalog = await updateCatalog(
        sources.map(({ path }) => byPath.get(path)!),
        {
          ...options,
          decoders,
          recipe: { ...upright.recipe, turn },
          onProgress: (now) => options.onProgress(done + now, ids.length),
        },
      );
      done += own.length;
      const found = new Map(catalog.sources.map(({ hash }, id) => [hash, id]));
      for (const [i, id] of own.entries()) {
        const at = found.get(sources[i]!.hash);
        if (at === undefined) throw new SourceChanged(sources[i]!.path);
        turned.set(id, { catalog, id: at });
      }
    }
  } finally {
    await decoders.close();
  }
  return turned;
}
