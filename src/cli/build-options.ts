import { type OptionName, OPTIONS, optionOf, type OptionRow, ROWS } from '../conductor/option-table.ts';
import type { BuildOptions } from '../conductor/options.ts';
import { readPins } from '../conductor/pins.ts';
import { PREVIEW_OPTIONS, type PreviewOptions, readComparison } from '../conductor/preview-options.ts';

/** Options of commands that print a result. */
export const OUTPUT_OPTIONS = {
  quiet: { type: 'boolean', describe: 'Print neither progress nor summary' },
  json: { type: 'boolean', describe: 'Print one JSON object instead of a summary' },
} as const;

/** Options of `build` for yargs. Numbers are text here, so that messages show them as typed. */
export const BUILD_OPTIONS = {
  ...Object.fromEntries(ROWS.map(([name, row]) => [optionOf(name), parserOption(row)])),
  out: { ...parserOption(OPTIONS.out), alias: 'o', demandOption: true },
  ...OUTPUT_OPTIONS,
};

/** Options of `preview` for yargs: those of `build`, and its own. */
export const PREVIEW_PARSER_OPTIONS = {
  ...BUILD_OPTIONS,
  out: { ...BUILD_OPTIONS.out, describe: 'Picture to write: a name that ends in .jpg, .png or .webp' },
  width: parserOption(PREVIEW_OPTIONS.width),
  compare: parserOption(PREVIEW_OPTIONS.compare),
};

/** Operands of `build` and `preview` for yargs. */
export const BUILD_OPERANDS = {
  target: { type: 'string', describe: 'Image that the mosaic reproduces' },
  images: { type: 'string', array: true, describe: 'Files, folders (with their subfolders) and globs' },
} as const;

/** Options for the folders with the data of a build. */
export const RECORD_OPTIONS = {
  report: { type: 'string', requiresArg: true, describe: "Folder of the site's reports; by default beside it" },
  catalog: {
    type: 'string',
    requiresArg: true,
    describe: "Folder of the index of images; by default in the user's cache directory",
  },
} as const;

/** Reads {@link RECORD_OPTIONS} from the parsed command line. */
export function recordOptions({
  report,
  catalog,
}: {
  readonly report?: string | undefined;
  readonly catalog?: string | undefined;
}) {
  return { ...(report !== undefined && { report }), ...(catalog !== undefined && { catalog }) };
}

function parserOption({ metavar, help, isRepeatable }: OptionRow) {
  if (metavar === undefined) return { type: 'boolean', describe: help } as const;
  const several = isRepeatable ? { array: true, nargs: 1 } : {};
  return { type: 'string', requiresArg: true, describe: help, ...several } as const;
}

/**
 * Reads the options of `build` from the parsed command line. Of a repeated option, the last value counts.
 *
 * @throws {UserError} `usage` for pins that cannot be read; `build` itself checks all other values.
 */
export async function buildOptions(args: object): Promise<BuildOptions> {
  const given = args as Readonly<Record<string, unknown>>;
  const options: Partial<Record<keyof BuildOptions, unknown>> = {
    target: given['target'],
    images: given['images'] ?? [],
  };
  for (const [name, row] of ROWS) {
    const value = given[optionOf(name)];
    if (value !== undefined) options[name] = await valueOf(name, row, value);
  }
  return options as BuildOptions;
}

/**
 * Reads the options of `preview` from the parsed command line.
 *
 * @throws {UserError} `usage` for pins or comparisons that cannot be read; `preview` itself checks all other values.
 */
export async function previewOptions(args: object): Promise<PreviewOptions> {
  const { width, compare } = args as Readonly<Record<string, unknown>>;
  const own: Partial<Record<keyof PreviewOptions, unknown>> = {};
  if (width !== undefined) own.width = PREVIEW_OPTIONS.width.read(lastOf(width) as string);
  if (compare !== undefined) own.compare = readComparison(compare as string[]);
  return { ...(await buildOptions(args)), ...own } as PreviewOptions;
}

function lastOf(given: unknown): unknown {
  return Array.isArray(given) ? given.at(-1) : given;
}

async function valueOf(name: OptionName, { metavar, isRepeatable, read }: OptionRow, given: unknown): Promise<unknown> {
  if (name === 'pins') return await readPins(given as string[]);
  if (isRepeatable) return given;
  const last = lastOf(given);
  return metavar !== undefined && read ? read(last as string) : last;
}
