/** Builds sites of images that hold all that can be planted in them, and looks for it in every byte of what comes out. */
import { spawn } from 'node:child_process';
import { mkdirSync, rmSync, symlinkSync } from 'node:fs';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { homedir, hostname, tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { constants, deflateSync, inflateSync } from 'node:zlib';
import { beforeAll, describe, expect, test } from 'vitest';
import { build, type BuildOptions, type BuildResult, verify } from '../../src/index.ts';
import { writeWaves } from '../helpers/images.ts';
import { type Planted, plantedImages } from '../helpers/planted.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

/** In names: of the folder that all is in, of image files, of a folder among them, of the target. */
const [HOME, FILE, FOLDER, TARGET] = ['Home of Anna Zq7', 'Img_Zq7', 'Folder_Zq7', 'Aunt_Berta_Zq7'];

let root: string;
let home: string;
let planted: Planted;
beforeAll(async () => {
  root = await temporaryFolder();
  home = join(root, HOME);
  await mkdir(join(home, 'photos', FOLDER), { recursive: true });
  await writeWaves(join(home, `${TARGET}.png`), 90, 60, 99);
  planted = await plantedImages(256);
  for (const [name, bytes] of planted.files) await writeFile(join(home, 'photos', FOLDER, `${FILE} ${name}`), bytes);
  const odd = { 'empty.jpg': '', 'text.jpg': 'no image', 'short.png': '\x89PNG\r\n\x1a\n' };
  for (const [name, text] of Object.entries(odd)) await writeFile(join(home, 'photos', `${FILE} ${name}`), text);
  mkdirSync(join(home, 'photos', `${FILE} folder.jpg`));
  symlinkSync(join(home, 'nowhere'), join(home, 'photos', `${FILE} link.jpg`));
});

/** A file that goes away while the build reads the others, as often as it is built. */
async function make(name: string, options: Partial<BuildOptions>): Promise<BuildResult> {
  const passing = join(home, 'photos', `zzz ${FILE} passing.png`);
  await writeWaves(passing, 20, 20, name.length);
  return await build({
    target: join(home, `${TARGET}.png`),
    images: [join(home, 'photos')],
    out: join(home, name),
    catalog: join(home, 'catalog'),
    columns: 5,
    cellSize: 256,
    minDistance: 0,
    useAll: true,
    nearDuplicates: 'keep',
    baseUrl: 'https://example.org/mosaic',
    onProgress: ({ stage }) => stage === 'catalog' && rmSync(passing, { force: true }),
    ...options,
  });
}

/** Every file in a folder. */
async function filesIn(folder: string): Promise<[path: string, bytes: Buffer][]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return (await Promise.all(
    paths.map(async (path) => [path.slice(folder.length + 1), await readFile(path)] as const),
  )) as never;
}

/** What a file holds, also where that is packed: base64, zlib, UTF-16, hexadecimal digits (as PNGs have XMP). */
function* layersOf(bytes: Buffer): Generator<Buffer> {
  yield bytes;
  yield Buffer.from(bytes.toString('utf16le'));
  yield Buffer.from(bytes.subarray(1).toString('utf16le'));
  const text = bytes.toString('latin1');
  for (const [run] of text.matchAll(/[A-Za-z0-9+/]{24,}={0,2}/g)) yield Buffer.from(run, 'base64');
  for (const [run] of text.matchAll(/(?:[0-9a-f]{2}\n?){16,}/gi)) yield Buffer.from(run.replaceAll('\n', ''), 'hex');
  for (let at = 0; at + 1 < bytes.length; at++) {
    // The header of a zlib stream (RFC 1950, 2.2).
    if ((bytes[at]! & 0x0f) !== 8 || bytes[at]! > 0x78 || bytes.readUInt16BE(at) % 31 > 0) continue;
    const inflated = inflatedOf(bytes.subarray(at));
    if (inflated.length > 0) yield* layersOf(inflated);
  }
}

/** What a zlib stream holds; nothing if it is none. */
function inflatedOf(bytes: Buffer): Buffer {
  try {
    return inflateSync(bytes, { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: 2 ** 24 });
  } catch {
    return Buffer.alloc(0);
  }
}

/** Where any of the texts stands in a folder's files or their names: `PATH: WHAT`. */
async function found(folder: string, texts: ReadonlyMap<string, string>): Promise<string[]> {
  const all: string[] = [];
  for (const [path, bytes] of await filesIn(folder)) {
    const layers = [Buffer.from(path), ...layersOf(bytes)];
    for (const [what, text] of texts) if (layers.some((layer) => layer.includes(text))) all.push(`${path}: ${what}`);
  }
  return all;
}

/** What tells of this machine and whoever uses it; what the viewer holds anyway, as `root`, proves nothing. */
async function machine(): Promise<Map<string, string>> {
  const texts = new Map([
    ['root', root],
    ['home', HOME],
    ['temporary folder', tmpdir()],
    ['home folder', homedir()],
    ['working folder', process.cwd()],
    ['user', userInfo().username],
    ['host', hostname()],
  ]);
  const ours = await Promise.all(
    [
      '../../dist/viewer/viewer.js',
      '../../viewer/viewer.css',
      '../../viewer/index.html',
      '../../node_modules/openseadragon/build/openseadragon/openseadragon.min.js',
    ].map((path) => readFile(new URL(path, import.meta.url), 'latin1')),
  );
  return new Map([...texts].filter(([, text]) => text.length > 3 && !ours.some((own) => own.includes(text))));
}

/** What cannot be used, by names within the folder of photographs. */
const SKIPPED = [
  'path,code,reason',
  `${FILE} empty.jpg,empty,the file is empty`,
  `${FILE} short.png,not-an-image,"not an image, or of a format that cannot be decoded"`,
  `${FILE} text.jpg,not-an-image,"not an image, or of a format that cannot be decoded"`,
  `zzz ${FILE} passing.png,ENOENT,there is no such file (ENOENT)`,
  '',
].join('\r\n');

const names = new Map([FILE, FOLDER, TARGET].map((name) => [`the name ${name}`, name]));

test('the search finds what is packed', async () => {
  const folder = join(root, 'packed');
  await mkdir(folder);
  const [first, second] = [[...planted.marks.values()][0]!, [...planted.marks.values()][1]!];
  const texts = new Map([
    ['first', first],
    ['second', second],
  ]);
  await writeFile(join(folder, 'base64.js'), `x("${Buffer.from(`..${first}..`).toString('base64')}")`);
  await writeFile(
    join(folder, 'zlib.png'),
    Buffer.concat([Buffer.from('abc'), deflateSync(second), Buffer.from('def')]),
  );
  await writeFile(join(folder, 'utf16'), Buffer.from(`.${first}`, 'utf16le'));
  await writeFile(join(folder, 'utf16odd'), Buffer.concat([Buffer.from('.'), Buffer.from(second, 'utf16le')]));
  expect((await found(folder, texts)).toSorted()).toEqual([
    'base64.js: first',
    'utf16: first',
    'utf16odd: second',
    'zlib.png: second',
  ]);
  // All that is planted is there to be found.
  const told = await found(join(home, 'photos'), planted.marks);
  const missing = [...planted.marks.keys()].filter((where) => !told.some((one) => one.endsWith(`: ${where}`)));
  expect(missing).toEqual([]);
});

describe('a site of all layouts', () => {
  test.each<[string, Partial<BuildOptions>]>([
    ['originals copied, names none', { originals: 'copy', names: 'none' }],
    ['originals linked, names all', { originals: 'link', names: 'all' }],
  ])('has nothing of the machine and of what was planted: %s', async (name, options) => {
    const layout = ['dzi', 'compact', 'iiif'] as const;
    const result = await make(name, { layout, ...options });
    expect(result.sources).toMatchObject({
      usable: planted.files.size,
      used: planted.files.size,
      skipped: 4,
      verbatim: 2,
    });
    expect((await verify({ site: result.out })).problems).toEqual([]);
    const here = await machine();
    expect(await found(result.out, new Map([...here, ...planted.marks]))).toEqual([]);
    const told = await found(result.out, names);
    if (options.names === 'none') expect(told).toEqual([]);
    else
      expect(
        told.filter(
          (one) =>
            !/^(iiif\/annotations\.json|sources\/(names\/)?\d+\.js): the name (Img|Folder)|: the name Aunt/.test(one),
        ),
      ).toEqual([]);
    // Reports name files within their folder, and nothing above it.
    expect(await found(result.report, new Map([...here, ...planted.marks]))).toEqual([]);
    expect(await found(result.report, names)).toContain(`placement.csv: the name ${FILE}`);
    expect(await readFile(join(result.report, 'skipped.csv'), 'utf8')).toBe(SKIPPED);
  });

  test.each(['dzi', 'compact', 'iiif'] as const)('nor has %s alone', async (layout) => {
    const result = await make(layout, { layout, names: 'none' });
    expect(
      await found(result.out, new Map([...(await machine()), ...planted.marks, ...[...names].slice(0, 2)])),
    ).toEqual([]);
  });
});

test('the command line tells of paths only as they were typed', async () => {
  const bin = fileURLToPath(new URL('../../dist/cli/bin.cjs', import.meta.url));
  const args = [
    'build',
    `${TARGET}.png`,
    'photos',
    '-o',
    'cli',
    '--catalog',
    'catalog',
    '--columns',
    '5',
    '--cell-size',
    '256',
    '--json',
    '--quiet',
  ];
  const env = { ...process.env, HOME: join(root, 'HomeZq7'), USER: 'UserZq7', LOGNAME: 'UserZq7', HOSTNAME: 'HostZq7' };
  const child = spawn(process.execPath, [bin, ...args], { cwd: home, env });
  let output = '';
  child.stdout.on('data', (text: Buffer) => (output += text.toString()));
  child.stderr.on('data', (text: Buffer) => (output += text.toString()));
  await new Promise((done) => child.on('close', done));
  expect(JSON.parse(output)).toMatchObject({ out: 'cli', report: 'cli-report', sources: { skipped: 3 } });
  const texts = [root, HOME, 'UserZq7', 'HostZq7', 'HomeZq7', FILE, ...planted.marks.values()];
  expect(texts.filter((text) => output.includes(text))).toEqual([]);
  const env2 = new Map(texts.slice(0, 5).map((text) => [text, text]));
  expect(await found(join(home, 'cli'), env2)).toEqual([]);
  expect(await found(join(home, 'cli-report'), env2)).toEqual([]);
});
