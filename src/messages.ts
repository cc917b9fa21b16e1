import { inspect } from 'node:util';
import { UserError } from './errors.ts';

/** Operands of the command line: values without a `--name`. */
const POSITIONAL = ['target', 'images', 'site'];
/** Remedy of wrong usage; the command line names the help of the command that was typed. */
export const SEE_BUILD_HELP = 'See `zoomosaic build --help`.';
/** Greatest number of characters that a message shows of a value. */
const SHOWN = 200;
/** Control characters; terminals would obey them. */
const CONTROLS = /\p{Cc}/u;

/** Returns the `usage` error "Expected X for --name but received Y". */
export function expected(name: string, what: string, value: unknown): UserError {
  return new UserError(
    'usage',
    `Expected ${what} for ${POSITIONAL.includes(name) ? `<${name}>` : `--${name}`} but received ${shown(value)}`,
    SEE_BUILD_HELP,
  );
}

/** Formats a value for a message, {@link SHOWN} characters at most: printable text as typed, all else in JavaScript notation. */
export function shown(value: unknown): string {
  const plain = typeof value === 'string' && value !== '' && !CONTROLS.test(value);
  const options = { depth: 1, breakLength: Infinity, maxStringLength: SHOWN };
  const text = plain ? value : inspect(value, options);
  return text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text;
}

/** What a value is expected to be: its name in messages, and its test. */
export interface Expectation {
  readonly what: string;
  readonly is: (value: unknown) => boolean;
}

/** @throws {UserError} `usage` unless a value is what is expected. */
export function check(name: string, value: unknown, { what, is }: Expectation): void {
  if (!is(value)) throw expected(name, what, value);
}

/** @throws {UserError} `usage` unless `value` is one of `values`. */
export function oneOf<Value extends string>(name: string, values: readonly Value[], value: Value): void {
  if (!values.includes(value))
    throw expected(name, values.length === 1 ? values[0]! : `one of ${values.join(', ')}`, value);
}

/** Tells whether a value can be a path: text that is not empty and holds no NUL, which no system accepts. */
export function isPath(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && !value.includes('\0');
}

/** A path. */
export const PATH: Expectation = { what: 'a path', is: isPath };

/**
 * Checks paths, by the names of their options. Options that are not given pass.
 *
 * @throws {UserError} `usage` unless each can be a path.
 */
export function checkPaths(paths: Readonly<Record<string, string | undefined>>): void {
  for (const [name, path] of Object.entries(paths)) if (path !== undefined) check(name, path, PATH);
}

/** @throws {UserError} `usage` unless `site` can be a path. */
export function checkSitePath(site: string): void {
  check('site', site, { what: 'the folder of a site', is: isPath });
}

/** Formats a whole number for users: `43,776`. */
export function countText(value: number): string {
  return value.toLocaleString('en-GB');
}

/** Formats a number and its noun: `1 file`, `43,776 files`. */
export function plural(value: number, noun: string, nouns = `${noun}s`): string {
  return `${countText(value)} ${value === 1 ? noun : nouns}`;
}

/** Formats a part as a percentage for users: `1.3 %`. */
export function percentText(part: number): string {
  return part >= 0.995 ? `${Math.round(100 * part)} %` : `${(100 * part).toPrecision(2)} %`;
}
