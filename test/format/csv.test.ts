import { describe, expect, test } from 'vitest';
import { csvBlocks, csvField, readCsv } from '../../src/format/csv.ts';
import { integer, seeded } from '../helpers/random.ts';
import { refuses } from '../helpers/refuses.ts';

describe('CSV', () => {
  const NASTY = [
    'plain',
    'a, b',
    '"',
    '""quoted""',
    'line\nbreak',
    'line\r\nbreak',
    '\r',
    ' spaces ',
    "it's; \t=1+1",
    'ü €',
    '\ufeff',
    '-',
  ];

  test('comes back as it was written, however many lines of whatever names', () => {
    const random = seeded(4180);
    const any = () =>
      Array.from({ length: integer(random, 1, 4) }, () => NASTY[integer(random, 0, NASTY.length - 1)]!).join('');
    const lines = Array.from({ length: 10_000 }, (_, i) => [any(), String(i), any()] as const);
    const blocks = [...csvBlocks([['first', 'number', 'last'], ...lines])];
    expect(blocks.length).toBeGreaterThan(2);
    const text = Buffer.concat(blocks).toString();
    expect(text.startsWith('first,number,last\r\n')).toBe(true);
    const rows = readCsv(text, ['last', 'number', 'first'], 'it');
    expect(rows.map(({ fields }) => [fields['first'], fields['number'], fields['last']])).toEqual(lines);
  });

  test('quotes only what has to be', () => {
    expect(['a b', 'a,b', 'a"b', 'a\nb', 'a\rb', 7].map(csvField)).toEqual([
      'a b',
      '"a,b"',
      '"a""b"',
      '"a\nb"',
      '"a\rb"',
      '7',
    ]);
  });

  test.each([
    ['a mark at its beginning', '\ufeff"row",column\n2,1\n3,4\n'],
    ['its columns in another order, with others', 'x,column,y,row\r\n-,1,-,2\r\n"a\r\nb",4,,3'],
    ['names written otherwise', ' Column ,"ROW"\n1,2\n4,3\n'],
    ['semicolons, as spreadsheets write them', 'column;row\n1;2\n4;"3"\n'],
    ['empty lines', 'column,row\n\n1,2\n\n4,3\n\n\n'],
  ])('may have %s', (_, text) => {
    const rows = readCsv(text, ['column', 'row'], 'it').map(({ fields }) => [fields['column'], fields['row']]);
    expect(rows).toEqual([
      ['1', '2'],
      ['4', '3'],
    ]);
  });

  test.each([
    ['', /Cannot read --pin x\.csv: its first line does not name column, row/],
    ['column\trow\n1\t2\n', /Cannot read --pin x\.csv: its first line does not name column, row/],
    ['column,line\n1,2\n', /Cannot read --pin x\.csv: its first line does not name row$/],
    ['column,row\n1,"2\n', /Cannot read --pin x\.csv: Quote Not Closed/],
    ['column,row\n1,a"2"\n', /Cannot read --pin x\.csv: Invalid/],
  ])('is refused if it is none, or lacks a column: %j', async (text, message) => {
    await refuses(() => readCsv(text, ['column', 'row'], '--pin x.csv'), message);
  });
});
