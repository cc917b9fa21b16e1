import type { Strips } from '../jpeg/cut.ts';
import type { Mip } from '../tile-plan.ts';
import type { Recipe, ScannedFile, Turn } from '../types.ts';
import type { Catalog } from './catalog.ts';
import { updateCatalog, type UpdateOptions } from './update.ts';

/** The mips of pictures by their ids (see `Placement`): of sources as they are, and of those that stand turned. */
export class Pictures {
  readonly recipe: Recipe;
  private readonly upright: Catalog;
  private readonly turned: ReadonlyMap<number, { readonly catalog: Catalog; readonly id: number }>;

  private constructor(upright: Catalog, turned: Pictures['turned']) {
    this.recipe = upright.recipe;
    this.upright = upright;
    this.turned = turned;
  }

  /** Pictures of which none is turned. */
  static upright(catalog: Catalog): Pictures {
    return new Pictures(catalog, new Map());
  }

  /**
   * Brings catalogs of turned sources up to date, as far as `cells` show them, and returns the pictures.
   *
   * @param files that `catalog` was made from.
   */
  static async of(
    catalog: Catalog,
    cells: Uint32Array,
    files: readonly ScannedFile[],
    options: UpdateOptions,
  ): Promise<Pictures> {
    const usable = catalog.sources.length;
    const used = [...new Set(cells)].filter((id) => id >= usable).toSorted((a, b) => a - b);
    const turned = new Map<number, { catalog: Catalog; id: number }>();
    const opened = new Pictures(catalog, turned);
    const byPath = used.length > 0 ? new Map(files.map((file) => [file.path, file])) : undefined;
    let done = 0;
    for (const turn of new Set(used.map((id) => Math.floor(id / usable) as Turn))) {
      const ids = used.filter((id) => Math.floor(id / usable) === turn);
      const sources = ids.map((id) => catalog.sources[id % usable]!);
      const own = await updateCatalog(
        sources.map(({ path }) => byPath!.get(path)!),
        {
          ...options,
          recipe: { ...catalog.recipe, turn },
          onProgress: (now) => options.onProgress(done + now, used.length),
        },
      );
      done += ids.length;
      const found = new Map(own.sources.map(({ hash }, id) => [hash, id]));
      for (const [i, id] of ids.entries()) {
        const at = found.get(sources[i]!.hash);
        if (at === undefined) throw new Error(`${sources[i]!.path} has changed while it was being used`);
        turned.set(id, { catalog: own, id: at });
      }
    }
    return opened;
  }

  /** See {@link Catalog.tile}. */
  tile(id: number, mip: Mip, x: number, y: number): Uint8Array {
    const { catalog, id: own } = this.find(id);
    return catalog.tile(own, mip, x, y);
  }

  /** See {@link Catalog.strip}. */
  strip(id: number, size: number): Strips {
    const { catalog, id: own } = this.find(id);
    return catalog.strip(own, size);
  }

  /** See {@link Catalog.pixels}. */
  pixels(id: number, size: number): Uint8Array {
    const { catalog, id: own } = this.find(id);
    return catalog.pixels(own, size);
  }

  /** Closes all catalogs. */
  close(): void {
    this.upright.close();
    for (const { catalog } of this.turned.values()) catalog.close();
  }

  private find(id: number): { readonly catalog: Catalog; readonly id: number } {
    return this.turned.get(id) ?? { catalog: this.upright, id };
  }
}
