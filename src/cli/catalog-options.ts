import type { Argv } from 'yargs';
import type { CatalogOptions } from '../upkeep/catalog-folder.ts';
import type { PruneOptions } from '../upkeep/prune-catalog.ts';
import { OUTPUT_OPTIONS } from './build-options.ts';

/** A parsed command on a catalog. */
export type CatalogCommand = { readonly name: 'catalog'; readonly quiet: boolean; readonly json: boolean } & (
  | { readonly action: 'stat' | 'check'; readonly options: CatalogOptions }
  | { readonly action: 'prune'; readonly options: PruneOptions }
);

/** What can be done with a catalog, and descriptions. */
export const CATALOG_ACTIONS = {
  stat: 'Tell what the catalog holds, and how many of its files are gone or have changed',
  check: 'Prove that the catalog is sound: read all of it, and compare the checksums',
  prune: 'Remove what no present file needs: images that are gone or changed, damaged parts, leftovers',
} as const;

const FOLDER = {
  type: 'string',
  describe: "Folder of the catalog; by default the one of builds, in the user's cache directory",
} as const;

const PRUNE_OPTIONS = {
  'dry-run': { type: 'boolean', describe: 'Remove nothing; tell what would be removed' },
  'removed-folder': {
    type: 'string',
    array: true,
    nargs: 1,
    requiresArg: true,
    describe:
      'Folder that was removed for good; repeatable. Of other folders without a single known file, records stay: their disk may be unplugged',
  },
} as const;

/** Options of commands on a catalog, for yargs. */
export const CATALOG_PARSER_OPTIONS = { ...PRUNE_OPTIONS, ...OUTPUT_OPTIONS };

/**
 * Adds the commands on a catalog to the parser.
 *
 * @param found called with the command that was typed.
 */
export function catalogCommands(parser: Argv, found: (command: CatalogCommand) => void): Argv {
  for (const action of ['stat', 'check'] as const) {
    parser.command(
      `${action} [folder]`,
      CATALOG_ACTIONS[action],
      (y) => y.positional('folder', FOLDER).options(OUTPUT_OPTIONS).example(EXAMPLES[action]),
      (a) => found({ name: 'catalog', action, options: folderOf(a.folder), ...outputOf(a) }),
    );
  }
  return parser
    .command(
      'prune [folder]',
      CATALOG_ACTIONS.prune,
      (y) => y.positional('folder', FOLDER).options(CATALOG_PARSER_OPTIONS).example(EXAMPLES.prune),
      (a) => {
        const removedFolders = a['removed-folder'] ?? [];
        const options = { ...folderOf(a.folder), dryRun: a['dry-run'] === true, removedFolders };
        found({ name: 'catalog', action: 'prune', options, ...outputOf(a) });
      },
    )
    .demandCommand(
      1,
      `Expected ${Object.keys(CATALOG_ACTIONS)
        .join(', ')
        .replace(/, (\w+)$/, ' or $1')} after catalog`,
    );
}

const EXAMPLES: Readonly<Record<keyof typeof CATALOG_ACTIONS, [string, string][]>> = {
  stat: [
    ['$0 catalog stat', 'What builds without --catalog have kept'],
    ['$0 catalog stat index --json', 'The same of the folder index, for scripts'],
  ],
  check: [['$0 catalog check index', 'Names damaged files and leftovers; exit code 1 if there are any']],
  prune: [
    ['$0 catalog prune --dry-run', 'What would be removed, and how many bytes'],
    ['$0 catalog prune', 'Removed image files leave no trace in the catalog; exit code 1 if some had to stay'],
    ['$0 catalog prune --removed-folder photos/2019', 'That folder is gone for good'],
  ],
};

function folderOf(folder: string | undefined): { catalog?: string } {
  return folder === undefined ? {} : { catalog: folder };
}

function outputOf({ quiet, json }: { readonly quiet?: boolean | undefined; readonly json?: boolean | undefined }) {
  return { quiet: quiet === true, json: json === true };
}
