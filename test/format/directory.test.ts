import { runInNewContext } from 'node:vm';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FEATURE_LENGTH } from '../../src/colour/features.ts';
import {
  BLOCKS_PER_FILE,
  type DirectoryShape,
  isWebAddress,
  LOOK_BYTES,
  NO_PICTURE,
  readLooks,
  readNames,
  readPictures,
  readSources,
  VARIANTS_MAX,
} from '../../src/format/directory.ts';
import { LOOK_LENGTH, lookDistance, writeLook } from '../../src/format/look.ts';
import { readScript } from '../../src/format/script-text.ts';
import { DIRECTORY, type DirectoryPart, directoryPath } from '../../src/format/site-paths.ts';
import { Directory } from '../../src/site/directory.ts';
import { SIZE_LENGTH, type SourceTable, tableOf } from '../../src/site/source-table.ts';
import { damagedJson, jsonDamages } from '../fuzz/json.ts';
import { integer, seeded } from '../helpers/random.ts';

const PARTS = Object.keys(DIRECTORY) as DirectoryPart[];

/** Names that files may have. */
const ODD = ['</script><script>', '"\\', '\u2028\u2029', 'תמונה', '🐈', '\u202Egpj', `${'é'.repeat(125)}.jpg`];

interface Made {
  readonly shape: DirectoryShape;
  readonly cells: Uint32Array;
  readonly origins: number[];
  readonly variants: number[];
  readonly table: SourceTable;
  readonly closeups: ReadonlyMap<number, number>;
  readonly files: ReadonlyMap<string, string>;
}

/** A placement at random: of `sources` some are not shown, and of `pictures` some are spare. */
function made({ sources = 40, pictures = 70, columns = 23, rows = 11, block = 16, names = 'all', seed = 1 }): Made {
  const random = seeded(seed);
  const origins = Array.from({ length: pictures }, () => integer(random, 0, sources - 1));
  const variants = Array.from({ length: pictures }, () => integer(random, 0, 167));
  const grid = { columns, rows };
  const cells = Uint32Array.from({ length: columns * rows }, () => integer(random, 0, pictures - 1) & ~1);
  const sizes = Uint32Array.from({ length: sources * SIZE_LENGTH }, (_, i) => {
    const id = Math.floor(i / SIZE_LENGTH);
    return [640 + id, 480 + id, 80, id, 480, 400][i % SIZE_LENGTH]!;
  });
  const table: SourceTable = {
    names: Array.from({ length: sources }, (_, id) => `folder/${ODD[id % ODD.length]}/${id}.jpg`),
    sizes,
    looks: Uint8Array.from({ length: sources * LOOK_LENGTH }, () => integer(random, 0, 255)),
    captions: new Map(
      Array.from({ length: sources }, (_, id) => id)
        .filter((id) => id % 3 > 0)
        .map((id) => [
          id,
          id % 3 === 1
            ? { title: `Title ${ODD[id % ODD.length]}` }
            : { credit: 'A', link: 'https://example.org/?a="b"' },
        ]),
    ),
  };
  const shown = new Set([...cells].map((picture) => origins[picture]));
  const mosaic = { directory: { block, named: true }, names: names as 'all' | 'none' };
  const shape = { ...mosaic, grid, pictures, sources: { used: shown.size } } as unknown as DirectoryShape;
  const closeups = new Map(origins.flatMap((id, picture) => (id % 2 === 0 ? [[id, picture] as const] : [])));
  const directory = new Directory({ mosaic, cells, pictures: { origins, variants }, table, closeups });
  const files = new Map([...directory.files()].map(([path, blocks]) => [path, [...blocks].join('')]));
  return { shape, cells, origins, variants, table, closeups, files };
}

/** What a page reads of a file: what the script tells when it is run, and when it is parsed. */
function told({ files }: Made, part: DirectoryPart, number: number): unknown {
  const text = files.get(directoryPath(part, number))!;
  const { global } = DIRECTORY[part];
  const calls: unknown[][] = [];
  runInNewContext(text, { [global]: (...given: unknown[]) => calls.push(given) });
  const parsed = readScript(text, global, String(number));
  // Other realms have classes of their own.
  expect(JSON.parse(JSON.stringify(calls))).toEqual([[String(number), parsed]]);
  return parsed;
}

function all<Row>(
  one: Made,
  part: DirectoryPart,
  read: (told: unknown, number: number, shape: DirectoryShape) => Iterable<Row> | undefined,
): Row[] {
  const count = [...one.files.keys()].filter((path) => path.startsWith(directoryPath(part, 0).slice(0, -4))).length;
  const numbers = Array.from({ length: part === 'sources' ? blocksOf(one) : count }, (_, number) => number);
  return numbers.flatMap((number) => [...read(told(one, part, number), number, one.shape)!]);
}

const blocksOf = ({ shape }: Made) => Math.ceil(shape.sources.used / shape.directory.block);

describe('the directory of a site', () => {
  test.each([
    { seed: 1 },
    { seed: 2, sources: 1200, pictures: 1500, columns: 60, rows: 40, names: 'none' },
    { seed: 3, sources: 3, pictures: 900, columns: 2, rows: 9 },
    { seed: 4, sources: 600, pictures: 600, columns: 31, rows: 37, block: 256 },
    { seed: 5, sources: 1, pictures: 1, columns: 1, rows: 1 },
  ])('gives back what a placement shows: %o', (given) => {
    const one = made(given);
    const { shape, cells, origins, variants, table, closeups } = one;
    const pictures = all(one, 'pictures', readPictures);
    const sources = all(one, 'sources', readSources);
    const names = all(one, 'names', readNames);
    const looks = all(one, 'looks', readLooks);
    expect([pictures.length, sources.length, names.length]).toEqual([
      origins.length,
      shape.sources.used,
      shape.sources.used,
    ]);
    expect(looks.length).toBe(shape.sources.used * LOOK_BYTES);
    const numberOf = new Map<number, number>();
    const shown = new Set(cells);
    for (const [picture, packed] of pictures.entries()) {
      expect(packed === NO_PICTURE).toBe(!shown.has(picture));
      if (packed === NO_PICTURE) continue;
      expect(packed % VARIANTS_MAX).toBe(variants[picture]);
      const number = Math.floor(packed / VARIANTS_MAX);
      // Numbers follow the order of the first pictures.
      if (!numberOf.has(origins[picture]!)) expect(number).toBe(numberOf.size);
      numberOf.set(origins[picture]!, number);
      expect(numberOf.get(origins[picture]!)).toBe(number);
    }
    const view = new DataView(Uint8Array.from(looks).buffer);
    for (const [id, number] of numberOf) {
      const places = [...cells.keys()].filter((cell) => origins[cells[cell]!] === id);
      const name = given.names === 'none' ? undefined : table.names[id];
      const caption = table.captions.get(id) ?? {};
      const [width, height, left, top, across, down] = table.sizes.subarray(id * SIZE_LENGTH);
      expect(sources[number]).toEqual({
        name,
        width,
        height,
        whole: { left, top, width: across, height: down },
        cells: Uint32Array.from(places),
        caption,
        ...(closeups.has(id) && { closeup: closeups.get(id) }),
      });
      expect(names[number]).toEqual({ name, title: caption.title, cell: places[0] });
      const look = [...table.looks.subarray(id * LOOK_LENGTH, (id + 1) * LOOK_LENGTH)];
      expect(looks.slice(number * LOOK_BYTES, number * LOOK_BYTES + LOOK_LENGTH)).toEqual(look);
      expect(view.getUint32(number * LOOK_BYTES + LOOK_LENGTH, true)).toBe(places[0]);
    }
    const text = [...one.files.values()].join('');
    if (given.names === 'none') expect(text).not.toContain('folder/');
  });

  test('has as many files as it has blocks, and no names where nothing can be searched', () => {
    const { files, shape } = made({ seed: 2, sources: 1200, pictures: 1500, columns: 60, rows: 40 });
    const count = (part: DirectoryPart, rows: number, blocks: number) => {
      const paths = Array.from({ length: Math.ceil(rows / (16 * blocks)) }, (_, number) => directoryPath(part, number));
      return paths.filter((path) => files.has(path)).length;
    };
    const { used } = shape.sources;
    const parts = [
      count('sources', used, 1),
      count('names', used, BLOCKS_PER_FILE.names),
      count('looks', used, BLOCKS_PER_FILE.looks),
      count('pictures', 1500, BLOCKS_PER_FILE.pictures),
    ];
    expect(parts).toEqual([Math.ceil(used / 16), Math.ceil(used / 512), Math.ceil(used / 512), 6]);
    expect(files.size).toBe(parts.reduce((a, b) => a + b));
    const { cells, origins, variants, table } = made({});
    const mosaic = { directory: { block: 16, named: false }, names: 'none' } as const;
    const unnamed = new Directory({ mosaic, cells, pictures: { origins, variants }, table, closeups: new Map() });
    expect([...unnamed.files()].filter(([path]) => path.includes('names'))).toEqual([]);
  });

  test('is one line of ASCII-safe script per file, whatever names and captions hold', () => {
    for (const text of made({}).files.values()) expect(text).toMatch(/^zoomosaic\w+\("\d+",[^\n\r]*\);\n$/);
  });

  test('of some sources of a table is that of a table of just these', () => {
    const { table } = made({});
    const ids = [7, 0, 31, 8];
    const part = tableOf(table, ids);
    for (const [at, id] of ids.entries()) {
      expect(part.names[at]).toBe(table.names[id]);
      expect(part.captions.get(at)).toEqual(table.captions.get(id));
      for (const [values, length] of [
        ['sizes', SIZE_LENGTH],
        ['looks', LOOK_LENGTH],
      ] as const) {
        const of = (one: SourceTable, place: number) => [...one[values].subarray(place * length, (place + 1) * length)];
        expect(of(part, at)).toEqual(of(table, id));
      }
    }
  });

  const READERS = { sources: readSources, names: readNames, pictures: readPictures, looks: readLooks } as const;

  test.each(PARTS)('refuses %s of another number, of too few rows, and of other values', (part) => {
    const one = made({});
    const read = (value: unknown, number = 0) => READERS[part](value, number, one.shape);
    const sound = told(one, part, 0);
    expect(read(sound)).toBeDefined();
    const shorter = typeof sound === 'string' ? sound.slice(0, -8) : (sound as unknown[]).slice(0, -1);
    const longer = typeof sound === 'string' ? `${sound}AAAA` : [...(sound as unknown[]), (sound as unknown[])[0]];
    for (const value of [undefined, null, 0, {}, [], '', 'é', '!', shorter, longer])
      expect(read(value), JSON.stringify(value)).toBe(undefined);
    expect(read(sound, 99)).toBe(undefined);
  });

  const row = (change: (values: unknown[]) => void) => {
    const caption = ['Title', 'Credit', 'https://example.org/'];
    const values: unknown[] = ['a.jpg', 640, 480, 80, 0, 480, 480, 'AAE=', caption, 0];
    change(values);
    return readSources([values], 0, {
      grid: { columns: 6, rows: 4 },
      pictures: 1,
      sources: { used: 1 },
      directory: { block: 16, named: true },
    } as unknown as DirectoryShape);
  };
  const bytes = (...values: number[]) => Buffer.from(values).toString('base64');

  test('reads a sound row', () => {
    expect(row(() => {})).toEqual([
      {
        name: 'a.jpg',
        width: 640,
        height: 480,
        whole: { left: 80, top: 0, width: 480, height: 480 },
        cells: Uint32Array.of(0, 1),
        caption: { title: 'Title', credit: 'Credit', link: 'https://example.org/' },
        closeup: 0,
      },
    ]);
    expect(row((values) => (values[9] = null))![0]!.closeup).toBe(undefined);
  });

  test.each<[string, number, unknown]>([
    ['a name that is no text', 0, 5],
    ['no width', 1, 0],
    ['a height that is no whole number', 2, 1.5],
    ['a whole without height', 6, 0],
    ['a whole that lies beside the image', 3, 161],
    ['a whole that is higher than the image', 6, 481],
    ['no cells', 7, ''],
    ['cells that are no base64', 7, '!'],
    ['a cell that there is not', 7, bytes(24)],
    ['cells that do not rise', 7, bytes(3, 0)],
    ['an end within a number', 7, bytes(3, 0x80)],
    ['a number without end', 7, bytes(...Array.from({ length: 400 }, () => 0x80), 0)],
    ['another number without end', 7, bytes(...Array.from({ length: 400 }, () => 0xff), 1)],
    ['a caption of two parts', 8, [null, null]],
    ['a caption that is a text', 8, 'Title'],
    ['a title that is no text', 8, [{}, null, null]],
    ['a close-up of no picture', 9, 1],
    ['a close-up that is no number', 9, '0/../../1'],
  ])('refuses %s', (_, at, value) => {
    expect(row((values) => (values[at] = value))).toBe(undefined);
  });

  test.each([
    'javascript:alert(1)',
    ' javascript:alert(1)',
    'java\nscript:alert(1)',
    'JavaScript:alert(1)',
    'data:text/html,<script>',
    'vbscript:x',
    'file:///etc/passwd',
    'blob:https://example.org/1',
    '//example.org',
    'photo.html',
    '',
  ])('leaves out a link to %j', (link) => {
    expect(isWebAddress(link)).toBe(false);
    expect(row((values) => (values[8] = ['Title', null, link]))![0]!.caption).toEqual({ title: 'Title' });
  });

  test('has looks of cells that there are', () => {
    const one = made({});
    const looks = Buffer.from(told(one, 'looks', 0) as string, 'base64');
    looks.writeUInt32LE(23 * 11, LOOK_LENGTH);
    expect(readLooks(looks.toString('base64'), 0, one.shape)).toBe(undefined);
    looks.writeUInt32LE(23 * 11 - 1, LOOK_LENGTH);
    expect(readLooks(looks.toString('base64'), 0, one.shape)).toBeDefined();
  });

  test('has pictures of sources that there are', () => {
    const one = made({});
    const pictures = Buffer.from(told(one, 'pictures', 0) as string, 'base64');
    pictures.writeUInt32LE(one.shape.sources.used * VARIANTS_MAX, 0);
    expect(readPictures(pictures.toString('base64'), 0, one.shape)).toBe(undefined);
  });

  test('of whatever was damaged gives nothing, or what makes sense', () => {
    const one = made({ sources: 20, pictures: 30 });
    const { shape } = one;
    const cellCount = shape.grid.columns * shape.grid.rows;
    const documents = PARTS.map((part) => JSON.stringify(told(one, part, 0)));
    let refused = 0;
    fc.assert(
      fc.property(jsonDamages, fc.nat(3), (damage, which) => {
        const part = PARTS[which]!;
        const text = `${DIRECTORY[part].global}("0",${damagedJson([documents[which]!], damage)});\n`;
        const given = readScript(text, DIRECTORY[part].global, '0');
        const rows = READERS[part](given, 0, shape);
        if (!rows) refused++;
        if (part === 'sources') {
          for (const { name, cells, whole, width, height, caption } of readSources(given, 0, shape) ?? []) {
            expect(['string', 'undefined']).toContain(typeof name);
            expect(whole.left + whole.width).toBeLessThanOrEqual(width);
            expect(whole.top + whole.height).toBeLessThanOrEqual(height);
            expect([...cells].every((cell, i) => cell < cellCount && (i === 0 || cell > cells[i - 1]!))).toBe(true);
            if (caption.link !== undefined) expect(caption.link).toMatch(/^https?:/);
          }
        } else if (part === 'names') {
          for (const { cell } of readNames(given, 0, shape) ?? []) expect(cell).toBeLessThan(cellCount);
        }
      }),
      { numRuns: 1500, seed: 1 },
    );
    expect(refused).toBeGreaterThan(300);
    expect(refused).toBeLessThan(1500);
  });
});

describe('looks', () => {
  test('are as far from each other as the lowest frequencies of the features', () => {
    const random = seeded(5);
    const [count, looks] = [40, new Uint8Array(40 * LOOK_LENGTH)];
    // As features of photographs are: less of each higher frequency.
    const features = Float32Array.from({ length: count * FEATURE_LENGTH }, (_, i) => {
      const [frequency, channel] = [Math.floor((i % FEATURE_LENGTH) / 3), i % 3];
      if (frequency === 0 && channel === 0) return random() * 4;
      return ((random() - 0.5) * (channel === 0 ? 2 : 0.6)) / (1 + frequency);
    });
    for (let i = 0; i < count; i++) writeLook(features, i * FEATURE_LENGTH, { out: looks, at: i * LOOK_LENGTH });
    for (let a = 0; a < count; a++) {
      for (let b = 0; b < a; b++) {
        let [kept, every] = [0, 0];
        for (let i = 0; i < FEATURE_LENGTH; i++) {
          const squared = (features[a * FEATURE_LENGTH + i]! - features[b * FEATURE_LENGTH + i]!) ** 2;
          const isKept = Math.floor(i / 3) < (i % 3 === 0 ? 14 : 5);
          kept += isKept ? squared : 0;
          every += squared;
        }
        const distance = Math.sqrt(lookDistance(looks, a * LOOK_LENGTH, b * LOOK_LENGTH)) / 63;
        // Each of 24 numbers is off by at most half a step, so that each difference is by one.
        expect(Math.abs(distance - Math.sqrt(kept))).toBeLessThan(Math.sqrt(LOOK_LENGTH) / 63);
        expect(distance).toBeGreaterThan(0.8 * Math.sqrt(every));
      }
    }
  });

  test('keep to a byte, whatever the features are', () => {
    const out = new Uint8Array(LOOK_LENGTH * 2);
    const features = new Float32Array(FEATURE_LENGTH * 2);
    features.fill(9, 0, FEATURE_LENGTH).fill(-9, FEATURE_LENGTH);
    for (const at of [0, 1]) writeLook(features, at * FEATURE_LENGTH, { out, at: at * LOOK_LENGTH });
    expect(new Set(out)).toEqual(new Set([127, 256 - 127]));
    expect(lookDistance(out, 0, LOOK_LENGTH)).toBe(LOOK_LENGTH * 254 ** 2);
  });
});
