/**
 * `npm run demo`: draws the sample images, builds a mosaic of them, serves it and prints the address. `--no-serve` stops
 * after the build; `--out DIR` puts everything elsewhere.
 */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
// The compiled program, as users get it.
import { run } from '../dist/cli/run.js';
import { generateSamples } from './generate.ts';

const here = fileURLToPath(new URL('.', import.meta.url));
const options = { out: { type: 'string', default: join(here, 'out') }, 'no-serve': { type: 'boolean' } } as const;
const { values } = parseArgs({ options });
const [images, site] = [join(values.out, 'images'), join(values.out, 'site')];

process.stderr.write('Drawing the sample images …\n');
await generateSamples({ out: images });
const build = ['build', join(here, 'target.svg'), images, '--out', site, '--catalog', join(values.out, 'catalog')];
await zoomosaic([
  ...build,
  '--columns',
  '120',
  '--cell-size',
  '256',
  '--min-distance',
  '3',
  '--title',
  'Lighthouse at dusk',
]);
if (!process.exitCode && !values['no-serve']) await zoomosaic(['serve', site]);

/** Runs a command line in this process. */
async function zoomosaic(args: readonly string[]): Promise<void> {
  const argv = [process.argv[0]!, 'zoomosaic', ...args];
  await run(Object.create(process, { argv: { value: argv } }) as typeof process);
}
