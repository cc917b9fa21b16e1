import {
  BLOCKS_PER_FILE,
  type CaptionRow,
  LOOK_BYTES,
  type NameRow,
  NO_PICTURE,
  packCells,
  rowsIn,
  type SourceRow,
  VARIANTS_MAX,
} from '../format/directory.ts';
import { LOOK_LENGTH } from '../format/look.ts';
import type { MosaicJson } from '../format/mosaic-json.ts';
import { scriptText } from '../format/script-text.ts';
import { DIRECTORY, type DirectoryPart, directoryPath } from '../format/site-paths.ts';
import { SIZE_LENGTH, type SourceTable } from './source-table.ts';

/** Facts that a directory is made of. */
export interface DirectoryFacts {
  readonly mosaic: Pick<MosaicJson, 'directory' | 'names'>;
  /** Picture number of each cell. */
  readonly cells: Uint32Array;
  /** Source, as numbered in `table`, and variant of each picture, by number. */
  readonly pictures: { readonly origins: ArrayLike<number>; readonly variants: ArrayLike<number> };
  readonly table: SourceTable;
  /** Number of the close-up of each source, as numbered in `table`; without those that have none. */
  readonly closeups: ReadonlyMap<number, number>;
}

/**
 * Returns the number of the close-up of each source, by the source's id.
 *
 * @param hashes SHA-256 of the sources, by id.
 * @param numbers numbers of the close-ups, by the SHA-256 of their sources.
 */
export function closeupsById(hashes: readonly string[], numbers: ReadonlyMap<string, number>): Map<number, number> {
  return new Map(
    hashes.flatMap((hash, id) => {
      const number = numbers.get(hash);
      return number === undefined ? [] : [[id, number] as const];
    }),
  );
}

/** The directory of a site. Numbers the sources that cells show, in the order of their first pictures. */
export class Directory {
  private readonly facts: DirectoryFacts;
  /** Ids of the shown sources, in the table, by number; and the number of each source of the table, -1 for others. */
  private readonly ids: number[] = [];
  private readonly numbers: Int32Array;
  /** Pictures that cells show. */
  private readonly isShown: Uint8Array;
  /** Cells by source; those of source `n` lie from `starts[n]` to `starts[n + 1]`. */
  private readonly starts: Uint32Array;
  private readonly cells: Uint32Array;

  constructor(facts: DirectoryFacts) {
    this.facts = facts;
    const { pictures, cells, table } = facts;
    this.isShown = new Uint8Array(pictures.origins.length);
    for (const picture of cells) this.isShown[picture] = 1;
    this.numbers = new Int32Array(table.names.length).fill(-1);
    for (const [picture, shown] of this.isShown.entries()) {
      const id = pictures.origins[picture]!;
      if (shown && this.numbers[id] === -1) this.numbers[id] = this.ids.push(id) - 1;
    }
    this.starts = new Uint32Array(this.ids.length + 1);
    for (const picture of cells) this.starts[this.sourceOf(picture) + 1]!++;
    for (let i = 1; i < this.starts.length; i++) this.starts[i]! += this.starts[i - 1]!;
    const next = this.starts.slice();
    this.cells = new Uint32Array(cells.length);
    for (const [cell, picture] of cells.entries()) this.cells[next[this.sourceOf(picture)]!++] = cell;
  }

  /** Yields the files: path, blocks. */
  *files(): Generator<readonly [path: string, Iterable<string>]> {
    const { block, named } = this.facts.mosaic.directory;
    const count = this.ids.length;
    const rows = (per: number, row: (source: number) => unknown) => (number: number) =>
      Array.from({ length: rowsIn(number, per, count) }, (_, i) => row(number * per + i));
    yield* this.part(
      'sources',
      [block, count],
      rows(block, (source) => this.sourceRow(source)),
    );
    const perNames = block * BLOCKS_PER_FILE.names;
    yield* this.part(
      'names',
      [perNames, named ? count : 0],
      rows(perNames, (source) => this.nameRow(source)),
    );
    const perLooks = block * BLOCKS_PER_FILE.looks;
    yield* this.part('looks', [perLooks, count], (number) =>
      this.looks(number * perLooks, rowsIn(number, perLooks, count)),
    );
    const perPictures = block * BLOCKS_PER_FILE.pictures;
    const pictures = this.isShown.length;
    yield* this.part('pictures', [perPictures, pictures], (number) =>
      this.pictures(number * perPictures, rowsIn(number, perPictures, pictures)),
    );
  }

  private *part(
    part: DirectoryPart,
    [per, rows]: readonly [per: number, rows: number],
    told: (number: number) => unknown,
  ): Generator<readonly [path: string, Iterable<string>]> {
    for (let number = 0; number * per < rows; number++) {
      yield [directoryPath(part, number), [scriptText(DIRECTORY[part].global, String(number), told(number))]];
    }
  }

  private sourceRow(source: number): SourceRow {
    const id = this.ids[source]!;
    const { sizes } = this.facts.table;
    const [width, height, left, top, cropWidth, cropHeight] = sizes.subarray(id * SIZE_LENGTH);
    const packed = packCells(this.cells.subarray(this.starts[source], this.starts[source + 1]));
    const cells = Buffer.from(packed).toString('base64');
    return [
      this.nameOf(id),
      width!,
      height!,
      left!,
      top!,
      cropWidth!,
      cropHeight!,
      cells,
      this.captionRow(id),
      this.closeupOf(id),
    ];
  }

  private closeupOf(id: number): number | null {
    return this.facts.closeups.get(id) ?? null;
  }

  private nameRow(source: number): NameRow {
    const id = this.ids[source]!;
    return [this.nameOf(id), this.facts.table.captions.get(id)?.title ?? null, this.cells[this.starts[source]!]!];
  }

  private captionRow(id: number): CaptionRow | null {
    const caption = this.facts.table.captions.get(id);
    return caption ? [caption.title ?? null, caption.credit ?? null, caption.link ?? null] : null;
  }

  private looks(first: number, count: number): string {
    const bytes = Buffer.alloc(count * LOOK_BYTES);
    for (let i = 0; i < count; i++) {
      const at = this.ids[first + i]! * LOOK_LENGTH;
      bytes.set(this.facts.table.looks.subarray(at, at + LOOK_LENGTH), i * LOOK_BYTES);
      bytes.writeUInt32LE(this.cells[this.starts[first + i]!]!, i * LOOK_BYTES + LOOK_LENGTH);
    }
    return bytes.toString('base64');
  }

  private pictures(first: number, count: number): string {
    const bytes = Buffer.alloc(count * 4);
    for (let i = 0; i < count; i++) {
      const picture = first + i;
      const variant = this.facts.pictures.variants[picture]!;
      const shown = this.isShown[picture] ? this.sourceOf(picture) * VARIANTS_MAX + variant : NO_PICTURE;
      bytes.writeUInt32LE(shown, i * 4);
    }
    return bytes.toString('base64');
  }

  private nameOf(id: number): string | null {
    return this.facts.mosaic.names === 'all' ? this.facts.table.names[id]! : null;
  }

  /** Returns the number of a picture's source. */
  private sourceOf(picture: number): number {
    return this.numbers[this.facts.pictures.origins[picture]!]!;
  }
}
