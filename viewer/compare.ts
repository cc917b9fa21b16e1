/** Comparison with the target, at view time: the target is laid over the mosaic; no tile is changed. */
import type OpenSeadragon from 'openseadragon';
import { TARGET_FILE } from '../src/format/site-paths.ts';
import { loadImage } from './cell-image.ts';
import { giveBackFocus, iconButton, make } from './dom.ts';
import { overlay } from './marks.ts';
import type { TextName, Texts } from './strings.ts';
import type { MosaicTileSource } from './tile-source.ts';

/** How the target is laid over the mosaic: up to a line, by its opacity, or blended. */
const WAYS = ['wipe', 'opacity', 'softLight'] as const satisfies readonly TextName[];
type Way = (typeof WAYS)[number];

/** Steps of the slider. */
const STEPS = 1000;

/** The comparison. */
export class Compare {
  private readonly element: HTMLElement;
  private readonly viewer: OpenSeadragon.Viewer;
  private readonly tiles: MosaicTileSource;
  private readonly canvas = overlay();
  private readonly slider: HTMLInputElement;
  private target: HTMLImageElement | undefined;
  private way: Way = 'wipe';
  private share = 0.5;
  private before: Element | null = null;

  constructor(
    element: HTMLElement,
    viewer: OpenSeadragon.Viewer,
    { tiles, texts }: { readonly tiles: MosaicTileSource; readonly texts: Texts },
  ) {
    this.element = element;
    this.viewer = viewer;
    this.tiles = tiles;
    this.slider = make('input', {
      type: 'range',
      min: '0',
      max: String(STEPS),
      value: String(STEPS / 2),
      'aria-label': texts.of('target'),
      input: () => {
        this.share = Number(this.slider.value) / STEPS;
        this.draw();
      },
    });
    const choices = WAYS.map((way) => {
      const radio = make('input', {
        type: 'radio',
        name: 'compare',
        checked: way === this.way,
        change: () => this.choose(way),
      });
      return make('label', {}, [radio, make('span', {}, [texts.of(way)])]);
    });
    element.setAttribute('aria-label', texts.of('compare'));
    const close = iconButton('close', texts.of('close'), () => this.close());
    element.replaceChildren(
      make('div', { class: 'ways', role: 'radiogroup', 'aria-label': texts.of('compare') }, choices),
      make('div', { class: 'amount' }, [
        make('span', { 'aria-hidden': 'true' }, [texts.of('mosaic')]),
        this.slider,
        make('span', { 'aria-hidden': 'true' }, [texts.of('target')]),
      ]),
      close,
    );
    this.canvas.className = 'target';
    viewer.canvas.append(this.canvas);
    viewer.addHandler('update-viewport', () => this.draw());
  }

  get isOpen(): boolean {
    return !this.element.hidden;
  }

  open(): void {
    this.before = document.activeElement;
    this.element.hidden = this.canvas.hidden = false;
    this.slider.focus({ preventScroll: true });
    this.draw();
    if (this.target) return;
    loadImage(this.tiles.base + TARGET_FILE).then(
      (image) => {
        this.target = image;
        this.draw();
      },
      () => this.close(),
    );
  }

  close(): void {
    this.element.hidden = this.canvas.hidden = true;
    giveBackFocus(this.before, this.element);
  }

  private choose(way: Way): void {
    this.way = way;
    this.draw();
  }

  private draw(): void {
    if (!this.isOpen || !this.target) return;
    const { canvas, target, viewer, way, share } = this;
    const { viewport } = viewer;
    const size = viewport.getContainerSize();
    const bounds = viewport.getBounds(true);
    const density = devicePixelRatio;
    canvas.width = Math.round(size.x * density);
    canvas.height = Math.round(size.y * density);
    canvas.style.opacity = way === 'wipe' ? '1' : String(share);
    canvas.style.mixBlendMode = way === 'softLight' ? 'soft-light' : 'normal';
    const context = canvas.getContext('2d')!;
    context.imageSmoothingQuality = 'high';
    const scale = (size.x * density) / bounds.width;
    const { width, height } = this.tiles.mosaic;
    const across = way === 'wipe' ? Math.round(canvas.width * (1 - share)) : 0;
    context.beginPath();
    context.rect(across, 0, canvas.width, canvas.height);
    context.clip();
    context.drawImage(target, -bounds.x * scale, -bounds.y * scale, scale, (scale * height) / width);
    if (way !== 'wipe') return;
    context.fillStyle = '#fff';
    context.fillRect(across, 0, 2 * density, canvas.height);
  }
}
