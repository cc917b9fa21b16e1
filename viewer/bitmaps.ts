/**
 * Decoded images. A browser decodes an image element whenever it is drawn, and keeps the px in a cache whose size nobody can
 * set; a bitmap is decoded once, and gone when it is closed.
 */
import OpenSeadragon from 'openseadragon';

/** An image as it was downloaded. */
export type Encoded = HTMLImageElement | Blob;

/** Px to draw from: a bitmap; a canvas where the browser makes no bitmaps. */
export type Pixels = ImageBitmap | HTMLCanvasElement;

/** Has OpenSeadragon close the bitmaps of tiles that it unloads, as it empties their canvases. */
export function closeUnloaded(): void {
  OpenSeadragon.converter.learnDestroy('imageBitmap', (bitmap: ImageBitmap) => bitmap.close());
}

/** Decodes an image; rejects if that fails. */
export async function decoded(encoded: Encoded): Promise<Pixels> {
  try {
    return await createImageBitmap(encoded);
  } catch {
    const image = encoded instanceof Blob ? await elementOf(encoded) : encoded;
    const context = contextOf(image.naturalWidth, image.naturalHeight);
    context.drawImage(image, 0, 0);
    return context.canvas;
  }
}

/** Opens bytes that make no bitmap: browsers show as much of a damaged image as there is. */
async function elementOf(bytes: Blob): Promise<HTMLImageElement> {
  const image = new Image();
  image.src = URL.createObjectURL(bytes);
  try {
    await new Promise((loaded, failed) => {
      image.addEventListener('load', loaded, { once: true });
      image.addEventListener('error', () => failed(new Error('An image cannot be decoded')), { once: true });
    });
  } finally {
    URL.revokeObjectURL(image.src);
  }
  return image;
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
