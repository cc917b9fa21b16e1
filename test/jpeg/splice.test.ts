import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import { cutJpeg, type Strips } from '../../src/jpeg/cut.ts';
import { spliceBound, spliceTile, tileHeaderOf, type TileHeader, wholeTile } from '../../src/jpeg/splice.ts';
import type { Subsampling } from '../../src/types.ts';
import { integer, seeded } from '../helpers/random.ts';

type Picture = 'noise' | 'flat' | 'grey' | 'waves' | 'extremes';
const PICTURES: Picture[] = ['noise', 'flat', 'grey', 'waves', 'extremes'];

/** RGB px, `size` x `size`. */
function picture(kind: Picture, size: number, random: () => number): Buffer {
  const px = Buffer.alloc(size * size * 3);
  const [r, g, b, fx, fy] = [random() * 256, random() * 256, random() * 256, random() / 3, random() / 3];
  for (let i = 0; i < size * size; i++) {
    const wave = Math.sin((i % size) * fx) + Math.cos(Math.floor(i / size) * fy);
    const grey = random() * 256;
    const colour = {
      noise: [random() * 256, random() * 256, random() * 256],
      flat: [r, g, b],
      grey: [grey, grey, grey],
      waves: [128 + 60 * wave, g, 255 - b - 40 * wave],
      extremes: random() < 0.5 ? [0, 255, 0] : [255, 0, 255],
    }[kind];
    for (let c = 0; c < 3; c++) px[i * 3 + c] = Math.max(0, Math.min(255, Math.round(colour[c]!)));
  }
  return px;
}

async function encode(
  px: Buffer,
  width: number,
  quality: number,
  subsampling: Subsampling,
  height = width,
): Promise<Buffer> {
  return await sharp(px, { raw: { width, height, channels: 3 } })
    .jpeg({ quality, chromaSubsampling: subsampling, optimiseCoding: false, progressive: false })
    .toBuffer();
}

async function decode(jpeg: Uint8Array): Promise<{ data: Buffer; width: number; height: number }> {
  const { data, info } = await sharp(jpeg, { failOn: 'warning' }).raw().toBuffer({ resolveWithObject: true });
  return { data, width: info.width, height: info.height };
}

function splice(header: TileHeader, cell: number, mcu: number, across: number, cells: Strips[]): Buffer {
  const bands = Array.from({ length: cells.length / across }, (_, row) => ({
    pieces: cells.slice(row * across, (row + 1) * across),
    from: 0,
    to: cell / mcu,
  }));
  const out = Buffer.alloc(spliceBound(header, bands));
  const size = { width: across * cell, height: (cells.length / across) * cell };
  const length = spliceTile(out, header, { ...size, segmentMcus: cell / mcu, bands });
  return out.subarray(0, length);
}

/** The largest difference between a part of a tile and a whole picture, in sample values; `inset` px of its edge left out. */
function worst(
  tile: Buffer,
  tileWidth: number,
  left: number,
  top: number,
  part: Buffer,
  size: number,
  inset = 0,
): number {
  let most = 0;
  for (let y = inset; y < size - inset; y++) {
    for (let x = inset * 3; x < (size - inset) * 3; x++) {
      const here = tile[((top + y) * tileWidth + left) * 3 + x]!;
      most = Math.max(most, Math.abs(here - part[y * size * 3 + x]!));
    }
  }
  return most;
}

describe.each<Subsampling>(['4:4:4', '4:2:0'])('a spliced tile at %s', (subsampling) => {
  const mcu = subsampling === '4:2:0' ? 16 : 8;

  test('decodes without warnings and equals its parts', async () => {
    const random = seeded(7);
    for (let round = 0; round < 120; round++) {
      const cell = 2 ** integer(random, Math.log2(mcu), 7);
      const across = integer(random, 1, Math.max(1, 256 / cell > 4 ? 5 : 256 / cell));
      const down = integer(random, 1, 3);
      const quality = round < 100 ? round + 1 : integer(random, 1, 100);
      const jpegs: Buffer[] = [];
      for (let i = 0; i < across * down; i++) {
        const kind = PICTURES[integer(random, 0, PICTURES.length - 1)]!;
        jpegs.push(await encode(picture(kind, cell, random), cell, quality, subsampling));
      }
      const whole = { left: 0, top: 0, width: cell / mcu, height: cell / mcu };
      const tile = splice(
        tileHeaderOf(jpegs[0]!),
        cell,
        mcu,
        across,
        jpegs.map((jpeg) => cutJpeg(jpeg, [whole])[0]!),
      );
      const decoded = await decode(tile);
      expect([decoded.width, decoded.height]).toEqual([across * cell, down * cell]);
      for (const [i, jpeg] of jpegs.entries()) {
        const part = (await decode(jpeg)).data;
        const [left, top] = [(i % across) * cell, Math.floor(i / across) * cell];
        // At 4:2:0 a decoder's chroma interpolation reaches one chroma sample (2 px) over a cell's edge.
        const inset = subsampling === '4:2:0' ? 2 : 0;
        expect(worst(decoded.data, decoded.width, left, top, part, cell, inset), `round ${round}, cell ${i}`).toBe(0);
      }
    }
  });

  test('can be made of mips that were cut out of one sheet', async () => {
    const random = seeded(11);
    const px = picture('waves', 128, random);
    const sheet = await encode(px, 128, 85, subsampling);
    const n = 64 / mcu;
    const rects = [
      { left: n, top: n, width: n, height: n },
      { left: 0, top: 0, width: n, height: 2 * n },
    ];
    const [corner, side] = cutJpeg(sheet, rects);
    const all = await decode(sheet);
    const inset = subsampling === '4:2:0' ? 2 : 0;
    const one = await decode(splice(tileHeaderOf(sheet), 64, mcu, 1, [corner!]));
    const expected = await sharp(all.data, { raw: { width: 128, height: 128, channels: 3 } })
      .extract({ left: 64, top: 64, width: 64, height: 64 })
      .raw()
      .toBuffer();
    expect(worst(one.data, 64, 0, 0, expected, 64, inset)).toBe(0);
    expect(side!.ends).toHaveLength(2 * n);
  });

  test('may have a part of its first and last rows of pieces, which need not be square', async () => {
    const random = seeded(13);
    for (let round = 0; round < 60; round++) {
      const [across, down] = [integer(random, 1, 4), integer(random, 1, 4)];
      const [mcusAcross, mcusDown] = [integer(random, 1, 5), integer(random, 1, 5)];
      const [width, height] = [mcusAcross * mcu, mcusDown * mcu];
      // A whole picture, cut into pieces; a decoder tells what its MCU rows from `top` to `bottom` are.
      const sheet = { width: across * width, height: down * height };
      const side = Math.max(sheet.width, sheet.height);
      const raw = { width: side, height: side, channels: 3 } as const;
      const px = await sharp(picture(PICTURES[round % PICTURES.length]!, side, random), { raw })
        .extract({ left: 0, top: 0, ...sheet })
        .raw()
        .toBuffer();
      const jpeg = await encode(px, sheet.width, integer(random, 30, 100), subsampling, sheet.height);
      const rects = Array.from({ length: across * down }, (_, i) => ({
        left: (i % across) * mcusAcross,
        top: Math.floor(i / across) * mcusDown,
        width: mcusAcross,
        height: mcusDown,
      }));
      const pieces = cutJpeg(jpeg, rects);
      const top = integer(random, 0, down * mcusDown - 1);
      const bottom = integer(random, top + 1, down * mcusDown);
      const bands = [];
      for (let row = Math.floor(top / mcusDown); row * mcusDown < bottom; row++) {
        const from = Math.max(top - row * mcusDown, 0);
        const to = Math.min(bottom - row * mcusDown, mcusDown);
        bands.push({ pieces: pieces.slice(row * across, (row + 1) * across), from, to });
      }
      const header = tileHeaderOf(jpeg);
      const bound = spliceBound(header, bands);
      const out = Buffer.alloc(bound + 1, 0xaa);
      const size = { width: sheet.width, height: (bottom - top) * mcu };
      const length = spliceTile(out, header, { ...size, segmentMcus: mcusAcross, bands });
      expect(length).toBeLessThanOrEqual(bound);
      expect(out[bound], 'beyond the bound').toBe(0xaa);
      const [tile, whole] = [await decode(out.subarray(0, length)), await decode(jpeg)];
      expect([tile.width, tile.height]).toEqual([size.width, size.height]);
      // Within the whole picture, too, chroma is interpolated between neighbours: only where it was cut do they lack.
      const line = sheet.width * 3;
      const inset = subsampling === '4:2:0' ? 2 : 0;
      const rows = [tile.data, whole.data.subarray(top * mcu * line)].map((data) =>
        data.subarray(inset * line, (size.height - inset) * line),
      );
      expect(rows[0]!.equals(rows[1]!.subarray(0, rows[0]!.length)), `round ${round}`).toBe(true);
    }
  });

  test('of one piece is that piece', async () => {
    const random = seeded(17);
    const [width, height] = [3 * mcu, 5 * mcu];
    const jpeg = await encode(
      picture('noise', 5 * mcu, random).subarray(0, width * height * 3),
      width,
      80,
      subsampling,
      height,
    );
    const [piece] = cutJpeg(jpeg, [{ left: 0, top: 0, width: 3, height: 5 }]);
    const [tile, whole] = [await decode(wholeTile(tileHeaderOf(jpeg), piece!, 3, mcu)), await decode(jpeg)];
    expect([tile.width, tile.height]).toEqual([width, height]);
    expect(tile.data.equals(whole.data)).toBe(true);
  });
});
