import { readdirSync } from 'node:fs';
import { readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { explainDisk, makeFolder } from '../disk.ts';
import { systemCode, UserError } from '../errors.ts';

/**
 * A site under construction: a folder beside `out` that takes its place only when it is finished, so that a run that
 * fails leaves an old site as it was.
 */
export interface Staging {
  /** Where the new site is built. */
  readonly folder: string;
  /** Puts the new site in the place of whatever was there. */
  commit(): Promise<void>;
  /** Removes the unfinished site. */
  discard(): Promise<void>;
}

/**
 * Prepares to build into `out`.
 *
 * @param inputs files that must survive: the target and the images.
 * @throws {UserError} `out-exists` if `out` holds something that is no site of ours (unless `force`), or an input;
 *   `not-writable` or `disk-full` if no folder can be made there.
 */
export async function stage(out: string, force: boolean, inputs: Iterable<string>): Promise<Staging> {
  const place = resolve(out);
  for (const input of inputs) {
    if (!relative(place, resolve(input)).startsWith('..')) {
      throw new UserError(
        'out-exists',
        `${input} lies in --out ${out}, which is replaced as a whole`,
        'Choose another --out.',
      );
    }
  }
  if (!force) await refuseForeign(place, out);
  await removeLeftovers(place);
  const folder = join(dirname(place), `.${basename(place)}.building-${process.pid}-${Date.now().toString(36)}`);
  await makeFolder(folder, { option: '--out', path: out });
  return {
    folder,
    async commit() {
      const old = `${folder}.old`;
      const replaced = await rename(place, old).then(
        () => true,
        (error: unknown) => {
          if (systemCode(error) === 'ENOENT') return false;
          throw error;
        },
      );
      try {
        await rename(folder, place);
      } catch (error) {
        if (replaced) await rename(old, place);
        throw error;
      }
      if (replaced) await rm(old, { recursive: true, force: true });
    },
    async discard() {
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function refuseForeign(place: string, out: string): Promise<void> {
  let entries: string[];
  try {
    if (!(await stat(place)).isDirectory()) {
      throw new UserError('out-exists', `--out ${out} is a file`, 'Choose a folder.');
    }
    entries = await readdir(place);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return;
    throw explainDisk(error, { option: '--out', path: out });
  }
  if (entries.length === 0 || (await isSite(place))) return;
  throw new UserError(
    'out-exists',
    `--out ${out} is not empty and holds no mosaic of ours`,
    'Choose another folder, or say --force to have all that is in it replaced.',
  );
}

/** Whether a folder holds a site that zoomosaic made. */
async function isSite(folder: string): Promise<boolean> {
  try {
    const json = JSON.parse(await readFile(join(folder, 'mosaic.json'), 'utf8')) as { format?: unknown };
    return json.format === 'zoomosaic';
  } catch {
    return false;
  }
}

/** Removes what builds into the same place left behind that were killed. */
async function removeLeftovers(place: string): Promise<void> {
  const home = dirname(place);
  const pattern = new RegExp(`^\\.${basename(place).replaceAll(/[^\w]/g, '\\$&')}\\.building-(\\d+)-[0-9a-z]+$`);
  let names: string[];
  try {
    names = readdirSync(home);
  } catch {
    return;
  }
  for (const name of names) {
    const pid = Number(pattern.exec(name)?.[1]);
    if (pid && !isRunning(pid)) await rm(join(home, name), { recursive: true, force: true });
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return systemCode(error) === 'EPERM';
  }
}
