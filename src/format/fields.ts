/**
 * Checks fields of an untrusted `mosaic.json`. Each check returns the value, or throws a {@link UserError} `not-a-site`:
 * "Expected X for FIELD in mosaic.json but received Y".
 */
import { UserError } from '../errors.ts';

/** A JSON object whose fields are not checked yet. */
export type Fields = Readonly<Record<string, unknown>>;

const SHOWN_LENGTH = 60;

/** Makes the error for a field with a wrong value. */
export function malformed(field: string, what: string, value: unknown): UserError {
  return new UserError(
    'not-a-site',
    `Expected ${what} for ${clean(field)} in mosaic.json but received ${shown(value)}`,
    'Build the site again.',
  );
}

/** Formats a value for a message: short, and without control characters. */
function shown(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (value === '') return 'an empty text';
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === 'object' && value !== null) return 'an object';
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  const short = text.length > SHOWN_LENGTH ? `${text.slice(0, SHOWN_LENGTH)}…` : text;
  return clean(short);
}

/** Replaces control and other invisible characters, which a terminal might obey. */
function clean(text: string): string {
  return text.replaceAll(/\p{C}/gu, '?');
}

/** Deepest nesting of objects and lists that is accepted; our own documents have a dozen levels. */
const LEVELS_MAX = 100;

/** Tells whether a JSON document is nested deeper than {@link LEVELS_MAX}: recursive readers would overflow the stack. */
export function isDeep(json: unknown): boolean {
  let level = [json];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > LEVELS_MAX) return true;
    level = level.flatMap((value) =>
      typeof value === 'object' && value !== null ? (Object.values(value) as unknown[]) : [],
    );
  }
  return false;
}

/** Checks that a field is a JSON object. */
export function object(field: string, value: unknown): Fields {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Fields;
  throw malformed(field, 'an object', value);
}

/** Checks that a field is a list. */
export function list(field: string, value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw malformed(field, 'a list', value);
}

/** Least and greatest value of a field, both inclusive. */
export type Range = readonly [low: number, high: number];

/** Checks that a field is a whole number within a range. */
export function whole(field: string, value: unknown, [low, high]: Range): number {
  if (isWhole(value, low, high)) return value;
  throw malformed(field, low === high ? String(low) : `a whole number from ${low} to ${high}`, value);
}

/** Tells whether a value is a whole number from `low` to `high`, both inclusive. */
export function isWhole(value: unknown, low: number, high: number): value is number {
  return Number.isInteger(value) && (value as number) >= low && (value as number) <= high;
}

/** Checks that a field is a finite number within a range. */
export function number(field: string, value: unknown, [low, high]: Range): number {
  if (typeof value === 'number' && Number.isFinite(value) && value >= low && value <= high) return value;
  const range = Number.isFinite(low + high) ? ` from ${low} to ${high}` : '';
  throw malformed(field, `a number${range}`, value);
}

/** Checks that a field equals `expected`. */
export function exactly<Value extends number | string>(field: string, value: unknown, expected: Value): Value {
  if (value === expected) return expected;
  throw malformed(field, String(expected), value);
}

/** Checks that a field is one of `values`. */
export function oneOf<Value extends string>(field: string, value: unknown, values: readonly Value[]): Value {
  const found = values.find((one) => one === value);
  if (found !== undefined) return found;
  throw malformed(field, values.length === 1 ? values[0]! : `one of ${values.join(', ')}`, value);
}
