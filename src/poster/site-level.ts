import { UserError } from '../errors.ts';
import type { MosaicJson } from '../format/mosaic-json.ts';
import { explain } from '../image/reasons.ts';
import { sharp } from '../image/sharp.ts';
import { mapOrdered } from '../threads/ordered.ts';
import type { Rect, Size } from '../types.ts';
import { readPlacement } from '../verify/placement.ts';
import { Problems } from '../verify/problems.ts';
import type { SiteFiles } from '../verify/site-files.ts';
import { InnerFiles } from './inner-files.ts';
import { Kept } from './kept.ts';
import type { LevelPart, PosterLevel } from './level.ts';

/** Most bytes of decoded files that are kept, and of files as they are. */
const [PX_MAX, FILES_MAX] = [3 * 2 ** 24, 2 ** 25];
/** Number of files that are decoded at once. */
const AT_ONCE = 4;

/** A picture of which any part can be read. */
export interface PxSource extends Size {
  /** Reads a part: RGB, 8-bit sRGB, row-major. */
  read(rect: Rect): Promise<Uint8Array>;
}

/** A level of a site, which it reads the files of. It trusts neither their number nor their content. */
export class SiteLevel implements PxSource {
  readonly level: PosterLevel;
  readonly width: number;
  readonly height: number;
  private readonly files: SiteFiles;
  private readonly cells: Uint32Array;
  private readonly decoded = new Kept<Promise<Uint8Array>>(PX_MAX);
  private readonly asTheyAre = new Kept<Buffer>(FILES_MAX);

  /**
   * @param root real path of the site.
   * @throws {UserError} `site` if the placement is needed and cannot be read.
   */
  constructor(root: string, mosaic: MosaicJson, level: PosterLevel) {
    this.level = level;
    [this.width, this.height] = [level.width, level.height];
    this.files = new InnerFiles(root);
    this.cells = level.isPlaced ? placementOf(mosaic, this.files) : new Uint32Array(0);
  }

  /** Returns the part in a column and a row of the level's grid. */
  partAt(column: number, row: number): LevelPart {
    return this.level.partAt(column, row, this.cells);
  }

  /**
   * Reads a file of the site.
   *
   * @throws {UserError} `site` if it is missing, too large, no file, or a link out of the site.
   */
  fileOf({ file, fileSize }: LevelPart): Buffer {
    // Compressed files have about a quarter of a byte per px.
    return this.asTheyAre.get(file, (fileSize.width * fileSize.height) / 4, () => this.readFile(file));
  }

  private readFile(file: string): Buffer {
    const read = this.files.read(file);
    if (read.problem !== undefined) throw unusable(file, read.problem);
    if (!read.bytes) throw unusable(file, 'is too large');
    return read.bytes;
  }

  async read(rect: Rect): Promise<Uint8Array> {
    const px = new Uint8Array(rect.width * rect.height * 3);
    const byFile = new Map<string, LevelPart[]>();
    for (const part of this.partsIn(rect)) {
      const alike = byFile.get(part.file);
      if (alike) alike.push(part);
      else byFile.set(part.file, [part]);
    }
    const draw = async (alike: readonly LevelPart[]) => {
      const [{ file, fileSize }] = alike as [LevelPart];
      const bytes = fileSize.width * fileSize.height * 3;
      const decoded = await this.decoded.get(file, bytes, () => this.decode(alike[0]!));
      for (const part of alike) copyPart(decoded, part, { px, rect });
    };
    for await (const _ of mapOrdered(byFile.values(), AT_ONCE, draw));
    return px;
  }

  private *partsIn({ left, top, width, height }: Rect): Generator<LevelPart> {
    const { part } = this.level;
    for (let row = Math.floor(top / part.height); row * part.height < top + height; row++) {
      for (let column = Math.floor(left / part.width); column * part.width < left + width; column++)
        yield this.partAt(column, row);
    }
  }

  /** Decodes the file of a part to RGB; one of another size is refused before it takes any memory. */
  private async decode(part: LevelPart): Promise<Uint8Array> {
    const { file, fileSize } = part;
    const bytes = this.readFile(file);
    try {
      const limitInputPixels = fileSize.width * fileSize.height;
      const image = sharp(bytes, { failOn: 'error', limitInputPixels }).toColourspace('srgb').removeAlpha();
      const { data, info } = await image.raw().toBuffer({ resolveWithObject: true });
      if (info.width === fileSize.width && info.height === fileSize.height && info.channels === 3) return data;
      throw unusable(file, `is ${info.width} x ${info.height} px; expected ${fileSize.width} x ${fileSize.height}`);
    } catch (error) {
      if (error instanceof UserError) throw error;
      throw unusable(file, `does not decode: ${explain(error)}`, error);
    }
  }
}

/** Copies what lies in `rect` of a part into the px of that rectangle. */
function copyPart(
  from: Uint8Array,
  { fileSize, left, top, rect: own }: LevelPart,
  { px, rect }: { readonly px: Uint8Array; readonly rect: Rect },
): void {
  const [x0, y0] = [Math.max(own.left, rect.left), Math.max(own.top, rect.top)];
  const [x1, y1] = [own.left + own.width, own.top + own.height];
  const bytes = (Math.min(x1, rect.left + rect.width) - x0) * 3;
  for (let y = y0; y < Math.min(y1, rect.top + rect.height); y++) {
    const at = ((top + y - own.top) * fileSize.width + left + x0 - own.left) * 3;
    px.set(from.subarray(at, at + bytes), ((y - rect.top) * rect.width + x0 - rect.left) * 3);
  }
}

/** Reads the picture number of each cell. */
function placementOf(mosaic: MosaicJson, files: SiteFiles): Uint32Array {
  const problems = new Problems();
  problems.proven = true; // the first problem is enough, and none ends the search
  const cells = readPlacement(mosaic, undefined, { files, problems });
  if (cells) return cells;
  const { path, problem } = problems.all[0]!;
  throw unusable(path, problem);
}

/** The error of a file of the site that cannot be used. */
function unusable(file: string, problem: string, cause?: unknown): UserError {
  const remedy = 'Find what else is damaged with `zoomosaic verify`, and mend it with `--repair`.';
  return new UserError('site', `${file} of the site ${problem === 'missing' ? 'is missing' : problem}`, remedy, {
    cause,
  });
}
