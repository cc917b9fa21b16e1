import { messageOf, UserError } from '../errors.ts';
import { type Checksums, unpackChecksums } from '../format/checksums.ts';
import { type MosaicJson } from '../format/mosaic-json.ts';
import { parseMosaic } from '../format/mosaic-reader.ts';
import { readMosaicJson } from '../site/read-site.ts';
import { checkSums } from './named-files.ts';
import type { Problems } from './problems.ts';
import type { SiteFiles } from './site-files.ts';
import { CHECKSUMS_FILE, MOSAIC_FILE, PAGE_FILE } from '../format/site-paths.ts';

/** Largest `checksums.bin` that is read, bytes: enough for 64 million files. */
const CHECKSUMS_MAX = 2 ** 28;

/** Description of a site. */
export interface Description {
  /** Undefined if neither `mosaic.json` nor the page has it. */
  readonly mosaic: MosaicJson | undefined;
  /** Undefined if they cannot be used. */
  readonly sums: Checksums | undefined;
}

/**
 * Reads the description of a site, and checks all files with names of their own. If `mosaic.json` cannot be used or differs
 * from its checksum, the copy in the page replaces it.
 *
 * @throws {UserError} `not-a-site` if `mosaic.json` cannot be used, the page has no copy, and no checksum proves that it was
 *   changed.
 */
export async function readDescription(site: string, files: SiteFiles, problems: Problems): Promise<Description> {
  let mosaic: MosaicJson | undefined;
  let failure: unknown;
  try {
    mosaic = await readMosaicJson(site);
  } catch (error) {
    failure = error;
  }
  const sums = readChecksums(files, problems);
  problems.proven = sums !== undefined;
  if (sums) checkSums(files, sums.files, problems);
  if (mosaic && !problems.has(MOSAIC_FILE)) return { mosaic, sums };
  const copy = mosaicOfPage(files, problems);
  if (copy || problems.has(MOSAIC_FILE)) {
    problems.add(MOSAIC_FILE, messageOf(failure));
    return { mosaic: copy ?? mosaic, sums };
  }
  throw failure;
}

function readChecksums(files: SiteFiles, problems: Problems): Checksums | undefined {
  const file = files.read(CHECKSUMS_FILE, CHECKSUMS_MAX);
  if (file.problem !== undefined) {
    problems.add(CHECKSUMS_FILE, file.problem);
    return undefined;
  }
  try {
    return unpackChecksums(file.bytes ?? Buffer.alloc(0));
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    problems.add(CHECKSUMS_FILE, error.message);
    return undefined;
  }
}

/** Reads the copy of `mosaic.json` in an undamaged page; it has no address. */
function mosaicOfPage(files: SiteFiles, problems: Problems): MosaicJson | undefined {
  const page = files.read(PAGE_FILE);
  if (page.problem !== undefined || problems.has(PAGE_FILE)) return undefined;
  const [, json = ''] = /<script type="application\/json" id="mosaic">([^<]*)<\/script>/.exec(String(page.bytes)) ?? [];
  try {
    return parseMosaic(json, 'page');
  } catch {
    return undefined;
  }
}
