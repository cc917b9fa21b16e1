import type { Layout } from '../types.ts';
import { readMosaicJson } from '../site/read-site.ts';
import { type Host, HOSTS } from './hosts.ts';
import { type Fit, judgeFit, type Misfit, type Remedy, remedyFor } from './judge.ts';
import { type LayoutUsage, type SiteUsage, type Usage, usageOf } from './usage.ts';

export interface FitOptions {
  /** Folder of the site. */
  site: string;
  signal?: AbortSignal;
}

/** Verdict on one layout of a site for a host. */
export interface LayoutFit extends Fit {
  readonly layout: Layout;
  /** Remedy that would make it fit; only if it does not. */
  readonly remedy?: Remedy;
}

/** Verdict on a site for a host. */
export interface HostFit {
  readonly host: Host;
  /** For each layout alone. */
  readonly layouts: readonly LayoutFit[];
  /** For the site as it is, with all its layouts. */
  readonly whole: Fit;
}

export interface FitResult {
  readonly site: string;
  /** Files and bytes of the site with each of its layouts alone. */
  readonly layouts: readonly LayoutUsage[];
  /** Files and bytes of the site as it is. */
  readonly whole: Usage;
  readonly hosts: readonly HostFit[];
}

/**
 * Judges which hosts take a site, and finds remedies where one does not.
 *
 * @throws {UserError} `not-a-site`.
 */
export async function fit({ site, signal }: FitOptions): Promise<FitResult> {
  const mosaic = await readMosaicJson(site);
  const usage = await usageOf(site, Object.keys(mosaic.layouts) as Layout[], signal);
  return fitOf({ site, usage, cellSize: mosaic.cell.width, tileSize: mosaic.tileSize });
}

/** Judges a site whose files have been counted. `cellSize` is the width of a cell, `tileSize` that of a tile, px. */
export function fitOf({
  site,
  usage,
  ...sizes
}: { site: string; usage: SiteUsage } & Pick<Misfit, 'cellSize' | 'tileSize'>): FitResult {
  const { layouts, whole } = usage;
  const compact = layouts.find(({ layout }) => layout === 'compact');
  const judge = (host: Host, own: LayoutUsage): LayoutFit => {
    const remedy = remedyFor({ host, usage: own, ...sizes, ...(compact && { compact }) });
    return { layout: own.layout, ...judgeFit(own, host), ...(remedy && { remedy }) };
  };
  const hosts = HOSTS.map((host) => ({
    host,
    layouts: layouts.map((own) => judge(host, own)),
    whole: judgeFit(whole, host),
  }));
  return { site, layouts, whole, hosts };
}
