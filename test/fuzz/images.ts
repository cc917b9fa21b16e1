import * as fc from 'fast-check';
import { crc32 } from 'node:zlib';
import { JpegError } from '../../src/jpeg/parts.ts';
import { stripMetadata } from '../../src/originals/strip-metadata.ts';
import { gifExtension, insert, pngChunk, riffChunk, segment } from '../helpers/file-parts.ts';
import { type Base, baseOf, damaged, damages } from './bytes.ts';
import { gifFiles, jpegFiles, pngFiles, webpFiles } from './files.ts';
import { pxOf } from './jpegs.ts';
import { outcomeOf, prepared, type Target, expectThat } from './target.ts';

const MARK = 'planted-Zq7xVw-plant';

/** A format whose metadata are taken out. */
interface Format {
  readonly name: string;
  readonly files: () => Promise<Base[]>;
  /** Parts that hold a text, which nobody may learn. */
  readonly secrets: readonly Buffer[];
  /** Has its lengths and sums fit what it holds, as far as whoever damages it would. */
  readonly mended: (bytes: Buffer) => Buffer;
}

const FORMATS: readonly Format[] = [
  {
    name: 'jpeg',
    files: jpegFiles,
    secrets: [
      segment(0xfe, MARK),
      segment(0xe1, `Exif\0\0${MARK}`),
      segment(0xe0, `JFXX\0\x10${MARK}`),
      segment(0xed, MARK),
      segment(0xe2, `MPF\0${MARK}`),
      segment(0xee, `Adobe\0\x64\0\0\0\0\x01${MARK}`),
    ],
    mended: (bytes) => bytes,
  },
  {
    name: 'png',
    files: pngFiles,
    secrets: [
      pngChunk('tEXt', MARK),
      pngChunk('zTXt', MARK),
      pngChunk('prVt', MARK),
      pngChunk('sPLT', MARK),
      pngChunk('tIME', MARK),
    ],
    mended: withSums,
  },
  {
    name: 'webp',
    files: webpFiles,
    secrets: [riffChunk('XMP ', MARK), riffChunk('priv', MARK), riffChunk('EXIF', `II*\0${MARK}`)],
    mended: withLength,
  },
  {
    name: 'gif',
    files: gifFiles,
    secrets: [
      gifExtension(0xfe, MARK),
      gifExtension(0xff, 'CAMERA  1.0', MARK),
      gifExtension(1, new Uint8Array(12), MARK),
    ],
    mended: (bytes) => bytes,
  },
];

/** A PNG whose chunks have the checksums that they should. */
function withSums(png: Buffer): Buffer {
  for (let at = 8; at + 12 <= png.length;) {
    const end = at + 12 + png.readUInt32BE(at);
    if (end > png.length) break;
    png.writeUInt32BE(crc32(png.subarray(at + 4, end - 4)), end - 4);
    at = end;
  }
  return png;
}

/** A WebP whose header has the length that it should. */
function withLength(webp: Buffer): Buffer {
  if (webp.length >= 8) webp.writeUInt32LE(Math.max(0, webp.length - 8), 4);
  return webp;
}

/** What the stripper makes of a file, which it promises something of; undefined where it refuses. */
function strippedOf(bytes: Buffer, format: string): Uint8Array | undefined {
  const stripped = outcomeOf(() => stripMetadata(bytes, format), Error, JpegError);
  if (!stripped) return undefined;
  expectThat(stripped.bytes.length <= bytes.length + 64, 'a stripped file is no longer');
  expectThat(stripMetadata(stripped.bytes, format)?.changed === false, 'a file that was stripped has nothing to strip');
  return stripped.bytes;
}

const damagedFile = fc.record({ damage: damages, mend: fc.boolean() });

/** Structure is sound, so that a reader sees each secret for what it is; one secret is put before one part. */
const planted = fc.record({ file: fc.nat(63), secret: fc.nat(63), part: fc.nat(255), trailer: fc.boolean() });

function targetsOf({ name, files, secrets, mended }: Format): Target[] {
  const fileOf = (
    bases: readonly Base[],
    { damage, mend }: { damage: Parameters<typeof damaged>[1]; mend: boolean },
  ) => {
    const bytes = damaged(bases, damage);
    return mend ? mended(bytes) : bytes;
  };
  const strip: Target = {
    name: `${name} metadata`,
    share: 15,
    prepare: async () => {
      const bases = await files();
      return prepared(damagedFile, (input) => void strippedOf(fileOf(bases, input), name));
    },
  };
  const px: Target = {
    name: `${name} metadata, px`,
    share: 3,
    prepare: async () => {
      const bases = await files();
      return prepared(damagedFile, async (input) => {
        const bytes = fileOf(bases, input);
        const stripped = strippedOf(bytes, name);
        const before = stripped && (await pxOf(bytes));
        if (before) expectThat((await pxOf(stripped))?.equals(before) === true, 'a stripped file shows the same');
      });
    },
  };
  const secret: Target = {
    name: `${name} metadata, planted`,
    share: 4,
    prepare: async () => {
      const bases = await files();
      return prepared(planted, (input) => {
        const { bytes, parts } = baseOf(bases, input.file);
        const at = parts[1 + (input.part % (parts.length - 1))]!;
        const inside = insert(bytes, at, secrets[input.secret % secrets.length]!);
        const file = mended(Buffer.concat([inside]));
        const whole = input.trailer ? Buffer.concat([file, Buffer.from(MARK)]) : file;
        const stripped = strippedOf(whole, name);
        if (stripped) expectThat(!Buffer.from(stripped).includes(MARK), 'what was planted is not in a stripped file');
      });
    },
  };
  return name === 'jpeg' ? [secret] : [strip, px, secret];
}

export const IMAGE_TARGETS: readonly Target[] = FORMATS.flatMap(targetsOf);
