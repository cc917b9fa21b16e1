/** Picking of cells: a flight frames the cell, the panel tells what it shows, and all places of its source are marked. */
import type OpenSeadragon from 'openseadragon';
import type { DirectorySource } from '../src/format/directory.ts';
import type { Rect } from '../src/types.ts';
import type { CellPlace } from './cell-image.ts';
import { type Directory, shownIn, type ShownSource } from './directory.ts';
import { framed, nearestOf, placeOf, rested, showView, viewOf } from './frame.ts';
import { linkText } from './link.ts';
import type { Marked, Marks } from './marks.ts';
import type { Panel } from './panel.ts';
import { sourceImage } from './source-image.ts';
import type { MosaicTileSource } from './tile-source.ts';
import { allowZoomAt } from './zoom-limit.ts';

/** Number of sources that look like the picked one. */
const ALIKE = 12;
/** Part of the mosaic or of the window that stays in view: a framed cell at a corner needs less than others. */
const [PICKED_VISIBLE, VISIBLE] = [0.15, 0.7];

/** Parts of the page that show what is picked. */
export interface PickerParts {
  readonly viewer: OpenSeadragon.Viewer;
  readonly tiles: MosaicTileSource;
  readonly directory: Directory;
  readonly panel: Panel;
  readonly marks: Marks;
  /** Called when a cell is picked, or when none is any more. */
  readonly onChange: (cell: CellPlace | undefined) => void;
}

/** A picked cell. */
interface Picked {
  readonly place: CellPlace;
  readonly number: number;
  readonly source: DirectorySource;
  readonly use: number;
}

/** Picks cells. */
export class Picker {
  private readonly parts: PickerParts;
  private picked: Picked | undefined;
  private place: CellPlace | undefined;
  private before: Element | null = null;

  constructor(parts: PickerParts) {
    this.parts = parts;
  }

  /** The picked cell. */
  get cell(): CellPlace | undefined {
    return this.place;
  }

  /** Picks a cell: frames it, then shows what is known of it. */
  async pick(place: CellPlace, { atOnce = false }: { readonly atOnce?: boolean } = {}): Promise<void> {
    const { viewer, tiles, directory, panel, onChange } = this.parts;
    if (!this.place) this.before = document.activeElement;
    this.place = place;
    this.keepVisible(PICKED_VISIBLE);
    document.body.classList.add('picked');
    this.frame(place, atOnce);
    onChange(place);
    const shown = await shownIn(place, tiles.cells, directory);
    if (this.place !== place) return;
    // It is not known what the cell shows: a page without its panel must not stay as if it had one.
    if (!shown) return this.close();
    const { number, source } = shown;
    const cell = place.row * tiles.mosaic.grid.columns + place.column;
    const use = Math.max(0, source.cells.indexOf(cell));
    this.picked = { place, number, source, use };
    void this.frameOriginal(shown, place, atOnce);
    void this.mark({ cells: source.cells, front: cell });
    panel.show({
      place,
      number,
      source,
      use,
      link: this.linkOf(place),
      image: sourceImage(tiles, place, shown),
      // It takes a while to look them up and to draw them, and the flight must not wait for that.
      alike: rested(viewer).then(() => directory.nearest(number, ALIKE)),
    });
  }

  /** Frames a cell again once it is known how many px its original has, unless the view has been moved meanwhile. */
  private async frameOriginal({ picture }: ShownSource, place: CellPlace, atOnce: boolean): Promise<void> {
    const { viewer, tiles } = this.parts;
    if (!tiles.mosaic.originals) return;
    const isMoved = () => JSON.stringify(viewOf(viewer, tiles.mosaic)) !== before;
    const before = JSON.stringify(viewOf(viewer, tiles.mosaic));
    await tiles.originals.load(picture);
    if (this.place === place && !isMoved()) this.frame(place, atOnce);
  }

  /** Marks the places of the picked source, once the flight has ended: each of its frames would have to be dimmed. */
  private async mark(marked: Marked): Promise<void> {
    const { place, picked } = this;
    await rested(this.parts.viewer);
    if (this.place === place && this.picked === picked) this.parts.marks.show(marked);
  }

  /** Picks the cell in the middle of the view. */
  async pickMiddle(): Promise<void> {
    const { viewer, tiles } = this.parts;
    const { grid } = tiles.mosaic;
    const { x, y } = viewOf(viewer, tiles.mosaic);
    const within = (value: number, most: number) => Math.max(0, Math.min(most - 1, Math.floor(value)));
    await this.pick({ column: within(x, grid.columns), row: within(y, grid.rows) });
  }

  /** Picks a cell by its index in the grid. */
  async pickCell(cell: number): Promise<void> {
    await this.pick(placeOf(cell, this.parts.tiles.mosaic.grid));
  }

  /** Picks that cell of a source which is nearest to the middle of the view. */
  async pickSource(number: number, { atOnce = false }: { readonly atOnce?: boolean } = {}): Promise<void> {
    const { viewer, tiles, directory } = this.parts;
    const source = await directory.source(number);
    if (!source) return;
    await this.pick(nearestOf(source.cells, viewOf(viewer, tiles.mosaic), tiles.mosaic.grid), { atOnce });
  }

  /** Picks the previous or next cell of the picked source. */
  async step(by: 1 | -1): Promise<void> {
    if (!this.picked) return;
    const { cells } = this.picked.source;
    await this.pickCell(cells[(this.picked.use + by + cells.length) % cells.length]!);
  }

  /** Picks nothing. */
  close(): void {
    if (!this.place) return;
    const { viewer, panel, marks, onChange } = this.parts;
    this.place = this.picked = undefined;
    this.keepVisible(VISIBLE);
    document.body.classList.remove('picked');
    const hadFocus = panel.element.contains(document.activeElement);
    panel.hide();
    marks.show(undefined);
    if (hadFocus) {
      const back = this.before instanceof HTMLElement && this.before.isConnected ? this.before : viewer.canvas;
      back.focus({ preventScroll: true });
    }
    onChange(undefined);
  }

  /** Moves the focus to the panel, for people who use keys. */
  focusPanel(): void {
    this.parts.panel.element.querySelector<HTMLElement>('h2')?.focus({ preventScroll: true });
  }

  /** Sets the part of the mosaic that stays in view; the type of OpenSeadragon lacks it. */
  private keepVisible(part: number): void {
    Object.assign(this.parts.viewer.viewport, { visibilityRatio: part });
  }

  private frame(place: CellPlace, atOnce: boolean): void {
    const { viewer, tiles } = this.parts;
    allowZoomAt(viewer, tiles, place);
    const view = framed(viewer, tiles.mosaic, { place, free: this.freeArea() });
    showView(viewer, tiles.mosaic, { view, atOnce });
  }

  /** Returns the area of the viewer beside the panel, CSS px. */
  private freeArea(): Rect {
    const { viewer, panel } = this.parts;
    const whole = viewer.element.getBoundingClientRect();
    const { hidden } = panel.element;
    panel.element.hidden = false;
    const taken = panel.element.getBoundingClientRect();
    panel.element.hidden = hidden;
    // The panel is a column at the left, or on narrow screens a sheet at the foot; see viewer.css.
    const isSheet = taken.width > whole.width * 0.8;
    if (isSheet) {
      const foot = Number.parseFloat(getComputedStyle(panel.element).maxHeight) || taken.height;
      return { left: 0, top: 0, width: whole.width, height: Math.max(80, whole.height - foot) };
    }
    const left = taken.right - whole.left;
    return { left, top: 0, width: Math.max(80, whole.width - left), height: whole.height };
  }

  private linkOf(cell: CellPlace): string {
    return new URL(linkText({ kind: 'cell', cell }), location.href).href;
  }
}
