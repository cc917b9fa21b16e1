import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf, systemCode, UserError } from '../errors.ts';
import { MOSAIC_VERSION, type MosaicJson } from '../mosaic-json.ts';

/**
 * Reads the `mosaic.json` of a site.
 *
 * @throws {UserError} `not-a-site` if there is none, or one that we do not know.
 */
export async function readMosaicJson(site: string): Promise<MosaicJson> {
  const remedy = 'Name the folder that `zoomosaic build --out` wrote.';
  let json: Partial<Record<keyof MosaicJson, unknown>>;
  try {
    json = JSON.parse(await readFile(join(site, 'mosaic.json'), 'utf8')) as typeof json;
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
