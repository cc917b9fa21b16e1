import type { TileFormat } from '../types.ts';
import { type OptionName, optionOf } from './option-table.ts';
import type { BuildOptions } from './options.ts';

/** Options that choose a placement; they have no effect on a given placement, as pins have none. */
export const CHOOSING = [
  'columns',
  'variety',
  'afar',
  'maxUses',
  'useAll',
  'minDistance',
  'adapt',
  'weights',
  'mirror',
  'rotate',
  'crops',
] as const satisfies readonly OptionName[];
/** Options that only appear in documents of the layout iiif. */
const TOLD_BY_IIIF: readonly OptionName[] = ['credit', 'rights'];

/** Returns one note for each option that has no effect beside the others. */
export function idleNotes(
  options: BuildOptions,
  { iiif, format }: { readonly iiif: boolean; readonly format: TileFormat },
): string[] {
  const idle = (names: readonly OptionName[], why: string) =>
    names.filter((name) => isGiven(options[name])).map((name) => `--${optionOf(name)} has no effect ${why}`);
  return [
    ...(options.placement === undefined ? [] : idle([...CHOOSING, 'pins'], 'with --placement')),
    ...(iiif ? [] : idle(TOLD_BY_IIIF, 'without --layout iiif')),
    ...(format === 'jpeg' || format === 'avif' ? [] : idle(['subsampling'], `on ${format} tiles`)),
    ...((options.originals ?? 'none') === 'none' ? [] : idle(['closeup'], 'with --originals: the page shows these')),
    ...(format === 'png' ? idle(['quality'], 'on png tiles') : []),
  ];
}

function isGiven(value: unknown): boolean {
  return value !== undefined && value !== false && !(Array.isArray(value) && value.length === 0);
}
