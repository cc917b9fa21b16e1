import { chmod, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp, { type Sharp } from 'sharp';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { decodeCell } from '../../src/catalog/decode.ts';
import { kindOf } from '../../src/catalog/left-out.ts';
import { convertToSrgb } from '../../src/image/convert.ts';
import { decodeHeic, decodeHere, NoHeicDecoder } from '../../src/image/heic.ts';
import { CommandFailed, decodeByCommand, findHeifCommand } from '../../src/image/heif-command.ts';
import { heifProfile } from '../../src/image/heif-colour.ts';
import { hasLibheif } from '../../src/image/libheif.ts';
import { imageSize, openImage } from '../../src/image/open-image.ts';
import { blankTiff } from '../../src/image/tiff.ts';
import { reasonOf } from '../../src/image/reasons.ts';
import { openTarget } from '../../src/image/target.ts';
import { auxC, coded, exifItem, gridFile, heicFile, imir, irot, nclx, oneTile, prof } from '../helpers/heic-file.ts';
import { DEEP, OPACITY, OPAQUE, TILES } from '../helpers/heic-tiles.ts';
import { difference, waves } from '../helpers/images.ts';
import { seeded } from '../helpers/random.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

const BLACK = { r: 0, g: 0, b: 0 };
const LIBRARY = { command: undefined, library: true };

const raw = (px: Buffer, width = 64, height = 64) => sharp(px, { raw: { width, height, channels: 3 } });
const tile = (seed: number) => raw(waves(64, 64, seed));

/** What a HEIC file shows, decoded by libheif-js in this thread: upright, sRGB. */
async function shown(file: Buffer): Promise<{ data: Buffer; width: number; height: number }> {
  const tiff = decodeHere(file);
  const { data, info } = await convertToSrgb(sharp(tiff).autoOrient()).raw().toBuffer({ resolveWithObject: true });
  return { data, width: info.width, height: info.height };
}

async function expectShown(file: Buffer, expected: Sharp, most = 1.5): Promise<void> {
  const { data, width, height } = await shown(file);
  const { data: px, info } = await expected.raw().toBuffer({ resolveWithObject: true });
  expect([width, height]).toEqual([info.width, info.height]);
  expect(difference(data, px).mean).toBeLessThan(most);
}

/** Waves 1 to 4 as tiles beside and below each other. */
const four = () =>
  sharp({ create: { width: 128, height: 128, channels: 3, background: '#000' } }).composite(
    [1, 2, 3, 4].map((seed, i) => ({
      input: waves(64, 64, seed),
      raw: { width: 64, height: 64, channels: 3 as const },
      left: (i % 2) * 64,
      top: (i >> 1) * 64,
    })),
  );

test('libheif-js is installed, as it is by default', () => {
  expect(hasLibheif()).toBe(true);
});

describe('HEIC', () => {
  test('is told by its content, whatever its name', async () => {
    const { format, metadata } = await openImage(oneTile());
    expect(format).toBe('heic');
    expect(metadata.autoOrient).toEqual({ width: 64, height: 64 });
    expect(await imageSize(oneTile(irot(1)))).toEqual({ format: 'heic', width: 64, height: 64 });
  });

  test('is decoded in a thread of its own, but in threads', async () => {
    const tiff = await decodeHeic(oneTile(), { page: 0, decoders: LIBRARY });
    expect(tiff.equals(decodeHere(oneTile()))).toBe(true);
    await expect(decodeHeic(oneTile().subarray(0, 300), { page: 0, decoders: LIBRARY })).rejects.toThrow('heif: ');
  });

  test('of one picture', async () => {
    for (const [i, picture] of TILES.entries()) await expectShown(heicFile([coded(picture, 7)], 7), tile(i + 1));
  });

  test('of a grid, whose tiles may reach beyond it', async () => {
    await expectShown(
      gridFile({ columns: 2, rows: 2 }, { width: 128, height: 128 }),
      raw(await flat(four()), 128, 128),
    );
    const part = { left: 0, top: 0, width: 121, height: 100 };
    await expectShown(gridFile({ columns: 2, rows: 2 }, part), raw(await flat(four()), 128, 128).extract(part));
  });

  test('has tiles of the same colour, whatever the tile', async () => {
    // libde265 1.0.15 tints tiles of some grids: no part of a grid may be off in its mean colour.
    const { data, width } = await shown(gridFile({ columns: 2, rows: 2 }, { width: 128, height: 128 }));
    for (const [i, seed] of [1, 2, 3, 4].entries()) {
      const part = raw(data, width, width).extract({ left: (i % 2) * 64, top: (i >> 1) * 64, width: 64, height: 64 });
      const [is, should] = await Promise.all([part, tile(seed)].map(async (image) => await meanColour(image)));
      for (const c of [0, 1, 2]) expect(Math.abs(is![c]! - should![c]!), `tile ${i}`).toBeLessThan(1.5);
    }
  });

  // Turned first, then mirrored, in the order of the properties (ISO/IEC 23008-12, 6.5.10 and 6.5.12).
  test.each<[string, Buffer[], (image: Sharp) => Sharp]>([
    ['a quarter', [irot(1)], (image) => image.rotate(270)],
    ['half', [irot(2)], (image) => image.rotate(180)],
    ['three quarters', [irot(3)], (image) => image.rotate(90)],
    ['mirrored top to bottom', [imir(0)], (image) => image.flip()],
    ['mirrored left to right', [imir(1)], (image) => image.flop()],
  ])('turned by %s', async (_, properties, turn) => {
    const size = { width: 128, height: 100 };
    const file = gridFile({ columns: 2, rows: 2 }, size, properties);
    const stored = raw(await flat(four()), 128, 128).extract({ left: 0, top: 0, ...size });
    const upright = turn(sharp(await stored.png().toBuffer()));
    await expectShown(file, upright);
    const { width, height } = (await upright.clone().toBuffer({ resolveWithObject: true })).info;
    expect(await imageSize(file)).toEqual({ format: 'heic', width, height });
  });

  test('is not turned once more by its EXIF data', async () => {
    const { exif } = await sharp(await tile(1).withMetadata({ orientation: 6 }).jpeg().toBuffer()).metadata();
    const items = [coded(TILES[0]!, 1, irot(3)), exifItem(2, 1, exif!.subarray(6))];
    const file = heicFile(items, 1);
    await expectShown(file, tile(1).rotate(90));
    const { width, height, turned, px } = await decodeCell(file, {
      cell: { width: 64, height: 64 },
      crop: 'centre',
      background: BLACK,
    });
    expect({ width, height, turned }).toEqual({ width: 64, height: 64, turned: false });
    expect(difference(px, await tile(1).rotate(90).raw().toBuffer()).mean).toBeLessThan(1.5);
  });

  test('in Display P3, by its profile or by numbers, of the whole or of its tiles', async () => {
    const { icc } = await sharp(await tile(1).withIccProfile('p3').png().toBuffer()).metadata();
    // The same numbers taken for Display P3.
    const p3 = (data: Buffer, width: number) => {
      const { file, px } = blankTiff({ width, height: width, channels: 3, bits: 8, icc });
      px.set(data);
      return convertToSrgb(sharp(file));
    };
    const expected = () => p3(waves(64, 64, 1), 64);
    const plain = await flat(tile(1));
    expect(difference(await flat(expected()), plain).mean).toBeGreaterThan(4);
    await expectShown(oneTile(prof(icc!)), expected());
    await expectShown(oneTile(nclx(12, 13)), expected());
    await expectShown(oneTile(nclx(12, 13), prof(icc!)), expected());
    const size = { width: 128, height: 128 };
    const grid = async () => p3(await flat(four()), 128);
    await expectShown(gridFile({ columns: 2, rows: 2 }, size, [nclx(12, 13)]), await grid());
    await expectShown(gridFile({ columns: 2, rows: 2 }, size, [], [nclx(12, 13)]), await grid());
  });

  test('in sRGB, or what is shown as that, is left as it is', async () => {
    for (const colours of [nclx(1, 13), nclx(1, 1), nclx(2, 2), nclx(6, 6), nclx(5, 6)]) {
      expect(heifProfile(oneTile(colours))).toBeUndefined();
      await expectShown(oneTile(colours), tile(1));
    }
  });

  test('in linear light, or made for bright screens, is shown as screens of today do', async () => {
    const mean = async (file: Buffer) =>
      (await shown(file)).data.reduce((sum, value) => sum + value, 0) / (64 * 64 * 3);
    const plain = await mean(oneTile());
    expect(await mean(oneTile(nclx(1, 8)))).toBeGreaterThan(plain + 20);
    for (const transfer of [16, 18]) {
      const { data } = await shown(oneTile(nclx(9, transfer, 9)));
      expect(Math.max(...data)).toBeLessThanOrEqual(255);
      // What is brighter stays brighter.
      const lightness = (px: Buffer, at: number) => px[at]! + px[at + 1]! + px[at + 2]!;
      const source = waves(64, 64, 1);
      const order = [0, 1024, 2048, 3072, 4095].toSorted((a, b) => lightness(source, a * 3) - lightness(source, b * 3));
      expect(lightness(data, order[0]! * 3)).toBeLessThan(lightness(data, order[4]! * 3));
    }
  });

  test('of 10 bits', async () => {
    const file = heicFile([coded(DEEP, 1)], 1);
    expect((await openImage(file)).metadata.depth).toBe('ushort');
    await expectShown(file, tile(5));
  });

  test('with opacity lies on the background', async () => {
    const alpha = { ...coded(OPACITY, 2, auxC('urn:mpeg:hevc:2015:auxid:1')), refers: { auxl: [1] } };
    const file = heicFile([coded(OPAQUE, 1), alpha], 1);
    const cell = { width: 64, height: 64 };
    const { px, alpha: transparent } = await decodeCell(file, { cell, crop: 'centre', background: BLACK });
    expect(transparent).toBe(true);
    const picture = waves(64, 64, 6);
    const rgba = Buffer.from(
      Array.from({ length: 64 * 64 }, (_, i) => [...picture.subarray(3 * i, 3 * i + 3), i % 64 < 32 ? 255 : 64]).flat(),
    );
    const png = await sharp(rgba, { raw: { width: 64, height: 64, channels: 4 } })
      .png()
      .toBuffer();
    expect(difference(px, (await decodeCell(png, { cell, crop: 'centre', background: BLACK })).px).mean).toBeLessThan(
      1.5,
    );
  });

  test('shows its primary picture: no gain map, thumbnail or other picture', async () => {
    const items = [
      coded(TILES[1]!, 1), // stands for itself, and comes first
      coded(TILES[0]!, 2),
      { ...coded(TILES[2]!, 3), refers: { thmb: [2] } },
      { ...coded(OPACITY, 4, auxC('urn:com:apple:photo:2020:aux:hdrgainmap')), refers: { auxl: [2] } },
    ];
    const file = heicFile(items, 2);
    await expectShown(file, tile(1));
    expect((await openImage(file)).metadata).toMatchObject({ hasAlpha: false });
    expect((await sharp(file).metadata()).pagePrimary).toBe(1);
  });

  test('can be a target', async () => {
    const path = join(await temporaryFolder(), 'target.heic');
    await writeFile(path, gridFile({ columns: 2, rows: 2 }, { width: 128, height: 100 }, [irot(1)]));
    expect(await openTarget(path)).toMatchObject({ width: 100, height: 128 });
  });
});

describe('a HEIC file that cannot be decoded', () => {
  const sound = gridFile({ columns: 2, rows: 2 }, { width: 128, height: 128 });
  const kind = async (file: Buffer, decoders = LIBRARY) =>
    await decodeHeic(file, { page: 0, decoders }).then(
      () => 'decoded',
      (error: unknown) => kindOf(reasonOf(error)),
    );

  test('is damaged if it is cut short', async () => {
    for (const part of [0.2, 0.5, 0.9]) {
      const cut = sound.subarray(0, Math.floor(sound.length * part));
      expect(kindOf(reasonOf(thrownBy(() => decodeHere(cut))))).toBe('damaged');
    }
    // Grey where tiles are missing, if that is wanted.
    expect(decodeHere(sound.subarray(0, sound.length - 50), true)).toHaveLength(decodeHere(sound).length);
    for (const bytes of [200, sound.length - 50]) {
      const cut = sound.subarray(0, bytes);
      await expect(openImage(cut)).rejects.toSatisfy((error) => kindOf(reasonOf(error)) === 'damaged');
    }
  });

  test('is too large, though sound', async () => {
    const file = gridFile({ columns: 2, rows: 2 }, { width: 9000, height: 9000 });
    await expect(decodeHeic(file, { page: 0, decoders: LIBRARY })).rejects.toSatisfy(
      (error) => reasonOf(error) === 'too-large-heic',
    );
  });

  test('is called so where there is nothing to decode it with, and never damaged', async () => {
    await expect(decodeHeic(sound, { page: 0, decoders: { command: undefined, library: false } })).rejects.toThrow(
      NoHeicDecoder,
    );
    expect(await kind(sound, { command: undefined, library: false })).toBe('heic');
  });

  test('does no harm, whatever is wrong with it', async () => {
    const random = seeded(7);
    const kinds = new Set<string>();
    for (let round = 0; round < 400; round++) {
      const file = Buffer.from(sound);
      for (let i = 0; i <= random() * 6; i++)
        file[Math.floor(random() * file.length)]! ^= 1 << Math.floor(random() * 8);
      try {
        decodeHere(file);
        kinds.add('decoded');
      } catch (error) {
        kinds.add(kindOf(reasonOf(error)));
      }
    }
    expect(kinds).toContain('damaged');
    expect(kinds).toContain('decoded');
    // After all that, what is sound still is.
    await expectShown(sound, raw(await flat(four()), 128, 128));
    for (const other of kinds) expect(['decoded', 'damaged', 'format', 'too-large', 'undecodable']).toContain(other);
  });
});

describe('heif-dec', () => {
  let folder: string;
  let temporary: string;
  const before = { ...process.env };
  beforeEach(async () => {
    folder = await temporaryFolder();
    temporary = join(folder, 'temporary');
    await mkdir(temporary);
    process.env['TMPDIR'] = temporary;
  });
  afterEach(() => {
    for (const name of ['PATH', 'TMPDIR']) {
      if (before[name] === undefined) delete process.env[name];
      else process.env[name] = before[name];
    }
  });

  /** Puts in front of `PATH` a program that behaves as the command of that version does, and writes what it was called with. */
  async function standIn(name: string, libde265: string, decoding: string): Promise<string> {
    const bin = join(folder, 'bin');
    await mkdir(bin, { recursive: true });
    await tile(2).png().toFile(join(bin, 'tile.png'));
    const program = `#!/bin/sh
here='${bin}'
echo "$*" >> "$here/calls"
PATH=/usr/bin:/bin
case "$1" in
  --list-decoders)
    printf 'AVIF decoders:\n- dav1d = dav1d v6.6.0\nHEIC decoders:\n- libde265 = libde265 HEVC decoder, version ${libde265}\n'
    exit 0 ;;
  --help)
    echo ' heif-dec  libheif version: 1.20.2' >&2
    exit 0 ;;
esac
for to; do :; done
${decoding}
`;
    await writeFile(join(bin, name), program);
    await chmod(join(bin, name), 0o755);
    process.env['PATH'] = bin;
    return bin;
  }

  const COPY = 'cp "$here/tile.png" "$to"';
  const left = async () => await readdir(temporary);

  test('is preferred where it is newer than libheif-js', async () => {
    const bin = await standIn('heif-dec', '1.0.16', COPY);
    const command = await findHeifCommand();
    expect(command).toMatchObject({ name: 'heif-dec', newer: true });
    const tiff = await decodeHeic(oneTile(nclx(12, 13)), { page: 0, decoders: { command, library: true } });
    // It showed waves 2 for a file of waves 1; their colours are those that the file names.
    expect((await sharp(tiff).metadata()).icc).toEqual(heifProfile(oneTile(nclx(12, 13))));
    expect(difference(await flat(sharp(tiff, { ignoreIcc: true })), waves(64, 64, 2)).most).toBe(0);
    const calls = (await readFile(join(bin, 'calls'), 'utf8')).trim().split('\n');
    expect(calls.at(-1)).toMatch(/^--quiet --png-compression-level 0 \S+in\.heic \S+out\.png$/);
    expect(await left()).toEqual([]);
  });

  test('may warn of colours', async () => {
    await standIn('heif-dec', '1.0.16', `echo 'Warning: colr box and bitstream disagree' >&2; ${COPY}`);
    const px = await decodeByCommand((await findHeifCommand())!, oneTile(), { page: 0 });
    expect(px).toMatchObject({ width: 64, height: 64 });
  });

  test('is left alone where it is older, unless it is all there is', async () => {
    await standIn('heif-convert', '1.0.11', COPY);
    const command = await findHeifCommand();
    expect(command).toMatchObject({ name: 'heif-convert', newer: false });
    const px = async (library: boolean) =>
      await flat(sharp(await decodeHeic(oneTile(), { page: 0, decoders: { command, library } }), { ignoreIcc: true }));
    expect(difference(await px(true), waves(64, 64, 1)).mean).toBeLessThan(1.5);
    expect(difference(await px(false), waves(64, 64, 2)).most).toBe(0);
  });

  test('of several pictures gives the primary one', async () => {
    const several = 'for n in 1 3; do : > "${to%.png}-$n.png"; done; cp "$here/tile.png" "${to%.png}-2.png"';
    await standIn('heif-dec', '1.1.0', several);
    const px = await decodeByCommand((await findHeifCommand())!, oneTile(), { page: 1 });
    expect(px).toMatchObject({ width: 64, height: 64, channels: 3, bits: 8 });
  });

  test('that fails, says nothing or writes nothing costs that file, and leaves nothing behind', async () => {
    const said = (text: string) => `echo '${text}' >&2`;
    const failing = [
      [`${said('Could not read HEIF/AVIF file: Invalid input: Unexpected end of file')}; exit 1`, 'truncated'],
      [`${said('Could not decode image: Decoder plugin generated an error')}; exit 1`, 'damaged'],
      [`${said('Warning: Invalid input: Unexpected end of file')}; ${COPY}`, 'truncated'],
      ['exit 0', 'decoder-failed'],
      ['echo no image > "$to"', 'decoder-failed'],
      ['exec sleep 60', 'decoder-failed'],
    ] as const;
    for (const [decoding, reason] of failing) {
      await standIn('heif-dec', '1.0.16', decoding);
      const command = (await findHeifCommand())!;
      await expect(decodeByCommand(command, oneTile(), { page: 0, timeout: 1000 }), decoding).rejects.toSatisfy(
        (error) => reasonOf(error) === reason,
      );
      expect(await left()).toEqual([]);
    }
  });

  test('that fails itself is stood in for by libheif-js', async () => {
    await standIn('heif-dec', '1.0.16', 'exit 1');
    const command = await findHeifCommand();
    const tiff = await decodeHeic(oneTile(), { page: 0, decoders: { command, library: true } });
    expect(difference(await flat(sharp(tiff)), waves(64, 64, 1)).mean).toBeLessThan(1.5);
    await expect(decodeHeic(oneTile(), { page: 0, decoders: { command, library: false } })).rejects.toThrow(
      CommandFailed,
    );
  });

  test('that is not there, or knows no HEIC, is none', async () => {
    process.env['PATH'] = folder;
    expect(await findHeifCommand()).toBeUndefined();
    const bin = await standIn('heif-dec', '1.0.16', COPY);
    await writeFile(join(bin, 'heif-dec'), '#!/bin/sh\nprintf "HEIC decoders:\\nAVIF decoders:\\n- aom\\n"\n');
    expect(await findHeifCommand()).toBeUndefined();
  });
});

function thrownBy(act: () => void): unknown {
  try {
    act();
  } catch (error) {
    return error;
  }
  return undefined;
}

async function flat(image: Sharp): Promise<Buffer> {
  return await image.removeAlpha().raw().toBuffer();
}

async function meanColour(image: Sharp): Promise<number[]> {
  const { channels } = await sharp(await image.png().toBuffer()).stats();
  return channels.map(({ mean }) => mean);
}
