import { existsSync } from 'node:fs';
import { readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { systemCode, UserError } from '../errors.ts';
import { checkPaths, checkSitePath } from '../messages.ts';
import { alone } from '../staging/locked.ts';
import { reportFolderOf } from '../staging/report-folder.ts';
import { type Checksums, packChecksums, unpackChecksums } from '../format/checksums.ts';
import { CHECKSUMS_FILE, NEXT_CHECKSUMS_FILE } from '../format/site-paths.ts';
import { checkBaseUrl } from '../layout/iiif-manifest.ts';
import { type Document, DOCUMENTS, readDocuments } from './documents.ts';
import { moveReports } from './reports.ts';
import { removeTemporary, renameWithin, writeWhole } from './write.ts';

export interface RebaseOptions {
  /** Folder of the site. */
  readonly site: string;
  /** Address that the site will have, an http(s) URL. */
  readonly baseUrl: string;
  /** Folder of the site's reports; by default beside the site. */
  readonly report?: string;
}

/** Result of {@link rebase}. */
export interface Rebased {
  /** The old address of the site, if it had one, and the new one. */
  readonly from: string | undefined;
  readonly to: string;
  /** Documents that were rewritten, relative to the site. */
  readonly files: readonly string[];
}

/**
 * Gives a site another address: in its page and `mosaic.json`, in `id` and `target` of its documents of IIIF, and in its
 * reports, if they are there. They are as if the site had been built with it. Nothing else is changed, even if it looks like
 * the old address.
 *
 * Files are written beside the old ones and renamed, so hard links to them elsewhere stay as they are. The order is: the
 * reports, the future checksums into a journal, then the documents, then the journal replaces the checksums. Each report and
 * document contains its own old address, and each document matches one of the two checksums, so an interrupted run can
 * simply be repeated. Checksums of documents that were damaged before are not changed.
 *
 * @throws {UserError} `usage` for an invalid address; `not-a-site`; `report`; `not-writable`.
 */
export async function rebase({ site, baseUrl, report }: RebaseOptions): Promise<Rebased> {
  checkSitePath(site);
  checkPaths({ report });
  const to = checkBaseUrl(baseUrl);
  await readDocuments(site);
  return await alone({ option: '--out', path: site }, async () => await rebaseAlone(site, to, report));
}

async function rebaseAlone(site: string, to: string, report = reportFolderOf(site)): Promise<Rebased> {
  const { documents, mosaic } = await readDocuments(site);
  if (mosaic) await moveReports(report, mosaic, to);
  const moving = documents.filter(({ from }) => from !== to);
  const sums = await settleSums(site, documents);
  if (sums && moving.length > 0) {
    const { files } = sums;
    const changed = moving.filter(({ path, sum }) => files.get(path) === sum);
    const news = changed.map(({ path, moved }) => [path, sumOf(moved(to))] as const);
    await writeWhole(site, NEXT_CHECKSUMS_FILE, [packChecksums({ ...sums, files: new Map([...files, ...news]) })]);
  }
  for (const { path, moved } of moving) await writeWhole(site, path, moved(to));
  if (sums && moving.length > 0) await renameWithin(site, NEXT_CHECKSUMS_FILE, CHECKSUMS_FILE);
  await removeLeftovers(site);
  return { from: documents[0]!.from || undefined, to, files: moving.map(({ path }) => path) };
}

/** Removes files that interrupted runs left behind. */
async function removeLeftovers(site: string): Promise<void> {
  const journal = join(site, NEXT_CHECKSUMS_FILE);
  if (existsSync(journal)) await rm(journal, { force: true });
  await removeTemporary(site, [...DOCUMENTS, CHECKSUMS_FILE, NEXT_CHECKSUMS_FILE]);
}

/**
 * Reads the checksums of a site. After an interrupted run, they are updated for the documents that it had already
 * rewritten. Undefined if there are no usable checksums.
 */
async function settleSums(site: string, documents: readonly Document[]): Promise<Checksums | undefined> {
  const sums = await readSums(site, CHECKSUMS_FILE);
  const next = await readSums(site, NEXT_CHECKSUMS_FILE);
  if (!sums || !next) return sums;
  const moved = documents.filter(({ path, sum }) => sums.files.get(path) !== sum && next.files.get(path) === sum);
  if (moved.length === 0) return sums;
  const settled = { ...sums, files: new Map([...sums.files, ...moved.map(({ path, sum }) => [path, sum] as const)]) };
  await writeWhole(site, CHECKSUMS_FILE, [packChecksums(settled)]);
  return settled;
}

async function readSums(site: string, path: string): Promise<Checksums | undefined> {
  try {
    const whole = join(site, path);
    return (await stat(whole)).isFile() ? unpackChecksums(await readFile(whole)) : undefined;
  } catch (error) {
    if (error instanceof UserError || systemCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

function sumOf(text: Iterable<string>): number {
  let sum = 0;
  for (const block of text) sum = crc32(block, sum);
  return sum;
}
