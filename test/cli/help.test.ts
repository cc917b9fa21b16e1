import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { buildHelp, COMMANDS, nearest, shortHelp } from '../../src/cli/help.ts';
import { optionOf, ROWS } from '../../src/conductor/option-table.ts';
import { resolveOptions } from '../../src/conductor/resolve-options.ts';

const CLI = fileURLToPath(new URL('../../dist/cli/bin.cjs', import.meta.url));
const run = async (...args: string[]) =>
  await promisify(execFile)(process.execPath, [CLI, ...args]).catch(
    (error: { code: number; stdout: string; stderr: string }) => error,
  );

describe('help', () => {
  test('of build has every option once, in lines of 100 characters at most', () => {
    const lines = buildHelp().split('\n');
    for (const [name] of ROWS) {
      const option = new RegExp(`^  (-o, )?--${optionOf(name)}( |$)`);
      expect(
        lines.filter((line) => option.test(line)),
        name,
      ).toHaveLength(1);
    }
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(100);
  });

  test('without a command names all of them and shows the two that people use most', () => {
    for (const command of Object.keys(COMMANDS)) expect(shortHelp()).toContain(command);
    expect(shortHelp()).toMatch(/zoomosaic build .*\n.*zoomosaic serve /);
  });

  test.each(['build', 'preview', 'poster', 'serve', 'verify', 'fit', 'remove', 'rebase', 'catalog'])(
    'help %s is %s --help',
    async (command) => {
      const [said, asked] = await Promise.all([run('help', command), run(command, '--help')]);
      expect(said.stdout).toBe(asked.stdout);
      expect(said.stdout).toContain(`zoomosaic ${command}`);
    },
  );

  test.each([
    [['biuld', 'a.png', 'b'], 'did you mean build?', 'See `zoomosaic --help`.'],
    [['build', 'a.png', 'b', '-o', 'c', '--colums', '3'], 'did you mean --columns?', 'See `zoomosaic build --help`.'],
    [['build', 'a.png', 'b', '-o', 'c', '--near-duplicate', 'keep'], 'did you mean --near-duplicates?', 'build --help'],
    [['serve', 'site', '--port', 'x'], 'Expected a whole number for --port', 'See `zoomosaic serve --help`.'],
    [['verify', ''], 'Expected the folder of a site', 'See `zoomosaic verify --help`.'],
    [['serve', 'site', '--prot', '1'], 'Unknown argument: prot', 'See `zoomosaic serve --help`.'],
  ])('a misspelt word is answered with the nearest: %j', async (args, answer, help) => {
    const { stderr } = await run(...args);
    expect(stderr).toContain(answer);
    expect(stderr).toContain(help);
  });

  test('a word that is far from all others is not guessed at', () => {
    expect(nearest('photographs', ['build', 'serve', 'fit'])).toBeUndefined();
    expect(nearest('fti', ['build', 'serve', 'fit'])).toBeUndefined();
    expect(nearest('srve', ['build', 'serve', 'fit'])).toBe('serve');
  });
});

describe('completion', () => {
  const completed = async (...words: string[]) => {
    const { stdout } = await run('--get-yargs-completions', 'zoomosaic', ...words);
    return stdout.trim().split('\n');
  };

  test('prints a script for the shell', async () => {
    expect((await run('completion')).stdout).toContain(
      'complete -o bashdefault -o default -F _zoomosaic_yargs_completions',
    );
  });

  test('knows commands, options, and values of options', async () => {
    expect(await completed('')).toEqual(expect.arrayContaining(Object.keys(COMMANDS)));
    expect(await completed('build', 'a', '--')).toEqual(
      expect.arrayContaining(ROWS.map(([name]) => `--${optionOf(name)}`)),
    );
    expect(await completed('catalog', '')).toEqual(['stat', 'check', 'prune']);
    expect(await completed('catalog', 'prune', '--')).toEqual(
      expect.arrayContaining(['--dry-run', '--removed-folder', '--json']),
    );
    expect(await completed('build', 'a', '--layout', '')).toEqual(['dzi', 'compact', 'iiif', 'auto']);
    expect(await completed('build', 'a', '--crop', 'a')).toEqual(['centre', 'attention', 'entropy']);
  });
});

test.each<[object, string[]]>([
  [
    { placement: 'p.csv', columns: 5, useAll: true, pins: [{ column: 0, row: 0, image: 'a' }], mirror: false },
    ['--columns', '--use-all', '--pin'].map((option) => `${option} has no effect with --placement`),
  ],
  [{ credit: 'Anna', baseUrl: 'https://a.example' }, ['--credit has no effect without --layout iiif']],
  [{ credit: 'Anna', baseUrl: 'https://a.example', layout: 'iiif' }, []],
  [
    { format: 'png', quality: 5, subsampling: '4:4:4' },
    ['--subsampling has no effect on png tiles', '--quality has no effect on png tiles'],
  ],
  [{ pins: [], ban: [], useAll: false, columns: 5 }, []],
])('options without effect are named: %j', (options, notes) => {
  expect(resolveOptions({ target: 't.png', images: ['i'], out: 'o', ...options }).notes).toEqual(notes);
});
