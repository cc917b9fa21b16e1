import OpenSeadragon from 'openseadragon';
import { iiifImageOf, iiifTilePath } from '../src/layout/iiif-image.ts';
import { pictureFile } from '../src/tiles/tile-set.ts';
import type { MosaicJson } from '../src/format/mosaic-json.ts';
import { checkMosaic } from '../src/format/mosaic-reader.ts';
import type { Layout } from '../src/types.ts';
import { Cells } from './cells.ts';
import { Images, type Ticket } from './images.ts';
import { layoutOf, type ViewLevel, viewLevels } from './levels.ts';
import { drawOriginal, OriginalIndex } from './originals.ts';
import { canvasOf, sheetTile } from './sheets.ts';

/** How a mosaic is shown. */
export interface TileSourceOptions {
  /** Address of the site, ending in `/`; by default the page's own folder. */
  readonly base?: string;
  /** One of the site's layouts; by default the best. */
  readonly layout?: string | null;
}

/** Sheets and originals that are kept, since tiles that come later want them, too; originals are up to 16 MB of px. */
const [KEPT_SHEETS, KEPT_ORIGINALS] = [48, 16];

/**
 * The tile source of a zoomosaic site, in whatever layout. Levels whose tiles belong to one picture each take them from
 * `tiles/`, so that a picture is loaded and decoded once however many cells show it; levels that have no tiles of their own
 * are put together from sheets. Tiles are images, or 2D canvases (`context2d`).
 */
export class MosaicTileSource extends OpenSeadragon.TileSource {
  readonly mosaic: MosaicJson;
  readonly layout: Layout;
  readonly levels: readonly ViewLevel[];
  private readonly base: string;
  private readonly cells: Cells;
  private readonly originals: OriginalIndex;
  private readonly sheetImages = new Images(KEPT_SHEETS);
  private readonly originalImages = new Images(KEPT_ORIGINALS);
  /** Tiles come and go, and OpenSeadragon keeps those it needs. */
  private readonly tiles = new Images(0);
  private readonly left = new WeakMap<OpenSeadragon.ImageJob, () => void>();
  private start: number | undefined;
  private pictures: () => readonly OpenSeadragon.TiledImage[] = () => [];

  /**
   * @param json what a `mosaic.json` holds, whoever wrote it.
   * @throws if it is of a version that this does not know, or a field is not as it should be.
   */
  constructor(json: unknown, { base = '', layout: wanted = null }: TileSourceOptions = {}) {
    const mosaic = checkMosaic(json, 'page');
    const layout = layoutOf(mosaic, wanted);
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
    this.cells = new Cells(mosaic, base, () => this.lookAgain());
    const index = { pictures: mosaic.pictures, block: mosaic.originals?.block ?? 1 };
    this.originals = new OriginalIndex(index, base, () => this.lookAgain());
  }

  /** Number of files that are being loaded to know which pictures and originals stand where. */
  get pending(): number {
    return this.cells.pending + this.originals.pending;
  }

  /** Tells which pictures of viewers show this source: they look again for tiles that they lacked. */
  shownBy(pictures: () => readonly OpenSeadragon.TiledImage[]): void {
    this.pictures = pictures;
  }

  /**
   * Has a first view load just the level that it shows, and the finest that is one tile until then: `level` of
   * OpenSeadragon. Without one, all levels are there again.
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

  /** Until it is known which picture stands in a cell, coarser levels stand in for its own tiles. */
  override tileExists(level: number, x: number, y: number): boolean {
    const view = this.levels[level];
    if (!view || x < 0 || y < 0 || x >= view.columns || y >= view.rows) return false;
    if (view.from === 'file') return this.start === undefined || level >= this.start || this.isFirst(level);
    const [column, row] = cellOf(view, x, y);
    const picture = this.cells.at(column, row);
    if (view.from === 'sheets') return picture !== null;
    if (picture === undefined) void this.cells.load(column, row);
    if (view.from === 'original') return typeof picture === 'number' && this.hasOriginal(picture);
    return picture !== undefined && (picture !== null || this.layout !== 'compact');
  }

  override getTileUrl(level: number, x: number, y: number): string {
    const view = this.levels[level]!;
    // Tiles that are put together have no address; this one is for messages.
    if (isComposed(view)) return `${this.base}${view.from}#${level}/${x}_${y}`;
    return this.base + (this.pictureFile(view, x, y) ?? this.tileFile(view, x, y));
  }

  /** One key per picture's file, wherever it appears: OpenSeadragon keeps one decoded image per key. */
  override getTileHashKey(level: number, x: number, y: number): string {
    const own = this.pictureFile(this.levels[level]!, x, y);
    return own ? `s:${this.base}${own}` : `${this.base}${this.layout}/${level}/${x}_${y}`;
  }

  /** Joins a download of the same image that is under way, or starts one; puts a tile together from sheets. */
  override downloadTileStart(job: OpenSeadragon.ImageJob): void {
    const { level, x, y } = job.tile;
    const view = this.levels[level]!;
    const tickets: Ticket[] = [];
    this.left.set(job, () => tickets.forEach((ticket) => ticket.leave()));
    const crossOrigin = typeof job.crossOriginPolicy === 'string' ? job.crossOriginPolicy : null;
    const load = (images: Images) => (url: string) => {
      const ticket = images.get(url, crossOrigin);
      tickets.push(ticket);
      return ticket.image;
    };
    const shared = view.from === 'sheets' ? this.sheetImages : this.originalImages;
    const kept = (file: string) => load(shared)(this.base + file);
    const data = isComposed(view) ? this.compose(view, x, y, kept) : load(this.tiles)(job.src);
    data.then(
      // A job that has timed out meanwhile has no id any more, and must not be reported twice.
      (tile) => job.jobId !== null && job.finish(tile, null, isComposed(view) ? 'context2d' : 'image'),
      (error: unknown) => job.jobId !== null && job.fail(error instanceof Error ? error.message : String(error), null),
    );
  }

  /** Leaves a download; the last one to leave ends it. */
  override downloadTileAbort(job: OpenSeadragon.ImageJob): void {
    this.left.get(job)?.();
  }

  /** Whether a level is the finest that is all in one tile. */
  private isFirst(level: number): boolean {
    const isOne = (view: ViewLevel | undefined) => view?.columns === 1 && view.rows === 1;
    return isOne(this.levels[level]) && !isOne(this.levels[level + 1]);
  }

  private async compose(
    view: ViewLevel,
    x: number,
    y: number,
    load: (file: string) => Promise<HTMLImageElement>,
  ): Promise<CanvasRenderingContext2D> {
    if (view.from === 'sheets') return await sheetTile({ view, x, y, cells: this.cells, mosaic: this.mosaic, load });
    const [column, row] = cellOf(view, x, y);
    const picture = this.cells.at(column, row);
    const original = typeof picture === 'number' ? this.originals.of(picture) : null;
    if (!original) throw new Error('There is no original');
    const { cell, tile } = view;
    const [left, top] = [x * tile.width - column * cell.width, y * tile.height - row * cell.height];
    const context = canvasOf(view, x, y);
    context.fillStyle = this.mosaic.background;
    context.fillRect(0, 0, tile.width, tile.height);
    await drawOriginal(context, original, cell, { left, top, ...tile }, load);
    return context;
  }

  private hasOriginal(picture: number): boolean {
    const original = this.originals.of(picture);
    if (original === undefined) void this.originals.load(picture);
    return !!original;
  }

  /** The file of the picture whose tile stands at a place, if its level has such tiles and the picture is known. */
  private pictureFile(view: ViewLevel, x: number, y: number): string | undefined {
    if (view.from !== 'picture') return undefined;
    const [column, row] = cellOf(view, x, y);
    const picture = this.cells.at(column, row);
    if (typeof picture !== 'number') return undefined;
    const { cell, tile } = view;
    const [across, down] = [cell.width / tile.width, cell.height / tile.height];
    const { cell: deepest, tile: coding } = this.mosaic;
    const shape = { ...cell, across, down };
    return pictureFile(picture, shape, [x % across, y % down], deepest, coding.extension);
  }

  private tileFile(view: ViewLevel, x: number, y: number): string {
    const { mosaic, layout } = this;
    if (layout === 'iiif') return iiifFile(mosaic, view, x, y);
    return `${layout === 'dzi' ? 'mosaic' : 'overview'}_files/${view.level}/${x}_${y}.${mosaic.tile.extension}`;
  }

  /** Has pictures forget what they believe of tiles that did not exist so far. */
  private lookAgain(): void {
    for (const picture of this.pictures()) {
      // A tile keeps the URL, key and existence it was made with. `reset()` would throw away what is on the screen, too.
      const { tilesMatrix } = picture as unknown as {
        tilesMatrix: Record<number, Record<number, Record<number, OpenSeadragon.Tile>>>;
      };
      for (const level of this.levels.keys()) {
        for (const column of Object.values(tilesMatrix[level] ?? {})) {
          for (const [row, tile] of Object.entries(column)) if (!tile.exists) delete column[Number(row)];
        }
      }
      // There was no clip and is none now, but the picture looks again for tiles that it lacks.
      picture.setClip(null);
    }
  }
}

/** Where a tile lies in the layout iiif; the whole as one tile is asked for as such. */
function iiifFile({ width, height, levels }: MosaicJson, view: ViewLevel, x: number, y: number): string {
  const { tile, columns, rows } = view;
  if (columns * rows === 1) return `iiif/image/full/${view.width},${view.height}/0/default.jpg`;
  const image = iiifImageOf({ width, height, tileWidth: tile.width, tileHeight: tile.height });
  return `iiif/image/${iiifTilePath(image, 2 ** (levels.length - 1 - view.level), x, y)}`;
}

/** Whether a level's tiles are put together here. */
function isComposed({ from }: ViewLevel): boolean {
  return from === 'sheets' || from === 'original';
}

/** The cell that a tile begins in. */
function cellOf({ cell, tile }: ViewLevel, x: number, y: number): [column: number, row: number] {
  return [Math.floor((x * tile.width) / cell.width), Math.floor((y * tile.height) / cell.height)];
}
