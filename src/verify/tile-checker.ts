import { sharp } from '../image/sharp.ts';
import { explain } from '../image/reasons.ts';
import type { Size } from '../types.ts';
import type { Problems } from './problems.ts';
import type { FoundFile, SiteFiles } from './site-files.ts';

/** An expected file: of a tile or of an original. */
export interface Expected {
  readonly path: string;
  /** Size of the decoded image, px; undefined if the file is no image. */
  readonly size: Size | undefined;
  /** CRC-32 of the file as written, if known. */
  readonly sum: number | undefined;
  /** The picture's own file, which this file must equal; and the CRC-32 of that file as written. */
  readonly original?: { readonly path: string; readonly sum: number | undefined } | undefined;
  /** True if it may hold a source's own compressed data. */
  readonly own: boolean;
}

/** Problem of a file that differs from its checksum. */
export const DAMAGED = 'damaged: its checksum is another';

/** Most files whose results are cached. */
const KNOWN_MAX = 2 ** 16;

/** Checks files one by one. Files with the same bytes are decoded once; a picture's own file is read once. */
export class TileChecker {
  /** Number of files decoded so far. */
  decoded = 0;
  private readonly files: SiteFiles;
  private readonly problems: Problems;
  /** Cached sizes: CRC-32 -> decoded size. */
  private readonly sizes = new Map<number, string>();
  private readonly originals = new Map<string, number | undefined>();

  constructor(files: SiteFiles, problems: Problems) {
    this.files = files;
    this.problems = problems;
  }

  /** Checks a file, and reports its problem, if any. */
  async check(expected: Expected): Promise<void> {
    const file = this.files.read(expected.path);
    const problem = file.problem ?? (await this.problemOf(file, expected));
    if (problem !== undefined) this.problems.add(expected.path, problem);
  }

  /** Finds the most specific problem of a file; undefined if there is none. */
  private async problemOf(file: FoundFile, { size, sum, original, own }: Expected): Promise<string | undefined> {
    const damaged = sum !== undefined && file.sum !== sum ? DAMAGED : undefined;
    const failure = size && (await this.decode(file, size, own || original !== undefined));
    if (failure !== undefined) return file.bytes || sum === undefined ? failure : damaged;
    const shown = original && (original.sum ?? this.sumOf(original.path));
    if (original && shown !== undefined && shown !== file.sum) return `differs from ${original.path}, which it shows`;
    return damaged;
  }

  /** Computes the CRC-32 of a picture's own file as it is now. */
  private sumOf(path: string): number | undefined {
    if (this.originals.has(path)) return this.originals.get(path);
    const file = this.files.read(path);
    const sum = file.problem === undefined ? file.sum : undefined;
    remember(this.originals, path, sum);
    return sum;
  }

  /**
   * Decodes a file. Returns why it has not the expected size, or does not decode. Decoder warnings are tolerated in a
   * source's own data, but not in tiles that we made.
   */
  private async decode({ bytes, sum }: FoundFile, { width, height }: Size, own: boolean): Promise<string | undefined> {
    const expected = `${width} x ${height} px`;
    if (this.sizes.get(sum) === expected) return undefined;
    if (!bytes) return 'is too large to be checked';
    try {
      const image = sharp(bytes, { failOn: own ? 'error' : 'warning' }).autoOrient();
      const { info } = await image.raw().toBuffer({ resolveWithObject: true });
      this.decoded++;
      const size = `${info.width} x ${info.height} px`;
      if (size !== expected) return `is ${size}; expected ${expected}`;
      remember(this.sizes, sum, size);
      return undefined;
    } catch (error) {
      return `does not decode: ${explain(error)}`;
    }
  }
}

function remember<Key, Value>(known: Map<Key, Value>, key: Key, value: Value): void {
  if (known.size >= KNOWN_MAX) known.clear();
  known.set(key, value);
}
