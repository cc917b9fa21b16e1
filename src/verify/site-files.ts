import { closeSync, openSync, readFileSync, readSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { systemCode } from '../errors.ts';
import { explain } from '../image/reasons.ts';

/** Largest file that is held in memory, bytes. */
export const WHOLE_MAX = 2 ** 26;
const CHUNK = 2 ** 20;

/** A file that was read: its CRC-32; and its bytes, unless it is too large. */
export interface FoundFile {
  readonly sum: number;
  readonly bytes: Buffer | undefined;
  readonly problem?: undefined;
}

/** A file of a site, or the problem of reading it. */
export type SiteFile = FoundFile | { readonly problem: string };

/** Reads the files of a site. Folders, pipes and devices are reported as problems, not read. */
export class SiteFiles {
  private readonly site: string;

  constructor(site: string) {
    this.site = site;
  }

  /** Returns the size of a file, bytes; or the problem of reading it. */
  bytesOf(path: string): number | { readonly problem: string } {
    try {
      const stat = this.stat(path);
      if (!stat) return { problem: 'missing' };
      return stat.isFile() ? stat.size : { problem: 'is no file' };
    } catch (error) {
      return { problem: explain(error) };
    }
  }

  /**
   * Reads a file, and computes its CRC-32. Synchronous, which is several times faster for small files.
   *
   * @param most largest file whose bytes are returned.
   */
  read(path: string, most = WHOLE_MAX): SiteFile {
    try {
      const size = this.bytesOf(path);
      if (typeof size !== 'number') return size;
      const whole = join(this.site, path);
      if (size > most) return { sum: sumOf(whole), bytes: undefined };
      const bytes = readFileSync(whole);
      return { sum: crc32(bytes), bytes };
    } catch (error) {
      return { problem: systemCode(error) === 'ENOENT' ? 'missing' : explain(error) };
    }
  }

  private stat(path: string) {
    try {
      return statSync(join(this.site, path), { throwIfNoEntry: false });
    } catch (error) {
      // A parent of the path is a file.
      if (systemCode(error) === 'ENOTDIR') return undefined;
      throw error;
    }
  }
}

/** Computes the CRC-32 of a file of any size. */
function sumOf(path: string): number {
  const file = openSync(path, 'r');
  try {
    const chunk = Buffer.allocUnsafe(CHUNK);
    let sum = 0;
    for (let read = readSync(file, chunk); read > 0; read = readSync(file, chunk)) {
      sum = crc32(chunk.subarray(0, read), sum);
    }
    return sum;
  } finally {
    closeSync(file);
  }
}
