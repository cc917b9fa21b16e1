import { sharp } from '../image/sharp.ts';
import { explain } from '../image/reasons.ts';
import type { Size } from '../types.ts';
import type { Problems } from './problems.ts';
import type { FoundFile, SiteFiles } from './site-files.ts';

/** A file as it should be: of a tile or an original. */
export interface Expected {
  readonly path: string;
  /** Px that it decodes to; of files that are no images, none. */
  readonly size: Size | undefined;
  /** CRC-32 that it was written with. */
  readonly sum: number | undefined;
  /** The picture's own file, which it must equal; and the CRC-32 that this was written with. */
  readonly original?: { readonly path: string; readonly sum: number | undefined } | undefined;
  /** May be a source's own compressed data. */
  readonly own: boolean;
}

/** What is wrong with a file whose checksum is another than it was written with. */
export const DAMAGED = 'damaged: its checksum is another';

/** Files of which something is remembered, at most. */
const KNOWN_MAX = 2 ** 16;

/** Checks files one by one; files of the same bytes are decoded once, a picture's own file is read once. */
export class TileChecker {
  /** Files decoded so far. */
  decoded = 0;
  private readonly files: SiteFiles;
  private readonly problems: Problems;
  /** Size that a file of a CRC-32 was found to decode to. */
  private readonly sizes = new Map<number, string>();
  private readonly originals = new Map<string, number | undefined>();

  constructor(files: SiteFiles, problems: Problems) {
    this.files = files;
    this.problems = problems;
  }

  /** Notes what is wrong with a file. */
  async check(expected: Expected): Promise<void> {
    const file = this.files.read(expected.path);
    const problem = file.problem ?? (await this.problemOf(file, expected));
    if (problem !== undefined) this.problems.add(expected.path, problem);
  }

  /** Why a file is not as it should be, as closely as can be told. */
  private async problemOf(file: FoundFile, { size, sum, original, own }: Expected): Promise<string | undefined> {
    const damaged = sum !== undefined && file.sum !== sum ? DAMAGED : undefined;
    const failure = size && (await this.decode(file, size, own || original !== undefined));
    if (failure !== undefined) return file.bytes || sum === undefined ? failure : damaged;
    const shown = original && (original.sum ?? this.sumOf(original.path));
    if (original && shown !== undefined && shown !== file.sum) return `differs from ${original.path}, which it shows`;
    return damaged;
  }

  /** CRC-32 of a picture's own file, as it is. */
  private sumOf(path: string): number | undefined {
    if (this.originals.has(path)) return this.originals.get(path);
    const file = this.files.read(path);
    const sum = file.problem === undefined ? file.sum : undefined;
    remember(this.originals, path, sum);
    return sum;
  }

  /** Why a file does not decode to a size. A source's own data may have harmless oddities; what we put together may not. */
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
