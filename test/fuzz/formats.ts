import type { Dirent } from 'node:fs';
import { crc32 } from 'node:zlib';
import * as fc from 'fast-check';
import { UserError } from '../../src/errors.ts';
import { baseUrlOf } from '../../src/format/base-url.ts';
import { blockScript, readBlock } from '../../src/format/block-script.ts';
import { blockAt, blockCount } from '../../src/format/cell-blocks.ts';
import { packChecksums, unpackChecksums } from '../../src/format/checksums.ts';
import { type MosaicJson, SIDE_MAX } from '../../src/format/mosaic-json.ts';
import { parseMosaic } from '../../src/format/mosaic-reader.ts';
import { indexScript, originalPartCount, type OriginalRow, readIndex } from '../../src/format/original-index.ts';
import { isOwnFile, kindOf } from '../../src/format/site-entries.ts';
import { expectedLayouts, siteSets } from '../../src/layout/site-sets.ts';
import { tileCount } from '../../src/tiles/tile-set.ts';
import { soundMosaic } from '../helpers/mosaics.ts';
import { type Base, damaged, damages } from './bytes.ts';
import { damagedJson, HOSTILE, jsonDamages } from './json.ts';
import { expectThat, outcomeOf, prepared, type Target } from './target.ts';

/** Sound descriptions of mosaics. */
export const MOSAICS: readonly MosaicJson[] = [
  soundMosaic({ layouts: ['dzi', 'compact', 'iiif'] }),
  soundMosaic({ layouts: ['dzi', 'compact'], cell: { width: 512, height: 384 }, overview: 8 }),
  soundMosaic({ grid: { columns: 300, rows: 200 }, cell: { width: 16, height: 16 } }),
];
const DOCUMENTS = MOSAICS.map((mosaic) => JSON.stringify(mosaic));

/** What follows from a mosaic.json that was taken has sizes that a site can have. */
export function checkMosaicFacts(mosaic: MosaicJson): void {
  const { grid, cell, width, height, tile, tileSize, pictures, names, placement } = mosaic;
  expectThat(grid.columns * grid.rows <= 2 ** 24, 'a grid has at most 2^24 cells');
  expectThat(width === grid.columns * cell.width && height === grid.rows * cell.height, 'a mosaic is its cells');
  expectThat(Math.max(width, height) <= SIDE_MAX, 'a mosaic has sides that viewers can read');
  expectThat(pictures >= 1 && pictures <= grid.columns * grid.rows, 'a mosaic has no more pictures than cells');
  const recipe = { cell, tileSize, format: tile.format, subsampling: tile.subsampling };
  const layouts = expectedLayouts({ grid, recipe, pictures, layouts: mosaic.layouts });
  const tiles = tileCount(siteSets({ grid, recipe, pictures, layouts, names }));
  expectThat(Number.isSafeInteger(tiles) && tiles > 0, 'a site has a number of tiles');
  expectThat(blockCount(grid, placement.block) <= 2 ** 20, 'a site has a number of blocks');
  const address = mosaic.baseUrl;
  if (address !== undefined) expectThat(/^https?:\/\/[^/]/.test(address), 'an address is one of the web');
}

/** Pieces of paths and addresses, put together at random. */
const pieces = (all: readonly string[]) =>
  fc
    .array(fc.oneof(fc.constantFrom(...all), fc.string({ maxLength: 3 }), fc.nat(2000).map(String)), { maxLength: 12 })
    .map((some) => some.join(''));

const PATH_PIECES = [
  ...['tiles/', 'cells/', 'viewer/', 'iiif/image/', 'mosaic_files/', 'originals/', 'report/', 'sheets/', 'full/max/0/'],
  ...[
    'index.html',
    'mosaic.json',
    'checksums.bin',
    '.rebase',
    '.tmp',
    'viewer.js',
    'default.jpg',
    '0_0',
    '.jpg',
    '.js',
    '.dzi',
  ],
  ...['..', '/', '\\', '\0', '\n', '.', '_files/', '0,0,16,16/', '%2e%2e', '9'.repeat(400)],
];
const URL_PIECES = [
  ...[
    'http://',
    'https://',
    'HTTPS://',
    'javascript:',
    '//',
    '/',
    '\\',
    '@',
    ':',
    'a.org',
    '[::1]',
    '127.0.0.1',
    'user:pw@',
  ],
  ...[
    '?',
    '#',
    ' ',
    '\n',
    '\t',
    '%',
    '%2f',
    'ä',
    '\u202e',
    '..',
    '.',
    ':99999',
    ':80',
    '/'.repeat(40_000),
    'x'.repeat(3000),
  ],
];

const SHAPE = { pictures: 20, block: 16 };
const ROW: OriginalRow = [3, 'jpg', 400, 300, 50, 0, 300, 300, 0];
const ROWS: readonly (OriginalRow | null)[] = [ROW, null, [2, '', 2600, 1700, 0.5, 0, 9, 9, 7], ROW];

function checksumsBase(): Base {
  const bytes = packChecksums({
    tiles: Uint32Array.from({ length: 5 }, (_, i) => i * 7),
    cells: Uint32Array.of(1, 2),
    originals: new Map([
      [0, { ending: 'jpg', width: 300, height: 200, sums: Uint32Array.of(9) }],
      [
        3,
        {
          ending: '',
          width: 600,
          height: 500,
          sums: new Uint32Array(originalPartCount({ ending: '', width: 600, height: 500 })),
        },
      ],
    ]),
    files: new Map([
      ['index.html', 1],
      ['viewer/viewer.js', 2],
    ]),
  });
  return { bytes: Buffer.from(bytes), parts: [0, 7, 8, 12, 16, 20, 24, 28, 32, 36, 56, 64, 68, 72, 76, 80, 96] };
}

function checkChecksums(bytes: Buffer): void {
  const sums = outcomeOf(() => unpackChecksums(bytes), UserError);
  if (!sums) return;
  const originals = [...sums.originals.values()].reduce((sum, one) => sum + one.sums.length, 0);
  expectThat(
    4 * (sums.tiles.length + sums.cells.length + originals + sums.files.size) <= bytes.length,
    'sums are no longer than their file',
  );
  for (const path of sums.files.keys()) {
    expectThat(
      !path.startsWith('/') && !path.split('/').includes('..') && !path.includes('\0'),
      'named files lie in the site',
    );
  }
}

export const FORMAT_TARGETS: readonly Target[] = [
  {
    name: 'mosaic.json',
    share: 25,
    prepare: async () =>
      prepared(fc.record({ damage: jsonDamages, page: fc.boolean() }), ({ damage, page }) => {
        const mosaic = outcomeOf(() => parseMosaic(damagedJson(DOCUMENTS, damage), page ? 'page' : 'file'), UserError);
        if (mosaic) checkMosaicFacts(mosaic);
      }),
  },
  {
    name: 'mosaic.json, bytes',
    share: 5,
    prepare: async () => {
      const bases = DOCUMENTS.map((text) => ({ bytes: Buffer.from(text), parts: [0, 20, 60, 200, 400, 600] }));
      return prepared(damages, (damage) => {
        const mosaic = outcomeOf(() => parseMosaic(String(damaged(bases, damage))), UserError);
        if (mosaic) checkMosaicFacts(mosaic);
      });
    },
  },
  {
    name: 'checksums.bin',
    share: 10,
    prepare: async () => {
      const bases = [checksumsBase()];
      return prepared(fc.record({ damage: damages, seal: fc.boolean() }), ({ damage, seal }) => {
        const bytes = damaged(bases, damage);
        if (seal && bytes.length >= 12) bytes.writeUInt32LE(crc32(bytes.subarray(12)), 8);
        checkChecksums(bytes);
      });
    },
  },
  {
    name: 'blocks of cells',
    share: 8,
    prepare: async () => {
      const mosaic = { ...MOSAICS[0]!, pictures: 9 };
      const block = blockAt({ grid: mosaic.grid, side: mosaic.placement.block }, 0, 0);
      const placed = { cells: Uint32Array.from({ length: 24 }, (_, i) => i % 9), grid: mosaic.grid };
      const bases = (['u16', 'u32'] as const).map((type) => {
        return {
          bytes: Buffer.from(blockScript(placed, block, { ...mosaic.placement, type })),
          parts: [0, 14, 20, 22, 60],
        };
      });
      return prepared(fc.record({ damage: damages, type: fc.constantFrom('u16', 'u32') }), ({ damage, type }) => {
        const cells = new Uint32Array(24);
        const placement = { ...mosaic.placement, type };
        if (!readBlock(String(damaged(bases, damage)), block, { ...mosaic, placement, cells })) return;
        expectThat(
          cells.every((picture) => picture < 9),
          'a block is of pictures that there are',
        );
      });
    },
  },
  {
    name: 'index of originals',
    share: 10,
    prepare: async () => {
      const whole = indexScript(1, ROWS);
      const head = whole.slice(0, whole.indexOf('['));
      const bases = [{ bytes: Buffer.from(whole), parts: [0, 19, 23, 24, 40, 60] }];
      const input = fc.record({ damage: damages, json: jsonDamages, asBytes: fc.boolean() });
      return prepared(input, ({ damage, json, asBytes }) => {
        const text = asBytes
          ? String(damaged(bases, damage))
          : `${head}${damagedJson([JSON.stringify(ROWS)], json)});\n`;
        for (const row of readIndex(text, 1, SHAPE) ?? []) {
          if (!row) continue;
          const { crop, width, height } = row;
          expectThat(
            crop.left >= 0 && crop.width > 0 && crop.left + crop.width <= width * 1.001,
            'a crop lies in its original',
          );
          expectThat(
            crop.top >= 0 && crop.height > 0 && crop.top + crop.height <= height * 1.001,
            'a crop lies in its original',
          );
          expectThat(Number.isSafeInteger(originalPartCount(row)), 'an original has a number of files');
        }
      });
    },
  },
  {
    name: 'paths of a site',
    share: 5,
    prepare: async () =>
      prepared(pieces(PATH_PIECES), (path) => {
        const entry = (is: 'file' | 'folder') =>
          ({ isFile: () => is === 'file', isDirectory: () => is === 'folder' }) as Dirent;
        const kinds = [kindOf(path, entry('file')), kindOf(path, entry('folder'))];
        if (!isOwnFile(path) && kinds.every((kind) => kind === 'stranger')) return;
        const parts = path.split('/');
        expectThat(
          !/[\\\0\n:%]/.test(path) && parts.every((part) => part !== '' && !/^\.+$/.test(part)),
          'an own path lies in the site',
        );
      }),
  },
  {
    name: 'addresses of sites',
    share: 5,
    prepare: async () =>
      prepared(
        fc.oneof(
          pieces(URL_PIECES),
          pieces(URL_PIECES).map((rest) => `https://a.org${rest}`),
        ),
        (text) => {
          const address = baseUrlOf(text);
          if (address === undefined) return;
          const { protocol, username, password, search, hash } = new URL(address);
          expectThat(
            /^https?:$/.test(protocol) && username + password + search + hash === '',
            'an address is one of the web',
          );
          expectThat(!address.endsWith('/') && !/\s/.test(address), 'an address ends without a slash');
          expectThat(baseUrlOf(address) === address, 'an address is that of itself');
        },
      ),
  },
];

/** Texts where a word is expected. */
export const WORDS: readonly string[] = HOSTILE.filter((text) => text.length < 100);
