import { expected, isPath } from '../messages.ts';
import type { BuildOptions } from './options.ts';

/** A kind of value: what it is called, and whether something is of it. */
interface Kind {
  readonly what: string;
  readonly is: (value: unknown) => boolean;
}

const PATH: Kind = { what: 'a path', is: isPath };
const TEXT: Kind = { what: 'text', is: (value) => typeof value === 'string' };
const FLAG: Kind = { what: 'true or false', is: (value) => typeof value === 'boolean' };
const NUMBER: Kind = { what: 'a number', is: (value) => typeof value === 'number' };
const PART: Kind = { what: 'a number from 0 to 1', is: NUMBER.is };
const GLOBS: Kind = { what: 'globs', is: (value) => Array.isArray(value) && value.every(isPath) };

/** What kind of value each option takes. What else it has to be, `resolveOptions` says. */
const KINDS: Readonly<Record<keyof BuildOptions, Kind>> = {
  target: PATH,
  images: {
    what: 'at least one file, folder or glob',
    is: (value) => Array.isArray(value) && value.length > 0 && value.every(isPath),
  },
  out: PATH,
  columns: NUMBER,
  grid: { what: 'columns and rows', is: (value) => hasNumbers(value, ['columns', 'rows']) },
  cellSize: { what: 'a number, or native', is: (value) => NUMBER.is(value) || TEXT.is(value) },
  cellAspect: TEXT,
  tileSize: NUMBER,
  quality: NUMBER,
  subsampling: TEXT,
  format: TEXT,
  background: TEXT,
  crop: TEXT,
  maxUses: NUMBER,
  variety: PART,
  useAll: FLAG,
  nearDuplicates: TEXT,
  adapt: PART,
  weights: { what: 'a path, or auto', is: isPath },
  mirror: FLAG,
  lenient: FLAG,
  rotate: FLAG,
  pins: {
    what: 'a list of column, row, image',
    is: (value) =>
      Array.isArray(value) && value.every((pin) => hasNumbers(pin, ['column', 'row']) && isPath(pin['image'])),
  },
  ban: GLOBS,
  placement: PATH,
  minDistance: NUMBER,
  layout: {
    what: 'one layout or several',
    is: (value) => TEXT.is(value) || (Array.isArray(value) && value.every(TEXT.is)),
  },
  host: TEXT,
  fullLevel: TEXT,
  originals: TEXT,
  names: TEXT,
  report: PATH,
  baseUrl: TEXT,
  credit: TEXT,
  rights: TEXT,
  catalog: PATH,
  title: TEXT,
  force: FLAG,
  concurrency: NUMBER,
  onProgress: { what: 'a function', is: (value) => typeof value === 'function' },
  signal: { what: 'an AbortSignal', is: (value) => isObject(value) && typeof value['throwIfAborted'] === 'function' },
};

/**
 * Refuses options of which one is of the wrong kind, whatever it means: what comes from forms and files has no types.
 *
 * @throws {UserError} `usage`.
 */
export function checkKinds(options: BuildOptions): void {
  if (!isObject(options)) throw expected('options', 'an object', options);
  for (const [name, { what, is }] of Object.entries(KINDS)) {
    const value = options[name as keyof BuildOptions];
    const needed = name === 'target' || name === 'images' || name === 'out';
    if ((needed || value !== undefined) && !is(value)) throw expected(optionOf(name), what, value);
  }
}

/** What an option is called on the command line: `cellSize` is `cell-size`. */
export function optionOf(name: string): string {
  return name === 'pins' ? 'pin' : name.replace(/[A-Z]/g, (capital) => `-${capital.toLowerCase()}`);
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

function hasNumbers(value: unknown, names: readonly string[]): value is Readonly<Record<string, unknown>> {
  return isObject(value) && names.every((name) => typeof value[name] === 'number');
}
