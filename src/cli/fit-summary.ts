import type { FitResult, HostFit, LayoutFit } from '../fit/fit.ts';
import type { Host } from '../fit/hosts.ts';
import { type Excess, type Fit, joined, type Remedy } from '../fit/judge.ts';
import type { Usage } from '../fit/usage.ts';
import { countText, plural } from '../messages.ts';
import { bytesText } from './bytes-text.ts';

/** Greatest width of a line, characters. */
const WIDTH = 100;
const ALL = 'together';

/** Formats the size of a site, the hosts that accept it, and remedies for the others. */
export function fitSummary(result: FitResult): string {
  const several = result.layouts.length > 1;
  const usages = [
    ...result.layouts.map((usage) => usageLines(usage.layout, usage)),
    ...(several ? [usageLines(ALL, result.whole)] : []),
  ];
  const checked = result.hosts.map(({ host }) => host.checked).toSorted()[0];
  const lines = [
    `${result.site}, as a host stores it:`,
    ...usages.flat(),
    '',
    `Where it fits (limits of ${checked}; see docs/hosting.md):`,
    ...result.hosts.flatMap((host) => hostLines(host, several)),
    '',
  ];
  return lines.join('\n');
}

function usageLines(name: string, { files, bytes, largestFile, fullestFolder }: Usage): string[] {
  const largest = `largest ${bytesText(largestFile.bytes)} (${largestFile.path})`;
  const fullest = `fullest folder ${plural(fullestFolder.entries, 'entry', 'entries')} (${fullestFolder.path})`;
  return wrapped(`  ${name.padEnd(9)}`, listed([plural(files, 'file'), bytesText(bytes), largest, fullest]));
}

function hostLines({ host, layouts, whole }: HostFit, several: boolean): string[] {
  const fitting = layouts.find(({ fits }) => fits);
  // If one of the layouts fits, it is the remedy.
  const rows: (readonly [string, Fit, Remedy | undefined])[] = layouts.map((own) => [
    own.layout,
    own,
    fitting ? undefined : own.remedy,
  ]);
  if (several) rows.push([ALL, whole, fitting && { option: `--layout ${fitting.layout}`, certain: true }]);
  return rows.flatMap(([layout, fit, remedy], row) => {
    const start = `  ${(row ? '' : host.name).padEnd(17)} ${layout.padEnd(9)}`;
    if (fit.fits) return wrapped(start, listed(['fits', ...refusal(fit, 'without')]));
    const parts = [...fit.exceeded.map((excess) => excessText(excess, host)), ...refusal(fit, 'refuses')];
    return [...wrapped(`${start}no: `, listed(parts, ';')), ...remedyLines(start.length, remedy)];
  });
}

function remedyLines(indent: number, remedy: Remedy | undefined): string[] {
  return remedy ? [`${' '.repeat(indent)}${remedy.certain ? 'fits with' : 'try'} ${remedy.option}`] : [];
}

function refusal({ refused }: Fit, word: string): string[] {
  if (!refused.length) return [];
  const endings = refused.filter(Boolean).map((type) => `.${type}`);
  const named = endings.length > 0 ? [`ending in ${endings.join(' ')}`] : [];
  return [`${word} files ${[...named, ...(refused.includes('') ? ['without an ending'] : [])].join(' or ')}`];
}

const THINGS: Readonly<Record<Excess['limit'], string>> = {
  siteBytes: '',
  files: ' files',
  fileBytes: ' in one file',
  folderFiles: ' entries in one folder',
};

function excessText({ limit, has, allows, path }: Excess, { foldersCount }: Host): string {
  const where = path === undefined ? '' : ` (${path})`;
  const isSize = limit === 'siteBytes' || limit === 'fileBytes';
  // Sizes with equal texts are given in bytes.
  const isExact = isSize && bytesText(has) === bytesText(allows);
  const text = (value: number) =>
    isExact ? `${countText(value)} bytes` : isSize ? bytesText(value) : countText(value);
  const thing = limit === 'files' && foldersCount ? ' files and folders' : THINGS[limit];
  return `${text(has)}${thing}${where}, at most ${text(allows)}`;
}

/**
 * Formats the same in a few lines, for the summary of a build: hosts that accept each layout, and remedies for hosts that
 * accept none.
 */
export function fitLines({ hosts, layouts }: FitResult): string[] {
  const lines = layouts.flatMap(({ layout }, own) => {
    const names = hosts.filter((host) => host.layouts[own]!.fits).map(({ host }) => host.name);
    const start = `  ${(own ? '' : 'fits').padEnd(9)}${layouts.length > 1 ? `${layout}: ` : ''}`;
    if (names.length === hosts.length) return [`${start}all ${names.length} hosts of docs/hosting.md`];
    return wrapped(start, names.length ? listed(names) : ['none of the hosts of docs/hosting.md']);
  });
  const byRemedy = new Map<string, string[]>();
  for (const { host, layouts: fits } of hosts) {
    if (fits.some((own) => own.fits)) continue;
    const remedy = bestRemedy(fits);
    byRemedy.set(remedy, [...(byRemedy.get(remedy) ?? []), host.name]);
  }
  if (!byRemedy.size) return lines;
  const others = [...byRemedy].flatMap(([remedy, names], group) => {
    return [...listed(names), group < byRemedy.size - 1 ? `${remedy};` : remedy];
  });
  return [...lines, ...wrapped(`  ${'else'.padEnd(9)}`, others)];
}

/** Returns the first certain remedy, or else the first. */
function bestRemedy(fits: readonly LayoutFit[]): string {
  const own = fits.find(({ remedy }) => remedy?.certain) ?? fits.find(({ remedy }) => remedy);
  if (!own?.remedy) return 'no remedy known';
  const { option, certain } = own.remedy;
  const isElsewhere = fits.length > 1 && !option.startsWith('--layout');
  const options = isElsewhere ? joined([`--layout ${own.layout}`, option]) : option;
  return `${certain ? 'with' : 'perhaps with'} ${options}`;
}

/** Appends a mark to all parts but the last. */
function listed(parts: readonly string[], mark = ','): string[] {
  return parts.map((part, i) => (i < parts.length - 1 ? part + mark : part));
}

/** Joins parts to lines of {@link WIDTH}. The first line begins with `start`; the others are indented by its length. */
function wrapped(start: string, parts: readonly string[]): string[] {
  const lines: string[] = [];
  let line = start;
  parts.forEach((part, i) => {
    if (i === 0) line += part;
    else if (line.length + 1 + part.length <= WIDTH) line += ` ${part}`;
    else {
      lines.push(line);
      line = ' '.repeat(start.length) + part;
    }
  });
  return [...lines, line];
}
