import { type OptionName, OPTIONS, optionOf, type OptionRow, ROWS } from '../conductor/option-table.ts';
import type { BuildOptions } from '../conductor/options.ts';
import { readPins } from '../conductor/pins.ts';

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

async function valueOf(name: OptionName, { metavar, isRepeatable, read }: OptionRow, given: unknown): Promise<unknown> {
  if (name === 'pins') return await readPins(given as string[]);
  if (isRepeatable) return given;
  const last: unknown = Array.isArray(given) ? given.at(-1) : given;
  return metavar !== undefined && read ? read(last as string) : last;
}
