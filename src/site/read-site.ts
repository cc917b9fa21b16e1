import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf, systemCode, UserError } from '../errors.ts';
import { checkSitePath } from '../expect.ts';
import { realPath } from '../staging/real-path.ts';
import { recover } from '../staging/recover.ts';
import { MOSAIC_VERSION, type MosaicJson } from '../mosaic-json.ts';

/**
 * Reads the `mosaic.json` of a site.
 *
 * @throws {UserError} `usage` if that is no path; `not-a-site` if there is none, or one that we do not know.
 */
export async function readMosaicJson(site: string): Promise<MosaicJson> {
  checkSitePath(site);
  const remedy = 'Name the folder that `zoomosaic build --out` wrote.';
  let json: Partial<Record<keyof MosaicJson, unknown>>;
  try {
    json = JSON.parse(await readMended(site)) as typeof json;
  } catch (error) {
    const missing = systemCode(error) === 'ENOENT' || systemCode(error) === 'ENOTDIR';
    const what = missing ? 'there is no mosaic.json in it' : `its mosaic.json is damaged (${messageOf(error)})`;
    throw new UserError('not-a-site', `${site} is no mosaic: ${what}`, remedy, { cause: error });
  }
  if (json.format !== 'zoomosaic') throw new UserError('not-a-site', `${site} is no mosaic of ours`, remedy);
  if (json.version !== MOSAIC_VERSION) {
    throw new UserError(
      'not-a-site',
      `Expected mosaic.json version ${MOSAIC_VERSION} in ${site} but received ${String(json.version)}`,
      'Use the zoomosaic that made it, or build it again.',
    );
  }
  return json as unknown as MosaicJson;
}

/** The text of `mosaic.json`; where a build was killed as it put it there, that is completed first. */
async function readMended(site: string): Promise<string> {
  const path = join(site, 'mosaic.json');
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (systemCode(error) !== 'ENOENT' || !existsSync(site)) throw error;
    await recover(realPath(site), { option: '--out', path: site });
    return await readFile(path, 'utf8');
  }
}
