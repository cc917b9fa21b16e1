import type { Checksums } from '../format/checksums.ts';
import { closeupNumber } from '../format/site-paths.ts';
import type { Closeup } from '../originals/closeups.ts';
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

/** Lists the close-ups that a site has, by the SHA-256 of their sources. */
export function keptCloseups({ sources, pictures }: SiteRecord, sums: Checksums): Map<string, Closeup> {
  const kept = new Map<string, Closeup>();
  for (const [path, sum] of sums.files) {
    const number = closeupNumber(path);
    // A close-up has the number of one of its source's pictures.
    const picture = number === undefined ? undefined : pictures[number];
    if (picture) kept.set(sources[picture[0]]!, { number: number!, sum });
  }
  return kept;
}
