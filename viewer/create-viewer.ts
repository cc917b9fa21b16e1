/** A mosaic in an element of any page. */
import type OpenSeadragon from 'openseadragon';
import type { Caption } from '../src/format/directory.ts';
import type { MosaicJson } from '../src/format/mosaic-json.ts';
import type { Rect, Size } from '../src/types.ts';
import { cropRect } from '../src/tiles/crops.ts';
import { cropOfVariant, turnOfVariant } from '../src/tiles/variants.ts';
import type { CellPlace } from './cell-image.ts';
import { Directory, shownIn } from './directory.ts';
import { cellAt, framed, nearestOf, placeOf, showView, viewOf } from './frame.ts';
import type { View } from './link.ts';
import { Marks } from './marks.ts';
import { openViewer } from './open-viewer.ts';
import { SearchIndex } from './search-index.ts';
import { Texts } from './strings.ts';
import { openMosaic } from './open-mosaic.ts';
import type { MosaicTileSource } from './tile-source.ts';

/** Options of {@link createViewer}. */
export interface CreateViewerOptions {
  /** Layout to show, if the site has it; by default the best. */
  readonly layout?: string;
  /** Language of labels: `en` (the default) or `de`. */
  readonly language?: string;
  /** Shows a minimap; true by default. */
  readonly minimap?: boolean;
  /** Lets the page scroll over the viewer: zooming takes two fingers, or Ctrl and the wheel. False by default. */
  readonly cooperativeGestures?: boolean;
}

/** A source that a cell shows. */
export interface ShownSource extends Size {
  /** Its number in the site, from 0. */
  readonly number: number;
  /** Name of its file; undefined if the site has no names. */
  readonly name: string | undefined;
  readonly caption: Caption;
  /** Cells that show it. */
  readonly cells: readonly CellPlace[];
}

/** A cell, and what it shows. */
export interface CellEvent extends CellPlace {
  /** Undefined if the site's directory cannot be loaded. */
  readonly source: ShownSource | undefined;
  /** The part of the source that the cell shows, px of the upright image. */
  readonly part: Rect | undefined;
  /** Orientation: quarter turns clockwise (0 to 3), plus 4 if it was mirrored before. */
  readonly turn: number;
}

/** Events of a {@link MosaicViewer}, and what their handlers receive. */
export interface MosaicEvents {
  /** The mosaic is open. */
  readonly open: MosaicJson;
  /** A cell was clicked or tapped. */
  readonly cell: CellEvent;
  /** The view has come to rest: its centre and width, in cells. */
  readonly view: View;
}

/** Where to go: a cell, a source by its name or number, a view, or the whole. */
export type Goal = CellPlace | { readonly source: string | number } | View | 'whole';

/** A source that a search found. */
export interface FoundSource {
  readonly number: number;
  readonly name: string | undefined;
  readonly title: string | undefined;
  /** A cell that shows it. */
  readonly cell: CellPlace;
}

/** Time in which a second click makes a double click, which zooms, ms. */
const DOUBLE_MS = 260;

/**
 * Shows a mosaic in an element, which needs a size. Several may be on one page, beside OpenSeadragon viewers of the page's own.
 *
 * @param site address of the site's folder. A site of another origin must allow that (`Access-Control-Allow-Origin`).
 * @throws if the site's `mosaic.json` cannot be loaded, is of an unknown version, or has a wrong field.
 */
export async function createViewer(
  element: HTMLElement,
  site: string,
  options: CreateViewerOptions = {},
): Promise<MosaicViewer> {
  const { layout = null } = options;
  return new MosaicViewer(element, await openMosaic(site, { layout }), options);
}

/** A mosaic in an element; see {@link createViewer}. */
export class MosaicViewer {
  /** The OpenSeadragon viewer, for all that it can do. */
  readonly viewer: OpenSeadragon.Viewer;
  readonly mosaic: MosaicJson;
  private readonly tiles: MosaicTileSource;
  private readonly directory: Directory;
  private readonly index: SearchIndex;
  private readonly marks: Marks;
  private readonly handlers = new Map<keyof MosaicEvents, Set<(event: never) => void>>();
  private timer = 0;

  /** Use {@link createViewer}. */
  constructor(
    element: HTMLElement,
    tiles: MosaicTileSource,
    { language = 'en', minimap = true, cooperativeGestures = false }: CreateViewerOptions,
  ) {
    const texts = new Texts(language);
    this.tiles = tiles;
    this.mosaic = tiles.mosaic;
    this.viewer = openViewer(element, tiles, {
      texts,
      label: 'mapAlone',
      complain: () => {},
      minimap,
      cooperativeGestures,
    });
    this.directory = new Directory(tiles.mosaic, tiles.base);
    this.index = new SearchIndex(this.directory);
    this.marks = new Marks(this.viewer, tiles.mosaic);
    this.viewer.addOnceHandler('open', () => this.emit('open', this.mosaic));
    this.viewer.addHandler('animation-finish', () => this.emit('view', this.view));
    this.viewer.addHandler('canvas-click', ({ quick, position }) => {
      clearTimeout(this.timer);
      const cell = quick ? cellAt(this.viewer, this.mosaic, position) : undefined;
      if (cell)
        this.timer = setTimeout(() => void this.about(cell).then((event) => this.emit('cell', event)), DOUBLE_MS);
    });
    this.viewer.addHandler('canvas-double-click', () => clearTimeout(this.timer));
  }

  /** The view: its centre and width, in cells. */
  get view(): View {
    return viewOf(this.viewer, this.mosaic);
  }

  /** Calls a handler at each event of a kind. Returns a function that ends that. */
  on<Name extends keyof MosaicEvents>(name: Name, handler: (event: MosaicEvents[Name]) => void): () => void {
    const own = this.handlers.get(name) ?? new Set();
    this.handlers.set(name, own.add(handler));
    return () => void own.delete(handler);
  }

  /**
   * Goes to a cell, to the cell of a source that is nearest to the middle, to a view, or to the whole.
   *
   * @param atOnce without a flight.
   * @returns false if the mosaic has no such cell or source.
   */
  async goTo(goal: Goal, { atOnce = false }: { readonly atOnce?: boolean } = {}): Promise<boolean> {
    const { viewport } = this.viewer;
    if (goal === 'whole') viewport.goHome(atOnce);
    else if ('width' in goal) showView(this.viewer, this.mosaic, { view: goal, atOnce });
    else {
      const place = 'source' in goal ? await this.nearest(goal.source) : goal;
      const { columns, rows } = this.mosaic.grid;
      if (!place || !(place.column >= 0 && place.row >= 0 && place.column < columns && place.row < rows)) return false;
      const view = framed(this.viewer, this.mosaic, { place });
      showView(this.viewer, this.mosaic, { view, atOnce });
    }
    return true;
  }

  /**
   * Finds sources by name, folder and title; forgives a wrong letter.
   *
   * @param most greatest number of sources that are returned, the best first.
   * @throws if the names cannot be loaded. A site without names finds nothing.
   */
  async search(query: string, most = 24): Promise<FoundSource[]> {
    if (!this.mosaic.directory.named) return [];
    const names = await this.index.load();
    const { found } = await this.index.find(query, most);
    return found.map((number) => {
      const { name, title, cell = 0 } = names[number] ?? {};
      return { number, name, title, cell: placeOf(cell, this.mosaic.grid) };
    });
  }

  /** Returns what a cell shows. */
  async about({ column, row }: CellPlace): Promise<CellEvent> {
    const shown = await shownIn({ column, row }, this.tiles.cells, this.directory);
    if (!shown) return { column, row, source: undefined, part: undefined, turn: 0 };
    const { number, source } = shown;
    const { name, caption, width, height, whole, cells } = source;
    const about = {
      number,
      name,
      caption,
      width,
      height,
      cells: [...cells].map((at) => placeOf(at, this.mosaic.grid)),
    };
    const part = cropRect({ width, height, crop: whole }, cropOfVariant(shown.variant), this.mosaic.crop);
    return { column, row, source: about, part, turn: turnOfVariant(shown.variant) };
  }

  /** Dims all cells but some, and marks these on the minimap; without cells, none is dimmed. */
  mark(cells: readonly CellPlace[] = []): void {
    const { columns } = this.mosaic.grid;
    const marked = Uint32Array.from(cells, ({ column, row }) => row * columns + column);
    this.marks.show(cells.length === 0 ? undefined : { cells: marked, front: -1 });
  }

  /** Takes the mosaic out of the page. */
  destroy(): void {
    clearTimeout(this.timer);
    this.handlers.clear();
    this.index.destroy();
    this.viewer.destroy();
  }

  private emit<Name extends keyof MosaicEvents>(name: Name, event: MosaicEvents[Name]): void {
    for (const handler of this.handlers.get(name) ?? []) handler(event as never);
  }

  /** Returns that cell of a source which is nearest to the middle of the view. */
  private async nearest(named: string | number): Promise<CellPlace | undefined> {
    const names = typeof named === 'string' ? await this.directory.names() : [];
    const number = typeof named === 'string' ? names.findIndex((one) => one?.name === named) : named;
    const source = number >= 0 && number < this.directory.count ? await this.directory.source(number) : undefined;
    return source && nearestOf(source.cells, this.view, this.mosaic.grid);
  }
}
