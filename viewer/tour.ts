/** The tour: a slow flight from the whole into cells and back. Any input ends it. */
import type OpenSeadragon from 'openseadragon';
import type { CellPlace } from './cell-image.ts';
import { framed, placeOf, showView } from './frame.ts';
import type { View } from './link.ts';
import type { MosaicTileSource } from './tile-source.ts';

/** Durations, ms: of a flight, of a rest at a cell and at the whole, and of idleness after which a tour goes on. */
const [FLIGHT, REST, IDLE] = [7000, 4000, 30_000];
/** Number of cells between two views of the whole. */
const CELLS_AT_ONCE = 4;
/** Width of the view between two cells, relative to their distance. */
const WIDENED = 1.6;
/** What ends a tour. */
const INPUTS = ['pointerdown', 'wheel', 'keydown'] as const;

/** A tour over a mosaic. */
export class Tour {
  private readonly viewer: OpenSeadragon.Viewer;
  private readonly tiles: MosaicTileSource;
  private readonly goesOn: boolean;
  private readonly onStart: () => void;
  private timer = 0;
  private stop = 0;
  private running = false;
  private last: CellPlace | undefined;
  private durations: (() => void) | undefined;

  /**
   * @param goesOn starts again after a while without input, for screens that nobody attends.
   * @param onStart closes what lies over the mosaic.
   */
  constructor(
    viewer: OpenSeadragon.Viewer,
    tiles: MosaicTileSource,
    { goesOn, onStart }: { readonly goesOn: boolean; readonly onStart: () => void },
  ) {
    this.viewer = viewer;
    this.tiles = tiles;
    this.goesOn = goesOn;
    this.onStart = onStart;
    const end = (event: Event) => {
      // A key that ends a tour does nothing else: its own would start it again.
      if (this.running && event.type === 'keydown') event.stopPropagation();
      this.end();
    };
    for (const input of INPUTS) addEventListener(input, end, { passive: true, capture: true });
  }

  start(): void {
    if (this.running) return;
    clearTimeout(this.timer);
    this.onStart();
    this.running = true;
    this.stop = 0;
    document.body.classList.add('touring');
    this.durations = slowed(this.viewer);
    this.next();
  }

  private end(): void {
    clearTimeout(this.timer);
    if (this.running) {
      this.running = false;
      this.durations?.();
      document.body.classList.remove('touring');
      const { viewport } = this.viewer;
      // Stops where it is.
      viewport.zoomTo(viewport.getZoom(true), undefined, true);
      viewport.panTo(viewport.getCenter(true), true);
    }
    if (this.goesOn) this.timer = setTimeout(() => this.start(), IDLE);
  }

  private next(): void {
    if (!this.running) return;
    const isWhole = this.stop % (CELLS_AT_ONCE + 1) === 0;
    const place = isWhole ? undefined : this.place(this.stop);
    this.stop++;
    if (!place) {
      this.last = undefined;
      this.viewer.viewport.goHome();
      this.after(() => this.next());
      return;
    }
    const between = this.last && this.between(this.last, place);
    this.last = place;
    const arrive = () => {
      this.show(framed(this.viewer, this.tiles.mosaic, { place }));
      this.after(() => this.next());
    };
    if (!between) return arrive();
    this.show(between);
    this.timer = setTimeout(arrive, FLIGHT * 0.6);
  }

  private after(act: () => void): void {
    this.timer = setTimeout(act, FLIGHT + REST);
  }

  /** Returns the next cell: of the site's own tour, or any. */
  private place(stop: number): CellPlace {
    const { grid, tour } = this.tiles.mosaic;
    const at = stop - 1 - Math.floor(stop / (CELLS_AT_ONCE + 1));
    const cell = tour?.[at % tour.length] ?? Math.floor(Math.random() * grid.columns * grid.rows);
    return placeOf(cell, grid);
  }

  private between(a: CellPlace, b: CellPlace): View {
    const width = Math.max(8, WIDENED * Math.hypot(a.column - b.column, a.row - b.row));
    const { columns } = this.tiles.mosaic.grid;
    return { x: (a.column + b.column + 1) / 2, y: (a.row + b.row + 1) / 2, width: Math.min(columns, width) };
  }

  private show(view: View): void {
    showView(this.viewer, this.tiles.mosaic, { view, atOnce: false });
  }
}

/** Slows all flights of a viewer down. Returns what makes them as before. */
function slowed({ viewport }: OpenSeadragon.Viewer): () => void {
  const { centerSpringX, centerSpringY, zoomSpring } = viewport as unknown as Record<string, OpenSeadragon.Spring>;
  const springs = [centerSpringX!, centerSpringY!, zoomSpring!] as { animationTime: number; springStiffness: number }[];
  const before = springs.map(({ animationTime, springStiffness }) => [animationTime, springStiffness] as const);
  for (const spring of springs) {
    spring.animationTime = FLIGHT / 1000;
    spring.springStiffness = 3; // eases in and out less abruptly
  }
  return () => {
    for (const [i, spring] of springs.entries()) [spring.animationTime, spring.springStiffness] = before[i]!;
  };
}
