import * as fc from 'fast-check';
import type { Arbitrary } from 'fast-check';

/** Something that is done to a JSON document: a value in the place of another, a member more, or one less. */
interface Change {
  /** Which of the document's values, modulo how many there are. */
  readonly value: number;
  readonly kind: 'replace' | 'add' | 'remove' | 'repeat';
  readonly text: string;
}

/** A document that was sound, and what is done to it. */
export interface JsonDamage {
  readonly document: number;
  readonly changes: readonly Change[];
  /** Where its text is cut, as a part of 2^10; not at all by default. */
  readonly cut: number | undefined;
}

const nested = (depth: number, open: string, close: string) => open.repeat(depth) + close.repeat(depth);

/** Values, as JSON, that no document of ours has. */
export const HOSTILE: readonly string[] = [
  ...[
    'null',
    'true',
    'false',
    '0',
    '-0',
    '-1',
    '1',
    '0.5',
    '-0.5',
    '16',
    '255',
    '65536',
    '1e12',
    '1e308',
    '1e999',
    '-1e999',
  ],
  ...['2147483647', '2147483648', '4294967295', '4294967296', '9007199254740992', '9007199254740993', '5e-324'],
  ...['""', '"0"', '"1"', '"length"', '"__proto__"', '"constructor"', '"toString"', '"NaN"', '"\\u0000"', '"\\ud800"'],
  ...['"\\u001b[2J\\r\\n\\u202e"', '"../.."', '"/"', '"//192.0.2.1/"', '"http://192.0.2.1/"', '"javascript:alert(1)"'],
  ...['[]', '[[]]', '[null]', '[[null]]', '[[0,0],[]]', '{}', '{"length":1e12}', '{"length":-1,"0":0}'],
  ...[
    '{"__proto__":{"block":0}}',
    '{"toString":null,"valueOf":null}',
    '{"toString":1}',
    '{"constructor":{"prototype":0}}',
  ],
  ...['{"then":1}', '[{"__proto__":null}]', '{"\\u001b[2J":-1}', '{"":""}'],
  ...[JSON.stringify('x'.repeat(5000)), JSON.stringify(`https://a.org/${'/'.repeat(50_000)}x`)],
  ...[JSON.stringify(' '.repeat(50_000)), JSON.stringify('A'.repeat(4096)), JSON.stringify(`${'='.repeat(20_000)}A`)],
  ...[nested(20_000, '[', ']'), `${'{"a":'.repeat(20_000)}0${'}'.repeat(20_000)}`, `[${'0,'.repeat(5000)}0]`],
];

const change: Arbitrary<Change> = fc.record({
  value: fc.nat(4095),
  kind: fc.constantFrom('replace', 'replace', 'replace', 'replace', 'add', 'remove', 'repeat'),
  text: fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom(...HOSTILE) },
    { weight: 1, arbitrary: fc.integer().map(String) },
    { weight: 1, arbitrary: fc.json({ maxDepth: 3 }) },
  ),
});

/** Damages of documents. */
export const jsonDamages: Arbitrary<JsonDamage> = fc.record({
  document: fc.nat(15),
  changes: fc.oneof(
    { weight: 3, arbitrary: fc.array(change, { minLength: 1, maxLength: 1 }) },
    { weight: 1, arbitrary: fc.array(change, { minLength: 0, maxLength: 6 }) },
  ),
  cut: fc.option(fc.nat(1023), { freq: 30, nil: undefined }),
});

type Holder = Record<string, unknown>;

/** Every value below a document: what holds it, and by which name. */
function* valuesOf(holder: Holder): Generator<readonly [Holder, string]> {
  for (const name of Object.keys(holder)) {
    yield [holder, name];
    const value = holder[name];
    if (typeof value === 'object' && value !== null) yield* valuesOf(value as Holder);
  }
}

/** The damaged document's text. */
export function damagedJson(documents: readonly string[], { document, changes, cut }: JsonDamage): string {
  const whole = { '': JSON.parse(documents[document % documents.length]!) as unknown };
  const texts: string[] = [];
  // What is put in stands for itself until the text is made: it may be what no value is.
  const placeholder = (text: string) => `§${texts.push(text) - 1}§`;
  for (const { value, kind, text } of changes) {
    const values = [...valuesOf(whole)];
    const [holder, name] = values[value % values.length]!;
    const now = holder[name];
    if (kind === 'remove' && name !== '') {
      if (Array.isArray(holder)) holder.splice(Number(name), 1);
      else delete holder[name];
    } else if (kind === 'repeat' && Array.isArray(now)) now.push(...(now as unknown[]).slice(0, 64));
    else if (kind === 'add' && Array.isArray(now)) now.push(placeholder(text));
    else if (kind === 'add' && typeof now === 'object' && now !== null) {
      Object.defineProperty(now, value % 2 ? '__proto__' : 'more', {
        value: placeholder(text),
        enumerable: true,
        configurable: true,
        writable: true,
      });
    } else holder[name] = placeholder(text);
  }
  const json = JSON.stringify(whole['']).replaceAll(/"§(\d+)§"/g, (_, number: string) => texts[Number(number)]!);
  return cut === undefined ? json : json.slice(0, Math.floor((cut / 1024) * json.length));
}
