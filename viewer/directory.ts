import {
  BLOCKS_PER_FILE,
  type DirectoryShape,
  type DirectorySource,
  LOOK_BYTES,
  type NamedSource,
  NO_PICTURE,
  readLooks,
  readNames,
  readPictures,
  readSources,
  rowsIn,
  VARIANTS_MAX,
} from '../src/format/directory.ts';
import { LOOK_LENGTH, lookDistance } from '../src/format/look.ts';
import { DIRECTORY, type DirectoryPart, directoryPath } from '../src/format/site-paths.ts';
import type { CellPlace } from './cell-image.ts';
import type { Cells } from './cells.ts';
import { loadTold } from './scripts.ts';

/** What a picture shows: the number of its source, and its variant. */
export interface Shown {
  readonly source: number;
  readonly variant: number;
}

/** A source that a cell shows, with its number, and how the cell shows it. */
export interface ShownSource {
  readonly picture: number;
  readonly number: number;
  readonly variant: number;
  readonly source: DirectorySource;
}

/** Returns what a cell shows; undefined if that is not known. */
export async function shownIn(
  { column, row }: CellPlace,
  cells: Cells,
  directory: Directory,
): Promise<ShownSource | undefined> {
  await cells.load(column, row);
  const picture = cells.at(column, row);
  const shown = typeof picture === 'number' ? await directory.shown(picture) : undefined;
  const source = shown && (await directory.source(shown.source));
  if (typeof picture !== 'number' || !shown || !source) return undefined;
  return { picture, number: shown.source, variant: shown.variant, source };
}

/** Most bytes of a file: of each row of sources and of names, besides their cells; and of each cell. */
const [ROW_BYTES, CELL_BYTES, HEAD_BYTES] = [16_384, 8, 256];

/** The directory of a mosaic, loaded file by file on demand. A file that cannot be loaded counts as empty. */
export class Directory {
  readonly shape: DirectoryShape;
  private readonly base: string;
  private readonly loading = new Map<string, Promise<unknown>>();

  /** @param base address of the site, ending in `/`; empty for the page's own. */
  constructor(shape: DirectoryShape, base: string) {
    this.shape = shape;
    this.base = base;
  }

  /** Number of sources. */
  get count(): number {
    return this.shape.sources.used;
  }

  /** Returns what a picture shows; undefined if that is not known. */
  async shown(picture: number): Promise<Shown | undefined> {
    const per = this.per('pictures');
    const pictures = await this.load('pictures', Math.floor(picture / per), readPictures);
    const packed = pictures?.[picture % per];
    if (packed === undefined || packed === NO_PICTURE) return undefined;
    return { source: Math.floor(packed / VARIANTS_MAX), variant: packed % VARIANTS_MAX };
  }

  /** Returns a source; undefined if it is not known. */
  async source(number: number): Promise<DirectorySource | undefined> {
    const per = this.per('sources');
    const rows = await this.load('sources', Math.floor(number / per), readSources);
    return rows?.[number % per];
  }

  /** Returns the texts of all sources, by number; undefined where they are not known. */
  async names(): Promise<(NamedSource | undefined)[]> {
    const per = this.per('names');
    const files = await Promise.all(this.files('names').map((file) => this.load('names', file, readNames)));
    return files.flatMap(
      (rows, file): (NamedSource | undefined)[] => rows ?? Array.from({ length: rowsIn(file, per, this.count) }),
    );
  }

  /** Returns the sources that look most like one, nearest first, each with its first cell. */
  async nearest(source: number, most: number): Promise<{ readonly source: number; readonly cell: number }[]> {
    const per = this.per('looks');
    const files = await Promise.all(this.files('looks').map((file) => this.load('looks', file, readLooks)));
    const looks = new Uint8Array(this.count * LOOK_BYTES);
    for (const [file, bytes] of files.entries()) if (bytes) looks.set(bytes, file * per * LOOK_BYTES);
    const view = new DataView(looks.buffer);
    const found: { source: number; cell: number; distance: number }[] = [];
    for (let other = 0; other < this.count; other++) {
      if (other === source || !files[Math.floor(other / per)]) continue;
      const distance = lookDistance(looks, source * LOOK_BYTES, other * LOOK_BYTES);
      if (found.length === most && distance >= found[most - 1]!.distance) continue;
      const cell = view.getUint32(other * LOOK_BYTES + LOOK_LENGTH, true);
      const place = found.findIndex((one) => one.distance > distance);
      found.splice(place < 0 ? found.length : place, 0, { source: other, cell, distance });
      found.length = Math.min(found.length, most);
    }
    return found;
  }

  private per(part: DirectoryPart): number {
    return this.shape.directory.block * (part === 'sources' ? 1 : BLOCKS_PER_FILE[part]);
  }

  private files(part: 'names' | 'looks'): number[] {
    return Array.from({ length: Math.ceil(this.count / this.per(part)) }, (_, file) => file);
  }

  private async load<Rows>(
    part: DirectoryPart,
    file: number,
    read: (told: unknown, file: number, shape: DirectoryShape) => Rows | undefined,
  ): Promise<Rows | undefined> {
    const path = directoryPath(part, file);
    const { grid } = this.shape;
    const bytesMax = HEAD_BYTES + this.per(part) * ROW_BYTES + grid.columns * grid.rows * CELL_BYTES;
    const { global } = DIRECTORY[part];
    const loading =
      this.loading.get(path) ??
      loadTold({ src: this.base + path, global, name: String(file), bytesMax }).then((told) =>
        read(told, file, this.shape),
      );
    this.loading.set(path, loading);
    const rows = (await loading) as Rows | undefined;
    if (rows === undefined) this.loading.delete(path); // it may be there the next time
    return rows;
  }
}
