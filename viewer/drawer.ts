import OpenSeadragon from 'openseadragon';
import type { Pixels } from './bitmaps.ts';
import { isAtRest } from './frame.ts';

/**
 * Draws tiles so that a mosaic at 100 % is shown px for px, and no seam shows at any other scale, over http and from disk.
 *
 * OpenSeadragon's WebGL drawer may not touch images of pages opened from disk, and its canvas drawer enlarges every tile
 * by one px to hide seams, which blurs it, and keeps a copy of each on a canvas of its own. This one puts all edges on
 * whole px of the screen: neighbours meet without a gap, and what needs no scaling is copied as it is.
 */
/** Added before rounding, px: an edge that two tiles compute as 10.5 - 1e-12 and 10.5 + 1e-12 must be one edge. */
const SAME_EDGE = 1e-4;

/** A drawer of upright, opaque tiles on a 2D canvas. */
export class PixelDrawer extends OpenSeadragon.DrawerBase {
  static override isSupported(): boolean {
    return true;
  }

  override getType(): string {
    return 'zoomosaic';
  }

  /** Bitmaps; canvases where the browser makes none. */
  override getSupportedDataFormats(): string[] {
    return ['imageBitmap', 'context2d'];
  }

  override canRotate(): boolean {
    return false;
  }

  /** Does nothing: scaled images are always smooth. */
  override setImageSmoothingEnabled(): void {}

  /** Called once by OpenSeadragon, which puts the result into the page. */
  _createDrawingElement(): HTMLCanvasElement {
    return document.createElement('canvas');
  }

  /** Draws a frame: for each item the tiles that OpenSeadragon chose, coarse ones first. */
  draw(items: readonly OpenSeadragon.TiledImage[]): void {
    const context = this.canvas.getContext('2d')!;
    const { x, y } = this.viewport.getContainerSize().times(OpenSeadragon.pixelDensityRatio);
    fitCanvas(this.canvas, Math.round(x), Math.round(y));
    context.clearRect(0, 0, this.canvas.width, this.canvas.height);
    const isStill = isAtRest(this.viewport);
    for (const item of items) {
      for (const { tile } of item.getTilesToDraw()) {
        const data = this.getDataToDraw(tile) as ImageBitmap | CanvasRenderingContext2D | undefined;
        if (data) drawTile(context, tile, { image: 'canvas' in data ? data.canvas : data, isStill });
      }
    }
  }

  override destroy(): void {
    super.destroy();
    this.canvas.remove();
  }
}

/** Resizes a canvas only if needed: setting its size, even to the same value, clears it and costs time. */
function fitCanvas(canvas: HTMLCanvasElement, width: number, height: number): void {
  if (canvas.width !== width) canvas.width = width;
  if (canvas.height !== height) canvas.height = height;
}

function drawTile(
  context: CanvasRenderingContext2D,
  tile: OpenSeadragon.Tile,
  { image, isStill }: { readonly image: Pixels; readonly isStill: boolean },
): void {
  const { width: across, height: down } = image;
  const onScreen = (px: number) => Math.round(px * OpenSeadragon.pixelDensityRatio + SAME_EDGE);
  const { position, size, sourceBounds } = tile;
  const [left, top] = [onScreen(position!.x), onScreen(position!.y)];
  const [right, bottom] = [onScreen(position!.x + size!.x), onScreen(position!.y + size!.y)];
  // The last px of a coarse level may lie half outside the image: levels are rounded up to whole px, positions are not.
  const width = Math.min(across, sourceBounds.width);
  const height = Math.min(down, sourceBounds.height);
  context.globalAlpha = tile.opacity ?? 1;
  // Bilinear is good enough from half size to full size; enlarged, it would show the px grid. Without a graphics card, a
  // flight would take two to three times as long per frame with the better one, and nobody sees the grid then.
  context.imageSmoothingQuality = isStill && right - left > across ? 'high' : 'low';
  context.drawImage(image, 0, 0, width, height, left, top, right - left, bottom - top);
}
