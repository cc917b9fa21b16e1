/**
 * `peer-catalog.ts ours|sharp FOLDER [CATALOG]`: indexes all images of a folder, or has sharp cut each to a 256 px square and
 * encode it; first 100 of them to warm up, then all. Prints the seconds, and those of processors.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import pLimit from 'p-limit';
import sharp from 'sharp';
import { updateCatalog } from '../../dist/catalog/update.js';
import { scan } from '../../dist/scan/scan.js';
import type { ScannedFile } from '../../src/types.ts';

const [how, folder, catalog = ''] = process.argv.slice(2) as [string, string, string?];
const WARMING = 100;
const { signal } = new AbortController();
const onProgress = () => {};
const concurrency = availableParallelism();
const cell = { width: 256, height: 256 };

async function ours(files: readonly ScannedFile[], out: string): Promise<void> {
  const recipe = { cell, tileSize: 256, format: 'jpeg', quality: 85, subsampling: '4:2:0', crop: 'centre' } as const;
  const background = { r: 0, g: 0, b: 0 };
  const options = { folder: join(catalog, out), recipe, background, concurrency, onProgress, signal };
  (await updateCatalog(files, options)).close();
}

async function theirs(files: readonly ScannedFile[]): Promise<void> {
  await pLimit(concurrency).map([...files], async ({ path }) => {
    await sharp(path).resize(256, 256, { fit: 'cover' }).jpeg({ quality: 85 }).toBuffer();
  });
}

/** Processor seconds of this process and those that it started, or NaN where /proc does not tell. */
function processorSeconds(): number {
  try {
    const children = readdirSync('/proc/self/task').map((task) =>
      readFileSync(`/proc/self/task/${task}/children`, 'utf8').trim(),
    );
    const pids = children.flatMap((line) => line.split(' ')).filter(Boolean);
    const ticks = ['self', ...pids].map((pid) => {
      const [user, system] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ').slice(11, 13);
      return Number(user) + Number(system);
    });
    return ticks.reduce((sum, each) => sum + each, 0) / 100;
  } catch {
    return NaN;
  }
}

const files = await scan([folder], { onProgress, signal });
const work = how === 'ours' ? ours : theirs;
sharp.concurrency(1);
sharp.cache(false);
await work(files.slice(0, WARMING), 'warming');
const [start, before] = [performance.now(), processorSeconds()];
await work(files, 'measured');
console.log((performance.now() - start) / 1000, processorSeconds() - before);
process.exit();
