import { POSTER_QUALITY, POSTER_WIDTH, type PosterOptions } from '../poster/options.ts';
import { countText } from '../messages.ts';
import { OUTPUT_OPTIONS } from './build-options.ts';

/** Operands of `poster` for yargs. */
export const POSTER_OPERANDS = {
  site: { type: 'string', demandOption: true, describe: 'Folder of the site' },
} as const;

/** Options of `poster` for yargs. Numbers are text here, so that messages show them as typed. */
export const POSTER_PARSER_OPTIONS = {
  out: {
    type: 'string',
    alias: 'o',
    demandOption: true,
    requiresArg: true,
    describe: 'Picture to write: a name that ends in .jpg, .tif or .png; an older poster there is replaced',
  },
  width: {
    type: 'string',
    requiresArg: true,
    describe: `Width in px; by default the greatest up to ${countText(POSTER_WIDTH)} px that the site has: the full width, halved some times`,
  },
  quality: {
    type: 'string',
    requiresArg: true,
    describe: `Quality of JPEG data that is encoded, 1 to 100 [${POSTER_QUALITY}]; where the site has the px of a .jpg or .tif, its own data is taken`,
  },
  ...OUTPUT_OPTIONS,
} as const;

/** Examples of `poster`: command lines, and what they do. */
export const POSTER_EXAMPLES: [string, string][] = [
  ['$0 poster site -o poster.tif', 'As large as the site has it, up to 30,000 px'],
  ['$0 poster site -o poster.jpg --width 12000', '12,000 px wide: a metre at 300 px per inch'],
  ['$0 poster site -o whole.tif --width 65536', 'A .tif may be of any size; a .jpg has up to 65,535 px'],
];

/** Reads the options of `poster` from the parsed command line; `poster` itself checks them. */
export function posterOptions(args: object): PosterOptions {
  const { site, out, width, quality } = args as Readonly<Record<string, unknown>>;
  const last = (given: unknown) => (Array.isArray(given) ? (given.at(-1) as unknown) : given);
  const number = (name: string, given: unknown) => {
    const text = last(given);
    if (text === undefined) return {};
    return { [name]: typeof text === 'string' && /^\d+$/.test(text) ? Number(text) : text };
  };
  const options = { site, out: last(out), ...number('width', width), ...number('quality', quality) };
  return options as unknown as PosterOptions;
}
