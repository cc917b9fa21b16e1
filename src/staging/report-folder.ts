/**
 * The folder of a build's reports. Reports name the user's files, so it never lies in the site. Each report is written under
 * a temporary name; all are renamed once they are complete. Other files in the folder are not touched.
 */
import { createHash, randomBytes } from 'node:crypto';
import { lstat, open, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { explainDisk, makeFolder, type NamedFolder, syncFolder } from '../store/disk.ts';
import { systemCode, UserError } from '../errors.ts';
import { explain } from '../image/reasons.ts';
import { Enclosure, isWithin, realPath } from './real-path.ts';
import { missingFolders, removeIfEmpty } from './working-folder.ts';

/** Where reports go, and what they must not overwrite. */
export interface ReportFolderOptions {
  readonly report: string;
  readonly out: string;
  /** Names of the reports. */
  readonly names: readonly string[];
  /** Files that must not be overwritten: target, pin files, … */
  readonly inputs: Iterable<string>;
  /** Images of the mosaic. None may lie in the report folder: scans skip it. */
  readonly images?: Iterable<string>;
}

type Reports = ReadonlyMap<string, Iterable<Uint8Array>>;

/** A folder that has proved to be writable. */
export interface ReportFolder {
  /**
   * Writes the reports. `reports` makes them: name -> blocks.
   *
   * @throws {UserError} `report`.
   */
  write(reports: () => Reports): Promise<void>;
}

/** Default report folder: `-report` appended to the site's folder. */
export function reportFolderOf(out: string): string {
  const typed = out.replace(/(?<=.)[/\\]+$/, '');
  // `.` and `..` must be resolved to get a name.
  const named = /^\.{0,2}$/.test(basename(typed)) ? resolve(out) : typed;
  return `${named}-report`;
}

/**
 * Checks that reports can be written, and leaves nothing behind.
 *
 * @throws {UserError} `usage` if the folder is that of the site or lies in it, is a file, or holds a `target.jpg` that is not
 *   ours, an image of the mosaic, or an input under a report's name; `not-writable` or `disk-full`.
 */
export async function openReportFolder(options: ReportFolderOptions): Promise<ReportFolder> {
  const { report, out, names, inputs, images = [] } = options;
  const named = { option: '--report', path: report } as const;
  let folder: string;
  try {
    folder = realPath(report);
    await refuseObstacles(folder, options);
    await refusePicture(folder, report);
    refuseWithin(report, out);
    await persist(() => tryOut(folder, named));
  } catch (error) {
    throw explainDisk(error, named);
  }
  refuseImagesIn(report, images);
  for (const input of inputs) {
    if (!names.includes(basename(input)) || realPath(dirname(input)) !== folder) continue;
    throw new UserError(
      'usage',
      `${input} lies where --report ${report} writes ${basename(input)}`,
      'Name it otherwise, or choose another folder with --report.',
    );
  }
  return {
    async write(reports) {
      try {
        // Check again: the site exists now, and links may lead into it.
        refuseWithin(report, out);
        await persist(async () => {
          await makeFolder(folder, named);
          await writeAll(folder, tagOf(out), reports());
        });
      } catch (error) {
        throw unwritten(options, explainDisk(error, named));
      }
    },
  };
}

function refuseWithin(report: string, out: string): void {
  const folder = realPath(report);
  if (!isWithin(realPath(out), folder) && !new Enclosure(out).holds(join(folder, 'any'))) return;
  throw new UserError(
    'usage',
    `--report ${report} lies in --out ${out}, which is published; reports name your files`,
    'Choose a folder outside of the site with --report.',
  );
}

async function refuseObstacles(folder: string, { report, names }: ReportFolderOptions): Promise<void> {
  const there = await stat(folder).catch(ifMissing);
  if (there && !there.isDirectory()) throw new UserError('usage', `--report ${report} is a file`, 'Choose a folder.');
  for (const name of names) {
    const entry = await lstat(join(folder, name)).catch(ifMissing);
    if (!entry?.isDirectory()) continue;
    throw new UserError(
      'usage',
      `${name} in --report ${report} is a folder`,
      'Move it elsewhere, or choose another folder with --report.',
    );
  }
}

/** Refuses to overwrite a `target.jpg` that is not ours. Ours always has a `record.json` beside it. */
async function refusePicture(folder: string, report: string): Promise<void> {
  if (!(await lstat(join(folder, 'target.jpg')).catch(ifMissing)) || (await isRecord(join(folder, 'record.json'))))
    return;
  throw new UserError(
    'usage',
    `target.jpg in --report ${report} is no report of ours`,
    'Move it elsewhere, or choose another folder with --report.',
  );
}

async function isRecord(path: string): Promise<boolean> {
  const file = await open(path).catch(ifMissing);
  if (!file) return false;
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(64), 0, 64, 0);
    return buffer.toString('latin1', 0, bytesRead).includes('"zoomosaic-record"');
  } finally {
    await file.close();
  }
}

function refuseImagesIn(report: string, images: Iterable<string>): void {
  const enclosure = new Enclosure(report);
  for (const image of images) {
    if (!enclosure.holds(image)) continue;
    throw new UserError(
      'usage',
      `${image} lies in --report ${report}, where no images are looked for once reports are there`,
      'Choose another folder with --report.',
    );
  }
}

function ifMissing(error: unknown): undefined {
  if (systemCode(error) !== 'ENOENT') throw error;
}

const ATTEMPTS = 5;

/** Repeats an action whose folder vanishes: another build that tests the same folder removes it again. */
async function persist(act: () => Promise<void>): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await act();
    } catch (error) {
      if (systemCode(error) !== 'ENOENT' || attempt === ATTEMPTS) throw error;
    }
  }
}

/** Tests a folder: makes it, its parents, and a file in it, then removes them again. */
async function tryOut(folder: string, named: NamedFolder): Promise<void> {
  const missing = missingFolders(folder);
  try {
    await makeFolder(folder, named);
    const file = join(folder, `.${randomBytes(8).toString('hex')}.tmp`);
    await (await open(file, 'wx')).close();
    await rm(file);
  } finally {
    for (const path of missing) removeIfEmpty(path);
  }
}

/** Tag in temporary names, fixed per site. Builds of one site write one after another, so a file with this tag is a leftover. */
function tagOf(out: string): string {
  return createHash('sha256').update(realPath(out)).digest('hex').slice(0, 8);
}

async function writeAll(folder: string, tag: string, reports: Reports): Promise<void> {
  const temporary = (name: string) => join(folder, `.${name}.${tag}.tmp`);
  try {
    for (const [name, blocks] of reports) await writeFile(temporary(name), blocks);
    for (const name of reports.keys()) await rename(temporary(name), join(folder, name));
    await syncFolder(folder);
  } catch (error) {
    for (const name of reports.keys()) await rm(temporary(name), { force: true }).catch(() => {});
    throw error;
  }
}

async function writeFile(path: string, blocks: Iterable<Uint8Array>): Promise<void> {
  await rm(path, { force: true });
  const file = await open(path, 'wx');
  try {
    for (const block of blocks) await file.writeFile(block);
    await file.sync();
  } finally {
    await file.close();
  }
}

function unwritten({ out, report }: ReportFolderOptions, cause: unknown): UserError {
  const why = cause instanceof UserError ? cause.message : explain(cause);
  return new UserError(
    'report',
    `The site is in ${out}, but its reports are not in ${report}: ${why}`,
    'Mend that, or choose another folder with --report, and build again.',
    { cause },
  );
}
