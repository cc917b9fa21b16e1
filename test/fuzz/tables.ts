import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import * as fc from 'fast-check';
import { csvBlocks, readCsv } from '../../src/format/csv.ts';
import { UserError } from '../../src/errors.ts';
import { givenCells, pinnedCells, readPins, readPlacementFile } from '../../src/conductor/pins.ts';
import { SourceNames } from '../../src/conductor/source-names.ts';
import { damaged, damages } from './bytes.ts';
import { expectThat, outcomeOf, prepared, settled, type Target } from './target.ts';

const GRID = { columns: 3, rows: 2 };
const PATHS = ['/photos/a.jpg', '/photos/b, "c".jpg', '/photos/more/a.jpg'];
const names = new SourceNames(PATHS, (path) => PATHS.indexOf(path));
const LINES = [
  ['column', 'row', 'source', 'cost', 'turn'],
  ...Array.from({ length: 6 }, (_, i) => [i % 3, Math.floor(i / 3), i % 2 ? 'b, "c".jpg' : 'more/a.jpg', 0.5, i % 8]),
];

const csvOf = (lines: Iterable<readonly (string | number)[]>) => Buffer.concat([...csvBlocks(lines)]);

/** What pins are made of, put together at random. */
const pinText = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        '12',
        ',',
        '34',
        '=',
        'a.jpg',
        'more/a.jpg',
        ' ',
        '-1',
        '1e9',
        '9'.repeat(400),
        '\0',
        '\n',
        '..',
        '/',
        'é',
      ),
      fc.constantFrom(' '.repeat(20_000), '0,0=a.jpg', '1,1=more/a.jpg', '\u001b[2J'),
      fc.string({ maxLength: 4 }),
    ),
    { maxLength: 8 },
  )
  .map((parts) => parts.join(''));

export const TABLE_TARGETS: readonly Target[] = [
  {
    name: 'csv, there and back',
    share: 5,
    prepare: async () => {
      const field = fc.oneof(
        fc.string(),
        fc.string({ unit: 'binary' }),
        fc.constantFrom('"', '""', ',', '\r\n', '\r', '\n', '', ' ', '\ufeff', '=1+1'),
      );
      return prepared(fc.array(fc.tuple(field, field), { maxLength: 8 }), (rows) => {
        // A lone surrogate is no text that UTF-8 has.
        const lines = rows.map((row) => row.map((value) => String(Buffer.from(value))));
        const read = readCsv(String(csvOf([['a', 'b'], ...lines])), ['a', 'b'], 'a table');
        const expected = lines.map(([a, b]) => ({ a, b }));
        expectThat(
          isDeepStrictEqual(
            read.map(({ fields }) => ({ ...fields })),
            expected,
          ),
          'a table is read as it was written',
        );
      });
    },
  },
  {
    name: 'placements',
    share: 8,
    prepare: async (folder) => {
      const whole = csvOf(LINES);
      const bases = [
        { bytes: whole, parts: [0, 7, 11, 18, 23, 29, 31, 33, 35] },
        { bytes: Buffer.from(`\ufeff${String(whole).replaceAll(',', ';')}`), parts: [0, 3] },
        { bytes: Buffer.from('column,row,source,__proto__,constructor\n0,0,a.jpg,1,2\n'), parts: [0, 18, 30] },
      ];
      const path = join(folder, 'placement.csv');
      return prepared(damages, async (damage) => {
        writeFileSync(path, damaged(bases, damage));
        const placed = await settled(() => readPlacementFile(path, '--placement'), UserError);
        if (!placed) return;
        const cells = outcomeOf(
          () => givenCells(placed, { grid: GRID, names, usable: PATHS.length, what: '--placement' }),
          UserError,
        );
        const most = 8 * PATHS.length;
        if (cells)
          expectThat(
            cells.length === 6 && cells.every((picture) => picture < most),
            'cells have pictures that there are',
          );
        outcomeOf(() => pinnedCells(placed, GRID, names), UserError);
      });
    },
  },
  {
    name: 'pins',
    share: 4,
    prepare: async () =>
      prepared(fc.array(pinText, { maxLength: 2 }), async (texts) => {
        const pins = await settled(() => readPins(texts), UserError);
        const cells = pins && outcomeOf(() => pinnedCells(pins, GRID, names), UserError);
        for (const [cell, id] of cells ?? [])
          expectThat(cell < 6 && id < PATHS.length, 'pins have cells and images that there are');
      }),
  },
];
