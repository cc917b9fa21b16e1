import { optionOf, ROWS } from '../conductor/option-table.ts';

/**
 * Completes the word of a command line that is being typed: values of an option that has choices, otherwise what the parser knows
 * (commands and options).
 *
 * @param known asks the parser, and hands on what it knows.
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
  if (row?.metavar !== undefined && words.includes('build')) done([...(row.choices ?? [])]);
  else known((_error, names) => done(names ?? []));
}
