import { closest, distance } from 'fastest-levenshtein';
import { GROUPS, optionOf, type OptionRow, ROWS } from '../conductor/option-table.ts';
import { PREVIEW_OPTIONS } from '../conductor/preview-options.ts';
import { OUTPUT_OPTIONS } from './build-options.ts';

/** Widths of help texts and of their column of options, characters. */
const [WIDTH, OPTION_WIDTH] = [100, 32];

/** Commands and their descriptions. */
export const COMMANDS = {
  build: 'Build the site of a mosaic',
  preview: 'Draw one picture of a mosaic, or of several to compare',
  poster: 'Render a site as one large picture for print',
  serve: 'Serve a site for viewing in a browser',
  verify: 'Check that a site is complete and undamaged; repair it',
  fit: 'Check which hosts accept a site',
  remove: 'Remove images from a site and from the catalog',
  rebase: 'Change the address of a site',
  catalog: 'Show, check or prune the catalog of images that builds keep',
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

const PREVIEW_EXAMPLES: typeof EXAMPLES = [
  ['zoomosaic preview portrait.jpg photos/ -o preview.jpg', 'The mosaic that build would make, as one picture'],
  [
    'zoomosaic preview portrait.jpg photos/ -o sheet.jpg --compare variety=0,0.3,0.6,1',
    'Four pictures on one sheet, with likeness and repeats below each',
  ],
  [
    'zoomosaic preview portrait.jpg photos/ -o s.png --compare columns=64,128 --compare afar=0,0.4',
    'Four pictures: two values of one option, with two of another',
  ],
];

/** Groups of options that a preview shows the effect of. */
const PREVIEWED: readonly (typeof GROUPS)[number][] = ['Grid', 'Matching', 'Images'];

/** Formats the help of a command with the options of a build; undefined for other commands. */
export function tableHelp(command: string): string | undefined {
  return command === 'build' ? buildHelp() : command === 'preview' ? previewHelp() : undefined;
}

/** Formats the help of `build`: options by group, with placeholders and defaults. */
export function buildHelp(): string {
  return [
    'zoomosaic build <target> <images..> -o <folder>\n',
    `${COMMANDS.build}\n`,
    OPERANDS,
    ...GROUPS.map((group) => table(group, [...rowsOf(group), ...(group === 'Output' ? OUTPUT_ROWS : [])])),
    ...endOf(EXAMPLES),
  ].join('\n');
}

/** Formats the help of `preview`. */
export function previewHelp(): string {
  const own = Object.entries(PREVIEW_OPTIONS).map(([name, row]) => helpRow(name, row));
  return [
    'zoomosaic preview <target> <images..> -o <picture>\n',
    `${COMMANDS.preview}\n`,
    'The placement is close to that of a build with the same options. Cells are approximations, drawn',
    'from small px in the catalog, so that likeness is about that of the build. The build then reads no',
    'image again.\n',
    OPERANDS,
    table('Output', [
      ['-o, --out <picture>', 'Name that ends in .jpg, .png or .webp; an older file there is replaced'],
      ...own,
      ...OUTPUT_ROWS,
    ]),
    ...PREVIEWED.map((group) => table(group, rowsOf(group))),
    'Other options of build are accepted, and change nothing that a preview shows.\n',
    ...endOf(PREVIEW_EXAMPLES),
  ].join('\n');
}

function helpRow(name: string, row: OptionRow): readonly [string, string] {
  return [spelling(name, row), `${row.help}${defaultText(row)}`];
}

function rowsOf(group: (typeof GROUPS)[number]): (readonly [string, string])[] {
  return ROWS.filter(([, row]) => row.group === group).map(([name, row]) => helpRow(name, row));
}

function endOf(examples: typeof EXAMPLES): string[] {
  return [
    'Examples',
    ...examples.flatMap(([command, what]) => [`  ${command}`, `      ${what}`]),
    '',
    'Exit codes: 0 done, 1 failed, 2 wrong usage, 130 interrupted.',
  ];
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

const OPERANDS = table('Operands', [
  ['<target>', 'Image that the mosaic reproduces'],
  ['<images..>', 'Files, folders (with their subfolders) and globs'],
]);
const OUTPUT_ROWS = Object.entries(OUTPUT_OPTIONS).map(([name, { describe }]) => [`--${name}`, describe] as const);

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
