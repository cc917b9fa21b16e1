/**
 * Three builds at once into one place, again and again: `tsx test/torture/crowd.ts [rounds]`, as processes, in one process, and, where
 * `unshare` may, in process namespaces of their own, where each believes to be process 1. Every round has to end in the site of one of
 * the builds, whole; each build ends well, or with an error that says what to do.
 */
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build, UserError, verify } from '../../dist/index.js';
import { writeMany, writeWaves } from '../helpers/images.ts';

const CLI = join(import.meta.dirname, '../../dist/cli/bin.cjs');
const rounds = Number(process.argv[2] ?? 20);
const root = mkdtempSync(join(tmpdir(), 'zoomosaic-crowd-'));
const images = join(root, 'images');
mkdirSync(images);
await writeMany(images, 24);
await writeWaves(join(root, 'target.png'), 240, 160, 99);
const [out, catalog, target] = [join(root, 'site'), join(root, 'catalog'), join(root, 'target.png')];
const COLUMNS = [24, 30, 36];
const ISOLATED = ['unshare', '--fork', '--pid', '--mount-proc'];

function contents(folder: string): string {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).toSorted();
  const texts = files.map((path) =>
    statSync(join(folder, path)).isFile() ? `${path}\n${readFileSync(join(folder, path), 'latin1')}` : path,
  );
  return texts.join('\n');
}

interface End {
  readonly good: boolean;
  readonly text: string;
}

function asProcess(prefix: readonly string[], columns: number): Promise<End> {
  const args = [
    'build',
    target,
    images,
    '-o',
    out,
    '--catalog',
    catalog,
    '--columns',
    String(columns),
    '--cell-size',
    '64',
    '--quiet',
    '--title',
    'One',
  ];
  const [command, ...rest] = [...prefix, process.execPath, CLI, ...args];
  const child = spawn(command!, rest, { stdio: ['ignore', 'ignore', 'pipe'] });
  let text = '';
  child.stderr.on('data', (chunk) => (text += String(chunk)));
  return new Promise((done) =>
    child.once('close', (code) => done({ good: code === 0 || (code === 1 && !/unexpected|\bat /.test(text)), text })),
  );
}

async function inProcess(columns: number): Promise<End> {
  try {
    await build({ target, images: [images], out, catalog, columns, cellSize: 64, title: 'One' });
    return { good: true, text: '' };
  } catch (error) {
    return { good: error instanceof UserError, text: String(error) };
  }
}

const expected: string[] = [];
for (const columns of COLUMNS) {
  await inProcess(columns);
  expected.push(contents(out));
}
const ways: [string, (columns: number) => Promise<End>][] = [
  ['processes', (columns) => asProcess([], columns)],
  ['one process', inProcess],
];
if (spawnSync(ISOLATED[0]!, [...ISOLATED.slice(1), 'true']).status === 0) {
  ways.push(['namespaces', (columns) => asProcess(ISOLATED, columns)]);
} else console.log('namespaces: left out, unshare may not make them here');
let bad = 0;
for (const [name, start] of ways) {
  let [damaged, raw, refused] = [0, 0, 0];
  for (let round = 0; round < rounds; round++) {
    if (round % 4 === 0) rmSync(out, { recursive: true, force: true });
    if (round % 4 === 1) rmSync(catalog, { recursive: true, force: true });
    const ends = await Promise.all(COLUMNS.map(start));
    for (const { good, text } of ends) {
      if (!good) console.log(name, round, text);
      if (!good) raw++;
      else if (text) {
        console.log(name, round, text.trim());
        refused++;
      }
    }
    const whole = expected.includes(contents(out)) && (await verify({ site: out })).problems.length === 0;
    if (!whole) damaged++;
  }
  bad += damaged + raw;
  console.log(
    `${name}: ${rounds} rounds of ${COLUMNS.length} builds: ${damaged} damaged sites, ${raw} raw errors, ${refused} refused`,
  );
}
rmSync(root, { recursive: true, force: true });
process.exitCode = bad > 0 ? 1 : 0;
