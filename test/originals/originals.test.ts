import { link, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { beforeAll, describe, expect, test } from 'vitest';
import {
  build,
  type BuildOptions,
  type BuildResult,
  type MosaicJson,
  type Rect,
  type Size,
  verify,
} from '../../src/index.ts';
import { decode, difference, writeWaves } from '../helpers/images.ts';
import { dziPicture, filesOf, partOf, type Picture, type Placed, sharpOf, writePlacement } from '../helpers/levels.ts';
import { buildWithOriginals, IMAGES, readIndex, type Row, SECRET, writeSources } from '../helpers/originals.ts';
import { readPictures, readSite } from '../helpers/site.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

let root: string;
let folder: string;
beforeAll(async () => {
  root = await temporaryFolder();
  await writeWaves(join(root, 'target.png'), 120, 80, 99);
  folder = join(root, 'images');
  await mkdir(folder);
  await writeSources(folder);
});

/** Each image once, and some of them once more, turned or mirrored. */
const TURNED: readonly Placed[] = [
  ['plain.jpg', 2],
  ['exif.jpg', 4],
  ['lying.jpg', 6],
  ['large.png', 2],
  ['drawing.svg', 4],
  ['plain.jpg', 0],
  ['plain.jpg', 2],
  ['scan.tif', 6],
];

async function make(name: string, options: Partial<BuildOptions> = {}) {
  const placement = await writePlacement(join(root, 'all.csv'), 8, [...Object.keys(IMAGES), ...TURNED]);
  return await buildWithOriginals(root, name, { images: [folder], placement, ...options });
}

interface Site {
  readonly out: string;
  readonly mosaic: MosaicJson;
  readonly result: BuildResult;
  readonly rows: readonly Row[];
  /** Name and turn of each picture, by its number. */
  readonly shown: readonly (readonly [name: string, turn: number])[];
}

async function siteOf(mode: 'copy' | 'link'): Promise<Site> {
  const { out, mosaic, result } = await make(mode, { originals: mode });
  const cells = await readPictures(out, mosaic);
  const { placed } = await readSite(out);
  const shown: [string, number][] = [];
  for (const [i, number] of cells.entries()) shown[number] = [placed[i]!.source!, Number(placed[i]!.turn)];
  return { out, mosaic, result, rows: await readIndex(out), shown };
}

/** Where an image's original lies in a site. */
function pathOf({ rows, shown }: Site, name: string): string {
  const [number, ending] = rows[shown.findIndex(([one]) => one === name)]!;
  return `originals/0/${number}${ending && `.${ending}`}`;
}

describe.each(['copy', 'link'] as const)('--originals %s', (mode) => {
  let site: Site;
  const before = new Map<string, { bytes: Buffer; mtimeMs: number; ino: number }>();
  beforeAll(async () => {
    for (const name of Object.keys(IMAGES)) {
      const { mtimeMs, ino } = await stat(join(folder, name));
      before.set(name, { bytes: await readFile(join(folder, name)), mtimeMs, ino });
    }
    site = await siteOf(mode);
  });

  test('has one original of each source, and its index says where', async () => {
    const { mosaic, rows, shown, out, result } = site;
    expect(mosaic.originals).toMatchObject({ mode, block: 1024 });
    // Twice upright is one picture, each further turn another.
    expect(mosaic.pictures).toBe(Object.keys(IMAGES).length + TURNED.length - 2);
    expect(rows.length).toBe(mosaic.pictures);
    for (const [picture, [original, ending, ...rest]] of rows.entries()) {
      const [name, turn] = shown[picture]!;
      expect(original, name).toBe(shown.findIndex(([one]) => one === name));
      expect(ending, name).toBe(IMAGES[name]!.ending);
      expect(rest.at(-1), name).toBe(turn);
    }
    const files = (await filesOf(join(out, 'originals'))).filter((path) => !path.includes('_files/'));
    const expected = Object.keys(IMAGES).map((name) => {
      const path = pathOf(site, name).slice('originals/'.length);
      return IMAGES[name]!.fate === 'pyramid' ? `${path}.dzi` : path;
    });
    expect(files).toEqual([...expected, '0/index.js'].toSorted());
    const all = await filesOf(out);
    expect(result.files).toBe(all.length);
    const stored = new Map<number, number>();
    for (const path of all) {
      const { ino, size } = await stat(join(out, path));
      stored.set(ino, size);
    }
    const bytes = [...stored.values()].reduce((sum, size) => sum + size, 0);
    const kept = [...before.values()].filter(({ ino }) => stored.has(ino));
    expect(result.bytes).toBe(bytes - kept.reduce((sum, one) => sum + one.bytes.length, 0));
    const linked = all.length - stored.size + kept.length;
    expect(result.linkedFiles).toBe(linked);
    expect((await verify({ site: out })).problems).toEqual([]);
  });

  test('leaves sources as they are, and has their own files where nothing is to be taken out', async () => {
    const may = await link(join(folder, 'plain.jpg'), join(root, `linked-${mode}`)).then(
      () => true,
      () => false,
    );
    for (const [name, { bytes, mtimeMs, ino }] of before) {
      const now = await stat(join(folder, name));
      expect([now.mtimeMs, now.ino], name).toEqual([mtimeMs, ino]);
      expect((await readFile(join(folder, name))).equals(bytes), name).toBe(true);
      const { fate } = IMAGES[name]!;
      if (fate === 'pyramid') continue;
      const path = join(site.out, pathOf(site, name));
      expect((await readFile(path)).equals(bytes), name).toBe(fate === 'same');
      expect((await stat(path)).ino === ino, name).toBe(mode === 'link' && may && fate === 'same');
    }
  });

  test('tells nothing that people may not know of', async () => {
    expect((await readFile(join(folder, 'exif.jpg'))).includes(SECRET)).toBe(true);
    expect((await readFile(join(folder, 'comment.jpg'))).includes(SECRET)).toBe(true);
    for (const path of await filesOf(site.out)) {
      const bytes = await readFile(join(site.out, path));
      expect(bytes.includes(SECRET), path).toBe(false);
      if (!/originals.*(jpe?g|png|webp)$/.test(path)) continue;
      const { exif, xmp, iptc, comments } = await sharp(bytes).metadata();
      expect([xmp, iptc, comments], path).toEqual([undefined, undefined, undefined]);
      // What is left of EXIF is 32 bytes, which say how to turn it.
      if (exif) expect([path, exif.length]).toEqual([pathOf(site, 'lying.jpg'), 32]);
    }
  });

  test('shows what sources show: to the px where they are not encoded anew', async () => {
    for (const [name, { fate }] of Object.entries(IMAGES)) {
      if (fate === 'pyramid' || name === 'drawing.svg') continue;
      const [own, source] = await Promise.all(
        [join(site.out, pathOf(site, name)), join(folder, name)].map(async (path) => {
          const image = sharp(path).autoOrient().pipelineColourspace('srgb').toColourspace('srgb').ensureAlpha();
          return await image.raw().toBuffer({ resolveWithObject: true });
        }),
      );
      expect([own!.info.width, own!.info.height, own!.info.channels], name).toEqual([
        source!.info.width,
        source!.info.height,
        source!.info.channels,
      ]);
      const { mean, most } = difference(own!.data, source!.data);
      const lossy = fate === 'encoded' && IMAGES[name]!.ending === 'jpg';
      expect(mean, name).toBeLessThanOrEqual(lossy ? 1.5 : 0);
      expect(most, name).toBeLessThanOrEqual(lossy ? 60 : 0);
    }
    const scan = await sharp(join(site.out, pathOf(site, 'cmyk.jpg'))).metadata();
    expect([scan.format, scan.space, scan.channels]).toEqual(['jpeg', 'srgb', 3]);
    const warning = 'originals were re-encoded: metadata cannot be removed from the format, or browsers cannot show it';
    expect(site.result.warnings).toContain(`5 ${warning}`);
  });

  test('tells sizes, and the part that fills a cell', async () => {
    const { rows, shown, out, mosaic } = site;
    const { width: cellWidth, height: cellHeight } = mosaic.cell;
    expect(cellWidth / cellHeight).toBe(4 / 3);
    let largest = 0;
    for (const [picture, [, ending, width, height, left, top, across, down, turn]] of rows.entries()) {
      const [name] = shown[picture]!;
      const source = await sharp(join(folder, name)).metadata();
      const path = join(out, pathOf(site, name));
      const has = ending === '' ? source.autoOrient : (await sharp(path).metadata()).autoOrient;
      expect({ width, height }, name).toEqual({ width: has.width, height: has.height });
      // The largest part of 4:3, from the middle; a drawing's is larger as often as its picture is.
      const scale = name === 'drawing.svg' ? width / 60 : 1;
      expect(scale > 1).toBe(name === 'drawing.svg');
      const [w, h] = [width / scale, height / scale];
      const part = w * 3 > h * 4 ? [Math.round((h * 4) / 3), h] : [w, Math.round((w * 3) / 4)];
      const place = [Math.floor((w - part[0]!) / 2), Math.floor((h - part[1]!) / 2)];
      for (const [i, value] of [left, top, across, down].entries()) {
        // A drawing has no px to be cropped to the px.
        expect(Math.abs(value - [...place, ...part][i]! * scale), `${name} ${i}`).toBeLessThanOrEqual(
          scale > 1 ? scale : 1e-6,
        );
      }
      largest = Math.max(largest, across);
      // And that is what stands in the cell, by its px.
      if (ending === '') continue;
      const at = (await readPictures(out, mosaic)).indexOf(picture);
      const stood = { left: (at % 8) * cellWidth, top: Math.floor(at / 8) * cellHeight };
      const stands = partOf(await fullOf(site), { ...stood, ...mosaic.cell }).data;
      const whole = await wholeOf(path, mosaic.background);
      const rect = { left, top, width: across, height: down };
      const likeness = async (shownPart: Rect, how: number) =>
        difference(stands, await cellOf(whole, shownPart, how, mosaic.cell)).mean;
      const own = await likeness(rect, turn);
      // Small ones are enlarged, and transparency is laid over its background, in another way here.
      expect(own, `${name}, turn ${turn}`).toBeLessThan(8);
      const others = [0, 2, 4, 6].filter((other) => other !== turn).map((other) => likeness(rect, other));
      const moved = [
        { left: 0, top: 0 },
        { left: width - across, top: height - down },
      ].map((corner) => likeness({ ...rect, ...corner }, turn));
      for (const other of await Promise.all([...others, ...moved]))
        expect(other, `${name}, turn ${turn}`).toBeGreaterThan(1.5 * own);
    }
    let levels = 0;
    while (cellWidth * 2 ** levels < largest) levels++;
    expect(mosaic.originals!.levels).toBe(levels);
    expect(levels).toBeGreaterThan(4);
  });

  test('has a whole pyramid of what is larger than phones decode at once', async () => {
    for (const [name, width, height] of [
      ['large.png', 2300, 1900],
      ['lying-large.jpg', 1700, 2600],
    ] as const) {
      const path = join(site.out, pathOf(site, name));
      const descriptor = await readFile(`${path}.dzi`, 'utf8');
      for (const field of [
        'TileSize="512"',
        'Overlap="0"',
        'Format="jpeg"',
        `Width="${width}"`,
        `Height="${height}"`,
      ]) {
        expect(descriptor, name).toContain(field);
      }
      const files = await filesOf(`${path}_files`);
      const deepest = 12;
      const expected: string[] = [];
      for (let level = 0; level <= deepest; level++) {
        const [across, down] = [width, height].map((side) => Math.ceil(side / 2 ** (deepest - level))) as [
          number,
          number,
        ];
        for (let x = 0; x * 512 < across; x++) {
          for (let y = 0; y * 512 < down; y++) {
            const tile = `${level}/${x}_${y}.jpeg`;
            expected.push(tile);
            const size = await sharp(join(`${path}_files`, tile)).metadata();
            expect([size.width, size.height], tile).toEqual([
              Math.min(512, across - x * 512),
              Math.min(512, down - y * 512),
            ]);
          }
        }
      }
      expect(files).toEqual(expected.toSorted());
      const whole = await decode(await sharp(join(folder, name)).autoOrient().png({ compressionLevel: 0 }).toBuffer());
      for (const [x, y] of [
        [0, 0],
        [2, 1],
        [Math.floor(width / 512), Math.floor(height / 512)],
      ] as const) {
        const tile = await decode(join(`${path}_files`, `${deepest}/${x}_${y}.jpeg`));
        const cut = partOf(whole, { left: x * 512, top: y * 512, width: tile.width, height: tile.height });
        expect(difference(tile.data, cut.data).mean, `${name} ${x}_${y}`).toBeLessThan(2);
      }
    }
  });

  test.each([
    ['a file', 'plain.webp', ''],
    ['a tile of a pyramid', 'large.png', '_files/12/1_1.jpeg'],
    ['a descriptor of a pyramid', 'large.png', '.dzi'],
  ])('is not sound if %s is missing or cut short', async (_, name, end) => {
    const path = `${pathOf(site, name)}${end}`;
    const own = await readFile(join(site.out, path));
    await rm(join(site.out, path));
    expect((await verify({ site: site.out })).problems).toEqual([{ path, problem: 'missing' }]);
    await writeFile(join(site.out, path), own.subarray(0, own.length / 2));
    expect((await verify({ site: site.out })).problems.map((problem) => problem.path)).toContain(path);
    await writeFile(join(site.out, path), own);
  });
});

describe('originals', () => {
  test('are none if none are asked for', async () => {
    const { out, mosaic } = await make('none', { originals: 'none' });
    expect(mosaic).not.toHaveProperty('originals');
    expect((await readdir(out)).includes('originals')).toBe(false);
    const placement = await writePlacement(join(root, 'default.csv'), 2, ['plain.jpg', 'plain.png']);
    const common = { target: join(root, 'target.png'), images: [folder], catalog: join(root, 'catalog') };
    await build({ ...common, out: join(root, 'default'), placement, cellSize: 64, cellAspect: '4:3' });
    expect((await readdir(join(root, 'default'))).includes('originals')).toBe(false);
  });
});

/** A part of a picture as it stands in a cell, mirrored and turned. */
async function cellOf(whole: Picture, rect: Rect, turn: number, cell: Size): Promise<Buffer> {
  const [left, top, width, height] = [rect.left, rect.top, rect.width, rect.height].map(Math.round) as [
    number,
    number,
    number,
    number,
  ];
  const part = sharpOf(partOf(whole, { left, top, width, height })).pipelineColourspace('scrgb');
  const upright = await part.resize(cell.width, cell.height, { fit: 'fill' }).toColourspace('srgb').raw().toBuffer();
  const mirrored = await sharpOf({ ...cell, data: upright })
    .flop(turn >= 4)
    .raw()
    .toBuffer();
  return await sharpOf({ ...cell, data: mirrored })
    .rotate(turn % 4 === 2 ? 180 : 0)
    .raw()
    .toBuffer();
}

/** An original, laid over a colour where it is transparent. */
async function wholeOf(path: string, background: string): Promise<Picture> {
  const image = sharp(path).autoOrient().flatten({ background });
  const { data, info } = await image.toColourspace('srgb').raw().toBuffer({ resolveWithObject: true });
  return { data, width: info.width, height: info.height };
}

const known = new Map<string, Picture>();
/** A mosaic at full resolution. */
async function fullOf({ out, mosaic }: Site): Promise<Picture> {
  const picture =
    known.get(out) ?? (await dziPicture(out, 'mosaic', mosaic, mosaic.levels.length - 1, mosaic.tileSize));
  known.set(out, picture);
  return picture;
}
