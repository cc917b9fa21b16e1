import yargs from 'yargs';
import { UserError } from '../errors.ts';
import { type BuildOptions, DEFAULTS } from '../options.ts';
import { readPins } from '../pins.ts';

/** A command line, understood. */
export type Command =
  | { readonly name: 'build'; readonly options: BuildOptions; readonly quiet: boolean; readonly json: boolean }
  | { readonly name: 'serve'; readonly site: string; readonly port: number; readonly host: string }
  | { readonly name: 'verify'; readonly site: string; readonly quiet: boolean; readonly json: boolean }
  /** Help or version was asked for. */
  | { readonly name: 'text'; readonly text: string };

/**
 * Reads the arguments (without node and script).
 *
 * @throws {UserError} `usage`.
 */
export async function readArguments(args: readonly string[], version: string): Promise<Command> {
  let command: Command | undefined;
  let text = '';
  const parser = yargs()
    .scriptName('zoomosaic')
    .usage(
      '$0 <command>\n\nA photomosaic you can walk into: a target picture and a pile of images become a Deep Zoom site.',
    )
    .parserConfiguration({ 'parse-positional-numbers': false })
    .command(
      'build <target> <images..>',
      'Build the site of a mosaic',
      (y) =>
        y
          .positional('target', { type: 'string', describe: 'The picture to be reproduced' })
          .positional('images', { type: 'string', array: true, describe: 'Files, folders (recursive), globs' })
          .options(BUILD_OPTIONS)
          .example('$0 build portrait.jpg photos/ -o site', 'All images below photos/, 128 columns')
          .example(
            '$0 build portrait.jpg photos/ "more/**/*.png" -o site --columns 256',
            'Folders and globs; 4 times the cells',
          )
          .example('$0 build portrait.jpg photos/ -o site --variety 0.7', 'Fewer repeats, a little less likeness')
          .example(
            '$0 build portrait.jpg photos/ -o site --use-all --max-uses 20',
            'Everyone is there, nobody too often',
          )
          .example(
            '$0 build portrait.jpg photos/ -o site --pin 12,34=anna.jpg --ban "*receipt*"',
            'One image where it has to be; others left out',
          )
          .epilogue('Exit codes: 0 done, 1 failed, 2 wrong usage, 130 interrupted.'),
      async (a) => {
        command = {
          name: 'build',
          options: await buildOptions(a),
          quiet: a.quiet === true,
          json: a.json === true,
        };
      },
    )
    .command(
      'serve <site>',
      'Look at a site in a browser',
      (y) =>
        y
          .positional('site', { type: 'string', demandOption: true, describe: 'Folder of the site' })
          .option('port', { type: 'string', default: '8080', requiresArg: true, describe: 'First port to try' })
          .option('host', { type: 'string', default: '127.0.0.1', requiresArg: true, describe: 'Address to listen on' })
          .example('$0 serve site', 'Prints the address; Ctrl-C ends it')
          .example('$0 serve site --host 0.0.0.0', 'Lets others in your network look, too'),
      (a) => {
        command = { name: 'serve', site: a.site, port: wholeNumber('port', a.port), host: a.host };
      },
    )
    .command(
      'verify <site>',
      'Prove that a site is whole',
      (y) =>
        y
          .positional('site', { type: 'string', demandOption: true, describe: 'Folder of the site' })
          .options(OUTPUT_OPTIONS)
          .example('$0 verify site', 'Names every missing or damaged file; exit code 1 if there is one'),
      (a) => {
        command = { name: 'verify', site: a.site, quiet: a.quiet === true, json: a.json === true };
      },
    )
    .demandCommand(1, 'Expected a command: build, serve or verify')
    .strict()
    .version(version)
    .alias('help', 'h')
    .wrap(100)
    .exitProcess(false)
    .fail((message, error) => {
      throw error instanceof UserError ? error : new UserError('usage', message, 'See `zoomosaic --help`.');
    });
  await parser.parseAsync(args as string[], {}, (_error, _argv, output) => {
    text = output;
  });
  return command ?? { name: 'text', text };
}

const OUTPUT_OPTIONS = {
  quiet: { type: 'boolean', describe: 'No progress, no summary' },
  json: { type: 'boolean', describe: 'Print one JSON object instead of a summary' },
} as const;

// Numbers are read as strings, so that a wrong one can be named as it was typed.
const text = (describe: string, fallback?: string | number) =>
  ({
    type: 'string',
    requiresArg: true,
    describe: fallback === undefined ? describe : `${describe} [${fallback}]`,
  }) as const;

const BUILD_OPTIONS = {
  out: { ...text('Folder of the site; an older site there is replaced as a whole'), alias: 'o', demandOption: true },
  columns: text("Cells across; rows follow the target's shape", DEFAULTS.columns),
  grid: text('Cells across and down, as in 96x64; crops the target'),
  'cell-size': text('Px of a cell at full resolution: a power of two, 16..4096', DEFAULTS.cellSize),
  'tile-size': text('Px of a tile: 256 or 512', DEFAULTS.tileSize),
  quality: text('Of the encoder, 1..100', DEFAULTS.quality),
  subsampling: text('4:2:0 or 4:4:4', DEFAULTS.subsampling),
  format: text('jpeg; or webp, avif, png, which take longer', DEFAULTS.format),
  background: text("What lies under transparent images, as in #fff; by default the target's mean colour"),
  crop: text('Part of an image that fills its cell: centre, attention or entropy', DEFAULTS.crop),
  variety: text('0 the likest image for every cell … 1 all images equally often', DEFAULTS.variety),
  'max-uses': text('Cells that one image may fill at most', 'any number'),
  'use-all': { type: 'boolean', describe: 'Every image at least once, as far as there are cells' },
  'min-distance': text('No image twice within this many cells', '1; 0 where images are few'),
  'near-duplicates': text(
    'group: images that look alike share uses and distance; keep: each counts by itself',
    DEFAULTS.nearDuplicates,
  ),
  adapt: text("0..1: moves the target's colours towards the images', for matching only", DEFAULTS.adapt),
  weights: text('How much cells matter: a picture, light where it counts, or auto'),
  mirror: { type: 'boolean', describe: 'Images may also stand mirrored' },
  rotate: { type: 'boolean', describe: 'Images may also stand turned by quarters' },
  pin: {
    type: 'string',
    array: true,
    nargs: 1,
    requiresArg: true,
    describe: 'column,row=image, as in 12,34=anna.jpg, or a CSV of such; repeatable',
  },
  ban: {
    type: 'string',
    array: true,
    nargs: 1,
    requiresArg: true,
    describe: 'Glob of images to leave out; repeatable',
  },
  placement: text('Renders the placement of a CSV like report/placement.csv, matches nothing'),
  layout: text('How the pyramid lies on disk: dzi', DEFAULTS.layout),
  'full-level': text('Full-resolution tiles: link (hard links, no extra space) or copy', DEFAULTS.fullLevel),
  catalog: text("Folder of the index of images; by default in the user's cache directory"),
  title: text("Shown by the viewer; by default from the target's name"),
  force: { type: 'boolean', describe: 'Replace --out even if it holds something else' },
  concurrency: text('Images decoded at the same time; by default the number of processors'),
  ...OUTPUT_OPTIONS,
} as const;

/** An option that is said twice counts as it was said last. */
function lastOfEach(args: object): Record<string, string | undefined> {
  const last = (value: unknown) => (Array.isArray(value) ? (value.at(-1) as unknown) : value);
  return Object.fromEntries(Object.entries(args).map(([name, value]) => [name, last(value)])) as never;
}

async function buildOptions(args: object): Promise<BuildOptions> {
  const { images, pin, ban, ...others } = args as Record<'images' | 'pin' | 'ban', string[] | undefined>;
  const a = lastOfEach(others);
  const number = (name: string) => (a[name] === undefined ? undefined : wholeNumber(name, a[name]));
  const part = (name: string) => (a[name] === undefined ? undefined : partOf(name, a[name]));
  const flag = (name: string) => (a[name] as unknown) === true || undefined;
  const options = {
    target: a['target'],
    images: images ?? [],
    out: a['out'],
    columns: number('columns'),
    grid: a['grid'] === undefined ? undefined : gridOf(a['grid']),
    cellSize: number('cell-size'),
    tileSize: number('tile-size'),
    quality: number('quality'),
    subsampling: a['subsampling'],
    format: a['format'],
    background: a['background'],
    crop: a['crop'],
    variety: part('variety'),
    maxUses: number('max-uses'),
    useAll: flag('use-all'),
    minDistance: number('min-distance'),
    nearDuplicates: a['near-duplicates'],
    adapt: part('adapt'),
    weights: a['weights'],
    mirror: flag('mirror'),
    rotate: flag('rotate'),
    pins: pin && (await readPins(pin)),
    ban,
    placement: a['placement'],
    layout: a['layout'],
    fullLevel: a['full-level'],
    catalog: a['catalog'],
    title: a['title'],
    force: a['force'],
    concurrency: number('concurrency'),
  };
  // What is wrong with a value, the build itself says.
  return Object.fromEntries(
    Object.entries(options).filter(([, value]) => value !== undefined),
  ) as unknown as BuildOptions;
}

function partOf(name: string, value: string): number {
  if (/^(\d+\.?\d*|\.\d+)$/.test(value)) return Number(value);
  throw new UserError(
    'usage',
    `Expected a number from 0 to 1 for --${name} but received ${value}`,
    'See `zoomosaic build --help`.',
  );
}

function wholeNumber(name: string, value: string): number {
  if (/^\d+$/.test(value)) return Number(value);
  throw new UserError(
    'usage',
    `Expected a whole number for --${name} but received ${value}`,
    'See `zoomosaic build --help`.',
  );
}

function gridOf(value: string): { columns: number; rows: number } {
  const [, columns, rows] = /^(\d+)x(\d+)$/i.exec(value) ?? [];
  if (columns && rows) return { columns: Number(columns), rows: Number(rows) };
  throw new UserError(
    'usage',
    `Expected columns x rows, as in 96x64, for --grid but received ${value}`,
    'See `zoomosaic build --help`.',
  );
}
