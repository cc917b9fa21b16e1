import { inspect } from 'node:util';
import { UserError } from './errors.ts';

/** What stands on the command line without a name. */
const POSITIONAL = ['target', 'images', 'site'];
/** Characters of a value that are shown at most. */
const SHOWN = 200;
/** Characters that terminals obey. */
const CONTROLS = /\p{Cc}/u;

/** "Expected X for --name but received Y", as a mistake of whoever typed it. */
export function expected(name: string, what: string, value: unknown): UserError {
  return new UserError(
    'usage',
    `Expected ${what} for ${POSITIONAL.includes(name) ? `<${name}>` : `--${name}`} but received ${shown(value)}`,
    'See `zoomosaic build --help`.',
  );
}

/** A value as people typed it, if that is not too long; of anything but text that can be shown, as programs have it. */
export function shown(value: unknown): string {
  const plain = typeof value === 'string' && value !== '' && !CONTROLS.test(value);
  const options = { depth: 1, breakLength: Infinity, maxStringLength: SHOWN };
  const text = plain ? value : inspect(value, options);
  return text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text;
}

/** @throws {UserError} `usage` unless `valid`. */
export function check(name: string, what: string, value: unknown, valid: boolean): void {
  if (!valid) throw expected(name, what, value);
}

/** @throws {UserError} `usage` unless `value` is one of `values`. */
export function oneOf<Value extends string>(name: string, values: readonly Value[], value: Value): void {
  check(name, values.length === 1 ? values[0]! : `one of ${values.join(', ')}`, value, values.includes(value));
}

/** Whether something can be a path: nothing is none, and no system takes a NUL. */
export function isPath(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && !value.includes('\0');
}

/** @throws {UserError} `usage` unless these can be paths, where they are given: by their options. */
export function checkPaths(paths: Readonly<Record<string, string | undefined>>): void {
  for (const [name, path] of Object.entries(paths)) check(name, 'a path', path, path === undefined || isPath(path));
}

/** @throws {UserError} `usage` unless `site` can be the path of one. */
export function checkSitePath(site: string): void {
  check('site', 'the folder of a site', site, isPath(site));
}

/** A whole number as people read it: `43,776`. */
export function count(value: number): string {
  return value.toLocaleString('en-GB');
}
