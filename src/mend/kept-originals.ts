import type { Checksums } from '../format/checksums.ts';
import type { KeptOriginal } from '../originals/originals.ts';
import type { SiteRecord } from '../site/record.ts';

/** Lists the originals that a site has, by the SHA-256 of their sources. */
export function keptOriginals({ sources, pictures }: SiteRecord, sums: Checksums): Map<string, KeptOriginal> {
  const kept = new Map<string, KeptOriginal>();
  for (const [original, { ending, width, height, sums: parts }] of sums.originals) {
    // An original has the number of one of its source's pictures.
    const picture = pictures[original];
    if (picture) kept.set(sources[picture[0]]!, { original, ending, width, height, sums: parts });
  }
  return kept;
}
