import { UserError } from './errors.ts';

/** "Expected X for --name but received Y", as a mistake of whoever typed it. */
export function expected(name: string, what: string, value: unknown): UserError {
  return new UserError(
    'usage',
    `Expected ${what} for ${name === 'target' || name === 'images' ? `<${name}>` : `--${name}`} but received ${String(value)}`,
    'See `zoomosaic build --help`.',
  );
}

/** @throws {UserError} `usage` unless `valid`. */
export function check(name: string, what: string, value: unknown, valid: boolean): void {
  if (!valid) throw expected(name, what, value);
}

/** @throws {UserError} `usage` unless `value` is one of `values`. */
export function oneOf<Value extends string>(name: string, values: readonly Value[], value: Value): void {
  check(name, values.length === 1 ? values[0]! : `one of ${values.join(', ')}`, value, values.includes(value));
}
