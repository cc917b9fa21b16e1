import { sizeText } from '../layout/dzi.ts';
import { countText, plural } from '../messages.ts';
import type { CatalogCheck } from '../upkeep/check-catalog.ts';
import type { UnaskedFiles } from '../upkeep/known-files.ts';
import type { MissingFolder } from '../upkeep/missing-folders.ts';
import type { PruneResult } from '../upkeep/prune-catalog.ts';
import type { CatalogStat, CountedBytes, RecipeStat } from '../upkeep/stat-catalog.ts';
import { bytesText } from './bytes-text.ts';

/** Most folders that are named one by one. */
const NAMED = 10;

/** Formats what a catalog holds. */
export function statSummary(stat: CatalogStat): string {
  const { catalog, bytes, files, recipes, proxies, leftovers, otherVersions, damaged, missing, unasked } = stat;
  const states = [
    `${countText(files.present)} as indexed`,
    ...(files.changed ? [`${countText(files.changed)} changed since`] : []),
    ...(files.gone ? [`${countText(files.gone)} gone`] : []),
    ...(files.missing ? [`${countText(files.missing)} in missing folders`] : []),
    ...(files.unasked ? [`${countText(files.unasked)} that cannot be asked for`] : []),
  ];
  const prunable = files.changed + files.gone + leftovers.count + otherVersions.count + damaged.count > 0;
  const lines = [
    `${catalog}: ${bytesText(bytes)}`,
    `  files     ${countText(files.known)} known: ${states.join(', ')}`,
    ...foldersLines(missing),
    ...unaskedLines(unasked),
    ...recipes.flatMap(recipeLines),
    ...(proxies.count ? [`  proxies   ${plural(proxies.count, 'image')}, ${bytesText(proxies.bytes)}`] : []),
    ...countedLine('leftovers', leftovers, ['file of a killed build', 'files of killed builds']),
    ...countedLine('versions', otherVersions, [
      'shard of another version, which this one cannot read',
      'shards of other versions, which this one cannot read',
    ]),
    ...countedLine('damaged', damaged, ['shard', 'shards']),
    ...(prunable ? ['', '`zoomosaic catalog prune` removes what no present file needs.'] : []),
    '',
  ];
  return lines.join('\n');
}

function recipeLines({ key, recipe, isUsed, sources, pictures, files, broken, shards, bytes }: RecipeStat): string[] {
  const settings = recipe
    ? [
        `${sizeText(recipe.cell)} px`,
        `tiles of ${recipe.tileSize} px`,
        recipe.format,
        ...(recipe.quality === undefined ? [] : [`quality ${recipe.quality}`]),
        ...(recipe.subsampling === undefined ? [] : [recipe.subsampling]),
        `crop ${recipe.crop}`,
      ].join(', ')
    : `${key} (its settings are not known)`;
  const held = [
    plural(sources, 'source'),
    ...(pictures > sources ? [plural(pictures, 'picture')] : []),
    `${plural(files, 'file')} known`,
    ...(broken ? [plural(broken, 'broken image')] : []),
    plural(shards, 'shard'),
    bytesText(bytes),
  ];
  return [
    `  recipe    ${settings}${isUsed ? '' : '; builds of this version do not use it'}`,
    `            ${held.join(', ')}`,
  ];
}

function countedLine(name: string, { count, bytes }: CountedBytes, [one, many]: [string, string]): string[] {
  return count > 0 ? [`  ${name.padEnd(9)} ${plural(count, one, many)}, ${bytesText(bytes)}`] : [];
}

function foldersLines(missing: readonly MissingFolder[]): string[] {
  const more = missing.length - NAMED;
  return [
    ...missing.slice(0, NAMED).map(({ folder, files }) => {
      return `  missing   ${folder}: ${files === 1 ? 'its known file is' : `its ${countText(files)} known files are`} not there`;
    }),
    ...(more > 0 ? [`            and ${plural(more, 'more folder')}`] : []),
  ];
}

function unaskedLines(unasked: readonly UnaskedFiles[]): string[] {
  return unasked.map(({ code, files, example }) => {
    const others = files > 1 ? ` and ${plural(files - 1, 'other')}` : '';
    return `  unasked   ${example}${others} (${code})`;
  });
}

/** Formats the problems of a catalog. */
export function checkSummary({ catalog, shards, rows, bytes, otherVersions, problems }: CatalogCheck): string {
  const read = `${plural(shards, 'shard')}, ${plural(rows, 'row')}, ${bytesText(bytes)} checked`;
  const end = problems.length > 0 ? `not sound: ${plural(problems.length, 'problem')}; ${read}` : `sound: ${read}`;
  const lines = [
    ...problems.map(({ path, problem }) => `${path}: ${problem}`),
    `${catalog} is ${end}`,
    ...(otherVersions > 0
      ? [`note: ${plural(otherVersions, 'shard')} of other versions cannot be read by this one, and was not checked`]
      : []),
    ...(problems.length > 0
      ? ['`zoomosaic catalog prune` removes what is damaged or left; the next build indexes these images again.']
      : []),
  ];
  return `${lines.join('\n')}\n`;
}

/** Formats what was removed from a catalog, and what was not. */
export function pruneSummary(result: PruneResult): string {
  const { catalog, dryRun, files, images, damaged, otherVersions, leftovers, bytes, missing, unasked } = result;
  const removed = [
    ...(files.gone ? [`${plural(files.gone, 'file')} that ${files.gone === 1 ? 'is' : 'are'} gone`] : []),
    ...(files.changed ? [`earlier states of ${plural(files.changed, 'file')} that changed since`] : []),
    ...(images ? [`all data of ${plural(images, 'image')}`] : []),
    ...(damaged ? [plural(damaged, 'damaged shard or a part of it', 'damaged shards or parts of them')] : []),
    ...(otherVersions
      ? [
          plural(
            otherVersions,
            'shard of another version, which this one cannot read',
            'shards of other versions, which this one cannot read',
          ),
        ]
      : []),
    ...(leftovers ? [plural(leftovers, 'file of a killed build', 'files of killed builds')] : []),
  ];
  const what = removed.length > 0 ? `: ${removed.join('; ')}` : ': nothing to remove';
  const lines = [
    `${catalog}: ${dryRun ? 'would free' : 'freed'} ${bytesText(bytes)}${what}`,
    ...foldersLines(missing),
    ...unaskedLines(unasked),
    ...(missing.length > 0
      ? [
          'Records of missing folders were kept: plug in their disks, or say --removed-folder and the folder if it is gone for good.',
        ]
      : []),
    ...(unasked.length > 0
      ? ['Records of files that cannot be asked for were kept: make them readable, and run it again.']
      : []),
  ];
  return `${lines.join('\n')}\n`;
}
