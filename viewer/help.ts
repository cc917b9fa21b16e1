/** The sheet of all keys and gestures. */
import type { Action } from './controls.ts';
import { giveBackFocus, iconButton, make } from './dom.ts';
import type { TextName, Texts } from './strings.ts';

/** Keys, and what they do. */
const ROWS: readonly (readonly [keys: readonly string[], what: TextName, action: Action])[] = [
  [['←', '↑', '↓', '→'], 'keyMove', 'home'],
  [['+', '−'], 'keyZoom', 'zoom-in'],
  [['0'], 'keyWhole', 'home'],
  [['Enter'], 'keyPick', 'pick'],
  [['P', 'N'], 'keyStep', 'next'],
  [['/'], 'keySearch', 'search'],
  [['L'], 'list', 'list'],
  [['C'], 'keyCompare', 'compare'],
  [['T'], 'keyTour', 'tour'],
  [['F'], 'keyFull', 'fullscreen'],
  [['?'], 'keyHelp', 'help'],
  [['Esc'], 'keyClose', 'close'],
];

/** The sheet of help. */
export class Help {
  private readonly element: HTMLElement;
  private readonly texts: Texts;
  private readonly has: (action: Action) => boolean;
  private before: Element | null = null;

  /** @param has tells whether the page has an action. */
  constructor(
    element: HTMLElement,
    { texts, has }: { readonly texts: Texts; readonly has: (action: Action) => boolean },
  ) {
    this.element = element;
    this.texts = texts;
    this.has = has;
    element.setAttribute('aria-label', texts.of('help'));
  }

  get isOpen(): boolean {
    return !this.element.hidden;
  }

  close(): void {
    this.element.hidden = true;
    giveBackFocus(this.before, this.element);
  }

  open(): void {
    const { texts } = this;
    this.before = document.activeElement;
    const close = iconButton('close', texts.of('close'), () => this.close());
    const rows = ROWS.filter(([, , action]) => this.has(action)).map(([keys, what]) =>
      make('div', {}, [
        make(
          'dt',
          {},
          keys.map((key) => make('kbd', {}, [key])),
        ),
        make('dd', {}, [texts.of(what)]),
      ]),
    );
    this.element.replaceChildren(
      make('div', { class: 'head' }, [make('h2', {}, [texts.of('help')]), close]),
      make('dl', {}, rows),
      make('p', { class: 'soft' }, [texts.of('touchPick')]),
    );
    this.element.hidden = false;
    close.focus();
  }
}
