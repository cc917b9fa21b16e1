/** The address of the page: it holds the view, so that it can be passed on, and back and forward work. */
import type OpenSeadragon from 'openseadragon';
import type { CellPlace } from './cell-image.ts';
import type { Directory } from './directory.ts';
import { showView, viewOf } from './frame.ts';
import { type Link, linkText, readLink } from './link.ts';
import type { Picker } from './pick.ts';
import type { MosaicTileSource } from './tile-source.ts';

/** Time after which a view that stands still is written into the address, ms. */
const STILL_MS = 400;

/** What the address is kept for. */
export interface AddressParts {
  readonly viewer: OpenSeadragon.Viewer;
  readonly tiles: MosaicTileSource;
  readonly directory: Directory;
  readonly picker: Picker;
}

/** Keeps the address. */
export class Address {
  private readonly parts: AddressParts;
  private timer = 0;
  private written = '';
  /** A link is being followed: what it changes is no new step of the history. */
  private following = false;
  /** Name of the source that a link opens, until it is found. */
  private opening: string | undefined;

  constructor(parts: AddressParts) {
    this.parts = parts;
    for (const event of ['popstate', 'hashchange']) addEventListener(event, () => this.follow());
    parts.viewer.addHandler('animation-finish', () => this.noteView());
  }

  /** Shows what the address tells, when the page opens. Tells whether it tells something. */
  open(): boolean {
    return this.follow(true);
  }

  /** Notes a picked cell, or that none is any more. */
  notePick(cell: CellPlace | undefined): void {
    clearTimeout(this.timer);
    if (this.following) return;
    this.opening = undefined;
    if (cell) this.write(linkText({ kind: 'cell', cell }), true);
    else this.write(this.viewText(), true);
  }

  private noteView(): void {
    clearTimeout(this.timer);
    // Looked at again when it is written: a cell may be picked, or a name be looked for, by then.
    const isFree = () => !this.parts.picker.cell && this.opening === undefined;
    this.timer = setTimeout(() => isFree() && this.write(this.viewText(), false), STILL_MS);
  }

  /** Returns the link to the view; none for the whole. */
  private viewText(): string {
    const { viewer, tiles } = this.parts;
    const { viewport } = viewer;
    if (viewport.getZoom() <= viewport.getHomeZoom() * 1.01) return '';
    return linkText({ kind: 'view', view: viewOf(viewer, tiles.mosaic) });
  }

  private write(fragment: string, isStep: boolean): void {
    if (fragment === this.written) return;
    this.written = fragment;
    const address = fragment === '' ? location.pathname + location.search : fragment;
    try {
      // Browsers refuse hundreds of calls in a short time, and some frames all of them.
      history[isStep ? 'pushState' : 'replaceState'](null, '', address);
    } catch {
      this.written = '';
    }
  }

  private follow(atOnce = false): boolean {
    const { tiles, picker } = this.parts;
    const fragment = location.hash;
    if (fragment === this.written && !atOnce) return false;
    this.written = fragment;
    this.opening = undefined;
    const link = readLink(fragment, tiles.mosaic.grid);
    this.following = true;
    try {
      if (link?.kind !== 'cell' && link?.kind !== 'source') picker.close();
      if (link) this.show(link, atOnce);
      else if (!atOnce) this.parts.viewer.viewport.goHome();
    } finally {
      this.following = false;
    }
    return link !== undefined;
  }

  private show(link: Link, atOnce: boolean): void {
    const { viewer, tiles, picker } = this.parts;
    if (link.kind === 'cell') void picker.pick(link.cell, { atOnce });
    else if (link.kind === 'view') showView(viewer, tiles.mosaic, { view: link.view, atOnce });
    else void this.openSource(link.name, atOnce);
  }

  private async openSource(name: string, atOnce: boolean): Promise<void> {
    const { directory, picker } = this.parts;
    this.opening = name;
    const names = await directory.names().catch(() => []);
    // Meanwhile, something else may have been picked.
    if (this.opening !== name) return;
    const named = names.findIndex((one) => one?.name === name);
    const number = named < 0 && /^\d+$/.test(name) ? Number(name) - 1 : named;
    this.following = true;
    try {
      if (number >= 0 && number < directory.count) await picker.pickSource(number, { atOnce });
    } finally {
      this.following = false;
      this.opening = undefined;
    }
  }
}
