/**
 * Kills commands at seeded moments, runs them again, and compares: `tsx test/torture/kills.ts [kills] [seed]`. Every round has to
 * end in the site that an undisturbed run makes, and to leave nothing else. Commands that end before they are killed do not count.
 */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { writeMany, writeWaves } from '../helpers/images.ts';
import { seeded } from '../helpers/random.ts';

const CLI = join(import.meta.dirname, '../../dist/cli/bin.cjs');
const kills = Number(process.argv[2] ?? 200);
const random = seeded(Number(process.argv[3] ?? 13));

const root = mkdtempSync(join(tmpdir(), 'zoomosaic-kills-'));
const images = join(root, 'images');
mkdirSync(images);
await writeMany(images, 24);
for (const i of [1, 2, 3]) await writeWaves(join(images, `large-${i}.jpg`), 2600, 1900, i);
await writeWaves(join(root, 'target.png'), 240, 160, 99);

const URLS = ['https://a.example/mosaic', 'https://b.example/other'];
const OPTIONS = `--cell-size 64 --originals copy --layout dzi,compact,iiif --base-url ${URLS[0]} --title One --quiet`;
const build = (out: string, catalog: string, columns: number) =>
  `build ${root}/target.png ${images} -o ${out} --catalog ${catalog} --columns ${columns} ${OPTIONS}`.split(' ');
const rebase = (out: string, url: string) => ['rebase', out, '--base-url', url];
const remove = (out: string, catalog: string) =>
  `remove ${out} 003.jpg 017.jpg --catalog ${catalog} --quiet`.split(' ');
const repair = (out: string, catalog: string) => `verify ${out} --repair --catalog ${catalog} --quiet`.split(' ');

/** Commands that look at a site first; where there is none, or only a damaged one, they say so. */
const LOOKS = [['verify', '--quiet'], ['fit']] as const;

function look(): void {
  const [verb, ...rest] = LOOKS[Math.floor(random() * LOOKS.length)]!;
  spawnSync(process.execPath, [CLI, verb, out, ...rest], { stdio: 'ignore' });
  if (readdirSync(root).includes('site') && readdirSync(out).some((name) => name.startsWith('.zoomosaic-'))) {
    bad++;
    console.log(`${verb} left something of the command that was killed`);
  }
}

/** Every file with its contents, hidden ones, too. */
function contents(folder: string): Map<string, string> {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((path) =>
    statSync(join(folder, path)).isFile(),
  );
  return new Map(files.toSorted().map((path) => [path, readFileSync(join(folder, path), 'latin1')]));
}

/** The site, and its reports. */
function sited(): Map<string, string> {
  const reports = [...contents(`${out}-report`)].map(([path, text]) => [`report: ${path}`, text] as const);
  return new Map([...contents(out), ...reports]);
}

function differences(found: Map<string, string>, expected: Map<string, string>): string[] {
  const paths = new Set([...found.keys(), ...expected.keys()]);
  return [...paths].filter((path) => found.get(path) !== expected.get(path));
}

function runWhole(args: string[]): number {
  const start = performance.now();
  execFileSync(process.execPath, [CLI, ...args], { stdio: ['ignore', 'ignore', 'inherit'] });
  return performance.now() - start;
}

async function runKilled(args: string[], afterMs: number): Promise<boolean> {
  const child = spawn(process.execPath, [CLI, ...args], { stdio: 'ignore' });
  const ended = new Promise<void>((done) => child.once('exit', () => done()));
  await Promise.race([setTimeout(afterMs), ended]);
  const killed = child.kill('SIGKILL');
  await ended;
  return killed && child.signalCode === 'SIGKILL';
}

const [out, catalog] = [join(root, 'site'), join(root, 'catalog')];
const expected = new Map<number, Map<string, string>>();
const times = new Map<string, number>();
for (const columns of [24, 30]) {
  times.set('first', runWhole(build(out, catalog, columns)));
  times.set('build', runWhole(build(out, catalog, columns)));
  expected.set(columns, sited());
}
times.set('rebase', runWhole(rebase(out, URLS[1]!)));
const rebased = sited();
runWhole(build(out, catalog, 30));
times.set('remove', runWhole(remove(out, catalog)));
const removed = sited();
runWhole(build(out, catalog, 30));
times.set('repair', 2 * runWhole(repair(out, catalog)));
const beside = readdirSync(root).toSorted().join();

const KINDS = ['first', 'build', 'build', 'rebase', 'remove', 'repair'] as const;

/** Removes and changes some files of the site. */
function damage(): void {
  const paths = [...expected.get(30)!.keys()].filter((path) => !path.startsWith('report: '));
  for (let i = 0; i < 6; i++) {
    const file = join(out, paths[Math.floor(random() * paths.length)]!);
    if (i % 2) rmSync(file, { force: true });
    else writeFileSync(file, 'damaged');
  }
}

let [killed, bad, round] = [0, 0, 0];
for (; killed < kills; round++) {
  const kind = KINDS[Math.floor(random() * KINDS.length)]!;
  const mends = kind === 'rebase' || kind === 'remove' || kind === 'repair';
  const columns = mends ? 30 : [24, 30][Math.floor(random() * 2)]!;
  if (kind === 'first') rmSync(catalog, { recursive: true, force: true });
  if (mends) runWhole(build(out, catalog, 30));
  if (kind === 'repair') damage();
  if (random() < 0.2 && !mends) rmSync(out, { recursive: true, force: true });
  const args = {
    first: build(out, catalog, columns),
    build: build(out, catalog, columns),
    rebase: rebase(out, URLS[1]!),
    remove: remove(out, catalog),
    repair: repair(out, catalog),
  }[kind];
  const after = (0.05 + 0.9 * random()) * times.get(kind)!;
  if (await runKilled(args, after)) killed++;
  // What looks at the site brings it in order; so does the same command, which may be killed as it does.
  const next = random();
  if (next < 0.3) look();
  else if (next < 0.5 && (await runKilled(args, random() * times.get(kind)!))) killed++;
  // What was killed after it had done its work, has nothing left to do; of images that are out already, `remove` says so.
  try {
    runWhole(args);
  } catch (error) {
    if (kind !== 'remove' || (error as { status?: number }).status !== 2) throw error;
  }
  const whole = kind === 'rebase' ? rebased : kind === 'remove' ? removed : expected.get(columns)!;
  const wrong = differences(sited(), whole);
  const strays = [...readdirSync(root), ...contents(catalog).keys()].filter((name) => name.endsWith('.tmp'));
  const aside = readdirSync(root).toSorted().join();
  if (wrong.length > 0 || strays.length > 0 || aside !== beside) {
    bad++;
    console.log(`round ${round}, ${kind} killed after ${after.toFixed(0)} ms:`, wrong.slice(0, 5), strays, aside);
  }
}
console.log(`${round} rounds, ${killed} killed before they ended, ${bad} that ended in another site or left something`);
rmSync(root, { recursive: true, force: true });
process.exitCode = bad > 0 ? 1 : 0;
