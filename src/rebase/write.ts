import { existsSync } from 'node:fs';
import { rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { systemCode, UserError } from '../errors.ts';

/** Writes a file whole: beside the old one, whose place it then takes. So hard links to the old one stay as they are. */
export async function writeWhole(folder: string, path: string, blocks: Iterable<string | Uint8Array>): Promise<void> {
  const temporary = temporaryOf(path);
  try {
    await rm(join(folder, temporary), { force: true });
    await writeFile(join(folder, temporary), blocks, { flag: 'wx', flush: true });
    await rename(join(folder, temporary), join(folder, path));
  } catch (error) {
    await rm(join(folder, temporary), { force: true }).catch(() => {});
    throw explained(error, folder, path);
  }
}

/** Gives a file of a folder another name there. */
export async function renameWithin(folder: string, from: string, to: string): Promise<void> {
  try {
    await rename(join(folder, from), join(folder, to));
  } catch (error) {
    throw explained(error, folder, to);
  }
}

/** Removes what interrupted runs left of files that {@link writeWhole} writes. */
export async function removeTemporary(folder: string, paths: Iterable<string>): Promise<void> {
  for (const path of paths) {
    const whole = join(folder, temporaryOf(path));
    if (existsSync(whole)) await rm(whole, { force: true });
  }
}

function temporaryOf(path: string): string {
  return `${path}.tmp`;
}

function explained(error: unknown, folder: string, path: string): unknown {
  if (!['EACCES', 'EPERM', 'EROFS'].includes(systemCode(error) ?? '')) return error;
  return new UserError(
    'not-writable',
    `Cannot write ${path} in ${folder}: not allowed (${systemCode(error)})`,
    'Copy the folder to one that you may write to.',
    { cause: error },
  );
}
