/**
 * Fuzzes all that reads what others wrote: `npm run fuzz -- --cases 200000 --seed 1 --only NAME --path PATH`, all of them optional.
 * A case that fails is told with what runs it again.
 */
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import * as fc from 'fast-check';
import { temporaryFolder } from '../helpers/temporary-folder.ts';
import type { Prepared, Target } from './target.ts';
import { TARGETS } from './targets.ts';
import { Watchdog } from './watchdog.ts';

const { values } = parseArgs({
  options: { cases: { type: 'string' }, seed: { type: 'string' }, only: { type: 'string' }, path: { type: 'string' } },
});
const env = (name: string) => process.env[`ZOOMOSAIC_FUZZ_${name}`];
const all = Number(values.cases ?? env('CASES') ?? 200_000);
const seed = Number(values.seed ?? env('SEED') ?? Date.now() % 2 ** 31);
const path = values.path;
const targets = TARGETS.filter(({ name }) => values.only === undefined || name === values.only);
if (!(all > 0) || !Number.isInteger(seed) || targets.length === 0) {
  console.error(
    `Expected a number of --cases, a whole --seed, and --only one of: ${TARGETS.map(({ name }) => name).join(', ')}`,
  );
  process.exit(2);
}

/** Cases of a target; one at least. */
function casesOf({ share }: Target): number {
  const shares = targets.reduce((sum, target) => sum + target.share, 0);
  return Math.max(1, Math.round((all * share) / shares));
}

/** Runs a target's cases; returns what failed, as people read it. */
async function failureOf(name: string, ready: Prepared, runs: number): Promise<string | undefined> {
  const property = fc.asyncProperty(ready.cases, async (input) => {
    const leave = watchdog.enter();
    const under = ready.check(input);
    if (under) await under;
    leave();
  });
  const details = await fc.check(property, { seed, numRuns: runs, ...(path !== undefined && { path }) });
  if (!details.failed) return undefined;
  const again = `npm run fuzz -- --seed ${seed} --only ${JSON.stringify(name)} --path ${details.counterexamplePath ?? ''}`;
  const { errorInstance: error } = details;
  const told = error instanceof Error ? error.stack : String(error);
  return `${told}\n${fc.stringify(details.counterexample)}\nAgain by: ${again}`;
}

console.log(`seed ${seed}`);
const watchdog = new Watchdog(
  targets.map(({ name }) => name),
  `again by npm run fuzz -- --seed ${seed}`,
);
const root = await temporaryFolder();
let [done, failed] = [0, 0];
for (const [i, target] of targets.entries()) {
  const [start, runs] = [performance.now(), casesOf(target)];
  const folder = join(root, String(i));
  await mkdir(folder);
  const ready = await target.prepare(folder);
  watchdog.begin(i);
  const failure = await failureOf(target.name, ready, runs);
  await ready.end?.();
  if (failure !== undefined) failed++;
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  console.log(`${target.name}: ${runs} cases, ${failure === undefined ? 'sound' : 'FAILED'}, ${seconds} s`);
  if (failure !== undefined) console.error(failure);
  done += runs;
}
await watchdog.end();
await rm(root, { recursive: true, force: true });
console.log(`${done} cases, ${failed} of ${targets.length} targets failed`);
process.exitCode = failed > 0 ? 1 : 0;
