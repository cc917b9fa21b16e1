import { Writable } from 'node:stream';
import * as fc from 'fast-check';
import { run } from '../../src/cli/run.ts';
import { PREVIEW_PARSER_OPTIONS } from '../../src/cli/build-options.ts';
import { HOSTILE } from './json.ts';
import { expectThat, prepared, type Target } from './target.ts';

const VERBS = [
  'build',
  'preview',
  'serve',
  'verify',
  'fit',
  'rebase',
  'remove',
  'help',
  'completion',
  '$0',
  '__proto__',
  '',
];
const OPTIONS = [
  ...Object.keys(PREVIEW_PARSER_OPTIONS),
  'site',
  'port',
  'host',
  'base-url',
  'json',
  'quiet',
  'deep',
  'repair',
  'help',
  'version',
  '__proto__',
  'constructor',
];
/** Nothing that is there: whoever reads it finds nothing to build of, or to write over. */
const NAMES = [
  'nothing/target.png',
  'nothing/images',
  'nothing/*.jpg',
  'nothing/s',
  '-',
  '--',
  '[',
  '{',
  '**[',
  '\0',
  ' ',
  'é',
  'true',
  'null',
  'nothing/'.repeat(600),
];
const VALUES = [
  '0',
  '1',
  '-1',
  '1e999',
  'NaN',
  '0x10',
  '16',
  '64',
  '3:2',
  '1:0',
  '12x8',
  '0x0',
  '9'.repeat(50),
  'jpeg',
  'auto',
  'dzi',
  'compact,iiif',
  'github-pages',
  '#fff',
  '0,0=a.jpg',
  '1,1=',
  'https://a.org',
  'none',
  'all',
  '99999',
  'variety=0,0.5',
  'columns=,',
  '__proto__=1',
];

const value = fc.oneof(
  fc.constantFrom(...VALUES),
  fc.constantFrom(...NAMES),
  fc.constantFrom(...HOSTILE.filter((text) => !text.includes('..'))),
  fc.string({ maxLength: 6 }).map((text) => text.replaceAll(/[./~]/g, '_')),
);
const option = fc.oneof(
  fc.tuple(fc.constantFrom(...OPTIONS), value).map(([name, given]) => [`--${name}`, given]),
  fc.tuple(fc.constantFrom(...OPTIONS), value).map(([name, given]) => [`--${name}=${given}`]),
  fc.constantFrom(...OPTIONS).map((name) => [`--no-${name}`]),
  fc.constantFrom(...OPTIONS).map((name) => [`--${name}`]),
  fc.constantFrom(
    ['-o', 'nothing/s'],
    ['-h'],
    ['-x'],
    ['--'],
    ['-'],
    ['--a.b.c', '1'],
    ['--__proto__.x', '1'],
    ['---'],
  ),
);
const words = fc
  .tuple(
    fc.constantFrom(...VERBS),
    fc.array(fc.constantFrom(...NAMES), { maxLength: 3 }),
    fc.array(option, { maxLength: 4 }),
  )
  .map(([verb, names, options]) => [verb, ...names, ...options.flat()]);
/** A build that nothing is wrong with but one thing. */
const nearly = fc
  .array(option, { minLength: 1, maxLength: 2 })
  .map((options) => ['build', 'nothing/target.png', 'nothing/images', '-o', 'nothing/s', ...options.flat()]);

export const COMMAND_TARGETS: readonly Target[] = [
  {
    name: 'command lines',
    share: 3,
    prepare: async (folder) => {
      const before = process.cwd();
      process.chdir(folder);
      const check = async (args: string[]) => {
        let [told, complained] = ['', ''];
        const stderr = new Writable({ write: (text: Buffer, _, done) => ((complained += String(text)), done()) });
        const stdout = { write: (text: string) => (told += text) };
        const fake = {
          argv: ['node', 'zoomosaic', ...args],
          stdout,
          stderr,
          exitCode: undefined as number | undefined,
          on: () => {},
          off: () => {},
        };
        await run(fake);
        expectThat(fake.exitCode !== undefined && [0, 1, 2].includes(fake.exitCode), 'a command ends with 0, 1 or 2');
        expectThat(
          !/unexpected error|\n\s+at /.test(complained),
          `a command complains as people read it: ${complained.slice(0, 2000)}`,
        );
        expectThat(fake.exitCode === 0 ? told !== '' : complained.trim() !== '', 'a command says something');
        expectThat(complained.length < 8000 + 4 * args.join(' ').length, 'a complaint is short');
      };
      return prepared(fc.oneof({ weight: 1, arbitrary: words }, { weight: 1, arbitrary: nearly }), check, async () =>
        process.chdir(before),
      );
    },
  },
];
