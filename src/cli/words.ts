/** Pattern of operands that the parser mistakes for options, or for values of the options before them. */
const LIKE_NO_NAME = /^(-|true$|false$)/;

/** Adapts the words for the parser: `help build` becomes `build --help`. A `--` to be completed becomes the start of an option. */
export function parserWords(args: readonly string[]): string[] {
  if (args[0] === 'help') return [...args.slice(1), '--help'];
  if (args[0] === '--get-yargs-completions') return args.map((word) => (word === '--' ? '-' : word));
  return withoutDashes(args);
}

/** Prefixes operands after `--` with `./` if the parser would mistake them for options or values. */
function withoutDashes(args: readonly string[]): string[] {
  const at = args.indexOf('--');
  if (at < 0) return [...args];
  const operands = args.slice(at + 1);
  return [...args.slice(0, at), ...operands.map((name) => (LIKE_NO_NAME.test(name) ? `./${name}` : name))];
}
