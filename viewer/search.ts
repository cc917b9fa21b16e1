/** The search for sources: a field, and the pictures that match. */
import type { NamedSource } from '../src/format/directory.ts';
import { cellImage } from './cell-image.ts';
import { giveBackFocus, icon, iconButton, make } from './dom.ts';
import { placeOf } from './frame.ts';
import { moveInList } from './list-keys.ts';
import { baseName } from './panel.ts';
import type { SearchIndex } from './search-index.ts';
import type { Texts } from './strings.ts';
import type { MosaicTileSource } from './tile-source.ts';

/** Most results that are shown. */
const MOST = 24;
/** Width of the small pictures, px of the mosaic. */
const THUMB_PX = 64;

/** The search. */
export class Search {
  readonly element: HTMLElement;
  private readonly index: SearchIndex;
  private readonly tiles: MosaicTileSource;
  private readonly texts: Texts;
  private readonly choose: (source: number) => void;
  private readonly field: HTMLInputElement;
  private readonly told: HTMLElement;
  private readonly list: HTMLElement;
  private before: Element | null = null;
  private query = '';

  /** @param choose opens a source, by its number. */
  constructor(
    element: HTMLElement,
    tiles: MosaicTileSource,
    {
      index,
      texts,
      choose,
    }: { readonly index: SearchIndex; readonly texts: Texts; readonly choose: (source: number) => void },
  ) {
    this.element = element;
    this.tiles = tiles;
    this.index = index;
    this.texts = texts;
    this.choose = choose;
    const hint = texts.of('searchHint');
    this.field = make('input', {
      type: 'search',
      placeholder: hint,
      'aria-label': texts.of('search'),
      autocomplete: 'off',
      autocapitalize: 'off',
      spellcheck: 'false',
      enterkeyhint: 'search',
      input: () => void this.search(),
      keydown: (event) => this.keyInField(event as KeyboardEvent),
    });
    this.told = make('p', { class: 'told', role: 'status' });
    this.list = make('ul', {
      class: 'found',
      keydown: (event) => moveInList(event as KeyboardEvent, this.list, this.field),
    });
    const close = iconButton('close', texts.of('close'), () => this.close());
    element.setAttribute('aria-label', texts.of('search'));
    element.replaceChildren(make('div', { class: 'field' }, [icon('search'), this.field, close]), this.told, this.list);
  }

  get isOpen(): boolean {
    return !this.element.hidden;
  }

  open(): void {
    if (!this.isOpen) this.before = document.activeElement;
    this.element.hidden = false;
    this.field.focus();
    this.field.select();
    void this.search();
  }

  close(): void {
    if (!this.isOpen) return;
    this.element.hidden = true;
    giveBackFocus(this.before, this.element);
  }

  private async search(): Promise<void> {
    const query = (this.query = this.field.value);
    try {
      if (this.list.childElementCount === 0) this.told.textContent = this.texts.of('searching');
      const names = await this.index.load();
      const { total, found } = await this.index.find(query, MOST);
      if (this.query !== query) return;
      this.told.textContent = query.trim() === '' ? '' : this.summary(total);
      this.list.replaceChildren(...found.map((number) => this.result(number, names[number])));
    } catch {
      this.told.textContent = this.texts.of('noNames');
    }
  }

  private summary(total: number): string {
    return total === 0 ? this.texts.of('noResults') : this.texts.count('result', 'results', total);
  }

  private result(number: number, named: NamedSource | undefined): HTMLElement {
    const { texts, tiles } = this;
    const { name, title, cell = 0 } = named ?? {};
    const main = title ?? baseName(name) ?? texts.of('unnamed', { number: number + 1 });
    const folder = name?.includes('/') ? name.slice(0, name.lastIndexOf('/')) : undefined;
    const below = title === undefined ? folder : name;
    const thumb = make('span', { class: 'thumb' });
    const label = make('span', { class: 'label' }, [
      make('b', {}, [main]),
      ...(below === undefined ? [] : [make('small', {}, [below])]),
    ]);
    cellImage(tiles, placeOf(cell, tiles.mosaic.grid), THUMB_PX).then(
      (image) => thumb.append(image),
      () => {},
    );
    const choose = () => {
      this.close();
      this.choose(number);
    };
    return make('li', {}, [make('button', { type: 'button', click: choose }, [thumb, label])]);
  }

  private keyInField(event: KeyboardEvent): void {
    const first = this.list.querySelector('button');
    if (event.key === 'ArrowDown') first?.focus();
    else if (event.key === 'Enter') first?.click();
    else return;
    event.preventDefault();
  }
}
