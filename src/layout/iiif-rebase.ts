import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf, systemCode, UserError } from '../errors.ts';
import { checkSitePath } from '../expect.ts';
import { checkBaseUrl, IIIF_PATHS, pageBlocks } from './iiif-manifest.ts';

/** What {@link rebase} did. */
export interface Rebased {
  /** The address that the site had, and the one that it has now. */
  readonly from: string;
  readonly to: string;
  /** Files that were written anew, relative to the site. */
  readonly files: readonly string[];
}

type Json = Readonly<Record<string, unknown>>;

/** A file that names its site's address: where in it, and how it is written. */
interface Addressed {
  readonly path: string;
  /** Without it, a folder is no IIIF site. */
  readonly needed: boolean;
  /** The address, or undefined if it names none. */
  readonly baseOf: (json: Json) => string | undefined;
  readonly moved: (json: Json, from: string, to: string) => Json;
}

const ADDRESSED: readonly Addressed[] = [
  { path: IIIF_PATHS.info, needed: true, baseOf: beforeId(IIIF_PATHS.imageFolder), moved: moveIds },
  { path: IIIF_PATHS.manifest, needed: true, baseOf: beforeId(IIIF_PATHS.manifest), moved: moveIds },
  { path: IIIF_PATHS.annotations, needed: false, baseOf: beforeId(IIIF_PATHS.annotations), moved: moveIds },
  { path: 'mosaic.json', needed: false, baseOf: mosaicBase, moved: moveMosaic },
];

/**
 * Gives an IIIF site another address: `id` and `target` of its JSON begin with the new one, as if it had been built with it.
 * Nothing else is touched, however alike it looks.
 *
 * Files are written beside the old ones and renamed, so hard links to them elsewhere stay as they are. Each tells its own old
 * address: one that was interrupted can simply be run again.
 *
 * @throws {UserError} `usage` for an address that is none; `not-a-site`; `not-writable`.
 */
export async function rebase({ site, baseUrl }: { readonly site: string; readonly baseUrl: string }): Promise<Rebased> {
  checkSitePath(site);
  const to = checkBaseUrl(baseUrl);
  const found = [];
  for (const addressed of ADDRESSED) {
    const json = await readJson(site, addressed);
    const from = json && addressed.baseOf(json);
    if (json && from !== undefined) found.push({ ...addressed, json, from });
    else if (addressed.needed) throw notASite(site, `${addressed.path} does not name the address of an IIIF site`);
  }
  const changed = found.filter(({ from }) => from !== to);
  for (const { path, json, from, moved } of changed) {
    await writeWhole(site, path, textOf(moved(json, from, to)));
  }
  return { from: found[0]!.from, to, files: changed.map(({ path }) => path) };
}

async function readJson(site: string, { path, needed }: Addressed): Promise<Json | undefined> {
  try {
    const json: unknown = JSON.parse(await readFile(join(site, path), 'utf8'));
    if (typeof json === 'object' && json !== null && !Array.isArray(json)) return json as Json;
    throw new Error('it is no object');
  } catch (error) {
    const missing = systemCode(error) === 'ENOENT' || systemCode(error) === 'ENOTDIR';
    if (missing && !needed) return undefined;
    if (!missing && systemCode(error) !== undefined) throw error;
    throw notASite(site, missing ? `there is no ${path} in it` : `its ${path} is damaged (${messageOf(error)})`, error);
  }
}

function notASite(site: string, why: string, cause?: unknown): UserError {
  const remedy = 'Name the folder that `zoomosaic build --layout iiif --out` wrote.';
  return new UserError('not-a-site', `${site} is no IIIF site: ${why}`, remedy, { cause });
}

/** What precedes the file's own path in its `id`. */
function beforeId(path: string): Addressed['baseOf'] {
  return ({ id }) => (typeof id === 'string' && id.endsWith(`/${path}`) ? id.slice(0, -path.length - 1) : undefined);
}

function moveIds(json: Json, from: string, to: string): Json {
  const move = (key: string, value: unknown): unknown =>
    (key === 'id' || key === 'target') && typeof value === 'string' && value.startsWith(`${from}/`)
      ? to + value.slice(from.length)
      : value;
  return JSON.parse(JSON.stringify(json), move) as Json;
}

function mosaicBase({ layouts }: Json): string | undefined {
  const { baseUrl } = ((layouts as Json | undefined)?.['iiif'] ?? {}) as Json;
  return typeof baseUrl === 'string' ? baseUrl : undefined;
}

function moveMosaic(json: Json, _from: string, to: string): Json {
  const layouts = json['layouts'] as Json;
  return { ...json, layouts: { ...layouts, iiif: { ...(layouts['iiif'] as Json), baseUrl: to } } };
}

/** Written as a build writes it. */
function textOf(json: Json): Iterable<string> {
  const { items, ...head } = json;
  if (json['type'] === 'AnnotationPage' && Array.isArray(items)) return pageBlocks(head, items);
  return [`${JSON.stringify(json, undefined, 2)}\n`];
}

async function writeWhole(site: string, path: string, text: Iterable<string>): Promise<void> {
  const temporary = join(site, `${path}.tmp`);
  try {
    await rm(temporary, { force: true });
    await writeFile(temporary, text, { flag: 'wx', flush: true });
    await rename(temporary, join(site, path));
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {});
    if (!['EACCES', 'EPERM', 'EROFS'].includes(systemCode(error) ?? '')) throw error;
    throw new UserError(
      'not-writable',
      `Cannot write ${path} in ${site}: not allowed (${systemCode(error)})`,
      'Copy the site to a folder that you may write to.',
      { cause: error },
    );
  }
}
