import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { beforeAll, describe, expect, test } from 'vitest';
import { headerSize } from '../../src/image/header-size.ts';
import { imageSize } from '../../src/image/open-image.ts';
import { integer, seeded } from '../helpers/random.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

let root: string;
beforeAll(async () => {
  root = await temporaryFolder();
});

const plain = (width: number, height: number) => sharp({ create: { width, height, channels: 3, background: '#963' } });

async function fileOf(name: string, bytes: Uint8Array): Promise<string> {
  const path = join(root, name);
  await writeFile(path, bytes);
  return path;
}

/** The size that the decoder tells. */
async function decoded(path: string) {
  const { width, height } = await imageSize(path);
  return { width, height };
}

describe('the size in a header', () => {
  test.each([1, 2, 3, 4, 5, 6, 7, 8])('of a JPEG is upright: orientation %i', async (orientation) => {
    const bytes = await plain(40, 30)
      .jpeg({ progressive: orientation % 2 === 0 })
      .withMetadata({ orientation })
      .toBuffer();
    const path = await fileOf(`${orientation}.jpg`, bytes);
    expect(await headerSize(path)).toEqual(orientation > 4 ? { width: 30, height: 40 } : { width: 40, height: 30 });
    expect(await headerSize(path)).toEqual(await decoded(path));
  });

  test('of a PNG is read; one with notes is left to the decoder', async () => {
    const path = await fileOf('a.png', await plain(40, 30).png().toBuffer());
    expect(await headerSize(path)).toEqual({ width: 40, height: 30 });
    const turned = await fileOf('turned.png', await plain(40, 30).png().withMetadata({ orientation: 6 }).toBuffer());
    expect(await headerSize(turned)).toBeUndefined();
    expect(await decoded(turned)).toEqual({ width: 30, height: 40 });
  });

  test('is left to the decoder for other formats, long headers, and what is no image', async () => {
    const jpeg = await plain(40, 30).jpeg().toBuffer();
    const long = Buffer.concat([
      jpeg.subarray(0, 2),
      ...Array.from({ length: 3 }, () => Buffer.concat([Buffer.from([0xff, 0xe5, 0xff, 0xf0]), Buffer.alloc(0xffee)])),
      jpeg.subarray(2),
    ]);
    expect(await decoded(await fileOf('long.jpg', long))).toEqual({ width: 40, height: 30 });
    for (const path of [
      join(root, 'long.jpg'),
      join(root, 'missing.jpg'),
      root,
      await fileOf('a.webp', await plain(40, 30).webp().toBuffer()),
      await fileOf('a.gif', await plain(40, 30).gif().toBuffer()),
      await fileOf('empty.jpg', Buffer.alloc(0)),
      await fileOf('text.jpg', Buffer.from('no image')),
      await fileOf('short.jpg', jpeg.subarray(0, 30)),
    ])
      expect(await headerSize(path), path).toBeUndefined();
  });

  test('of damaged files is the one that the decoder tells, or none; it never throws', async () => {
    const random = seeded(3);
    const whole = [
      await plain(40, 30).jpeg().withMetadata({ orientation: 6 }).toBuffer(),
      await plain(9, 7).png().toBuffer(),
    ];
    for (let round = 0; round < 300; round++) {
      const bytes = Buffer.from(whole[round % 2]!);
      for (let i = 0; i < 3; i++) bytes[integer(random, 0, Math.min(200, bytes.length) - 1)] = integer(random, 0, 255);
      const path = await fileOf('damaged', round % 5 ? bytes : bytes.subarray(0, integer(random, 0, bytes.length)));
      const size = await headerSize(path);
      const told = await decoded(path).catch(() => undefined);
      if (size && told) expect(size).toEqual(told);
    }
  });
});
