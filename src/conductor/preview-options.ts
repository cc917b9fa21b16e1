import { check, expected, shown } from '../messages.ts';
import { CHOOSING } from './idle-options.ts';
import { isObject, type OptionName, type OptionRow, optionOf, OPTIONS, whole } from './option-table.ts';
import type { BuildOptions, ResolvedOptions } from './options.ts';
import { resolveOptions } from './resolve-options.ts';

/** Options that choose a placement, and whose values a preview can compare. */
export const COMPARABLE = [...CHOOSING, 'nearDuplicates'] as const satisfies readonly OptionName[];

/** Values to compare, by option: one option or two. Each value, or each pair of values, makes one picture; 16 at most. */
export type Comparison = {
  readonly [Name in (typeof COMPARABLE)[number]]?: readonly NonNullable<BuildOptions[Name]>[];
};

/** Options of {@link preview}: those of {@link build}, except that `out` is the picture, and two more. */
export interface PreviewOptions extends Omit<BuildOptions, 'out'> {
  /** Path of the picture; its ending decides its format: `.jpg`, `.png` or `.webp`. An older picture there is replaced. */
  out: string;
  /** Width of the picture, px; with `compare`, that of the contact sheet. */
  width?: number;
  /** Values of one option or two: draws a labelled picture of each combination, on one contact sheet. */
  compare?: Comparison;
}

/** Formats of previews, by the ending of their names. */
const FORMATS = { jpg: 'jpeg', jpeg: 'jpeg', png: 'png', webp: 'webp' } as const;
export type PreviewFormat = (typeof FORMATS)[keyof typeof FORMATS];

/** Greatest number of options that are compared, and of pictures on a sheet. */
const [COMPARED_MAX, ALTERNATIVES_MAX] = [2, 16];
/** Number of pictures side by side from which on they are small. */
const ACROSS_MAX = 4;
const EXAMPLE = 'variety=0,0.3,0.6';

/** Rows of the options that a preview has besides those of a build. */
export const PREVIEW_OPTIONS = {
  width: {
    ...whole(64, 8192),
    group: 'Output',
    metavar: 'px',
    help: 'Width of the picture, or of the contact sheet',
    fallback: 1600,
  },
  compare: {
    group: 'Output',
    metavar: 'option=values',
    help: `Draws a contact sheet with a picture for each value, as in ${EXAMPLE}; given twice, for each pair of values; up to ${ALTERNATIVES_MAX}`,
    type: { what: 'options with lists of their values', is: isObject },
    isRepeatable: true,
  },
} as const satisfies Readonly<Record<string, OptionRow>>;

/** Values of the options that are compared, for one picture. */
export type ComparedValues = Readonly<Partial<Record<(typeof COMPARABLE)[number], unknown>>>;

/** One picture of a preview: the options that are particular to it, and all of them. */
export interface Alternative {
  readonly own: ComparedValues;
  readonly options: ResolvedOptions;
}

/** Checked options of a preview. */
export interface ResolvedPreview {
  readonly options: ResolvedOptions;
  readonly format: PreviewFormat;
  readonly width: number;
  /** Pictures, in the order of the values; one without own options if nothing is compared. */
  readonly alternatives: readonly Alternative[];
  /** Number of pictures side by side. */
  readonly across: number;
  readonly isCompared: boolean;
}

/**
 * Checks the options of a preview, and of each picture that it draws.
 *
 * @throws {UserError} `usage`.
 */
export function resolvePreview(given: PreviewOptions): ResolvedPreview {
  if (!isObject(given)) throw expected('options', 'an object', given);
  const { width = PREVIEW_OPTIONS.width.fallback, compare, ...build } = given;
  const options = resolveOptions(build);
  const format = formatOf(options.out);
  check('width', width, PREVIEW_OPTIONS.width.type);
  check('width', width, PREVIEW_OPTIONS.width.range);
  if (compare === undefined)
    return { options, format, width, alternatives: [{ own: {}, options }], across: 1, isCompared: false };
  const compared = inRows(checkCompared(compare));
  if (options.placement !== undefined)
    throw expected(
      'compare',
      'nothing beside --placement, which leaves nothing to choose,',
      Object.keys(compare).join(),
    );
  let owns: Alternative['own'][] = [{}];
  for (const [name, values] of compared)
    owns = owns.flatMap((own) => values.map((value) => ({ ...own, [name]: value })));
  if (owns.length > ALTERNATIVES_MAX)
    throw expected('compare', `at most ${ALTERNATIVES_MAX} pictures`, `${owns.length}`);
  const alternatives = owns.map((own) => ({
    own,
    options: resolveOptions({ ...build, ...(own as Partial<BuildOptions>) }),
  }));
  const [first, second] = compared.map(([, values]) => values.length);
  const across = second ?? Math.ceil(Math.sqrt(first!));
  return { options, format, width, alternatives, across, isCompared: true };
}

/**
 * Puts the option last whose pictures stand side by side: the one with more values, unless these are so many that pictures would
 * be small.
 */
function inRows<Values extends readonly unknown[]>(compared: [OptionName, Values][]): [OptionName, Values][] {
  const [first, second] = compared.toSorted(([, one], [, other]) => one.length - other.length);
  if (!first || !second) return compared;
  return second[1].length > ACROSS_MAX ? [second, first] : [first, second];
}

function formatOf(out: string): PreviewFormat {
  const ending = /\.(jpe?g|png|webp)$/i.exec(out)?.[1]?.toLowerCase();
  if (ending === undefined) throw expected('out', 'the name of a picture that ends in .jpg, .png or .webp', out);
  return FORMATS[ending as keyof typeof FORMATS];
}

function checkCompared(compare: Comparison): [OptionName, readonly unknown[]][] {
  check('compare', compare, PREVIEW_OPTIONS.compare.type);
  const compared = Object.entries(compare as Readonly<Record<string, unknown>>).filter(
    ([, values]) => values !== undefined,
  );
  if (compared.length === 0 || compared.length > COMPARED_MAX)
    throw expected('compare', 'one option or two', compared.length === 0 ? 'none' : `${compared.length}`);
  return compared.map(([name, values]) => {
    if (!(COMPARABLE as readonly string[]).includes(name))
      throw expected('compare', `options that choose images (${COMPARABLE.map(optionOf).join(', ')})`, name);
    if (!Array.isArray(values) || values.length === 0)
      throw expected('compare', `a list of values of ${optionOf(name)}`, values);
    return [name as OptionName, values];
  });
}

/**
 * Reads values to compare from the command line, each text as `variety=0,0.3`. Values are read as those of the option itself.
 *
 * @throws {UserError} `usage` for text of another form; {@link resolvePreview} checks options and values.
 */
export function readComparison(texts: readonly string[]): Comparison {
  const compared = new Map<string, unknown[]>();
  for (const text of texts) {
    const [, option, list] = /^\s*(?:--)?([^=\s]+)\s*=(.*)$/s.exec(text) ?? [];
    const name =
      option === undefined ? undefined : (Object.keys(OPTIONS).find((one) => optionOf(one) === option) ?? option);
    if (name === undefined || list === undefined)
      throw expected('compare', `an option and its values, as in ${EXAMPLE},`, text);
    if (compared.has(name)) throw expected('compare', 'each option once', `${shown(option)} twice`);
    compared.set(
      name,
      list.split(',').map((value) => valueOf(name, value.trim())),
    );
  }
  return Object.fromEntries(compared);
}

function valueOf(name: string, text: string): unknown {
  const row: OptionRow | undefined = Object.hasOwn(OPTIONS, name) ? OPTIONS[name as OptionName] : undefined;
  if (row === undefined) return text;
  if (row.metavar === undefined) return text === 'true' ? true : text === 'false' ? false : text;
  return row.read ? row.read(text) : text;
}
