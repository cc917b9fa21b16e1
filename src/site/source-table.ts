import { FEATURE_LENGTH } from '../colour/features.ts';
import type { Caption } from '../format/directory.ts';
import { LOOK_LENGTH, writeLook } from '../format/look.ts';
import type { Source } from '../types.ts';

/** Numbers of a source's size and whole: width, height; left, top, width, height. */
export const SIZE_LENGTH = 6;

/** What the directory tells of sources, by id. */
export interface SourceTable {
  readonly names: readonly string[];
  /** {@link SIZE_LENGTH} numbers per source, upright px. */
  readonly sizes: Uint32Array;
  /** {@link LOOK_LENGTH} bytes per source. */
  readonly looks: Uint8Array;
  readonly captions: ReadonlyMap<number, Caption>;
}

/**
 * Makes the table of all sources of a catalog.
 *
 * @param features features of the wholes, {@link FEATURE_LENGTH} per source.
 */
export function sourceTable(
  sources: readonly Pick<Source, 'width' | 'height' | 'crop'>[],
  features: Float32Array,
  about: Pick<SourceTable, 'names' | 'captions'>,
): SourceTable {
  const sizes = new Uint32Array(sources.length * SIZE_LENGTH);
  const looks = new Uint8Array(sources.length * LOOK_LENGTH);
  for (const [id, { width, height, crop }] of sources.entries()) {
    sizes.set([width, height, crop.left, crop.top, crop.width, crop.height], id * SIZE_LENGTH);
    writeLook(features, id * FEATURE_LENGTH, { out: looks, at: id * LOOK_LENGTH });
  }
  return { ...about, sizes, looks };
}

/** Returns the table of some of the sources, in the order of `ids`. */
export function tableOf({ names, sizes, looks, captions }: SourceTable, ids: readonly number[]): SourceTable {
  const part = <Values extends Uint32Array | Uint8Array>(values: Values, out: Values, length: number): Values => {
    for (const [at, id] of ids.entries()) out.set(values.subarray(id * length, (id + 1) * length), at * length);
    return out;
  };
  return {
    names: ids.map((id) => names[id]!),
    sizes: part(sizes, new Uint32Array(ids.length * SIZE_LENGTH), SIZE_LENGTH),
    looks: part(looks, new Uint8Array(ids.length * LOOK_LENGTH), LOOK_LENGTH),
    captions: new Map(
      ids.flatMap((id, at) => {
        const caption = captions.get(id);
        return caption ? [[at, caption] as const] : [];
      }),
    ),
  };
}
