import { existsSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf, systemCode, UserError } from '../errors.ts';
import { checkSitePath } from '../messages.ts';
import { MOSAIC_BYTES_MAX, type MosaicJson } from '../format/mosaic-json.ts';
import { parseMosaic, tooLong } from '../format/mosaic-reader.ts';
import { realPath } from '../staging/real-path.ts';
import { recover } from '../staging/recover.ts';
import { MOSAIC_FILE } from '../format/site-paths.ts';

/**
 * Reads the `mosaic.json` of a site, and checks all its fields.
 *
 * @throws {UserError} `usage` if `site` is no path; `not-a-site` if there is no `mosaic.json`, or none that a build of this
 *   version can have written.
 */
export async function readMosaicJson(site: string): Promise<MosaicJson> {
  checkSitePath(site);
  return parseMosaic(await readMosaicText(site));
}

/**
 * Reads the text of a site's `mosaic.json`.
 *
 * @throws {UserError} `not-a-site` if it is missing, unreadable, or too large to be one of ours.
 */
async function readMosaicText(site: string): Promise<string> {
  try {
    return await readMended(site);
  } catch (error) {
    if (error instanceof UserError) throw error;
    const missing = systemCode(error) === 'ENOENT' || systemCode(error) === 'ENOTDIR';
    const what = missing
      ? `there is no ${MOSAIC_FILE} in it`
      : `its ${MOSAIC_FILE} cannot be read (${systemCode(error) ?? messageOf(error)})`;
    throw notASite(site, what, error);
  }
}

/** Recovers the site where it may be written to, and reads the text of its `mosaic.json`. */
async function readMended(site: string): Promise<string> {
  const failure = await mend(site);
  try {
    return await readBounded(site);
  } catch (error) {
    throw systemCode(error) === 'ENOENT' && failure instanceof UserError ? failure : error;
  }
}

async function mend(site: string): Promise<unknown> {
  try {
    if (existsSync(site)) await recover(realPath(site), { option: '--out', path: site });
    return undefined;
  } catch (error) {
    return error;
  }
}

async function readBounded(site: string): Promise<string> {
  const path = join(site, MOSAIC_FILE);
  const file = await stat(path);
  if (!file.isFile()) throw notASite(site, `its ${MOSAIC_FILE} is no file`);
  if (file.size > MOSAIC_BYTES_MAX) throw tooLong(file.size);
  return await readFile(path, 'utf8');
}

function notASite(site: string, what: string, cause?: unknown): UserError {
  const remedy = 'Name the folder that `zoomosaic build --out` wrote.';
  return new UserError('not-a-site', `${site} is no mosaic: ${what}`, remedy, { cause });
}
