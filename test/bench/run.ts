/**
 * `npm run bench`: every figure of docs/benchmarks.md, measured side by side in one run; least and median of several.
 * `-- --runs 5 --large 1000 --only catalog,large,pyramid,join,million,assignment,distinct,likeness,features,variety,compact,shape,compact-million,preview,crops,page` chooses.
 */
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { availableParallelism, cpus, totalmem } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import sharp from 'sharp';
import { assignmentRows } from './assignment-rows.ts';
import { benchData } from './data.ts';
import { cropRows } from './crop-rows.ts';
import { distinctRows } from './distinct-rows.ts';
import { featureRows } from './feature-rows.ts';
import { compactMillionRows, compactRows, shapeRows } from './hosting-rows.ts';
import { largeRows } from './large-rows.ts';
import { likenessRows, varietyRows } from './likeness-rows.ts';
import { pageRows } from './page-rows.ts';
import { previewRows } from './preview-rows.ts';
import { catalogRows, joinRows, millionRows, pyramidRows, type Bench, type Row } from './rows.ts';

const PARTS: Record<string, (bench: Bench) => Promise<Row[]>> = {
  catalog: catalogRows,
  large: largeRows,
  pyramid: pyramidRows,
  join: joinRows,
  million: millionRows,
  assignment: assignmentRows,
  distinct: distinctRows,
  likeness: likenessRows,
  features: featureRows,
  variety: varietyRows,
  compact: compactRows,
  shape: shapeRows,
  'compact-million': compactMillionRows,
  preview: previewRows,
  crops: cropRows,
  page: pageRows,
};

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '5' },
    large: { type: 'string', default: '1000' },
    only: { type: 'string', default: Object.keys(PARTS).join(',') },
    out: { type: 'string', default: fileURLToPath(new URL('../../bench-out', import.meta.url)) },
  },
});
const say = (text: string) => void process.stderr.write(`${text}\n`);
await mkdir(values.out, { recursive: true });
const folder = join(values.out, 'work');
const data = await benchData(join(values.out, 'data'));
const bench: Bench = { data, folder, runs: Number(values.runs), large: Number(values.large), say };

const memory = `${Math.round(totalmem() / 2 ** 30)} GiB`;
const lines = [
  `${availableParallelism()} cores of ${cpus()[0]?.model ?? 'unknown'}, ${memory}; Node ${process.version}, sharp ${sharp.versions['sharp']}, libvips ${sharp.versions.vips}; ${data.about}; ${new Date().toISOString().slice(0, 10)}`,
  '',
  '| what (least / median) | target | zoomosaic | baseline | ratio or result |',
  '|---|---|---|---|---|',
];
for (const name of values.only.split(',')) {
  say(`${name} …`);
  for (const { what, reach, ours, theirs, result } of (await PARTS[name]?.(bench)) ?? []) {
    lines.push(`| ${[what, reach, ours, theirs, result].join(' | ')} |`);
    say(lines.at(-1));
  }
}
await rm(folder, { recursive: true, force: true });
await writeFile(join(values.out, 'results.md'), `${lines.join('\n')}\n`);
console.log(lines.join('\n'));
