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

/** Whether a host takes a layout of a site. */
export interface LayoutFit extends Fit {
  readonly layout: Layout;
  /** What would make it fit, if it does not. */
  readonly remedy?: Remedy;
}

/** Whether a host takes a site. */
export interface HostFit {
  readonly host: Host;
  /** With each of its layouts alone. */
  readonly layouts: readonly LayoutFit[];
  /** As it lies there. */
  readonly whole: Fit;
}

export interface FitResult {
  readonly site: string;
  /** What the site takes up with each of its layouts alone. */
  readonly layouts: readonly LayoutUsage[];
  /** What it takes up as it lies there. */
  readonly whole: Usage;
  readonly hosts: readonly HostFit[];
}

/**
 * Tells which hosts take a site, and what would make it fit where it does not.
 *
 * @throws {UserError} `not-a-site`.
 */
export async function fit({ site, signal }: FitOptions): Promise<FitResult> {
  const mosaic = await readMosaicJson(site);
  const usage = await usageOf(site, Object.keys(mosaic.layouts) as Layout[], signal);
  return fitOf({ site, usage, cellSize: mosaic.cell.width, tileSize: mosaic.tileSize });
}

/** The same of a site that has been counted; `cellSize` is the width of a cell, px, `tileSize` that of a tile. */
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
