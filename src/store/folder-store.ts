import {
  closeSync,
  constants,
  copyFileSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  realpathSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { explainDisk, type NamedFolder } from './disk.ts';
import { systemCode } from '../errors.ts';

/** File system calls of a {@link FolderStore}. Tests replace them to imitate other file systems. */
export interface FileCalls {
  readonly link: (from: string, to: string) => void;
  readonly copy: (from: string, to: string) => void;
  readonly write: (path: string, bytes: Uint8Array) => void;
}

const CALLS: FileCalls = {
  link: linkSync,
  // A reflink where the file system supports it: no bytes are stored twice.
  copy: (from, to) => copyFileSync(from, to, constants.COPYFILE_FICLONE),
  write: (path, bytes) => writeFileSync(path, bytes),
};

const FOLDERS_KNOWN = 20_000;

/**
 * Writes a site's files into a folder. Calls are synchronous, which is several times faster than asynchronous ones for many
 * small files; callers pause between batches.
 */
export class FolderStore {
  readonly root: string;
  /** Number of files, and number of those that are links or copies of another. */
  files = 0;
  linkedFiles = 0;
  /** Bytes stored; bytes that links share count once. */
  bytes = 0;
  /** Error code with which the file system refused links; from then on, files are copied. */
  linkRefusal: string | undefined;
  private readonly named: NamedFolder;
  private readonly calls: FileCalls;
  private readonly folders = new Set<string>();
  /** Original -> its newest copy, which takes further links. Set once a file has as many links as the file system allows. */
  private readonly continued = new Map<string, string>();
  private readonly sizes = new Map<string, number>();

  /** @param named folder as users know it, for error messages. */
  constructor(root: string, named: NamedFolder, calls: FileCalls = CALLS) {
    this.root = root;
    this.named = named;
    this.calls = calls;
  }

  /** Writes a file; `path` is relative, with `/`. */
  write(path: string, bytes: Uint8Array): void {
    this.attempt(() => this.calls.write(this.resolve(path), bytes));
    this.files++;
    this.bytes += bytes.length;
  }

  /** Reads a file that was written here; in a patch, also one of the site that stays as it is. */
  read(path: string): Uint8Array {
    return readFileSync(this.originalAt(path));
  }

  /** Writes a file block by block. */
  writeBlocks(path: string, blocks: Iterable<Uint8Array>): void {
    this.attempt(() => {
      const file = openSync(this.resolve(path), 'w');
      try {
        for (const block of blocks) {
          writeFileSync(file, block);
          this.bytes += block.length;
        }
      } finally {
        closeSync(file);
      }
    });
    this.files++;
  }

  /** Writes a file that others will be links to or copies of. */
  writeOriginal(path: string, bytes: Uint8Array): void {
    this.write(path, bytes);
    this.sizes.set(path, bytes.length);
  }

  /**
   * Makes `to` a link to `original`. A file system limits the links to one file (ext4 65,000, NTFS 1,023): once that is
   * reached, `to` becomes a copy, and takes the next links. Where links are refused altogether, all are copies.
   */
  link(original: string, to: string): void {
    this.linkedFiles++;
    this.files++;
    if (this.linkRefusal !== undefined) return this.copyTo(original, to);
    try {
      this.calls.link(this.originalAt(this.continued.get(original) ?? original), this.resolve(to));
    } catch (error) {
      const code = systemCode(error) ?? 'unknown';
      if (code === 'ENOSPC' || code === 'EEXIST') throw explainDisk(error, this.named);
      if (code !== 'EMLINK') this.linkRefusal = code;
      this.copyTo(original, to);
      this.continued.set(original, to);
    }
  }

  /** Makes `to` a copy of `original`. */
  copy(original: string, to: string): void {
    this.files++;
    this.copyTo(original, to);
  }

  /** Links a file from elsewhere into the store, or copies it where links are refused. */
  adopt(from: string, path: string): void {
    const to = this.resolve(path);
    // Resolve links first: a hard link to a symbolic link would break when the site is moved.
    const file = realpathSync(from);
    const linked = this.tryLink(file, to);
    if (!linked) this.attempt(() => this.calls.copy(file, to));
    if (linked) this.linkedFiles++;
    else this.bytes += statSync(to).size;
    this.files++;
  }

  private tryLink(from: string, to: string): boolean {
    try {
      this.calls.link(from, to);
      return true;
    } catch (error) {
      if (systemCode(error) === 'ENOSPC') throw explainDisk(error, this.named);
      return false;
    }
  }

  /** Makes the folder of `path` for other writers; returns the absolute path. */
  prepare(path: string): string {
    return this.resolve(path);
  }

  /** Counts files and bytes that other writers have written. */
  noteWritten(files: number, bytes: number): void {
    this.files += files;
    this.bytes += bytes;
  }

  /** Explains an error of another writer into this folder; see {@link explainDisk}. */
  explain(error: unknown): unknown {
    return explainDisk(error, this.named);
  }

  /** Absolute path of a file that links and copies refer to. */
  protected originalAt(path: string): string {
    return this.resolve(path);
  }

  private copyTo(original: string, to: string): void {
    this.attempt(() => this.calls.copy(this.originalAt(original), this.resolve(to)));
    this.bytes += this.sizes.get(original) ?? 0;
  }

  protected resolve(path: string): string {
    const whole = join(this.root, path);
    const folder = dirname(whole);
    if (!this.folders.has(folder)) {
      this.attempt(() => mkdirSync(folder, { recursive: true }));
      // Where every tile has a folder of its own, none is needed again: bound the set.
      if (this.folders.size >= FOLDERS_KNOWN) this.folders.clear();
      this.folders.add(folder);
    }
    return whole;
  }

  private attempt(act: () => void): void {
    try {
      act();
    } catch (error) {
      throw explainDisk(error, this.named);
    }
  }
}
