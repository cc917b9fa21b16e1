/** The panel of a picked cell: what it shows, where else that is, and what is like it. */
import type { DirectorySource } from '../src/format/directory.ts';
import { cellImage, type CellPlace } from './cell-image.ts';
import { icon, iconButton, make } from './dom.ts';
import { placeOf } from './frame.ts';
import { loadExtras } from './load-extras.ts';
import { shareButtons } from './share.ts';
import type { SourceImage } from './source-image.ts';
import type { Texts } from './strings.ts';
import type { MosaicTileSource } from './tile-source.ts';

/** Width of the small pictures, px of the mosaic. */
const THUMB_PX = 96;

/** What a panel shows. */
export interface PanelContent {
  readonly place: CellPlace;
  /** Number of the source. */
  readonly number: number;
  readonly source: DirectorySource;
  /** Index of the cell among those that show the source. */
  readonly use: number;
  readonly link: string;
  readonly image: Promise<SourceImage>;
  readonly alike: Promise<readonly { readonly source: number; readonly cell: number }[]>;
}

/** What a panel asks for. */
export interface PanelActions {
  readonly close: () => void;
  readonly step: (by: 1 | -1) => void;
  /** Picks a cell, by its index in the grid. */
  readonly pick: (cell: number) => void;
}

/** Returns what a source is called: its title, else its file, else its number. */
export function titleOf(
  { caption, name }: Pick<DirectorySource, 'caption' | 'name'>,
  number: number,
  texts: Texts,
): string {
  return caption.title ?? baseName(name) ?? texts.of('unnamed', { number: number + 1 });
}

/** Returns the last part of a name, without its ending. */
export function baseName(name: string | undefined): string | undefined {
  return name?.slice(name.lastIndexOf('/') + 1).replace(/(?<=.)\.[A-Za-z0-9]{2,5}$/, '');
}

/** The panel. */
export class Panel {
  readonly element: HTMLElement;
  private readonly texts: Texts;
  private readonly tiles: MosaicTileSource;
  private readonly actions: PanelActions;
  private shown: PanelContent | undefined;

  constructor(
    element: HTMLElement,
    tiles: MosaicTileSource,
    { texts, actions }: { readonly texts: Texts; readonly actions: PanelActions },
  ) {
    this.element = element;
    this.texts = texts;
    this.tiles = tiles;
    this.actions = actions;
    element.setAttribute('aria-label', texts.of('picture'));
  }

  hide(): void {
    this.shown = undefined;
    this.element.hidden = true;
    this.element.replaceChildren();
  }

  show(content: PanelContent): void {
    const { texts, actions } = this;
    const isSame = this.shown?.number === content.number;
    const active = this.element.contains(document.activeElement) ? document.activeElement : undefined;
    const label = active?.getAttribute('aria-label');
    this.shown = content;
    const { source, number, place } = content;
    const title = make('h2', { id: 'panel-title', tabindex: '-1' }, [titleOf(source, number, texts)]);
    const close = iconButton('close', texts.of('close'), actions.close);
    const figure = make('figure');
    const facts = make('div', { class: 'facts' }, this.facts(content));
    const links = make(
      'div',
      { class: 'links' },
      shareButtons(content.link, {
        title: title.textContent,
        texts,
        showQr: () => void this.showQr(content.link).catch(() => {}),
      }),
    );
    const old = isSame ? this.element.querySelector('.alike') : undefined;
    const alike = old ?? make('section', { class: 'alike', hidden: true });
    this.element.replaceChildren(make('header', {}, [title, close]), figure, facts, this.steps(content), links, alike);
    this.element.hidden = false;
    if (!isSame) this.element.scrollTop = 0;
    // What had the focus is gone: the same button has it now, or the title.
    if (active) {
      const buttons = [...this.element.querySelectorAll<HTMLElement>(isSame ? 'button' : '.steps button')];
      (buttons.find((button) => button.getAttribute('aria-label') === label) ?? title).focus({ preventScroll: true });
    }
    void this.showImage(content, figure, links);
    if (!old) void this.showAlike(content, alike as HTMLElement);
    this.element.dataset['cell'] = `${place.column},${place.row}`;
  }

  private facts({ source }: PanelContent): HTMLElement[] {
    const { texts } = this;
    const { caption, name } = source;
    const lines: HTMLElement[] = [];
    if (name !== undefined && (caption.title !== undefined || name.includes('/') || baseName(name) !== name)) {
      lines.push(make('p', { class: 'name' }, [name]));
    }
    if (caption.credit !== undefined) lines.push(make('p', {}, [texts.of('credit', { credit: caption.credit })]));
    if (caption.link !== undefined) {
      const host = new URL(caption.link).host;
      const out = { href: caption.link, target: '_blank', rel: 'noopener noreferrer' };
      lines.push(make('p', {}, [make('a', out, [texts.of('link', { host })])]));
    }
    return lines;
  }

  private steps({ source, use, place }: PanelContent): HTMLElement {
    const { texts, actions } = this;
    const count = source.cells.length;
    const where = texts.of('place', { column: place.column + 1, row: place.row + 1 });
    const text = count === 1 ? texts.of('usesOnce') : texts.of('usesMany', { count });
    const about = make('p', { class: 'places' }, [make('span', {}, [text]), make('span', { class: 'soft' }, [where])]);
    if (count === 1) return make('div', { class: 'steps' }, [about]);
    return make('div', { class: 'steps' }, [
      about,
      iconButton('previous', texts.of('previous'), () => actions.step(-1)),
      make('span', { class: 'soft' }, [texts.of('uses', { place: use + 1, count })]),
      iconButton('next', texts.of('next'), () => actions.step(1)),
    ]);
  }

  private async showImage(content: PanelContent, figure: HTMLElement, links: HTMLElement): Promise<void> {
    const { source, number } = content;
    try {
      const { image, part, file } = await content.image;
      if (this.shown !== content) return;
      const label = titleOf(source, number, this.texts);
      if (image instanceof HTMLImageElement) image.alt = label;
      else {
        image.setAttribute('role', 'img');
        image.setAttribute('aria-label', label);
      }
      figure.replaceChildren(image);
      if (part && (part.width < part.of.width - 1 || part.height < part.of.height - 1)) {
        const box = make('div', { class: 'part' });
        const share = (value: number, whole: number) => `${(100 * value) / whole}%`;
        box.style.left = share(part.left, part.of.width);
        box.style.top = share(part.top, part.of.height);
        box.style.width = share(part.width, part.of.width);
        box.style.height = share(part.height, part.of.height);
        figure.append(box);
      }
      if (file !== undefined) links.append(...this.fileLinks(file, source.name));
    } catch {
      if (this.shown === content) figure.remove();
    }
  }

  private fileLinks(file: string, name: string | undefined): HTMLElement[] {
    const { texts } = this;
    const saved = name?.slice(name.lastIndexOf('/') + 1) ?? file.slice(file.lastIndexOf('/') + 1);
    const link = (kind: 'open' | 'download', attributes: Readonly<Record<string, string>>) => {
      const label = texts.of(kind);
      return make('a', { class: 'icon', href: file, title: label, 'aria-label': label, ...attributes }, [icon(kind)]);
    };
    return [link('open', { target: '_blank', rel: 'noopener' }), link('download', { download: saved })];
  }

  private async showAlike(content: PanelContent, section: HTMLElement): Promise<void> {
    const { texts, tiles, actions } = this;
    const found = await content.alike;
    if (this.shown?.number !== content.number || found.length === 0) return;
    const list = make('ul', { class: 'thumbs' });
    for (const { source, cell } of found) {
      const label = texts.of('unnamed', { number: source + 1 });
      const button = make('button', { type: 'button', 'aria-label': label, click: () => actions.pick(cell) });
      list.append(make('li', {}, [button]));
      cellImage(tiles, placeOf(cell, tiles.mosaic.grid), THUMB_PX).then(
        (image) => button.append(image),
        () => button.closest('li')?.remove(),
      );
    }
    section.replaceChildren(make('h3', {}, [texts.of('more')]), list);
    section.hidden = false;
  }

  /** Shows the QR code of a link, or hides it again. */
  private async showQr(link: string): Promise<void> {
    const old = this.element.querySelector('.qr');
    if (old) return old.remove();
    const { qrCode } = await loadExtras(this.tiles.base);
    this.element.querySelector('.links')?.after(make('div', { class: 'qr' }, [qrCode(link)]));
  }
}
