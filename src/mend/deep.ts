import { Pictures } from '../catalog/pictures.ts';
import { spliceHeader } from '../catalog/recipe-key.ts';
import { renderPyramid } from '../pyramid/pyramid.ts';
import { readMosaicJson } from '../site/read-site.ts';
import { tileCount } from '../tiles/tile-set.ts';
import { CompareStore } from './compare-store.ts';
import { pictureIds, refuseForeign, refuseForgotten, reopen, type ReopenOptions } from './reopen.ts';

/**
 * Re-creates every tile of a site from the catalog, and compares it with the file.
 *
 * @returns paths of tiles that differ, and number of tiles made.
 * @throws {UserError} `site` if the reports are not those of the site; `catalog` if it no longer knows the images.
 */
export async function deepDifferences(
  options: ReopenOptions & { readonly onProgress: (done: number, total: number) => void },
): Promise<{ readonly paths: readonly string[]; readonly tiles: number }> {
  const { site, concurrency, signal, onProgress } = options;
  const reopened = await reopen(() => readMosaicJson(site), options);
  const { catalog, files, indexing, record, sets, cells, costs, mosaic } = reopened;
  let pictures: Pictures | undefined;
  try {
    refuseForgotten(reopened, () => true);
    await refuseForeign(site, reopened);
    pictures = await Pictures.numbered(catalog, pictureIds(reopened), { ...indexing, files });
    const { gap, distanceCost, afarCost = 0, minDistance } = mosaic.quality;
    const placement = { grid: mosaic.grid, cells, costs, gap, distanceCost, afarCost, minDistance };
    const store = new CompareStore(site);
    const header = await spliceHeader(record.recipe);
    const fullLevel = mosaic.layouts.dzi?.fullLevel ?? 'link';
    const parts = { placement, pictures, sets, header, fullLevel, store };
    await renderPyramid({ ...parts, concurrency, signal, onProgress });
    return { paths: [...new Set(store.differing)], tiles: tileCount(sets) };
  } finally {
    (pictures ?? catalog).close();
  }
}
