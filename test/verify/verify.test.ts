import { copyFile, cp, mkdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { beforeAll, expect, test } from 'vitest';
import { build, type MosaicJson, verify } from '../../src/index.ts';
import { writeMany, writeWaves } from '../helpers/images.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

let root: string;
let sound: string;
beforeAll(async () => {
  root = await temporaryFolder();
  sound = join(root, 'sound');
  await writeWaves(join(root, 'target.png'), 60, 40, 50);
  await mkdir(join(root, 'images'));
  await writeMany(join(root, 'images'), 8);
  const images = [join(root, 'images')];
  await build({
    target: join(root, 'target.png'),
    images,
    out: sound,
    columns: 4,
    cellSize: 256,
    maxUses: 3,
    catalog: join(root, 'catalog'),
  });
});

const DEEPEST = 'mosaic_files/10';
const CELLS = 'cells/0_0.js';

test('a sound site has no problems', async () => {
  const { problems, tiles, decoded } = await verify({ site: sound });
  expect(problems).toEqual([]);
  const { pictures } = JSON.parse(await readFile(join(sound, 'mosaic.json'), 'utf8')) as MosaicJson;
  expect(pictures).toBeGreaterThan(3);
  // Pictures; and levels 10, 9, and 8 to 0, of a 1,024 x 768 px mosaic.
  expect(tiles).toBe(pictures + 4 * 3 + 2 * 2 + 9);
  expect(decoded).toBeLessThan(tiles);
});

async function flip(path: string, at: number): Promise<void> {
  const bytes = await readFile(path);
  bytes[at < 0 ? bytes.length + at : at]! ^= 0x10;
  await rm(path); // not through the link
  await writeFile(path, bytes);
}

async function change(path: string, from: RegExp, to: string): Promise<void> {
  const text = await readFile(path, 'utf8');
  expect(text).toMatch(from);
  await writeFile(path, text.replace(from, to));
}

async function otherPlacement(site: string): Promise<void> {
  const script = await readFile(join(site, CELLS), 'utf8');
  const bytes = Buffer.from(/,"(.*)"/.exec(script)![1]!, 'base64');
  bytes.writeUInt16LE((bytes.readUInt16LE(2) + 1) % 4, 2);
  await writeFile(join(site, CELLS), `zoomosaicCells("0_0","${bytes.toString('base64')}");\n`);
}

test.each<[string, (site: string) => Promise<unknown>, { path: string; problem: RegExp }]>([
  [
    'a missing tile',
    (site) => rm(join(site, DEEPEST, '1_1.jpg')),
    { path: `${DEEPEST}/1_1.jpg`, problem: /^missing$/ },
  ],
  [
    'a missing coarse tile',
    (site) => rm(join(site, 'mosaic_files/0/0_0.jpg')),
    { path: 'mosaic_files/0/0_0.jpg', problem: /^missing$/ },
  ],
  ...['sources/0.js', 'sources/names/0.js', 'sources/looks/0.js', 'sources/pictures/0.js', 'compare.jpg'].flatMap(
    (path): [string, (site: string) => Promise<unknown>, { path: string; problem: RegExp }][] => [
      [`no ${path}`, (site) => rm(join(site, path)), { path, problem: /^missing$/ }],
      [`one flipped bit in ${path}`, (site) => flip(join(site, path), 30), { path, problem: /damaged/ }],
    ],
  ),
  [
    'one flipped bit in picture data',
    (site) => flip(join(site, 'mosaic_files/9/1_1.jpg'), -40),
    { path: 'mosaic_files/9/1_1.jpg', problem: /checksum|does not decode/ },
  ],
  [
    'a tile cut short',
    (site) => truncate(join(site, 'mosaic_files/9/0_0.jpg'), 900),
    { path: 'mosaic_files/9/0_0.jpg', problem: /does not decode/ },
  ],
  [
    'no image at all',
    (site) => writeFile(join(site, 'mosaic_files/8/0_0.jpg'), 'oops'),
    { path: 'mosaic_files/8/0_0.jpg', problem: /does not decode/ },
  ],
  [
    'a tile of another size',
    (site) => sharp(join(sound, 'mosaic_files/9/1_1.jpg')).resize(100).toFile(join(site, 'mosaic_files/9/1_1.jpg')),
    { path: 'mosaic_files/9/1_1.jpg', problem: /is 100 x \d+ px; expected 256 x 128 px/ },
  ],
  [
    'another source’s tile',
    async (site) => {
      const tiles = await Promise.all(
        ['0_0', '1_0', '2_0', '3_0'].map((name) => readFile(join(site, DEEPEST, `${name}.jpg`))),
      );
      const other = tiles.findIndex((tile) => !tile.equals(tiles[0]!));
      await rm(join(site, DEEPEST, '0_0.jpg'));
      await copyFile(join(site, DEEPEST, `${other}_0.jpg`), join(site, DEEPEST, '0_0.jpg'));
    },
    { path: `${DEEPEST}/0_0.jpg`, problem: /differs from tiles\/0\/\d+\.jpg/ },
  ],
  [
    'a missing source tile',
    async (site) => rm(join(site, 'tiles'), { recursive: true }),
    { path: expect.stringMatching(/^tiles\/0\/\d\.jpg$/) as string, problem: /^missing$/ },
  ],
  ['a missing page', (site) => rm(join(site, 'index.html')), { path: 'index.html', problem: /^missing$/ }],
  [
    'a wrong descriptor',
    (site) => writeFile(join(site, 'mosaic.dzi'), '<Image/>'),
    { path: 'mosaic.dzi', problem: /checksum/ },
  ],
  ['no checksums', (site) => rm(join(site, 'checksums.bin')), { path: 'checksums.bin', problem: /^missing$/ }],
  ['a missing placement', (site) => rm(join(site, CELLS)), { path: CELLS, problem: /^missing$/ }],
  [
    'a placement of another grid',
    (site) => writeFile(join(site, CELLS), 'zoomosaicCells("0_0","AAAA");\n'),
    { path: CELLS, problem: /does not fit/ },
  ],
  [
    'a placement of another block',
    (site) => change(join(site, CELLS), /"0_0"/, '"1_0"'),
    { path: CELLS, problem: /does not fit/ },
  ],
  [
    'a placement that is cut short',
    async (site) => truncate(join(site, CELLS), (await readFile(join(site, CELLS))).length - 4),
    { path: CELLS, problem: /does not fit/ },
  ],
  [
    'a placement of pictures that do not exist',
    (site) => writeFile(join(site, CELLS), `zoomosaicCells("0_0","${Buffer.alloc(24, 0x7f).toString('base64')}");\n`),
    { path: CELLS, problem: /does not fit/ },
  ],
  ['another placement', otherPlacement, { path: CELLS, problem: /checksum/ }],
  [
    'a layout that does not follow from the grid',
    (site) => change(join(site, 'mosaic.json'), /"from": "paint"/, '"from": "splice"'),
    { path: 'mosaic.json', problem: /checksum/ },
  ],
  [
    'checksums of another version',
    (site) => flip(join(site, 'checksums.bin'), 7),
    { path: 'checksums.bin', problem: /expected version 3 but received 19/ },
  ],
  [
    'checksums that end early',
    async (site) => truncate(join(site, 'checksums.bin'), (await readFile(join(site, 'checksums.bin'))).length - 4),
    { path: 'checksums.bin', problem: /its own checksum is another/ },
  ],
])('%s is named', async (name, damage, { path, problem }) => {
  const site = join(root, name.replaceAll(/\W/g, '-'));
  await cp(sound, site, { recursive: true });
  await damage(site);
  const { problems } = await verify({ site });
  expect(problems).toContainEqual({ path, problem: expect.stringMatching(problem) as string });
  const others = new Set(problems.map((one) => one.path));
  if (typeof path === 'string' && !/mosaic|cells|checksums/.test(path.split('/').at(-1)))
    expect([...others]).toEqual([path]);
});

test('another placement is found by what the tiles show, where no checksums tell', async () => {
  const site = join(root, 'no-checksums');
  await cp(sound, site, { recursive: true });
  await otherPlacement(site);
  await rm(join(site, 'checksums.bin'));
  const { problems } = await verify({ site });
  expect(problems.map(({ path }) => path).toSorted()).toEqual(['checksums.bin', `${DEEPEST}/1_0.jpg`]);
});
