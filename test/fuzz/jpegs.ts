import * as fc from 'fast-check';
import sharp from 'sharp';
import { cutJpeg } from '../../src/jpeg/cut.ts';
import { readOrientation } from '../../src/jpeg/exif-orientation.ts';
import { parseJpegHeader } from '../../src/jpeg/header.ts';
import { JpegError } from '../../src/jpeg/parts.ts';
import { cutAtRestarts } from '../../src/jpeg/restarts.ts';
import { tileHeaderOf, wholeTile } from '../../src/jpeg/splice.ts';
import { stripToOriginal, stripToTile } from '../../src/jpeg/strip.ts';
import { type Base, damaged, damages } from './bytes.ts';
import { jpegFiles, pngFiles } from './files.ts';
import { jpegBase } from './parts.ts';
import { outcomeOf, prepared, type Target, expectThat } from './target.ts';

/** Px of an image as it is stored; undefined if a decoder finds fault with it. */
export async function pxOf(bytes: Uint8Array): Promise<Buffer | undefined> {
  try {
    return await sharp(bytes, { animated: true, ignoreIcc: true, failOn: 'warning', limitInputPixels: 2 ** 20 })
      .raw()
      .toBuffer();
  } catch {
    return undefined;
  }
}

/** A tile made of a JPEG as splicing makes it, if it is one of whole MCUs. */
function splicedTile(jpeg: Buffer): Uint8Array | undefined {
  const { width, height, components } = parseJpegHeader(jpeg);
  const mcu = (components[0]?.h ?? 1) * 8;
  const [across, down] = [Math.ceil(width / mcu), Math.ceil(height / mcu)];
  const [strips] = cutJpeg(jpeg, [{ left: 0, top: 0, width: across, height: down }]);
  const tile = wholeTile(tileHeaderOf(jpeg), strips!, across, mcu);
  expectThat(tile.length <= 2 * jpeg.length + 64 * down + 1024, 'a tile is about as long as what it was made of');
  return width === across * mcu && height === down * mcu ? tile : undefined;
}

/** What strippers of JPEGs promise of whatever they take. */
function checkStripped(jpeg: Buffer): void {
  const tile = stripToTile(jpeg);
  if (tile) {
    expectThat(tile.length <= jpeg.length, 'a tile is no longer than the file');
    expectThat(stripToTile(tile)?.length === tile.length, 'a tile that was stripped has nothing to strip');
  }
  const original = outcomeOf(() => stripToOriginal(jpeg), JpegError);
  if (!original) return;
  expectThat(original.length <= jpeg.length + 64, 'an original is no longer than the file');
  const again = stripToOriginal(original);
  expectThat(
    again !== undefined && Buffer.compare(again, original) === 0,
    'an original that was stripped has nothing to strip',
  );
}

export const JPEG_TARGETS: readonly Target[] = [
  {
    name: 'jpeg strip',
    share: 30,
    prepare: async () => {
      const bases = await jpegFiles();
      return prepared(damages, (damage) => checkStripped(damaged(bases, damage)));
    },
  },
  {
    name: 'jpeg cut and splice',
    share: 20,
    prepare: async () => {
      const bases = await jpegFiles();
      const rect = fc.record({
        left: fc.integer({ min: -1, max: 5 }),
        top: fc.nat(5),
        width: fc.nat(5),
        height: fc.nat(5),
      });
      return prepared(fc.record({ damage: damages, rect }), ({ damage, rect: part }) => {
        const jpeg = damaged(bases, damage);
        outcomeOf(() => splicedTile(jpeg), JpegError);
        outcomeOf(() => cutJpeg(jpeg, [part]), JpegError);
      });
    },
  },
  {
    name: 'jpeg restarts',
    share: 10,
    prepare: async () => {
      const tiles = (await jpegFiles()).flatMap(({ bytes }) => outcomeOf(() => splicedTile(bytes), JpegError) ?? []);
      const bases = tiles.map((tile) => jpegBase(Buffer.from(tile)));
      return prepared(damages, (damage) => {
        const jpeg = damaged(bases, damage);
        const segments = outcomeOf(() => cutAtRestarts(jpeg), JpegError);
        if (!segments) return;
        const { across, down, at } = segments;
        let bytes = 0;
        for (let i = 0; i < across * down; i++) bytes += at(i % across, Math.floor(i / across)).length;
        expectThat(bytes < jpeg.length, 'segments are parts of the file');
      });
    },
  },
  {
    name: 'jpeg px',
    share: 5,
    prepare: async () => {
      const bases = await jpegFiles();
      return prepared(damages, async (damage) => {
        const jpeg = damaged(bases, damage);
        const made = [
          stripToTile(jpeg),
          outcomeOf(() => stripToOriginal(jpeg), JpegError),
          outcomeOf(() => splicedTile(jpeg), JpegError),
        ];
        if (made.every((one) => one === undefined)) return;
        const before = await pxOf(jpeg);
        if (!before) return;
        for (const one of made) {
          if (one) expectThat((await pxOf(one))?.equals(before) === true, 'what is made of a JPEG shows the same');
        }
      });
    },
  },
  {
    name: 'exif orientation',
    share: 10,
    prepare: async () => {
      const bases = await exifFiles();
      return prepared(damages, (damage) => {
        const turn = readOrientation(damaged(bases, damage));
        expectThat(
          turn === undefined || (Number.isInteger(turn) && turn >= 1 && turn <= 8),
          'an orientation is 1 to 8',
        );
      });
    },
  },
];

/** EXIF data as they stand in files. */
async function exifFiles(): Promise<Base[]> {
  const jpegs = (await jpegFiles()).filter(({ bytes }) => bytes.includes('Exif\0\0'));
  const pngs = (await pngFiles()).filter(({ bytes }) => bytes.includes('eXIf'));
  const bodies = [
    ...jpegs.map(({ bytes }) => bytes.subarray(bytes.indexOf('Exif\0\0'))),
    ...pngs.map(({ bytes }) => bytes.subarray(bytes.indexOf('eXIf') + 4)),
  ];
  return bodies.map((body) => ({
    bytes: Buffer.from(body.subarray(0, 200)),
    parts: [0, 4, 6, 8, 10, 14, 16, 18, 26, 28, 38],
  }));
}
