import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { beforeAll, describe, expect, test } from 'vitest';
import { captionsOf, type PagePlaces, readPageFiles, tourOf } from '../../src/conductor/page-facts.ts';
import { SourceNames } from '../../src/conductor/source-names.ts';
import { exifCaption } from '../../src/image/exif-caption.ts';
import type { Source } from '../../src/index.ts';
import { insert, segment } from '../helpers/file-parts.ts';
import { waves } from '../helpers/images.ts';
import { refuses } from '../helpers/refuses.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

let root: string;
beforeAll(async () => {
  root = await temporaryFolder();
});

async function csvFile(name: string, text: string): Promise<string> {
  const path = join(root, name);
  await writeFile(path, text);
  return path;
}

/** Places of four images in a grid of 3 x 2: the last one is not shown. */
function placesOf(
  paths: readonly string[] = ['/photos/a.jpg', '/photos/x/b.jpg', '/photos/more/b.jpg', '/photos/c.jpg'],
) {
  const names = new SourceNames(paths, (path) => (path.endsWith('broken.jpg') ? undefined : paths.indexOf(path)));
  const sources = paths.map((path) => ({ path }) as Source);
  return {
    sources,
    names,
    grid: { columns: 3, rows: 2 },
    shown: Uint32Array.of(0, 1, 2, 2, 0, 1),
  } satisfies PagePlaces;
}

const captionsIn = async (text: string) => {
  const captions = await csvFile('captions.csv', text);
  return await captionsOf(await readPageFiles({ captions, tour: undefined }), { captions, concurrency: 2 }, placesOf());
};

const tourIn = async (text: string) => {
  const tour = await csvFile('tour.csv', text);
  return tourOf(await readPageFiles({ captions: undefined, tour }), placesOf());
};

describe('captions', () => {
  test('are read from a CSV, with what they tell and no more', async () => {
    const text = [
      'link,path,title,credit,more',
      'https://example.org/?a=1&b="2",a.jpg,"A ""title"", with <b>",Anna,x',
      ',photos/more/b.jpg, 🐈 תמונה ,,',
      ',c.jpg,,,nothing',
      'http://example.org,/photos/x/b.jpg,,  ,',
    ].join('\n');
    expect(await captionsIn(text.replace('"2"', '2'))).toEqual(
      new Map([
        [0, { title: 'A "title", with <b>', credit: 'Anna', link: 'https://example.org/?a=1&b=2' }],
        [2, { title: '🐈 תמונה' }],
        [1, { link: 'http://example.org' }],
      ]),
    );
  });

  test.each([
    ['path,title\na.jpg,A\nnobody.jpg,B\n', /^--captions \(line 3\) names nobody\.jpg, which is none of the 4 images$/],
    ['path,title\nb.jpg,B\n', /^--captions \(line 2\) names b\.jpg, which fits 2 images/],
    ['path,title\n\na.jpg,A\n,B\n', /^--captions \(line 4\)/],
    [`path,title\na.jpg,${'x'.repeat(1001)}\n`, /^Expected at most 1000 characters for title in --captions \(line 2\)/],
    [`path,credit\na.jpg,A\nc.jpg,${'x'.repeat(1001)}\n`, /for credit in --captions \(line 3\) but received 1001$/],
    ['name,title\na.jpg,A\n', /path/],
  ])('are refused with the line that is wrong: %j', async (text, message) => {
    await refuses(() => captionsIn(text), message);
  });

  test.each([
    'javascript:alert(1)',
    'JavaScript:alert(1)',
    'data:text/html,<script>alert(1)</script>',
    'vbscript:x',
    'file:///etc/passwd',
    'ftp://example.org',
    '//example.org',
    'example.org',
    'https://',
  ])('are refused with a link to %s, before anything is built', async (link) => {
    const captions = await csvFile('links.csv', `path,link\na.jpg,https://example.org\nb.jpg,"${link}"\n`);
    const message = /^Expected an address with http or https in --captions \(line 3\) but received /;
    await refuses(() => readPageFiles({ captions, tour: undefined }), message);
  });

  test('are refused where their file cannot be read', async () => {
    const missing = join(root, 'nowhere.csv');
    await refuses(
      () => readPageFiles({ captions: missing, tour: undefined }),
      /^Cannot read --captions .*nowhere\.csv/,
    );
    await refuses(() => readPageFiles({ captions: undefined, tour: missing }), /^Cannot read --tour .*nowhere\.csv/);
  });
});

describe('captions of the files themselves', () => {
  const PX = { raw: { width: 32, height: 24, channels: 3 } } as const;
  const TAGS = { ImageDescription: 0x10e, Make: 0x10f, Artist: 0x13b, Copyright: 0x8298 } as const;

  /** A JPEG with these tags, in UTF-8 as most programs write them (sharp replaces what is no ASCII). */
  async function withTags(name: string, tags: Readonly<Partial<Record<keyof typeof TAGS, string>>>): Promise<string> {
    const path = join(root, name);
    const entries = Object.entries(tags).map(([tag, text]) => [TAGS[tag as keyof typeof TAGS], text] as const);
    const table = Buffer.alloc(8 + 2 + entries.length * 12 + 4);
    table.write('II*\0', 'latin1');
    table.writeUInt32LE(8, 4);
    table.writeUInt16LE(entries.length, 8);
    const values: Buffer[] = [];
    let end = table.length;
    for (const [i, [tag, text]] of entries.entries()) {
      const value = Buffer.from(`${text}\0`.padEnd(5, '\0'));
      const at = 10 + i * 12;
      table.writeUInt16LE(tag, at);
      table.writeUInt16LE(2, at + 2);
      table.writeUInt32LE(value.length, at + 4);
      table.writeUInt32LE(end, at + 8);
      values.push(value);
      end += value.length;
    }
    const jpeg = await sharp(waves(32, 24, 1), PX)
      .jpeg()
      .toBuffer();
    await writeFile(path, insert(jpeg, 2, segment(0xe1, 'Exif\0\0', table, ...values)));
    return path;
  }

  test.each<[string, Readonly<Record<string, string>>, unknown]>([
    [
      'description and artist',
      { ImageDescription: 'Zoë at the sea', Artist: 'Anna', Copyright: '(c)', Make: 'Maker' },
      { description: 'Zoë at the sea', credit: 'Anna' },
    ],
    ['the copyright where there is no artist', { Copyright: '(c) Anna' }, { credit: '(c) Anna' }],
    [
      'nothing of what cameras write into every file',
      { ImageDescription: 'OLYMPUS DIGITAL CAMERA  ', Artist: ' ' },
      {},
    ],
    ['one line', { ImageDescription: ' a\tb\n\n c ' }, { description: 'a b c' }],
    ['emoji and letters that are joined', { ImageDescription: '👨‍👩‍👧 می‌خواهم' }, { description: '👨‍👩‍👧 می‌خواهم' }],
    ['no marks that turn the writing', { ImageDescription: 'a\u202Egpj' }, { description: 'a gpj' }],
    ['at most 1000 characters', { ImageDescription: 'x'.repeat(3000) }, { description: 'x'.repeat(1000) }],
  ])('have %s', async (name, tags, expected) => {
    expect(await exifCaption(await withTags(`${name}.jpg`, tags))).toEqual(expected);
  });

  test('have texts that older programs wrote in Windows’ own letters', async () => {
    const path = await withTags('old.jpg', { ImageDescription: 'Z~~ am Meer', Artist: 'M~ller' });
    const bytes = (await readFile(path)).toString('latin1');
    await writeFile(path, Buffer.from(bytes.replace('Z~~', 'Zo\xeb').replace('M~', 'M\xfc'), 'latin1'));
    expect(await exifCaption(path)).toEqual({ description: 'Zoë am Meer', credit: 'Müller' });
  });

  test('are none of files that have none, or that are none', async () => {
    const bare = join(root, 'bare.png');
    await sharp(waves(32, 24, 1), PX).toFile(bare);
    const text = await csvFile('text.jpg', 'no image');
    for (const path of [bare, text, join(root, 'nowhere.jpg')]) expect(await exifCaption(path)).toEqual({});
  });

  test('are those of images that are shown', async () => {
    const paths = [
      await withTags('0.jpg', { ImageDescription: 'Zero' }),
      await withTags('1.jpg', { Artist: 'Anna' }),
      await withTags('2.jpg', { Make: 'Maker' }),
      await withTags('3.jpg', { ImageDescription: 'Not shown' }),
    ];
    const files = await readPageFiles({ captions: 'exif', tour: undefined });
    const found = await captionsOf(files, { captions: 'exif', concurrency: 2 }, placesOf(paths));
    expect(found).toEqual(
      new Map<number, unknown>([
        [0, { title: 'Zero' }],
        [1, { credit: 'Anna' }],
      ]),
    );
  });
});

describe('the tour', () => {
  test('visits cells, and the first cell of images; tells of images that no cell shows', async () => {
    expect(await tourIn('column,row,source\n2,1,\n,,more/b.jpg\n0,0,\n,,c.jpg\n')).toEqual({
      tour: [5, 2, 0],
      notes: ['the tour leaves out c.jpg: no cell shows it; --use-all shows every image'],
    });
    expect(await tourIn('source\na.jpg\n')).toEqual({ tour: [0], notes: [] });
  });

  test.each([
    ['column,row\n0,0\n3,0\n', /^Expected a column below 3 and a row below 2 in --tour \(line 3\) but received 3,0$/],
    ['column,row\n0,2\n', /line 2/],
    ['column,row\n-1,0\n', /line 2/],
    ['column,row\n1.5,0\n', /line 2/],
    ['column,row\n1e0,0\n', /line 2/],
    ['column,row\n0x1,0\n', /line 2/],
    ['column,row\n,1\n', /line 2/],
    ['x,y\n0,0\n', /line 2/],
    ['column,row,source\n0,0,\n0,0,nobody.jpg\n', /^--tour \(line 3\) names nobody\.jpg/],
  ])('is refused with the line that is wrong: %j', async (text, message) => {
    await refuses(() => tourIn(text), message);
  });

  test('is refused if it is too long', async () => {
    const message = /^Expected at most 1000 lines in --tour but received 1001$/;
    await refuses(() => tourIn(`column,row\n${'0,0\n'.repeat(1001)}`), message);
  });
});
