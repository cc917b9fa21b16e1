import * as fc from 'fast-check';
import type { Arbitrary } from 'fast-check';

/** A sound file that cases start from, and where its parts begin: segments, chunks, boxes, fields. */
export interface Base {
  readonly bytes: Buffer;
  readonly parts: readonly number[];
}

/** A place in a file: so far into it, as a part of 2^32; or so many bytes from where a part begins. */
type Place = { readonly far: number } | { readonly part: number; readonly more: number };

/** Something that is done to a file. Places and numbers of parts are taken modulo what there is. */
type Change =
  | { readonly kind: 'flip'; readonly at: Place; readonly bit: number }
  | { readonly kind: 'number'; readonly at: Place; readonly bytes: Uint8Array }
  | { readonly kind: 'cut'; readonly at: Place }
  | { readonly kind: 'remove'; readonly at: Place; readonly length: number }
  | { readonly kind: 'insert'; readonly at: Place; readonly bytes: Uint8Array }
  | { readonly kind: 'repeat'; readonly at: Place; readonly length: number; readonly times: number }
  | { readonly kind: 'splice'; readonly at: Place; readonly file: number; readonly from: Place }
  | PartChange;

/** Takes a part out, puts it elsewhere, or copies one of another file. */
interface PartChange {
  readonly kind: 'drop' | 'move' | 'copy';
  readonly part: number;
  readonly to: number;
  readonly file: number;
}

/** A file that was sound, and what is done to it. */
export interface Damage {
  readonly file: number;
  readonly changes: readonly Change[];
}

const nat = (most: number) => fc.nat(most);
const far = fc.record({ far: nat(2 ** 31 - 1) });
const near = fc.record({ part: nat(255), more: fc.oneof(fc.constantFrom(0, 1, 2, 3, 4, 5, 6, 8, 10, 12), fc.nat(40)) });
const place: Arbitrary<Place> = fc.oneof({ weight: 2, arbitrary: near }, { weight: 1, arbitrary: far });

/** Numbers that lengths, counts and offsets should never be. */
const EXTREMES = [
  0,
  1,
  2,
  3,
  7,
  8,
  0x7f,
  0x80,
  0xff,
  0x100,
  0x7fff,
  0x8000,
  0xffff,
  2 ** 24,
  2 ** 31 - 1,
  2 ** 31,
  2 ** 32 - 8,
  2 ** 32 - 1,
];

const extreme: Arbitrary<Uint8Array> = fc
  .record({ value: fc.constantFrom(...EXTREMES), bytes: fc.constantFrom(1, 2, 4, 8), little: fc.boolean() })
  .map(({ value, bytes, little }) => {
    const all = Buffer.alloc(8);
    if (bytes === 8) all.fill(value === 2 ** 32 - 1 ? 0xff : 0);
    all.writeUInt32BE(value, 4);
    const written = Uint8Array.from(all.subarray(8 - bytes));
    return little ? written.toReversed() : written;
  });
const some = fc.uint8Array({ minLength: 1, maxLength: 24 });

const change: Arbitrary<Change> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('flip'), at: place, bit: nat(7) }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('number'), at: place, bytes: fc.oneof(extreme, some) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('cut'), at: place }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('remove'), at: place, length: nat(64) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('insert'), at: place, bytes: fc.oneof(extreme, some) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('repeat'), at: place, length: nat(256), times: nat(40) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('splice'), at: place, file: nat(63), from: place }) },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constantFrom('drop', 'move', 'copy'), part: nat(63), to: nat(63), file: nat(63) }),
  },
);

/** Damages of files, of one change up to several. */
export const damages: Arbitrary<Damage> = fc.record({
  file: nat(63),
  changes: fc.oneof(
    { weight: 3, arbitrary: fc.array(change, { minLength: 1, maxLength: 2 }) },
    { weight: 1, arbitrary: fc.array(change, { minLength: 3, maxLength: 10 }) },
  ),
});

/** The damaged file. */
export function damaged(bases: readonly Base[], { file, changes }: Damage): Buffer {
  const base = baseOf(bases, file);
  let bytes: Buffer = Buffer.from(base.bytes);
  for (const one of changes) bytes = changed(bytes, base.parts, one, bases);
  return bytes;
}

/** The base that a number means. */
export function baseOf(bases: readonly Base[], file: number): Base {
  return bases[file % bases.length]!;
}

function placeIn(bytes: Buffer, parts: readonly number[], at: Place): number {
  if ('far' in at) return Math.floor((at.far / 2 ** 31) * bytes.length);
  return Math.min(bytes.length, (parts[at.part % parts.length] ?? 0) + at.more);
}

/** A part of a base, with all up to the next one. */
function partOf({ bytes, parts }: Base, number: number): Buffer {
  const i = number % parts.length;
  return bytes.subarray(parts[i], parts[i + 1] ?? bytes.length);
}

function isOfPart(one: Change): one is PartChange {
  return one.kind === 'drop' || one.kind === 'move' || one.kind === 'copy';
}

function withPart(own: Base, one: PartChange, bases: readonly Base[]): Buffer {
  const { bytes, parts } = own;
  const [start, to] = [parts[one.part % parts.length]!, parts[one.to % parts.length]!];
  const part = partOf(own, one.part);
  const without = Buffer.concat([bytes.subarray(0, start), bytes.subarray(start + part.length)]);
  if (one.kind === 'drop') return without;
  const moved = one.kind === 'move' ? part : partOf(baseOf(bases, one.file), one.part);
  const into = one.kind === 'move' ? without : bytes;
  return Buffer.concat([into.subarray(0, to), moved, into.subarray(to)]);
}

function changed(bytes: Buffer, parts: readonly number[], one: Change, bases: readonly Base[]): Buffer {
  if (isOfPart(one)) return withPart({ bytes, parts: parts.filter((part) => part <= bytes.length) }, one, bases);
  const at = placeIn(bytes, parts, one.at);
  const [before, after] = [bytes.subarray(0, at), bytes.subarray(at)];
  switch (one.kind) {
    case 'flip':
      if (at < bytes.length) bytes[at]! ^= 1 << one.bit;
      return bytes;
    case 'number':
      bytes.set(one.bytes.subarray(0, bytes.length - at), at);
      return bytes;
    case 'cut':
      return before;
    case 'remove':
      return Buffer.concat([before, after.subarray(one.length)]);
    case 'insert':
      return Buffer.concat([before, one.bytes, after]);
    case 'repeat': {
      const part = after.subarray(0, one.length);
      return Buffer.concat([before, ...Array.from({ length: one.times }, () => part), after]);
    }
    case 'splice': {
      const other = baseOf(bases, one.file);
      return Buffer.concat([before, other.bytes.subarray(placeIn(other.bytes, other.parts, one.from))]);
    }
  }
}
