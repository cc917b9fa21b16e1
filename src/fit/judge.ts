import { type Host, hostOf } from './hosts.ts';
import type { Layout } from '../types.ts';
import type { LayoutUsage, Usage } from './usage.ts';

/** A limit of a host that a site exceeds. */
export interface Excess {
  /** Name of the limit in {@link Host}. */
  readonly limit: 'siteBytes' | 'files' | 'fileBytes' | 'folderFiles';
  readonly has: number;
  readonly allows: number;
  /** The file or folder that exceeds it, for limits of one. */
  readonly path?: string;
}

/** Verdict on files for a host. */
export interface Fit {
  readonly fits: boolean;
  /** Exceeded limits; a value equal to the limit is within it. */
  readonly exceeded: readonly Excess[];
  /** File name endings that the host refuses. A site fits nevertheless if its page works without such files. */
  readonly refused: readonly string[];
}

/** A change that would make a site fit. */
export interface Remedy {
  /** Options of `zoomosaic build`, or another change in words. */
  readonly option: string;
  /** True if the result was counted; false if it is estimated or a guess. */
  readonly certain: boolean;
}

/** Facts of a site that does not fit. */
export interface Misfit {
  readonly host: Host;
  readonly usage: LayoutUsage;
  /** The same mosaic in the layout `compact`, if that was counted or estimated. */
  readonly compact?: LayoutUsage;
  /** Width of a cell, px. */
  readonly cellSize: number;
  /** Width of a tile, px. Where cells are larger, each image takes several files. */
  readonly tileSize: number;
}

/** File name endings that the page works without: descriptors for other viewers. */
const DISPENSABLE: ReadonlySet<string> = new Set(['dzi']);

/** Smallest `--cell-size`. */
const LEAST_CELL = 16;

/** Compares a site's files and bytes with a host's limits. */
export function judgeFit(usage: Usage, host: Host): Fit {
  const { largestFile, fullestFolder } = usage;
  const files = host.foldersCount ? usage.files + usage.folders : usage.files;
  const exceeded: Excess[] = [];
  const compare = (limit: Excess['limit'], has: number, path?: string) => {
    const allows = host[limit];
    if (allows !== undefined && has > allows)
      exceeded.push({ limit, has, allows, ...(path !== undefined && { path }) });
  };
  compare('siteBytes', usage.bytes);
  compare('files', files);
  compare('fileBytes', largestFile.bytes, largestFile.path);
  compare('folderFiles', fullestFolder.entries, fullestFolder.path);
  const refused = host.types ? (usage.types ?? []).filter((type) => !host.types!.includes(type)) : [];
  return { fits: exceeded.length === 0 && refused.every((type) => DISPENSABLE.has(type)), exceeded, refused };
}

/** Finds a remedy for a site that does not fit; undefined if it fits, or if no remedy is known. */
export function remedyFor(misfit: Misfit): Remedy | undefined {
  const { host, usage, compact, cellSize, tileSize } = misfit;
  if (judgeFit(usage, host).fits) return undefined;
  if (fitsIf(usage.withoutOriginals, host)) return { option: '--originals none', certain: true };
  if (usage.layout === 'compact') return smaller(usage.withoutOriginals ?? usage, misfit);
  if (!compact) return { option: '--layout compact', certain: false };
  if (judgeFit(compact, host).fits) return { option: '--layout compact', certain: true };
  const further = remedyFor({ host, usage: compact, cellSize, tileSize });
  return further && { option: joined(['--layout compact', further.option]), certain: further.certain };
}

function fitsIf(usage: Usage | undefined, host: Host): boolean {
  return usage !== undefined && judgeFit(usage, host).fits;
}

/**
 * Finds a remedy for compact sites, which have one file per image, or several where cells are larger than tiles: smaller
 * cells, or fewer images.
 */
function smaller(usage: Usage, misfit: Misfit): Remedy {
  const {
    usage: { withoutOriginals: hasOriginals },
    host,
    cellSize,
    tileSize,
  } = misfit;
  const { exceeded, refused } = judgeFit(usage, host);
  const types = refused.filter((type) => !DISPENSABLE.has(type));
  if (types.length) return { option: `without the files ending in ${types.map(dotted).join(', ')}`, certain: false };
  const goesWithCells = (limit: Excess['limit']) =>
    limit === 'siteBytes' || limit === 'fileBytes' || cellSize > tileSize;
  const sizes = exceeded.filter(({ limit }) => goesWithCells(limit));
  const ratio = Math.min(...sizes.map(({ has, allows }) => allows / has));
  const side = smallerCell(cellSize, ratio);
  const fewer = sizes.length < exceeded.length || side === undefined;
  const options = [
    ...(hasOriginals ? ['--originals none'] : []),
    ...(sizes.length && side !== undefined ? [`--cell-size ${side}`] : []),
    ...(fewer ? ['fewer images'] : []),
  ];
  return { option: joined(options), certain: false };
}

/**
 * Finds the largest cell at which images take at most `ratio` of the bytes. Bytes are taken to grow with the square of its
 * side.
 */
function smallerCell(cellSize: number, ratio: number): number | undefined {
  for (let side = cellSize / 2; side >= LEAST_CELL; side /= 2) if ((side / cellSize) ** 2 <= ratio) return side;
  return undefined;
}

/** Joins options by spaces, as typed in a command; a remedy that is no option follows a comma. */
export function joined(options: readonly string[]): string {
  return options.reduce((text, option) => text + (option.startsWith('--') ? ' ' : ', ') + option);
}

function dotted(type: string): string {
  return type ? `.${type}` : 'nothing';
}

/** Resolves `--layout auto`: `dzi`, which every viewer knows, where it fits; else `compact`; undefined if neither fits. */
export function chooseLayout(usages: readonly LayoutUsage[], hostId: string): Layout | undefined {
  const host = hostOf(hostId);
  const order: readonly Layout[] = ['dzi', 'compact'];
  return order.find((layout) => usages.some((usage) => usage.layout === layout && judgeFit(usage, host).fits));
}
