import type { TileFormat } from '../types.ts';
import { type OptionName, optionOf } from './option-table.ts';
import type { BuildOptions } from './options.ts';

/** Options that choose a placement: a given placement leaves them nothing to choose. */
const CHOOSING: readonly OptionName[] = [
  'columns',
  'variety',
  'maxUses',
  'useAll',
  'minDistance',
  'nearDuplicates',
  'adapt',
  'weights',
  'mirror',
  'rotate',
  'pins',
];
/** Options that only documents of the layout iiif tell of. */
const TOLD_BY_IIIF: readonly OptionName[] = ['baseUrl', 'credit', 'rights'];

/** Names options that have no effect beside others, one note each. */
export function idleNotes(
  options: BuildOptions,
  { iiif, format }: { readonly iiif: boolean; readonly format: TileFormat },
): string[] {
  const idle = (names: readonly OptionName[], why: string) =>
    names.filter((name) => isGiven(options[name])).map((name) => `--${optionOf(name)} has no effect ${why}`);
  return [
    ...(options.placement === undefined ? [] : idle(CHOOSING, 'beside --placement')),
    ...(iiif ? [] : idle(TOLD_BY_IIIF, 'without --layout iiif')),
    ...(format === 'jpeg' || format === 'avif' ? [] : idle(['subsampling'], `on ${format} tiles`)),
    ...(format === 'png' ? idle(['quality'], 'on png tiles') : []),
  ];
}

function isGiven(value: unknown): boolean {
  return value !== undefined && value !== false && !(Array.isArray(value) && value.length === 0);
}
