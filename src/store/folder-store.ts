import {
  closeSync,
  constants,
  copyFileSync,
  linkSync,
  mkdirSync,
  openSync,
  realpathSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { explainDisk, type NamedFolder } from './disk.ts';
import { systemCode } from '../errors.ts';

/** The calls that a {@link FolderStore} makes, so that tests can stand in for other file systems. */
export interface FileCalls {
  readonly link: (from: string, to: string) => void;
  readonly copy: (from: string, to: string) => void;
  readonly write: (path: string, bytes: Uint8Array) => void;
}

const CALLS: FileCalls = {
  link: linkSync,
  // A reflink where the file system has them: no bytes are stored twice.
  copy: (from, to) => copyFileSync(from, to, constants.COPYFILE_FICLONE),
  write: (path, bytes) => writeFileSync(path, bytes),
};

const FOLDERS_KNOWN = 20_000;

/**
 * A folder that a site is written into. Calls are synchronous: for many small files that is several times faster than
 * asynchronous ones; callers pause between batches.
 */
export class FolderStore {
  readonly root: string;
  /** Files in the store; of them, files that are links or copies of another. */
  files = 0;
  linkedFiles = 0;
  /** Bytes stored; what links share is counted once. */
  bytes = 0;
  /** Set once the file system refused links, and copies were made instead. */
  linkRefusal: string | undefined;
  private readonly named: NamedFolder;
  private readonly calls: FileCalls;
  private readonly folders = new Set<string>();
  /** Where a file that has as many links as it can is continued. */
  private readonly continued = new Map<string, string>();
  private readonly sizes = new Map<string, number>();

  /** @param named what people know the folder as; errors say so. */
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

  /** Writes a file that will be referred to. */
  writeOriginal(path: string, bytes: Uint8Array): void {
    this.write(path, bytes);
    this.sizes.set(path, bytes.length);
  }

  /**
   * Makes `to` the same file as `original`. A file system allows only so many links to one file (ext4 65,000, NTFS
   * 1,023), so the next one is a copy, which then takes the links; one that allows none gets copies throughout.
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

  /** Links (or, where that is refused, copies) a file from elsewhere. */
  adopt(from: string, path: string): void {
    const to = this.resolve(path);
    // A link to a link would be one to nowhere, wherever the site is taken.
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

  /** Makes the folder of `path` for others to write into; returns where that is. */
  prepare(path: string): string {
    return this.resolve(path);
  }

  /** Counts what others have written. */
  count(files: number, bytes: number): void {
    this.files += files;
    this.bytes += bytes;
  }

  /** What an error of others, who write into this folder, means to people. */
  explain(error: unknown): unknown {
    return explainDisk(error, this.named);
  }

  /** Where a file lies that others refer to. */
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
      // Where every tile has a folder of its own, none is asked for again.
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
