import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import sharp from 'sharp';
import { systemCode } from '../errors.ts';
import { explain } from '../reasons.ts';

/** Something in a site that is not as it should be. */
export interface Problem {
  /** Relative to the site, with `/`. */
  readonly path: string;
  readonly problem: string;
}

/** A tile as it should be. */
export interface Tile {
  readonly path: string;
  readonly width: number;
  readonly height: number;
  /** CRC-32 that it was written with. */
  readonly sum: number | undefined;
  /** The picture's own file, which it must equal. */
  readonly original: string | undefined;
  /** May be a source's own compressed data. */
  readonly own: boolean;
}

type Report = (path: string, problem: string) => void;

/** Checks tiles one by one; tiles of the same bytes are decoded once, a source's own tile is read once. */
export class TileChecker {
  /** Tiles decoded so far. */
  decoded = 0;
  private readonly site: string;
  /** Size that the tile of a CRC-32 was found to decode to. */
  private readonly sizes = new Map<number, string>();
  private readonly originals = new Map<string, number | undefined>();

  constructor(site: string) {
    this.site = site;
  }

  /** What is wrong with a tile; nothing, if it is as it should be. */
  async check(tile: Tile): Promise<Problem[]> {
    const problems: Problem[] = [];
    const report: Report = (path, problem) => problems.push({ path, problem });
    const bytes = this.read(tile.path, report);
    if (!bytes) return problems;
    const sum = crc32(bytes);
    if (tile.sum !== undefined && sum !== tile.sum) report(tile.path, 'damaged: its checksum is another');
    if (tile.original !== undefined) {
      const original = this.originalSum(tile.original, report);
      if (original !== undefined && original !== sum)
        report(tile.path, `differs from ${tile.original}, which it shows`);
    }
    await this.decode(bytes, sum, tile, report);
    return problems;
  }

  private originalSum(path: string, report: Report): number | undefined {
    if (this.originals.has(path)) return this.originals.get(path);
    const bytes = this.read(path, report);
    const sum = bytes && crc32(bytes);
    this.originals.set(path, sum);
    return sum;
  }

  /** Synchronously: for small files that is several times faster, and decoding goes on meanwhile. */
  private read(path: string, report: Report): Buffer | undefined {
    try {
      return readFileSync(join(this.site, path));
    } catch (error) {
      report(path, systemCode(error) === 'ENOENT' ? 'missing' : explain(error));
      return undefined;
    }
  }

  private async decode(bytes: Buffer, sum: number, tile: Tile, report: Report): Promise<void> {
    const expected = `${tile.width} x ${tile.height} px`;
    const known = this.sizes.get(sum);
    if (known === expected) return;
    try {
      // A source's own data may have harmless oddities; what we put together may not.
      const failOn = tile.own || tile.original !== undefined ? 'error' : 'warning';
      const { info } = await sharp(bytes, { failOn }).autoOrient().raw().toBuffer({ resolveWithObject: true });
      this.decoded++;
      const size = `${info.width} x ${info.height} px`;
      if (size === expected) this.sizes.set(sum, size);
      else report(tile.path, `is ${size}; expected ${expected}`);
    } catch (error) {
      report(tile.path, `does not decode: ${explain(error)}`);
    }
  }
}
