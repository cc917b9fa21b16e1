import { check, type Expectation, expected, PATH } from '../messages.ts';
import { isObject, type OptionName, optionOf, ROWS } from './option-table.ts';
import type { BuildOptions } from './options.ts';

const IMAGES: Expectation = {
  what: 'at least one file, folder or glob',
  is: (value) => Array.isArray(value) && value.length > 0 && value.every(PATH.is),
};
const FUNCTION: Expectation = { what: 'a function', is: (value) => typeof value === 'function' };
const SIGNAL: Expectation = {
  what: 'an AbortSignal',
  is: (value) => isObject(value) && typeof value['throwIfAborted'] === 'function',
};

/** Types of the options that are not on the command line as `--name`. */
const OTHERS: Readonly<Record<Exclude<keyof BuildOptions, OptionName>, Expectation>> = {
  target: PATH,
  images: IMAGES,
  onProgress: FUNCTION,
  signal: SIGNAL,
};
const NEEDED: readonly (keyof BuildOptions)[] = ['target', 'images', 'out'];

/**
 * Checks the types and ranges of all values. Callers without types (forms, files) get the same messages.
 *
 * @throws {UserError} `usage`: "Expected X for --name but received Y".
 */
export function checkOptions(options: BuildOptions): void {
  if (!isObject(options)) throw expected('options', 'an object', options);
  const types = [...Object.entries(OTHERS), ...ROWS.map(([name, { type }]) => [name, type] as const)];
  for (const [name, type] of types) {
    const value = options[name];
    if (value !== undefined || NEEDED.includes(name as keyof BuildOptions)) check(optionOf(name), value, type);
  }
  for (const [name, { range }] of ROWS) {
    const value = options[name];
    if (range && value !== undefined) check(optionOf(name), value, range);
  }
}
