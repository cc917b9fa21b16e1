import { randomBytes } from 'node:crypto';
import { constants, lstatSync, statSync } from 'node:fs';
import { access, type FileHandle, open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { UserError } from '../errors.ts';
import { explainDisk, makeFolder, type NamedFolder } from './disk.ts';

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
  const file = await PictureFile.open(out);
  try {
    await file.write(bytes);
    await file.finish();
  } catch (error) {
    await file.discard();
    throw error;
  }
}

/** Bytes that are collected before they are written. */
const COLLECTED = 2 ** 20;

/**
 * A picture that is written bit by bit, beside its place and under a name of its own (`.NAME.….part`), which a killed process
 * leaves behind. {@link finish} puts it in its place.
 */
export class PictureFile {
  /** Number of bytes so far. */
  length = 0;
  private readonly named: NamedFolder;
  private readonly part: string;
  private readonly file: FileHandle;
  private waiting: Uint8Array[] = [];
  private waitingBytes = 0;

  private constructor(named: NamedFolder, part: string, file: FileHandle) {
    this.named = named;
    this.part = part;
    this.file = file;
  }

  /**
   * Starts a picture; makes its folder.
   *
   * @throws {UserError} `disk-full` or `not-writable`, as all methods.
   */
  static async open(out: string): Promise<PictureFile> {
    const named = { option: '--out', path: out } as const;
    await makeFolder(dirname(out), named);
    const part = join(dirname(out), `.${basename(out).slice(0, 200)}.${randomBytes(6).toString('hex')}.part`);
    try {
      return new PictureFile(named, part, await open(part, 'wx'));
    } catch (error) {
      throw explainDisk(error, named);
    }
  }

  /** Appends bytes, which must not change afterwards. Returns the offset of the first. */
  async write(bytes: Uint8Array): Promise<number> {
    const at = this.length;
    this.waiting.push(bytes);
    this.waitingBytes += bytes.length;
    this.length += bytes.length;
    if (this.waitingBytes >= COLLECTED) await this.flush();
    return at;
  }

  /** Overwrites the first bytes. */
  async overwrite(bytes: Uint8Array): Promise<void> {
    await this.flush();
    await this.explained(() => this.file.write(bytes, 0, bytes.length, 0));
  }

  /** Starts anew with an empty file. */
  async restart(): Promise<void> {
    await this.flush();
    await this.explained(() => this.file.truncate(0));
    this.length = 0;
  }

  /** Puts the picture in its place, and replaces an older one there. */
  async finish(): Promise<void> {
    await this.flush();
    await this.explained(async () => {
      await this.file.sync();
      await this.file.close();
      await rename(this.part, this.named.path);
    });
  }

  /** Removes what was written so far. */
  async discard(): Promise<void> {
    await this.file.close().catch(() => {}); // it may be closed already
    await rm(this.part, { force: true }).catch(() => {});
  }

  private async flush(): Promise<void> {
    const blocks = this.waiting;
    [this.waiting, this.waitingBytes] = [[], 0];
    if (blocks.length === 0) return;
    const at = this.length - blocks.reduce((sum, { length }) => sum + length, 0);
    const all = blocks.length === 1 ? blocks[0]! : Buffer.concat(blocks);
    await this.explained(async () => {
      for (let done = 0; done < all.length;) {
        done += (await this.file.write(all, done, all.length - done, at + done)).bytesWritten;
      }
    });
  }

  private async explained<Result>(act: () => Promise<Result>): Promise<Result> {
    try {
      return await act();
    } catch (error) {
      throw explainDisk(error, this.named);
    }
  }
}
