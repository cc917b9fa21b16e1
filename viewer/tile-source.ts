import OpenSeadragon from 'openseadragon';
import type { MosaicJson } from '../src/format/mosaic-json.ts';
import { mosaicTilePath } from '../src/format/mosaic-tiles.ts';
import { checkMosaic } from '../src/format/mosaic-reader.ts';
import type { Layout } from '../src/types.ts';
import { Cells } from './cells.ts';
import { closeUnloaded, type Pixels, takenFrom } from './bitmaps.ts';
import { DecodedImages, Images } from './images.ts';
import { type Hold, Jobs } from './jobs.ts';
import { cellUnder, chosenLayout, isComposed, type ViewLevel, viewLevels } from './levels.ts';
import { budgetOfDevice } from './memory.ts';
import { OriginalIndex } from './original-index.ts';
import { drawOriginal, detailOf } from './originals.ts';
import { canvasOf, type SheetTile, sheetTile } from './sheets.ts';
import { pictureFile } from '../src/format/site-paths.ts';

/** Options of a {@link MosaicTileSource}. */
export interface TileSourceOptions {
  /** Address of the site, ending in `/`; by default the page's own folder. */
  readonly base?: string;
  /** Layout to show, if the site has it; by default the best. */
  readonly layout?: string | null;
}

/**
 * Tile source of a zoomosaic site, in any layout. Where tiles belong to one picture each, they come from `tiles/`, so that a
 * picture is loaded and decoded once for all cells that show it. Levels without tiles are composed from sheets, or from
 * originals. Tiles are bitmaps (`imageBitmap`); 2D canvases (`context2d`) where the browser makes none.
 */
export class MosaicTileSource extends OpenSeadragon.TileSource {
  readonly mosaic: MosaicJson;
  readonly layout: Layout;
  readonly levels: readonly ViewLevel[];
  readonly base: string;
  readonly cells: Cells;
  readonly originals: OriginalIndex;
  private readonly sheetImages: DecodedImages;
  private readonly originalImages: DecodedImages;
  private readonly tiles = new Images();
  private readonly jobs = new Jobs();
  private start: number | undefined;
  private items: () => readonly OpenSeadragon.TiledImage[] = () => [];

  /**
   * @param json content of a `mosaic.json`; it is not trusted.
   * @throws if it is of an unknown version, or a field is wrong.
   */
  constructor(json: unknown, { base = '', layout: wanted = null }: TileSourceOptions = {}) {
    const mosaic = checkMosaic(json, 'page');
    const layout = chosenLayout(mosaic, wanted);
    const levels = viewLevels(mosaic, layout);
    const { width, height } = levels.at(-1)!;
    const { tile } = levels.at(-1)!;
    super({
      width,
      height,
      tileWidth: tile.width,
      tileHeight: tile.height,
      tileOverlap: 0,
      minLevel: 0,
      maxLevel: levels.length - 1,
    });
    this.mosaic = mosaic;
    this.layout = layout;
    this.levels = levels;
    this.base = base;
    const { sheets, originals } = budgetOfDevice();
    this.sheetImages = new DecodedImages(sheets);
    this.originalImages = new DecodedImages(originals);
    closeUnloaded();
    this.cells = new Cells(mosaic, base, () => this.lookAgain());
    const index = { pictures: mosaic.pictures, block: mosaic.originals?.block ?? 1 };
    this.originals = new OriginalIndex(index, base, () => this.lookAgain());
  }

  /** Number of blocks of the placement and of the index of originals that are being loaded. */
  get pending(): number {
    return this.cells.pending + this.originals.pending;
  }

  /** Sets the items that show this source. They look again for tiles that they lacked when more is known. */
  shownBy(items: () => readonly OpenSeadragon.TiledImage[]): void {
    this.items = items;
  }

  /**
   * Limits a first view to `level` (OpenSeadragon's) and finer ones, and the finest level that is one tile. Without `level`,
   * all levels exist again.
   */
  startAt(level?: number): void {
    const before = this.start;
    this.start = level;
    if (before !== undefined && level === undefined) this.lookAgain();
  }

  override getTileWidth(level: number): number {
    return this.levels[level]?.tile.width ?? super.getTileWidth(level);
  }

  override getTileHeight(level: number): number {
    return this.levels[level]?.tile.height ?? super.getTileHeight(level);
  }

  /** Tells whether a tile exists. Until the picture of its cell is known, it does not; coarser levels are shown instead. */
  override tileExists(level: number, x: number, y: number): boolean {
    const view = this.levels[level];
    if (!view || x < 0 || y < 0 || x >= view.columns || y >= view.rows) return false;
    if (view.from === 'file') return this.start === undefined || level >= this.start || this.isFirst(level);
    const [column, row] = cellUnder(view, x, y);
    const picture = this.cells.at(column, row);
    if (view.from === 'sheets') return picture !== null;
    if (picture === undefined) void this.cells.load(column, row);
    if (view.from === 'original') return typeof picture === 'number' && this.hasOriginal(picture);
    return picture !== undefined && (picture !== null || this.layout !== 'compact');
  }

  override getTileUrl(level: number, x: number, y: number): string {
    const view = this.levels[level]!;
    // Composed tiles have no URL; this one is for messages.
    if (isComposed(view)) return `${this.base}${view.from}#${level}/${x}_${y}`;
    return this.base + (this.pictureFile(view, x, y) ?? mosaicTilePath(this, view, { column: x, row: y }));
  }

  /** Returns one key per picture's file, wherever it appears: OpenSeadragon keeps one decoded image per key. */
  override getTileHashKey(level: number, x: number, y: number): string {
    const own = this.pictureFile(this.levels[level]!, x, y);
    return own ? `s:${this.base}${own}` : `${this.base}${this.layout}/${level}/${x}_${y}`;
  }

  /** Starts a job: joins a download of the same image or starts one, or composes the tile. */
  override downloadTileStart(job: OpenSeadragon.ImageJob): void {
    const { level, x, y } = job.tile;
    const view = this.levels[level]!;
    const crossOrigin = typeof job.crossOriginPolicy === 'string' ? job.crossOriginPolicy : null;
    const shared = view.from === 'sheets' ? this.sheetImages : this.originalImages;
    this.jobs.start(job, async (hold: Hold): Promise<Pixels> => {
      const load = (file: string) => hold(shared.get(this.base + file, crossOrigin));
      if (isComposed(view)) return await takenFrom(await this.compose({ view, x, y }, load));
      // Each viewer closes the bitmaps of its own tiles.
      return await hold(this.tiles.get(job.src, crossOrigin, job.tile.tiledImage!.viewer));
    });
  }

  /** Leaves the downloads of a job. A download ends when the last job leaves it. */
  override downloadTileAbort(job: OpenSeadragon.ImageJob): void {
    this.jobs.leave(job.tile);
  }

  /** Stops loading a tile; `false` if it is not being downloaded. */
  giveUp(tile: OpenSeadragon.Tile): boolean {
    return this.jobs.giveUp(tile);
  }

  /** Tiles that are being downloaded. */
  loadingTiles(): OpenSeadragon.Tile[] {
    return this.jobs.tiles();
  }

  /** Tells whether a level's tiles are composed in the browser. */
  isComposed(level: number): boolean {
    return isComposed(this.levels[level]!);
  }

  /** Px across of the original at a place (px of the deepest level), per px of its cell; at least 1. */
  detailAt(x: number, y: number): number {
    const { cell, width, height } = this.levels.at(-1)!;
    if (!this.mosaic.originals || x < 0 || y < 0 || x >= width || y >= height) return 1;
    const picture = this.cells.at(Math.floor(x / cell.width), Math.floor(y / cell.height));
    if (typeof picture !== 'number' || !this.hasOriginal(picture)) return 1;
    return Math.max(1, detailOf(this.originals.of(picture)!, this.mosaic.cell));
  }

  /** Tells whether a level is the finest that consists of one tile. */
  private isFirst(level: number): boolean {
    const isOne = (view: ViewLevel | undefined) => view?.columns === 1 && view.rows === 1;
    return isOne(this.levels[level]) && !isOne(this.levels[level + 1]);
  }

  /** Composes a tile from sheets, or from originals. */
  private async compose(
    { view, x, y }: Pick<SheetTile, 'view' | 'x' | 'y'>,
    load: SheetTile['load'],
  ): Promise<CanvasRenderingContext2D> {
    if (view.from === 'sheets') return await sheetTile({ view, x, y, cells: this.cells, mosaic: this.mosaic, load });
    const [column, row] = cellUnder(view, x, y);
    const picture = this.cells.at(column, row);
    const original = typeof picture === 'number' ? this.originals.of(picture) : null;
    if (!original) throw new Error('There is no original');
    const { cell, tile } = view;
    const [left, top] = [x * tile.width - column * cell.width, y * tile.height - row * cell.height];
    const context = canvasOf(view, x, y);
    context.fillStyle = this.mosaic.background;
    context.fillRect(0, 0, tile.width, tile.height);
    await drawOriginal(context, { original, cell, part: { left, top, ...tile } }, load);
    return context;
  }

  private hasOriginal(picture: number): boolean {
    const original = this.originals.of(picture);
    if (original === undefined) void this.originals.load(picture);
    return !!original;
  }

  /** Returns the file of the picture at a tile's place, if its level has such tiles and the picture is known. */
  private pictureFile(view: ViewLevel, x: number, y: number): string | undefined {
    if (view.from !== 'picture') return undefined;
    const [column, row] = cellUnder(view, x, y);
    const picture = this.cells.at(column, row);
    if (typeof picture !== 'number') return undefined;
    const { cell, tile } = view;
    const [across, down] = [cell.width / tile.width, cell.height / tile.height];
    const { cell: deepest, tile: coding } = this.mosaic;
    const files = { ...cell, across, down, cell: deepest, extension: coding.extension };
    return pictureFile(picture, [x % across, y % down], files);
  }

  /** Makes items drop their tiles that did not exist so far, and look for them again. */
  lookAgain(): void {
    for (const item of this.items()) {
      // A tile keeps the URL, key and existence it was made with. `reset()` would also discard what is on the screen.
      const { tilesMatrix } = item as unknown as {
        tilesMatrix: Record<number, Record<number, Record<number, OpenSeadragon.Tile>>>;
      };
      for (const level of this.levels.keys()) {
        for (const column of Object.values(tilesMatrix[level] ?? {})) {
          for (const [row, tile] of Object.entries(column)) if (!tile.exists) delete column[Number(row)];
        }
      }
      // The clip stays empty, but setting it makes the item look for missing tiles.
      item.setClip(null);
    }
  }
}
