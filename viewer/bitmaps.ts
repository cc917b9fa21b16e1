/**
 * Decoded images. A browser decodes an image element whenever it is drawn, and keeps the px in a cache whose size nobody can
 * set; a bitmap is decoded once, and gone when it is closed.
 */
import OpenSeadragon from 'openseadragon';

/** Px to draw from: a bitmap; a canvas where the browser makes no bitmaps. */
export type Pixels = ImageBitmap | HTMLCanvasElement;

/** Has OpenSeadragon close the bitmaps of tiles that it unloads, as it empties their canvases. */
export function closeUnloaded(): void {
  OpenSeadragon.converter.learnDestroy('imageBitmap', (bitmap: ImageBitmap) => bitmap.close());
}

/** Decodes an image. */
export async function decoded(image: HTMLImageElement): Promise<Pixels> {
  try {
    return await createImageBitmap(image);
  } catch {
    const context = contextOf(image.naturalWidth, image.naturalHeight);
    context.drawImage(image, 0, 0);
    return context.canvas;
  }
}

/** Takes the px out of a canvas, which is empty afterwards; returns the canvas as it is where the browser makes no bitmaps. */
export async function takenFrom({ canvas }: CanvasRenderingContext2D): Promise<Pixels> {
  try {
    const bitmap = await createImageBitmap(canvas);
    release(canvas);
    return bitmap;
  } catch {
    return canvas;
  }
}

/** Makes a canvas, and returns its context. */
export function contextOf(width: number, height: number): CanvasRenderingContext2D {
  const canvas = document.createElement('canvas');
  canvas.width = width;
  canvas.height = height;
  const context = canvas.getContext('2d');
  if (!context) throw new Error('This browser draws no more canvases');
  return context;
}

/** Frees px that nobody draws from any more. */
export function release(pixels: Pixels): void {
  if (pixels instanceof HTMLCanvasElement) pixels.width = 0;
  else pixels.close();
}

/** Bytes that px take. */
export function bytesOf({ width, height }: Pixels): number {
  return width * height * 4;
}
