import { randomBytes } from 'node:crypto';
import { constants, lstatSync, statSync } from 'node:fs';
import { access, open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { UserError } from '../errors.ts';
import { explainDisk, makeFolder } from '../store/disk.ts';

/**
 * Checks that a picture can be written to a path before any work is done for it.
 *
 * @param inputs files and folders that must not be overwritten.
 * @throws {UserError} `out-exists` if something else than a file is there, or one of the inputs; `not-writable`.
 */
export async function checkPictureFile(out: string, inputs: Iterable<string>): Promise<void> {
  const there = lstatSync(out, { bigint: true, throwIfNoEntry: false });
  if (there && !there.isFile()) {
    const what = there.isDirectory() ? 'a folder' : there.isSymbolicLink() ? 'a link' : 'no regular file';
    throw new UserError('out-exists', `--out ${out} is ${what}`, 'Choose another name for the picture with --out.');
  }
  if (there) {
    for (const input of inputs) {
      const own = statSync(input, { bigint: true, throwIfNoEntry: false });
      if (own?.ino !== there.ino || own.dev !== there.dev) continue;
      throw new UserError(
        'out-exists',
        `--out ${out} is ${input}, which this preview is made of`,
        'Choose another name for the picture with --out, outside of the folders of images.',
      );
    }
  }
  const folder = dirname(out);
  if (!statSync(folder, { throwIfNoEntry: false })) return; // it is made in the end
  await access(folder, constants.W_OK).catch((error: unknown) => {
    throw explainDisk(error, { option: '--out', path: out });
  });
}

/**
 * Writes a picture whole or not at all, in the place of an older one.
 *
 * @throws {UserError} `disk-full` or `not-writable`.
 */
export async function writePictureFile(out: string, bytes: Uint8Array): Promise<void> {
  const named = { option: '--out', path: out } as const;
  await makeFolder(dirname(out), named);
  const part = join(dirname(out), `.${basename(out).slice(0, 200)}.${randomBytes(6).toString('hex')}.part`);
  try {
    const file = await open(part, 'wx');
    try {
      await file.writeFile(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(part, out);
  } catch (error) {
    await rm(part, { force: true }).catch(() => {});
    throw explainDisk(error, named);
  }
}
