import { writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { givenCells, pinnedCells, readPins, readPlacementFile } from '../../src/conductor/pins.ts';
import { SourceNames } from '../../src/conductor/source-names.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';
import { refuses } from '../helpers/refuses.ts';

let root: string;
beforeAll(async () => {
  root = await temporaryFolder();
});

async function csvFile(name: string, text: string): Promise<string> {
  const path = join(root, name);
  await writeFile(path, text);
  return path;
}

describe('pins', () => {
  test('are read at once, however many spaces are in them, and named so that no terminal obeys them', async () => {
    const text = `0,0=a${' '.repeat(200_000)}b.jpg`;
    expect(await readPins([text])).toEqual([{ column: 0, row: 0, image: text.slice(4) }]);
    const file = await csvFile('controls.csv', 'column,row,source\n0,\u001b[2J,a.jpg\n');
    await refuses(() => readPlacementFile(file, '--placement'), /^\P{Cc}*$/u);
    await refuses(
      () =>
        readPins([`0,0${'='.repeat(9000)}`]).then((pins) =>
          pinnedCells(pins, { columns: 1, rows: 1 }, new SourceNames([])),
        ),
      /^.{1,600}$/,
    );
  });

  test('are read from text, and from files', async () => {
    const file = await csvFile('pins.csv', 'source,row,column,cost\n"a, ""b"".jpg",2,1,0.5\nc.jpg,0,0,\n');
    const turned = await csvFile('turned.csv', 'column,row,source,turn\n5,6,d.jpg,4\n7,8,e.jpg,\n');
    const pins = await readPins(['12,34=photo.jpg', ' 0 , 7 = my photos/a=b, c.jpg ', file, '1,1=last.jpg', turned]);
    expect(pins.map(({ column, row, image }) => [column, row, image])).toEqual([
      [12, 34, 'photo.jpg'],
      [0, 7, 'my photos/a=b, c.jpg'],
      [1, 2, 'a, "b".jpg'],
      [0, 0, 'c.jpg'],
      [1, 1, 'last.jpg'],
      [5, 6, 'd.jpg'],
      [7, 8, 'e.jpg'],
    ]);
    expect((await readPlacementFile(turned, 'it')).map(({ turn }) => turn)).toEqual([4, 0]);
    expect((await readPlacementFile(file, 'it')).map(({ turn }) => turn)).toEqual([0, 0]);
  });

  test.each(['1=a.jpg', 'a,b=c.jpg', '1,2,3=a.jpg', '-1,2=a.jpg', '1.5,2=a.jpg', '1,2=', '=', '1,2= '])(
    'are refused if they are malformed: %j',
    async (text) => {
      await refuses(() => readPins([text]), /^Expected column,row=image.* for --pin but received /);
    },
  );

  test.each([
    ['1,x,a.jpg', /^Expected a whole number as row in line 3 of --pin .*bad\.csv but received x$/],
    ['1,-1,a.jpg', /a whole number as row .* received -1$/],
    ['1.5,1,a.jpg', /a whole number as column .* received 1\.5$/],
    [',1,a.jpg', /as column .* received nothing$/],
    ['1,2,', /^Expected the name of an image as source in line 3 .* received nothing$/],
    ['1,2', /as source .* received nothing$/],
    ['1,2,a.jpg,8', /^Expected a number from 0 to 7 as turn in line 3 .* received 8$/],
    ['1,2,a.jpg,x', /as turn .* received x$/],
  ])('are refused by the line of their file: %j', async (line, message) => {
    const file = await csvFile('bad.csv', `column,row,source,turn\n0,0,good.jpg,0\n${line}\n`);
    await refuses(() => readPins([file]), message);
    await refuses(() => readPlacementFile(file, `--pin ${file}`), message);
  });

  test('are refused by the line that an editor shows, where others are empty', async () => {
    const file = await csvFile('gaps.csv', 'column,row,source\r\n0,0,a.jpg\r\n\r\n\r\n1,x,b.jpg\r\n');
    await refuses(() => readPins([file]), /as row in line 5 of --pin .*gaps\.csv but received x$/);
  });

  test('are refused if their file cannot be read', async () => {
    const missing = join(root, 'missing.csv');
    await refuses(() => readPins([missing]), /^Cannot read --pin .*missing\.csv: .*ENOENT/);
  });
});

const PATHS = [
  '/data/photos/2020/a.jpg',
  '/data/photos/2020/b.jpg',
  '/data/photos/2021/a.jpg',
  '/data/photos/c.jpg',
  '/data/photos/old/2020/b.jpg',
  '/data/photos/xa.jpg',
  '/data/photos/broken.jpg',
];
const names = new SourceNames(PATHS, (path) => (path.includes('broken') ? undefined : 10 * PATHS.indexOf(path)));

describe('names of sources', () => {
  test('are paths within the deepest folder that holds all', () => {
    expect(PATHS.map((path) => names.nameOf(path)).slice(0, 4)).toEqual([
      '2020/a.jpg',
      '2020/b.jpg',
      '2021/a.jpg',
      'c.jpg',
    ]);
    expect(names.nameOf('/data/other/d.jpg')).toBe('d.jpg');
    const nameOf = (...paths: string[]) => paths.map((path) => new SourceNames(paths).nameOf(path));
    expect(nameOf('/data/a.jpg')).toEqual(['a.jpg']);
    expect(nameOf('/data/photo/a.jpg', '/data/photos/a.jpg')).toEqual(['photo/a.jpg', 'photos/a.jpg']);
    expect(nameOf('/data/a.jpg', '/data/etc/b/c.jpg')).toEqual(['a.jpg', 'etc/b/c.jpg']);
  });

  describe('tell nothing of where people work', () => {
    const folder = resolve('.');
    const named = (inputs: string[], ...paths: string[]) => {
      const all = new SourceNames(paths, (path) => paths.indexOf(path), inputs);
      const told = paths.map((path) => all.nameOf(path));
      expect(new Set(told).size).toBe(paths.length);
      // What is told, is found again.
      expect(told.map((name) => all.find(name, 'it'))).toEqual(paths.map((_, i) => i));
      return told;
    };
    const above = join(dirname(folder), 'zoomosaic-not-there');

    test('where images are asked for from elsewhere, too', () => {
      expect(named(['src', '/etc'], `${folder}/src/a/b.jpg`, '/etc/c/d.jpg')).toEqual(['src/a/b.jpg', 'etc/c/d.jpg']);
      expect(named(['src/**/*.jpg', '/etc/*/d.jpg'], `${folder}/src/a.jpg`, '/etc/c/d.jpg')).toEqual([
        'src/a.jpg',
        'etc/c/d.jpg',
      ]);
      expect(named([`${homedir()}/x.jpg`, '/srv/y.jpg'], `${homedir()}/x.jpg`, '/srv/y.jpg')).toEqual([
        'home/x.jpg',
        'srv/y.jpg',
      ]);
    });

    test('where folders have the same name', () => {
      const paths = ['/1/a/x.jpg', '/2/a/x.jpg', '/3/a (2)/x.jpg', '/4/a/x.jpg'];
      expect(named(paths, ...paths)).toEqual(['a/x.jpg', 'a (2)/x.jpg', 'a (2) (2)/x.jpg', 'a (3)/x.jpg']);
    });

    test('and what is in one place keeps its folders', () => {
      expect(
        named([`${above}/2020/a/*.jpg`, `${above}/2021`], `${above}/2020/a/x.jpg`, `${above}/2021/a/x.jpg`),
      ).toEqual(['2020/a/x.jpg', '2021/a/x.jpg']);
      expect(named(['.'], `${folder}/src/x.jpg`, `${folder}/y.jpg`)).toEqual(['src/x.jpg', 'y.jpg']);
      expect(named([dirname(folder)], `${folder}/src/x.jpg`, `${above}/y.jpg`)).toEqual([
        `${basename(folder)}/src/x.jpg`,
        'zoomosaic-not-there/y.jpg',
      ]);
    });
  });

  test.each([
    ['2020/a.jpg', 0],
    ['2021/a.jpg', 20],
    ['./c.jpg', 30],
    ['c.jpg', 30],
    ['2020/b.jpg', 10], // not old/2020/b.jpg, which ends so, too
    ['old/2020/b.jpg', 40],
    ['/data/photos/2021/a.jpg', 20],
    ['photos/2021/a.jpg', 20],
    ['./photos/2021/a.jpg', 20],
    ['xa.jpg', 50],
  ])('find their source: %s', (name, id) => {
    expect(names.find(name, 'it')).toBe(id);
  });

  test('may be paths from the working directory', () => {
    const path = resolve('some/where.jpg');
    expect(
      new SourceNames(['/elsewhere/b.jpg', path], (found) => (found === path ? 3 : 4)).find('some/where.jpg', 'it'),
    ).toBe(3);
  });

  test.each([
    ['a.jpg', /^it names a\.jpg, which fits 2 images: 2020\/a\.jpg, 2021\/a\.jpg$/],
    ['b.jpg', /^it names b\.jpg, which fits 2 images: 2020\/b\.jpg, old\/2020\/b\.jpg$/],
    ['d.jpg', /^it names d\.jpg, which is none of the 7 images$/],
    ['0/a.jpg', /which is none of the 7 images$/],
    ['1/2020/a.jpg', /which is none of the 7 images$/],
    ['A.JPG', /which is none of the 7 images$/],
    ['', /which is none of the 7 images$/],
    ['broken.jpg', /^it names broken\.jpg, which cannot be used as an image$/],
  ])('are refused if that is not clear: %j', async (name, message) => {
    await refuses(() => names.find(name, 'it'), message);
  });

  test('are refused among one image, too', async () => {
    const one = new SourceNames(['/data/a.jpg'], () => 0);
    await refuses(() => one.find('b.jpg', 'it'), /^it names b\.jpg, which is not a\.jpg, the only image$/);
  });
});

describe('cells', () => {
  const grid = { columns: 3, rows: 2 };
  const pin = (column: number, row: number, image: string) => ({ column, row, image });
  const placed = (images: string[], turns: (0 | 4 | 7)[] = []) =>
    images.map((image, cell) => ({
      ...pin(cell % 3, Math.floor(cell / 3), image),
      turn: turns[cell] ?? (0 as const),
      crop: 0,
      line: cell + 2,
    }));
  const six = ['c.jpg', '2020/a.jpg', '2021/a.jpg', 'c.jpg', 'xa.jpg', 'old/2020/b.jpg'];

  test('are those that pins name', () => {
    const pins = [pin(2, 1, 'c.jpg'), pin(0, 1, '2020/a.jpg'), pin(2, 1, './c.jpg')];
    expect([...pinnedCells(pins, grid, names)]).toEqual([
      [5, 30],
      [3, 0],
    ]);
  });

  test.each([
    [[pin(3, 0, 'c.jpg')], /^--pin 3,0=c\.jpg names cell 3,0, outside the grid of 3 x 2$/],
    [[pin(0, 2, 'c.jpg')], /^--pin 0,2=c\.jpg names cell 0,2, outside the grid of 3 x 2$/],
    [[pin(1, 1, 'c.jpg'), pin(1, 1, 'xa.jpg')], /^--pin 1,1=xa\.jpg pins a second image to cell 1,1$/],
    [[pin(1, 1, 'a.jpg')], /^--pin 1,1=a\.jpg names a\.jpg, which fits 2 images/],
    [[pin(1, 1, 'none.jpg')], /^--pin 1,1=none\.jpg names none\.jpg, which is none of the 7 images$/],
  ])('are refused where pins are wrong: %j', async (pins, message) => {
    await refuses(() => pinnedCells(pins, grid, names), message);
  });

  test('are refused by file and line where pins of a file are wrong', async () => {
    const pins = await readPins([await csvFile('twice.csv', 'column,row,source\n1,1,c.jpg\n1,1,xa.jpg\n')]);
    await refuses(
      () => pinnedCells(pins, grid, names),
      /^--pin .*twice\.csv \(line 3, cell 1,1\) pins a second image to cell 1,1$/,
    );
    await refuses(
      () => pinnedCells([{ ...pin(3, 0, 'c.jpg'), file: 'pins.csv' }], grid, names),
      /^--pin pins\.csv \(cell 3,0\) names cell 3,0, outside the grid of 3 x 2$/,
    );
  });

  test('are those that a placement names, turned ones beyond the sources', () => {
    expect([...givenCells(placed(six).toReversed(), { grid, names, usable: 100, what: 'it' })]).toEqual([
      30, 0, 20, 30, 50, 40,
    ]);
    expect([...givenCells(placed(six, [4, 0, 7]), { grid, names, usable: 100, what: 'it' })]).toEqual([
      430, 0, 720, 30, 50, 40,
    ]);
  });

  test.each([
    [placed(six).toSpliced(4, 1), /^it has no image for cell 1,1 of the grid of 3 x 2$/],
    [placed([...six, 'c.jpg']), /^it \(line 8\) names cell 0,2, outside the grid of 3 x 2$/],
    [placed(six.with(2, 'none.jpg')), /^it \(line 4, cell 2,0\) names none\.jpg, which is none of the 7 images$/],
  ])('are refused where a placement is wrong: %#', async (cells, message) => {
    await refuses(() => givenCells(cells, { grid, names, usable: 100, what: 'it' }), message);
  });
});
