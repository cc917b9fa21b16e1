/** The list of the pictures in view, for people who hear the page or use keys. While it is closed, nothing is loaded for it. */
import type OpenSeadragon from 'openseadragon';
import type { CellPlace } from './cell-image.ts';
import type { Directory } from './directory.ts';
import { giveBackFocus, iconButton, make } from './dom.ts';
import { viewOf } from './frame.ts';
import { areaOf, type SourceInView, sourcesIn } from './in-view.ts';
import { moveInList } from './list-keys.ts';
import { titleOf } from './panel.ts';
import type { Texts } from './strings.ts';
import type { MosaicTileSource } from './tile-source.ts';

/** Most sources that are listed, and most pictures that are looked up for them. */
const MOST = { sources: 50, pictures: 200 };
/** Time for which a view has to stand still, ms. */
const STILL_MS = 400;

/** Parts of the page that the list is about. */
export interface ViewListParts {
  readonly viewer: OpenSeadragon.Viewer;
  readonly tiles: MosaicTileSource;
  readonly directory: Directory;
  readonly texts: Texts;
  /** Opens a cell. */
  readonly choose: (place: CellPlace) => void;
}

/** The list of the pictures in view. */
export class ViewList {
  private readonly element: HTMLElement;
  private readonly parts: ViewListParts;
  private readonly title: HTMLElement;
  private readonly told = make('p', { class: 'told' });
  private readonly list = make('ul', { class: 'found' });
  private before: Element | null = null;
  private view = '';
  private timer = 0;

  constructor(element: HTMLElement, parts: ViewListParts) {
    this.element = element;
    this.parts = parts;
    const { texts, viewer } = parts;
    this.title = make('h2', { id: 'view-list-title', tabindex: '-1' }, [texts.of('inView')]);
    const close = iconButton('close', texts.of('close'), () => this.close());
    element.setAttribute('aria-labelledby', this.title.id);
    element.addEventListener('keydown', (event) => moveInList(event, this.list, this.title));
    element.replaceChildren(make('div', { class: 'head' }, [this.title, close]), this.told, this.list);
    viewer.addHandler('update-viewport', () => {
      if (this.isOpen && this.seen() !== this.view) this.fillLater();
    });
  }

  get isOpen(): boolean {
    return !this.element.hidden;
  }

  open(): void {
    this.before = document.activeElement;
    this.element.hidden = false;
    this.title.focus();
    void this.fill();
  }

  close(): void {
    if (!this.isOpen) return;
    clearTimeout(this.timer);
    this.element.hidden = true;
    giveBackFocus(this.before, this.element);
  }

  /** The view, as a text: the same where the view is. */
  private seen(): string {
    const { viewer, tiles } = this.parts;
    return JSON.stringify(viewOf(viewer, tiles.mosaic));
  }

  private fillLater(): void {
    this.view = this.seen();
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.fill(), STILL_MS);
  }

  private async fill(): Promise<void> {
    const { viewer, tiles, texts } = this.parts;
    const view = (this.view = this.seen());
    const area = areaOf(viewer, tiles);
    if (!area) return this.show(texts.of('zoomToList'), []);
    const { sources, isAll } = await sourcesIn(area, this.parts, MOST);
    // Another view may have come meanwhile.
    if (!this.isOpen || this.view !== view) return;
    const count = sources.length;
    const all = isAll ? texts.count('image', 'images', count) : texts.of('nearest', { count });
    this.show(count === 0 ? texts.of('noNames') : all, sources);
  }

  private show(told: string, sources: readonly SourceInView[]): void {
    const number = this.list.contains(document.activeElement)
      ? (document.activeElement as HTMLElement).dataset['source']
      : undefined;
    this.told.textContent = told;
    this.list.replaceChildren(...sources.map((one) => this.item(one)));
    // What had the focus is gone: the same source has it now, or the title.
    if (number === undefined) return;
    (this.list.querySelector<HTMLElement>(`[data-source="${number}"]`) ?? this.title).focus({ preventScroll: true });
  }

  private item({ number, source, place, count }: SourceInView): HTMLElement {
    const { texts, choose } = this.parts;
    const click = () => {
      this.close();
      choose(place);
    };
    const label = make('span', { class: 'label' }, [
      make('b', {}, [titleOf(source, number, texts)]),
      ...(count > 1 ? [' ', make('small', {}, [texts.of('timesInView', { count })])] : []),
    ]);
    return make('li', {}, [make('button', { type: 'button', 'data-source': String(number), click }, [label])]);
  }
}
