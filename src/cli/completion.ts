import { optionOf, ROWS } from '../conductor/option-table.ts';

/**
 * Completes the last word of a command line: with the choices of the option before it, if it has any; else with commands and
 * options.
 *
 * @param known asks the parser for commands and options.
 */
export function complete(
  _current: string,
  { _: words }: { readonly _: readonly (string | number)[] },
  known: (onCompleted?: (error: Error | null, names: string[] | undefined) => void) => unknown,
  done: (names: string[]) => unknown,
): void {
  const typed = process.argv.slice(process.argv.indexOf('--get-yargs-completions') + 1);
  const option = typed.at(-2);
  const row = ROWS.find(([name]) => `--${optionOf(name)}` === option)?.[1];
  if (row?.metavar !== undefined && (words.includes('build') || words.includes('preview')))
    done([...(row.choices ?? [])]);
  else known((_error, names) => done(names ?? []));
}
