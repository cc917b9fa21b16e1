import { cutAtRestarts, type Sampling, type Segments } from '../jpeg/restarts.ts';
import { JpegError } from '../jpeg/parts.ts';
import type { TileHeader } from '../jpeg/splice.ts';
import { Kept } from './kept.ts';
import type { LevelPart } from './level.ts';
import type { SiteLevel } from './site-level.ts';

/** Most bytes of JPEG data whose segments are kept. */
const SEGMENTS_MAX = 2 ** 26;

/**
 * The JPEG data of a level, as the entropy-coded segments that its files were spliced from: all of one width, one row of MCUs
 * high, with the same tables.
 */
export class SiteSegments {
  /** Header of all of them, with the size 0 x 0. */
  readonly header: TileHeader;
  readonly sampling: Sampling;
  /** Side of an MCU, and width of a segment, px. */
  readonly mcu: 8 | 16;
  readonly width: number;
  /** MCUs of a segment. */
  readonly mcus: number;
  private readonly level: SiteLevel;
  private readonly kept = new Kept<Segments>(SEGMENTS_MAX);

  /** @throws {JpegError} if the level cannot be spliced. */
  constructor(level: SiteLevel) {
    this.level = level;
    const { header, sampling, mcus } = cutAtRestarts(level.fileOf(level.partAt(0, 0)));
    [this.header, this.sampling, this.mcus] = [header, sampling, mcus];
    this.mcu = sampling === 2 ? 16 : 8;
    this.width = mcus * this.mcu;
    const { part } = level.level;
    const { width, mcu } = this;
    const sides = [level.width % width, part.width % width, level.height % mcu, part.height % mcu];
    if (sides.some((rest) => rest !== 0)) throw new JpegError('expected parts of whole segments');
  }

  /**
   * Returns the segment at a place of the level, px.
   *
   * @throws {JpegError} if the file there has no such segments.
   */
  at(x: number, y: number): Uint8Array {
    const { width, height } = this.level.level.part;
    const part = this.level.partAt(Math.floor(x / width), Math.floor(y / height));
    const { left, top, rect, fileSize, file } = part;
    const bytes = (fileSize.width * fileSize.height) / 4;
    const segments = this.kept.get(file, bytes, () => this.cut(part));
    return segments.at((left + x - rect.left) / this.width, (top + y - rect.top) / this.mcu);
  }

  private cut(part: LevelPart): Segments {
    const segments = cutAtRestarts(this.level.fileOf(part));
    const { header, mcus, across, down } = segments;
    const isAlike = mcus === this.mcus && Buffer.compare(header.bytes, this.header.bytes) === 0;
    const { width, height } = part.fileSize;
    if (!isAlike || across * this.width !== width || down * this.mcu !== height) throw new JpegError('other segments');
    return segments;
  }
}
