import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import type { PreviewResult } from '../../src/index.ts';
import { figuresOf, runCommand } from './measure.ts';
import { BIN, type Bench, type Row, seconds } from './rows.ts';

const EIGHT = ['--compare', 'variety=0,0.3,0.6,1', '--compare', 'afar=0,0.2'];

/** Previews of 12,288 cells with a warm catalog: whole processes, and what is not matching in them. */
export async function previewRows({ data, folder, runs }: Bench): Promise<Row[]> {
  const catalog = join(folder, 'catalog');
  const run = async (...more: string[]) => {
    const args = ['preview', data.target, data.photos, '-o', join(folder, 'preview.jpg'), '--catalog', catalog];
    const ran = await runCommand(process.execPath, [BIN, ...args, '--grid', '128x96', '--json', '--quiet', ...more]);
    return { seconds: ran.seconds, stages: (JSON.parse(ran.stdout) as PreviewResult).stages };
  };
  await run();
  const rowOf = async (what: string, reach: string, ...more: string[]): Promise<Row> => {
    const [all, match, rest]: [number[], number[], number[]] = [[], [], []];
    for (let i = 0; i < runs; i++) {
      const ran = await run(...more);
      all.push(ran.seconds);
      match.push(ran.stages.match);
      rest.push(ran.seconds - ran.stages.match);
    }
    const told = `match ${seconds(figuresOf(match))}; all else ${seconds(figuresOf(rest))}`;
    return { what, reach, ours: seconds(figuresOf(all)), theirs: '', result: told };
  };
  const cells = `12,288 cells, 1,000 images, catalog warm, ${availableParallelism()} processors`;
  return [
    await rowOf(`preview, ${cells}`, '<= 1 s'),
    await rowOf(
      'the same, --crops none --afar 0 --min-distance 0',
      '<= 1 s',
      '--crops',
      'none',
      '--afar',
      '0',
      '--min-distance',
      '0',
    ),
    await rowOf(`preview of eight alternatives on a sheet`, '<= 6 s', ...EIGHT),
    await rowOf(
      'the same, --crops none --min-distance 0',
      '<= 6 s',
      '--crops',
      'none',
      '--min-distance',
      '0',
      ...EIGHT,
    ),
  ];
}
