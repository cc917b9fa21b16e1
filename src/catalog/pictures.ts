import { meanLabOf, type SourceFeatures } from '../colour/features.ts';
import { SourceChanged } from '../errors.ts';
import type { Strips } from '../jpeg/cut.ts';
import { cropRect } from '../tiles/crops.ts';
import { cropOfVariant, turnOfVariant } from '../tiles/variants.ts';
import type { Placement, Recipe, Rect, Size, Source, Turn } from '../types.ts';
import type { Catalog } from './catalog.ts';
import { colourOrder } from './colour-order.ts';
import { type PictureOptions, type Place, soundPlaces } from './sound-places.ts';
import { updateCatalog } from './update.ts';

/** Pictures that a mosaic shows, numbered in the order of their colours, with access to their mips. */
export class Pictures {
  readonly recipe: Recipe;
  /** Source of each picture, and its variant; see `Variant`. */
  readonly origins: Uint32Array;
  readonly variants: readonly number[];
  /** Notes for the user on damaged shards. */
  readonly notes: readonly string[];
  private readonly whole: Catalog;
  private readonly places: readonly Place[];

  private constructor(
    whole: Catalog,
    ids: readonly number[],
    { places, notes }: { readonly places: readonly Place[]; readonly notes: readonly string[] },
  ) {
    const usable = whole.sources.length;
    this.recipe = whole.recipe;
    this.whole = whole;
    this.origins = Uint32Array.from(ids, (id) => id % usable);
    this.variants = ids.map((id) => Math.floor(id / usable));
    this.places = places;
    this.notes = notes;
  }

  /**
   * Numbers the pictures that a placement shows, indexes those that are crops or turned, and verifies the data kept
   * of each picture.
   *
   * @param placed the placement, and the features of the sources of `catalog`.
   * @returns the pictures, and the placement by their numbers.
   * @throws {SourceChanged} if a file that has to be read again is gone, or holds another image.
   */
  static async of(
    catalog: Catalog,
    { features, ...placement }: Placement & { readonly features: SourceFeatures },
    options: PictureOptions,
  ): Promise<{ pictures: Pictures; placement: Placement }> {
    const usable = catalog.sources.length;
    const used = [...new Set(placement.cells)].toSorted((a, b) => a - b);
    const ids = colourOrder(used, (id) => meanLabOf(features, id % usable, cropOfVariant(Math.floor(id / usable))));
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
    const variantIds = [...new Set(ids)].filter((id) => id >= usable).toSorted((a, b) => a - b);
    const variants = await indexVariants(catalog, variantIds, options);
    const places = ids.map((id) => variants.get(id) ?? { catalog, id });
    return new Pictures(catalog, ids, await soundPlaces(places, options));
  }

  get count(): number {
    return this.places.length;
  }

  /** Returns the source of a picture. */
  sourceOf(picture: number): Source {
    return this.whole.sources[this.origins[picture]!]!;
  }

  /** Lists what the pictures show, by number: a source, the part of it, upright px, and the orientation. */
  shown(): { readonly source: Source; readonly crop: Rect; readonly turn: Turn }[] {
    return this.variants.map((variant, picture) => {
      const source = this.sourceOf(picture);
      const crop = cropRect(source, cropOfVariant(variant), this.recipe.crop);
      return { source, crop, turn: turnOfVariant(variant) };
    });
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
    for (const catalog of new Set([this.whole, ...this.places.map((place) => place.catalog)])) catalog.close();
  }
}

/**
 * Indexes the pictures `ids`, which are no whole, upright sources.
 *
 * @returns the place of each, by id.
 */
async function indexVariants(
  whole: Catalog,
  ids: readonly number[],
  options: PictureOptions,
): Promise<Map<number, Place>> {
  const usable = whole.sources.length;
  const found = new Map<number, Place>();
  if (ids.length === 0) return found;
  const variants = new Map<string, number[]>();
  for (const id of ids) {
    const { path } = whole.sources[id % usable]!;
    const own = variants.get(path) ?? [];
    variants.set(path, own);
    own.push(Math.floor(id / usable));
  }
  const files = options.files.filter(({ path }) => variants.has(path));
  const catalog = await updateCatalog(files, { ...options, variants, recipe: whole.recipe });
  const places = new Map(catalog.sources.map(({ hash }, id) => [`${hash}/${catalog.variants[id]!}`, id]));
  for (const id of ids) {
    const { hash, path } = whole.sources[id % usable]!;
    const at = places.get(`${hash}/${Math.floor(id / usable)}`);
    if (at === undefined) throw new SourceChanged(path);
    found.set(id, { catalog, id: at });
  }
  return found;
}
