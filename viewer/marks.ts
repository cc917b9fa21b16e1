/** Marks of the cells that show one source: all others are dimmed, and the minimap has a dot for each. */
import type OpenSeadragon from 'openseadragon';
import type { MosaicJson } from '../src/format/mosaic-json.ts';

type Mosaic = Pick<MosaicJson, 'grid' | 'cell'>;

/** Colour over what is dimmed; and of marks. */
const [SHADE, MARK] = ['rgb(12 13 15 / 62%)', '#f0b45b'];
/** Least side of a mark, px. */
const LEAST = 3;

/** Cells to mark, and the one in front. */
export interface Marked {
  readonly cells: Uint32Array;
  readonly front: number;
}

/** Draws marks over a viewer and its minimap. */
export class Marks {
  private readonly viewer: OpenSeadragon.Viewer;
  private readonly mosaic: Mosaic;
  private readonly over = overlay();
  private readonly small = overlay();
  private marked: Marked | undefined;

  constructor(viewer: OpenSeadragon.Viewer, mosaic: Mosaic) {
    this.viewer = viewer;
    this.mosaic = mosaic;
    // Below the minimap.
    viewer.canvas.style.isolation = 'isolate';
    viewer.canvas.append(this.over);
    viewer.navigator?.canvas.append(this.small);
    viewer.addHandler('update-viewport', () => this.draw());
    viewer.addHandler('resize', () => this.drawSmall());
  }

  /** Marks cells; without any, nothing is dimmed. */
  show(marked: Marked | undefined): void {
    this.marked = marked;
    this.over.hidden = this.small.hidden = !marked;
    this.draw();
    this.drawSmall();
  }

  private draw(): void {
    if (!this.marked) return;
    const { grid, cell } = this.mosaic;
    const { viewport } = this.viewer;
    const bounds = viewport.getBounds(true);
    const size = viewport.getContainerSize();
    const context = fitted(this.over, size.x, size.y);
    const scale = size.x / bounds.width;
    const across = scale / grid.columns;
    const down = (across * cell.height) / cell.width;
    const place = (at: number) => ({
      left: (at % grid.columns) * across - bounds.x * scale,
      top: Math.floor(at / grid.columns) * down - bounds.y * scale,
    });
    context.fillStyle = SHADE;
    context.fillRect(0, 0, size.x, size.y);
    const seen: { left: number; top: number; at: number }[] = [];
    for (const at of this.marked.cells) {
      const { left, top } = place(at);
      if (left + across < 0 || top + down < 0 || left > size.x || top > size.y) continue;
      seen.push({ left, top, at });
      context.clearRect(left, top, across, down);
    }
    context.fillStyle = context.strokeStyle = MARK;
    for (const { left, top, at } of seen) {
      if (across < LEAST) context.fillRect(left - LEAST / 2, top - LEAST / 2, LEAST, LEAST);
      if (at !== this.marked.front) continue;
      context.lineWidth = 2;
      context.strokeRect(left - 1, top - 1, across + 2, down + 2);
    }
  }

  private drawSmall(): void {
    const parent = this.small.parentElement;
    if (!this.marked || !parent) return;
    const { grid, cell } = this.mosaic;
    const { clientWidth, clientHeight } = parent;
    const context = fitted(this.small, clientWidth, clientHeight);
    const scale = Math.min(clientWidth / (grid.columns * cell.width), clientHeight / (grid.rows * cell.height));
    const [left, top] = [
      (clientWidth - grid.columns * cell.width * scale) / 2,
      (clientHeight - grid.rows * cell.height * scale) / 2,
    ];
    context.fillStyle = MARK;
    for (const at of this.marked.cells) {
      const x = left + ((at % grid.columns) + 0.5) * cell.width * scale;
      const y = top + (Math.floor(at / grid.columns) + 0.5) * cell.height * scale;
      const side = at === this.marked.front ? 6 : LEAST;
      context.fillRect(x - side / 2, y - side / 2, side, side);
    }
  }
}

/** Makes a canvas that covers a viewer, and lets clicks through. Pages of others have no style sheet for it. */
export function overlay(): HTMLCanvasElement {
  const canvas = document.createElement('canvas');
  const covering = {
    position: 'absolute',
    inset: '0',
    zIndex: '1',
    width: '100%',
    height: '100%',
    pointerEvents: 'none',
  };
  Object.assign(canvas.style, covering);
  canvas.className = 'marks';
  canvas.hidden = true;
  return canvas;
}

/** Clears a canvas that covers a place of a size, CSS px, and returns its context in CSS px. */
function fitted(canvas: HTMLCanvasElement, width: number, height: number): CanvasRenderingContext2D {
  const density = devicePixelRatio;
  const [across, down] = [Math.round(width * density), Math.round(height * density)];
  if (canvas.width !== across) canvas.width = across;
  if (canvas.height !== down) canvas.height = down;
  const context = canvas.getContext('2d')!;
  context.setTransform(density, 0, 0, density, 0, 0);
  context.clearRect(0, 0, width, height);
  return context;
}
