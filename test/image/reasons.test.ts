import { mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { beforeAll, describe, expect, test } from 'vitest';
import { build } from '../../src/index.ts';
import { explain, reasonOf, reasonText } from '../../src/image/reasons.ts';
import { writeMany, writeWaves } from '../helpers/images.ts';
import { reportOf } from '../helpers/site.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

const PATH = '/home/anna/secret folder/photo.jpg';

const thrown = async (act: () => Promise<unknown>): Promise<unknown> =>
  await act().then(
    () => expect.fail('nothing was thrown'),
    (error: unknown) => error,
  );

describe('a reason', () => {
  test.each<[unknown, string, string]>([
    [
      Object.assign(new Error(`EACCES: permission denied, open '${PATH}'`), { code: 'EACCES' }),
      'EACCES',
      'not allowed',
    ],
    [new Error(`EMFILE: too many open files, open '${PATH}'`), 'EMFILE', 'too many files'],
    [new Error(`EREMOTEIO: remote I/O error, read`), 'EREMOTEIO', 'cannot be read (EREMOTEIO)'],
    [
      Object.assign(new Error(`Unknown system error -116: ${PATH}`), { code: 'Unknown system error -116' }),
      'ESTALE',
      'cannot be read (ESTALE)',
    ],
    [new Error(`Input file is missing: ${PATH}`), 'ENOENT', 'no such file'],
    [new Error(`VipsForeignLoad: "${PATH}" is not a known file format`), 'undecodable', 'cannot be decoded'],
    [new Error(`unable to open "${PATH}"\nunix error: Permission denied`), 'undecodable', 'cannot be decoded'],
    [new Error('VipsJpeg: premature end of JPEG image'), 'truncated', 'ends early'],
    ['', 'damaged', 'damaged'],
    [undefined, 'undecodable', 'cannot be decoded'],
  ])('of %s is %s', (error, reason, words) => {
    expect(reasonOf(error)).toBe(reason);
    expect(explain(error)).toContain(words);
    for (const part of ['anna', 'secret', 'photo', '/']) expect(explain(error)).not.toContain(part);
  });

  test('tells nothing of a path, whatever was thrown by the system or by sharp', async () => {
    const folder = await temporaryFolder();
    const errors = [
      await thrown(() => readFile(join(folder, 'gone.jpg'))),
      await thrown(() => readFile(folder)),
      await thrown(() => readFile(`${join(folder, 'x'.repeat(300))}.jpg`)),
      await thrown(() => sharp(join(folder, 'gone.jpg')).metadata()),
      await thrown(() => sharp(folder).metadata()),
    ];
    expect(errors.filter((error) => String(error).includes(folder)).length).toBeGreaterThan(2);
    for (const error of errors) {
      expect(explain(error)).not.toMatch(/zoomosaic-test|xxx|gone|\//);
    }
    expect(errors.slice(0, 4).map(reasonOf)).toEqual(['ENOENT', 'EISDIR', 'ENAMETOOLONG', 'ENOENT']);
  });

  test('that is none of ours is not repeated', () => {
    for (const text of [PATH, `E${PATH}`, 'ENOENT: /home', 'toString', ''])
      expect(reasonText(text)).toBe('cannot be decoded');
  });
});

describe('a build', () => {
  let root: string;
  let files: { target: string; images: string[]; catalog: string; cellSize: number; columns: number };
  beforeAll(async () => {
    root = await temporaryFolder();
    await writeWaves(join(root, 'target.png'), 30, 20, 9);
    await mkdir(join(root, 'images'));
    await writeMany(join(root, 'images'), 4);
    files = {
      target: join(root, 'target.png'),
      images: [join(root, 'images')],
      catalog: join(root, 'catalog'),
      cellSize: 16,
      columns: 3,
    };
  });

  test('tells of a file that goes away by its name and a code', async () => {
    const out = join(root, 'site');
    let gone: Promise<void> | undefined;
    const result = await build({
      ...files,
      out,
      onProgress: ({ stage }) => {
        if (stage === 'catalog') gone ??= rm(join(root, 'images/002.jpg'));
      },
      // One by one, so that the third is not read yet.
      concurrency: 1,
    });
    await gone;
    expect(result.sources).toMatchObject({ usable: 3, skipped: 1 });
    const csv = await readFile(reportOf(out, 'skipped.csv'), 'utf8');
    expect(csv).toBe('path,code,reason\r\n002.jpg,ENOENT,there is no such file (ENOENT)\r\n');
    expect(JSON.stringify({ ...result, out: '', report: '', fit: { ...result.fit, site: '' } })).not.toContain(root);
  });

  test('that can use none names them as its reports do', async () => {
    const images = join(root, 'none');
    await mkdir(images);
    await writeMany(images, 1);
    const options = { ...files, images: [images], out: join(root, 'no site'), catalog: join(root, 'catalog 2') };
    let gone: Promise<void> | undefined;
    const onProgress = () => void (gone ??= rm(join(images, '000.jpg')));
    const error = (await thrown(() => build({ ...options, onProgress }))) as Error;
    await gone;
    expect(error.message).toBe('No usable image among 1 file (000.jpg: there is no such file (ENOENT))');
  });
});
