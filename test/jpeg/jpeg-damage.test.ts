import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import { cutJpeg } from '../../src/jpeg/cut.ts';
import { JpegError } from '../../src/jpeg/parts.ts';
import { spliceBound, spliceTile, tileHeaderOf } from '../../src/jpeg/splice.ts';
import { waves } from '../helpers/images.ts';
import { integer, seeded } from '../helpers/random.ts';

const SIDE = 64;
const WHOLE = { left: 0, top: 0, width: SIDE / 8, height: SIDE / 8 };

async function encode(options: { progressive?: boolean } = {}): Promise<Buffer> {
  return await sharp(waves(SIDE, SIDE, 3), { raw: { width: SIDE, height: SIDE, channels: 3 } })
    .jpeg({ chromaSubsampling: '4:4:4', optimiseCoding: false, progressive: options.progressive ?? false })
    .toBuffer();
}

function spliced(jpeg: Buffer): Buffer {
  const bands = [{ pieces: cutJpeg(jpeg, [WHOLE]), from: 0, to: WHOLE.height }];
  const header = tileHeaderOf(jpeg);
  const out = Buffer.alloc(spliceBound(header, bands));
  return out.subarray(0, spliceTile(out, header, { width: SIDE, height: SIDE, segmentMcus: SIDE / 8, bands }));
}

async function decoded(jpeg: Buffer): Promise<Buffer | undefined> {
  try {
    return await sharp(jpeg, { failOn: 'warning' }).raw().toBuffer();
  } catch {
    return undefined;
  }
}

describe('a damaged JPEG', () => {
  // Whatever is done to the bytes: an error, or a tile that decodes to what a decoder sees in the damaged file.
  test('gives an error or the right tile, never a hang or a wrong one', async () => {
    const random = seeded(5);
    const sound = await encode();
    let refused = 0;
    let same = 0;
    for (let round = 0; round < 3000; round++) {
      const jpeg = Buffer.from(sound);
      for (let i = integer(random, 1, 3); i > 0; i--)
        jpeg[integer(random, 2, jpeg.length - 1)] = integer(random, 0, 255);
      const cut = round % 4 === 0 ? jpeg.subarray(0, integer(random, 2, jpeg.length)) : jpeg;
      let tile: Buffer;
      try {
        tile = spliced(cut);
      } catch (error) {
        expect(error, `round ${round}`).toBeInstanceOf(JpegError);
        refused++;
        continue;
      }
      const before = await decoded(cut);
      if (!before || before.length !== SIDE * SIDE * 3) continue; // libjpeg refuses it: no right tile to compare with
      const after = await decoded(tile);
      expect(after?.equals(before), `round ${round}`).toBe(true);
      same++;
    }
    expect(refused).toBeGreaterThan(500);
    expect(same).toBeGreaterThan(500);
  });

  test('of pure noise behind a sound header is refused', async () => {
    const random = seeded(6);
    const sound = await encode();
    const start = sound.lastIndexOf(Buffer.from([0xff, 0xda])) + 14;
    for (let round = 0; round < 300; round++) {
      const noise = Uint8Array.from({ length: integer(random, 0, 3000) }, () => integer(random, 0, 255));
      expect(() => cutJpeg(Buffer.concat([sound.subarray(0, start), noise]), [WHOLE])).toThrow(JpegError);
    }
  });
});

describe('a JPEG of another kind', () => {
  test.each<[string, () => Promise<Uint8Array>]>([
    ['progressive', () => encode({ progressive: true })],
    [
      'grey',
      () =>
        sharp(waves(8, 8, 1), { raw: { width: 8, height: 8, channels: 3 } })
          .toColourspace('b-w')
          .jpeg()
          .toBuffer(),
    ],
    ['nothing', () => Promise.resolve(new Uint8Array())],
    [
      'PNG',
      () =>
        sharp(waves(8, 8, 1), { raw: { width: 8, height: 8, channels: 3 } })
          .png()
          .toBuffer(),
    ],
  ])('is refused: %s', async (_, make) => {
    const jpeg = await make();
    expect(() => cutJpeg(jpeg, [{ left: 0, top: 0, width: 1, height: 1 }])).toThrow(JpegError);
  });

  test('is refused when a part lies outside of it', async () => {
    const jpeg = await encode();
    expect(() => cutJpeg(jpeg, [{ left: 0, top: 0, width: 9, height: 1 }])).toThrow('within 8 x 8 MCUs');
  });
});
