/** For people who hear the page: what is in the middle of the view. */
import type OpenSeadragon from 'openseadragon';
import { areKeysUsed } from './controls.ts';
import { type Directory, shownIn } from './directory.ts';
import { viewOf } from './frame.ts';
import { titleOf } from './panel.ts';
import type { Texts } from './strings.ts';
import type { MosaicTileSource } from './tile-source.ts';

/** Greatest width of a view whose pictures are told, cells; and time for which it has to stand still, ms. */
const [ACROSS_MAX, STILL_MS] = [12, 500];

/** Parts of the page that are told of. */
export interface AnnouncerParts {
  readonly viewer: OpenSeadragon.Viewer;
  readonly tiles: MosaicTileSource;
  readonly directory: Directory;
  readonly texts: Texts;
}

/** Tells what is in view, once keys are used: the names are not loaded for others. */
export class Announcer {
  private readonly live: HTMLElement;
  private readonly parts: AnnouncerParts;
  private timer = 0;

  /** @param live a live region. */
  constructor(live: HTMLElement, parts: AnnouncerParts) {
    this.live = live;
    this.parts = parts;
  }

  start(): void {
    this.parts.viewer.addHandler('animation-finish', () => {
      clearTimeout(this.timer);
      if (areKeysUsed()) this.timer = setTimeout(() => void this.tell(), STILL_MS);
    });
  }

  private async tell(): Promise<void> {
    const { viewer, tiles, directory, texts } = this.parts;
    const { x, y, width } = viewOf(viewer, tiles.mosaic);
    const { columns, rows } = tiles.mosaic.grid;
    const [column, row] = [Math.floor(x), Math.floor(y)];
    if (width > ACROSS_MAX || column < 0 || row < 0 || column >= columns || row >= rows) return;
    const shown = await shownIn({ column, row }, tiles.cells, directory);
    if (shown) this.live.textContent = texts.of('inMiddle', { name: titleOf(shown.source, shown.number, texts) });
  }
}
