import yargs from 'yargs';
import { UserError } from '../errors.ts';
import type { BuildOptions } from '../conductor/options.ts';
import type { RebaseOptions } from '../rebase/rebase.ts';
import type { RemoveOptions } from '../remove/remove.ts';
import type { VerifyOptions } from '../verify/verify.ts';
import { expected } from '../messages.ts';
import type { PosterOptions } from '../poster/options.ts';
import type { PreviewOptions } from '../conductor/preview-options.ts';
import {
  BUILD_OPERANDS,
  BUILD_OPTIONS,
  buildOptions,
  OUTPUT_OPTIONS,
  PREVIEW_PARSER_OPTIONS,
  previewOptions,
  RECORD_OPTIONS,
  recordOptions,
} from './build-options.ts';
import { CATALOG_ACTIONS, CATALOG_PARSER_OPTIONS, type CatalogCommand, catalogCommands } from './catalog-options.ts';
import { complete } from './completion.ts';
import { COMMANDS, nearest, shortHelp, tableHelp } from './help.ts';
import { POSTER_EXAMPLES, POSTER_OPERANDS, POSTER_PARSER_OPTIONS, posterOptions } from './poster-options.ts';
import { parserWords } from './words.ts';

/** A parsed command line. */
export type Command =
  | { readonly name: 'build'; readonly options: BuildOptions; readonly quiet: boolean; readonly json: boolean }
  | { readonly name: 'preview'; readonly options: PreviewOptions; readonly quiet: boolean; readonly json: boolean }
  | { readonly name: 'poster'; readonly options: PosterOptions; readonly quiet: boolean; readonly json: boolean }
  | {
      readonly name: 'serve';
      readonly site: string;
      readonly port: number;
      readonly host: string;
      readonly cors: boolean;
    }
  | {
      readonly name: 'verify';
      readonly options: VerifyOptions;
      readonly repair: boolean;
      readonly quiet: boolean;
      readonly json: boolean;
    }
  | { readonly name: 'remove'; readonly options: RemoveOptions; readonly quiet: boolean; readonly json: boolean }
  | { readonly name: 'fit'; readonly site: string; readonly json: boolean }
  | { readonly name: 'rebase'; readonly options: RebaseOptions; readonly json: boolean }
  | CatalogCommand
  /** Text to print: help or version. */
  | { readonly name: 'text'; readonly text: string };

/**
 * Reads the arguments (without node and script).
 *
 * @throws {UserError} `usage`.
 */
export async function readArguments(args: readonly string[], version: string): Promise<Command> {
  const asked = parserWords(args);
  if (asked.length === 0) throw new UserError('usage', shortHelp().trimEnd().replace('zoomosaic: ', ''), helpOf());
  const help = asked.some((one) => one === '--help' || one === '-h') ? tableHelp(asked[0]!) : undefined;
  if (help !== undefined) return { name: 'text', text: help };
  let command: Command | undefined;
  let text = '';
  const parser = yargs()
    .scriptName('zoomosaic')
    .usage('$0 <command>\n\nTurns a target image and a collection of images into a photomosaic, as a Deep Zoom site.')
    // No option has a negation (`--no-x`) or members (`--x.y`).
    .parserConfiguration({ 'parse-positional-numbers': false, 'boolean-negation': false, 'dot-notation': false })
    .command(
      'build <target> <images..>',
      COMMANDS.build,
      (y) =>
        y
          .positional('target', BUILD_OPERANDS.target)
          .positional('images', BUILD_OPERANDS.images)
          .options(BUILD_OPTIONS),
      async (a) => {
        const output = { quiet: a.quiet === true, json: a.json === true };
        command = { name: 'build', options: await buildOptions(a), ...output };
      },
    )
    .command(
      'preview <target> <images..>',
      COMMANDS.preview,
      (y) =>
        y
          .positional('target', BUILD_OPERANDS.target)
          .positional('images', BUILD_OPERANDS.images)
          .options(PREVIEW_PARSER_OPTIONS),
      async (a) => {
        const output = { quiet: a.quiet === true, json: a.json === true };
        command = { name: 'preview', options: await previewOptions(a), ...output };
      },
    )
    .command(
      'poster <site>',
      COMMANDS.poster,
      (y) => y.positional('site', POSTER_OPERANDS.site).options(POSTER_PARSER_OPTIONS).example(POSTER_EXAMPLES),
      (a) => {
        command = { name: 'poster', options: posterOptions(a), quiet: a.quiet === true, json: a.json === true };
      },
    )
    .command(
      'serve <site>',
      COMMANDS.serve,
      (y) =>
        y
          .positional('site', { type: 'string', demandOption: true, describe: 'Folder of the site' })
          .option('port', { type: 'string', default: '8080', requiresArg: true, describe: 'First port to try' })
          .option('host', { type: 'string', default: '127.0.0.1', requiresArg: true, describe: 'Address to listen on' })
          .option('cors', { type: 'boolean', describe: 'Let pages of other origins read the site, as IIIF viewers do' })
          .example('$0 serve site', 'Prints the address; stop it with Ctrl-C')
          .example('$0 serve site --host 0.0.0.0', 'Also serves other machines in your network'),
      (a) => {
        command = {
          name: 'serve',
          site: a.site,
          port: wholeNumber('port', a.port),
          host: a.host,
          cors: a.cors === true,
        };
      },
    )
    .command(
      'verify <site>',
      COMMANDS.verify,
      (y) =>
        y
          .positional('site', { type: 'string', demandOption: true, describe: 'Folder of the site' })
          .option('deep', { type: 'boolean', describe: 'Also recreate every tile from the catalog, and compare' })
          .option('repair', { type: 'boolean', describe: 'Rewrite damaged and missing files from the catalog' })
          .options(RECORD_OPTIONS)
          .options(OUTPUT_OPTIONS)
          .example('$0 verify site', 'Lists missing and damaged files; exit code 1 if there are any')
          .example('$0 verify site --repair', 'Repairs them; exit code 1 if some cannot be repaired'),
      (a) => {
        const options = { site: a.site, ...(a.deep && { deep: true }), ...recordOptions(a) };
        const output = { quiet: a.quiet === true, json: a.json === true };
        command = { name: 'verify', options, repair: a.repair === true, ...output };
      },
    )
    .command(
      'remove <site> <images..>',
      COMMANDS.remove,
      (y) =>
        y
          .positional('site', { type: 'string', demandOption: true, describe: 'Folder of the site' })
          .positional('images', {
            type: 'string',
            array: true,
            demandOption: true,
            describe: 'Files, folders, or names as in sources.csv of the reports',
          })
          .options(RECORD_OPTIONS)
          .options(OUTPUT_OPTIONS)
          .example(
            '$0 remove site photos/anna.jpg',
            'Refills her cells with other images, and proves that no byte of hers is left',
          )
          .example('$0 remove site photos/anna/', 'All images of a folder'),
      (a) => {
        const options = { site: a.site, images: a.images, ...recordOptions(a) };
        command = { name: 'remove', options, quiet: a.quiet === true, json: a.json === true };
      },
    )
    .command(
      'fit <site>',
      COMMANDS.fit,
      (y) =>
        y
          .positional('site', { type: 'string', demandOption: true, describe: 'Folder of the site' })
          .option('json', OUTPUT_OPTIONS.json)
          .example('$0 fit site', 'Compares files and bytes with the limits of hosts; suggests remedies'),
      (a) => {
        command = { name: 'fit', site: a.site, json: a.json === true };
      },
    )
    .command(
      'rebase <site>',
      COMMANDS.rebase,
      (y) =>
        y
          .positional('site', { type: 'string', demandOption: true, describe: 'Folder of the site' })
          .option('base-url', {
            type: 'string',
            requiresArg: true,
            demandOption: true,
            describe: 'Address that the site will have',
          })
          .option('report', RECORD_OPTIONS.report)
          .option('json', OUTPUT_OPTIONS.json)
          .example('$0 rebase site --base-url https://example.org/mosaic', 'Run it before the site moves there'),
      (a) => {
        const options = { site: a.site, baseUrl: a['base-url'], ...recordOptions({ report: a.report }) };
        command = { name: 'rebase', options, json: a.json === true };
      },
    )
    .command('catalog', COMMANDS.catalog, (y) => catalogCommands(y, (found) => (command = found)))
    .completion('completion', COMMANDS.completion, complete)
    .demandCommand(1)
    .strict()
    .version(version)
    .alias('help', 'h')
    .wrap(100)
    .exitProcess(false)
    .fail((message, error) => {
      throw error instanceof UserError ? error : new UserError('usage', corrected(message, asked), helpOf(asked[0]));
    });
  await parser.parseAsync(asked, {}, (_error, _argv, output) => {
    text = output;
  });
  return command ?? { name: 'text', text };
}

/** Returns the advice to read the help of a command, if it is known, else the general help. */
export function helpOf(command?: string): string {
  const known = command !== undefined && Object.hasOwn(COMMANDS, command) ? `${command} ` : '';
  return `See \`zoomosaic ${known}--help\`.`;
}

/** Options of commands that have others than `build`. */
const PARSER_OPTIONS: Readonly<Record<string, object>> = {
  preview: PREVIEW_PARSER_OPTIONS,
  poster: POSTER_PARSER_OPTIONS,
  catalog: CATALOG_PARSER_OPTIONS,
};

/** Adds the nearest known name to a message on an unknown command or option. */
function corrected(message: string, asked: readonly string[]): string {
  const [, unknown] = /^Unknown (?:argument|command)s?: ([^\s,]+)/.exec(message) ?? [];
  if (unknown === undefined) return message;
  const isAction = asked[0] === 'catalog' && unknown === asked[1];
  const words = unknown === asked[0] ? COMMANDS : isAction ? CATALOG_ACTIONS : undefined;
  const known = nearest(unknown, Object.keys(words ?? PARSER_OPTIONS[asked[0]!] ?? BUILD_OPTIONS));
  return known === undefined || known === unknown
    ? message
    : `${message}; did you mean ${words ? known : `--${known}`}?`;
}

/**
 * Reads a whole number.
 *
 * @throws {UserError} `usage`.
 */
function wholeNumber(name: string, value: string): number {
  if (/^\d+$/.test(value)) return Number(value);
  throw expected(name, 'a whole number', value);
}
