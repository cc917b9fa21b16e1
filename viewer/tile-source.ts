/**
 * The tile source of a zoomosaic site: a standard Deep Zoom pyramid, in which the levels whose tiles belong to one source
 * each take them from `tiles/`, so that a source is loaded and decoded once however many cells show it.
 *
 * A classic script, since pages opened from disk can load no modules; everything is within `Zoomosaic`.
 */
namespace Zoomosaic {
  /** A level of `mosaic.json`. */
  export interface Level {
    level: number;
    cell: number;
    width: number;
    height: number;
    columns: number;
    rows: number;
    from: 'reference' | 'splice' | 'paint';
  }

  /** What the viewer needs of `mosaic.json`. */
  export interface Mosaic {
    format: string;
    version: number;
    title: string;
    layout: string;
    grid: { columns: number; rows: number };
    cellSize: number;
    tileSize: number;
    width: number;
    height: number;
    tile: { extension: string };
    levels: Level[];
    sources: { used: number };
    placement: { file: string; type: 'u16' | 'u32' };
  }

  /** A download that one tile or several are waiting for. */
  interface Download {
    readonly image: HTMLImageElement;
    readonly jobs: Set<OpenSeadragon.ImageJob>;
  }

  /** Tiles by level, column and row, with their URLs and cache keys. */
  export class TileSource extends OpenSeadragon.TileSource {
    private readonly mosaic: Mosaic;
    /** `undefined` until it is known; `null` if it cannot be had. */
    private placement: Placement | null | undefined;
    private readonly downloads = new Map<string, Download>();

    constructor(mosaic: Mosaic) {
      const { width, height, tileSize, levels } = mosaic;
      super({ width, height, tileSize, tileOverlap: 0, minLevel: 0, maxLevel: levels.length - 1 });
      this.mosaic = mosaic;
    }

    /**
     * Makes the placement known; `null` if it cannot be had: tiles then come from the pyramid alone. `pictures` are
     * those that show this source: what they believe of levels that were not to be had so far is forgotten.
     */
    setPlacement(placement: Placement | null, pictures: readonly OpenSeadragon.TiledImage[]): void {
      this.placement = placement;
      for (const picture of pictures) {
        // A tile keeps the URL, key and existence it was made with. `reset()` would throw away what is on the screen,
        // too, and warn of each download under way; none of these tiles has been loaded.
        const { tilesMatrix } = picture as unknown as { tilesMatrix: Record<number, unknown> };
        for (const { level, from } of this.mosaic.levels) if (from === 'reference') delete tilesMatrix[level];
        // There was no clip and is none now, but the picture looks again for tiles that it lacks.
        picture.setClip(null);
      }
    }

    /** Until the placement is known, coarser levels stand in for those whose tiles belong to one source. */
    override tileExists(level: number, x: number, y: number): boolean {
      const { columns, rows, from } = this.mosaic.levels[level] ?? { columns: 0, rows: 0, from: 'paint' };
      if (x < 0 || y < 0 || x >= columns || y >= rows) return false;
      return from !== 'reference' || this.placement !== undefined;
    }

    override getTileUrl(level: number, x: number, y: number): string {
      const { extension } = this.mosaic.tile;
      const own = this.ownTile(level, x, y);
      if (!own) return `mosaic_files/${level}/${x}_${y}.${extension}`;
      return `tiles/${own.id >> 10}/${own.name}.${extension}`;
    }

    /** One key per source's tile, wherever it appears: OpenSeadragon keeps one decoded image per key. */
    override getTileHashKey(level: number, x: number, y: number): string {
      const own = this.ownTile(level, x, y);
      return own ? `s:${own.name}` : `${level}/${x}_${y}`;
    }

    /** Joins a download of the same image that is under way, or starts one. */
    override downloadTileStart(job: OpenSeadragon.ImageJob): void {
      const url = job.src;
      const known = this.downloads.get(url);
      if (known) {
        known.jobs.add(job);
        return;
      }
      const image = new Image();
      const download = { image, jobs: new Set([job]) };
      this.downloads.set(url, download);
      const settle = (act: (waiting: OpenSeadragon.ImageJob) => void) => () => {
        if (this.downloads.get(url) !== download) return;
        // A job that has timed out meanwhile has no id any more, and must not be reported twice.
        for (const waiting of download.jobs) if (waiting.jobId !== null) act(waiting);
        // Last: a job that OpenSeadragon starts meanwhile joins, and its turn comes.
        this.downloads.delete(url);
      };
      const finish = settle((waiting) => waiting.finish(image, null, 'image'));
      const fail = settle((waiting) => waiting.fail(`${url} cannot be loaded`, null));
      image.addEventListener('load', finish, { once: true });
      image.addEventListener('error', fail, { once: true });
      image.src = url;
    }

    /** Leaves a download; the last one to leave ends it. */
    override downloadTileAbort(job: OpenSeadragon.ImageJob): void {
      const url = job.src;
      const download = this.downloads.get(url);
      if (!download?.jobs.delete(job) || download.jobs.size > 0) return;
      this.downloads.delete(url);
      download.image.src = '';
    }

    /** Which source's tile stands at a place, if its level has tiles of one source each. */
    private ownTile(level: number, x: number, y: number): { id: number; name: string } | undefined {
      const { cell, from } = this.mosaic.levels[level]!;
      if (from !== 'reference' || !this.placement) return undefined;
      const { grid, tileSize } = this.mosaic;
      const side = cell / tileSize;
      const id = this.placement[Math.floor(y / side) * grid.columns + Math.floor(x / side)];
      if (id === undefined) return undefined;
      return { id, name: side === 1 ? `${id}` : `${id}_${cell}_${x % side}_${y % side}` };
    }
  }
}
