import { closest, distance } from 'fastest-levenshtein';
import { GROUPS, optionOf, type OptionRow, ROWS } from '../conductor/option-table.ts';
import { OUTPUT_OPTIONS } from './build-options.ts';

/** Widths of help texts and of their column of options, characters. */
const [WIDTH, OPTION_WIDTH] = [100, 32];

/** Commands and their descriptions. */
export const COMMANDS = {
  build: 'Build the site of a mosaic',
  serve: 'Serve a site for viewing in a browser',
  verify: 'Check that a site is complete and undamaged; repair it',
  fit: 'Check which hosts accept a site',
  remove: 'Remove images from a site and from the catalog',
  rebase: 'Change the address of a site with the layout iiif',
  completion: 'Print a script that completes commands and options in your shell',
} as const;

const EXAMPLES: readonly (readonly [string, string])[] = [
  ['zoomosaic build portrait.jpg photos/ -o site', 'All images below photos/, 128 columns'],
  [
    'zoomosaic build portrait.jpg photos/ "more/**/*.png" -o site --columns 256',
    'Folders and globs; 4 times the cells',
  ],
  ['zoomosaic build portrait.jpg photos/ -o site --variety 0.7', 'Fewer repeats, slightly less likeness'],
  ['zoomosaic build portrait.jpg photos/ -o site --use-all --max-uses 20', 'Every image appears, none too often'],
  [
    'zoomosaic build portrait.jpg photos/ -o site --pin 12,34=anna.jpg --ban "*receipt*"',
    'One image pinned to a cell; others left out',
  ],
  ['zoomosaic build portrait.jpg photos/ -o site --host github-pages', 'A layout within the limits of GitHub Pages'],
  [
    'zoomosaic build portrait.jpg photos/ -o site --cell-aspect auto --originals copy',
    'Cells in the shape of most photos; the viewer zooms further, into the photos themselves',
  ],
];

/** Returns the message for a command line without a command. */
export function shortHelp(): string {
  return `zoomosaic: Expected a command

  zoomosaic build portrait.jpg photos/ -o site   build a mosaic of all images below photos/
  zoomosaic serve site                           view it in a browser

Commands: ${Object.keys(COMMANDS).join(', ')}. Their descriptions: zoomosaic --help
`;
}

/** Formats the help of `build`: options by group, with placeholders and defaults. */
export function buildHelp(): string {
  const lines = [`zoomosaic build <target> <images..> -o <folder>`, '', COMMANDS.build, ''];
  lines.push(
    table('Operands', [
      ['<target>', 'Image that the mosaic reproduces'],
      ['<images..>', 'Files, folders (with their subfolders) and globs'],
    ]),
  );
  for (const group of GROUPS) {
    const rows = ROWS.filter(([, row]) => row.group === group).map(
      ([name, row]) => [spelling(name, row), `${row.help}${defaultText(row)}`] as const,
    );
    const more =
      group === 'Output'
        ? Object.entries(OUTPUT_OPTIONS).map(([name, { describe }]) => [`--${name}`, describe] as const)
        : [];
    lines.push(table(group, [...rows, ...more]));
  }
  lines.push('Examples', ...EXAMPLES.flatMap(([command, what]) => [`  ${command}`, `      ${what}`]), '');
  lines.push('Exit codes: 0 done, 1 failed, 2 wrong usage, 130 interrupted.');
  return lines.join('\n');
}

/** Formats an option as users type it: `--cell-size <px>`. */
export function spelling(name: string, { metavar }: OptionRow): string {
  const option = `${name === 'out' ? '-o, ' : ''}--${optionOf(name)}`;
  return metavar === undefined ? option : `${option} <${metavar}>`;
}

/** Formats a default: ` [85]`; empty for flags and for options without a default. */
export function defaultText({ fallback, fallbackText, metavar }: OptionRow): string {
  if (metavar === undefined) return '';
  const text = fallbackText ?? (typeof fallback === 'string' || typeof fallback === 'number' ? `${fallback}` : '');
  return text && ` [${text}]`;
}

/** Formats a title and two columns below it. Long names get a line of their own. */
function table(title: string, rows: readonly (readonly [string, string])[]): string {
  const lines = rows.flatMap(([left, right]) => {
    const texts = wrapped(right, WIDTH - OPTION_WIDTH);
    const isLong = left.length > OPTION_WIDTH - 4;
    const first = isLong ? [`  ${left}`] : [];
    return [
      ...first,
      ...texts.map((text, i) => `${(i === 0 && !isLong ? `  ${left}` : '').padEnd(OPTION_WIDTH)}${text}`),
    ];
  });
  return [title, ...lines, ''].join('\n');
}

/** Breaks a text into lines of at most `width` characters, between words. */
function wrapped(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line];
}

/** Finds the known name that a misspelt word means: at most two in five of its letters differ, and three in all. */
export function nearest(word: string, names: readonly string[]): string | undefined {
  const best = closest(word, names);
  return distance(word, best) <= Math.min(3, Math.max(1, Math.floor(word.length / 2.5))) ? best : undefined;
}
